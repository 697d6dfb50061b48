"""The load generator: one wrk, one thread of it, on its own CPU."""

from __future__ import annotations

import json
import resource
import subprocess
from dataclasses import dataclass
from typing import Any

from .config import BENCH, BenchError, Scenario

ERRORS = ("connect", "read", "write", "status", "timeout")


@dataclass(frozen=True)
class Load:
    """What wrk saw in one run."""

    requests: int
    seconds: float
    p50_us: int
    p99_us: int
    max_us: int
    cpu_ns: int


def _children_ns() -> int:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return int((usage.ru_utime + usage.ru_stime) * 1e9)


def command(scenario: Scenario, port: int, seconds: int) -> list[str]:
    """wrk's command line; the script gives it the method and the body."""
    args = ["wrk", "-t1", f"-c{scenario.connections}", f"-d{seconds}s", "-s", str(BENCH / "wrk/load.lua")]
    args += [f"http://127.0.0.1:{port}{scenario.path}", "--", scenario.method]
    if scenario.body_path or scenario.pipeline > 1:
        args += [str(scenario.body_path or ""), scenario.content_type]
    if scenario.pipeline > 1:
        args += ["0", str(scenario.pipeline)]
    return args


def parse(output: str, cpu_ns: int = 0) -> Load:
    """wrk's result line. An error of any kind is a failed run: a server that errs is not fast."""
    lines = [line for line in output.splitlines() if line.startswith("RESULT ")]
    if not lines:
        raise BenchError(f"wrk gave no result: {output.strip()[-300:]}")
    result: dict[str, Any] = json.loads(lines[0].removeprefix("RESULT "))
    errors = {kind: result[kind] for kind in ERRORS if result[kind]}
    if errors:
        raise BenchError("wrk counted " + ", ".join(f"{n} {kind} errors" for kind, n in errors.items()))
    if not result["requests"]:
        raise BenchError("no request was answered")
    return Load(
        requests=result["requests"],
        seconds=result["microseconds"] / 1e6,
        p50_us=result["p50_us"],
        p99_us=result["p99_us"],
        max_us=result["max_us"],
        cpu_ns=cpu_ns,
    )


def run(scenario: Scenario, port: int, seconds: int) -> Load:
    """Loads a server for some seconds. The caller's CPU affinity is wrk's."""
    before = _children_ns()
    try:
        done = subprocess.run(
            command(scenario, port, seconds), capture_output=True, text=True, timeout=seconds + 30, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"wrk did not end {seconds + 30} s after its start") from error
    if done.returncode:
        raise BenchError(f"wrk failed: {(done.stderr or done.stdout).strip()[-300:]}")
    return parse(done.stdout, _children_ns() - before)
