"""The command line of bench/run."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

from . import chart, config, figures, machine, markdown, measure, startup
from .config import BENCH, REPO, BenchError, Plan


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run", description="Server CPU per request, side by side.")
    parser.add_argument("--only", metavar="SCENARIO[,..]", help="only these scenarios")
    parser.add_argument("--servers", metavar="NAME[,..]", help="only these servers, in every scenario")
    parser.add_argument("--rounds", type=int, default=7, help="measured rounds (default: 7)")
    parser.add_argument("--retries", type=int, default=2, help="measure a disturbed window again so often (default: 2)")
    parser.add_argument("--patience", type=float, default=20, metavar="SECONDS",
                        help="wait so long for idle CPUs before a window (default: 20)")
    parser.add_argument("--seconds", type=int, help="length of a window (default: what the scenario says)")
    parser.add_argument("--warmup", type=float, metavar="SECONDS", help="warm no server longer than this")
    parser.add_argument("--starts", type=int, default=10, help="starts timed (default: 10; 0: none)")
    parser.add_argument("--quick", action="store_true", help="a smoke test: 2 rounds of 1 s, 3 starts")
    parser.add_argument("--bask", type=Path, default=REPO / "build/bask", help="the binary to measure")
    parser.add_argument("--out", type=Path, default=BENCH / "out", help="folder of the results")
    parser.add_argument("--server-cpu", type=int, default=0)
    parser.add_argument("--load-cpu", type=int, default=1)
    args = parser.parse_args(argv)
    if args.quick:
        args.rounds, args.seconds, args.retries, args.starts = 2, 1, 0, min(args.starts, 3)
        args.patience, args.warmup = 0, args.warmup or 3.0
    if args.rounds < 1 or (args.seconds is not None and args.seconds < 1) or args.starts < 0:
        parser.error("--rounds and --seconds must be at least 1, --starts at least 0")
    return args


def _names(text: str | None, known: list[str], what: str) -> list[str]:
    if text is None:
        return known
    wanted = [name for name in text.split(",") if name]
    for name in wanted:
        if name not in known:
            raise BenchError(f"no {what} {name!r}; there are {', '.join(known)}")
    return wanted


def _check_machine(args: argparse.Namespace) -> None:
    if not shutil.which("wrk"):
        raise BenchError("wrk not found: apt-get install wrk")
    cpus = os.sched_getaffinity(0)
    if args.server_cpu == args.load_cpu or not {args.server_cpu, args.load_cpu} <= cpus:
        raise BenchError(f"server and generator need a CPU each; usable here: {sorted(cpus)}")


def _chosen_servers(args: argparse.Namespace, plan: Plan, names: list[str]) -> list[str]:
    """What the scenario names; --servers narrows it, and may add one that no scenario names."""
    if args.servers is None:
        return names
    wanted = _names(args.servers, list(plan.servers), "server")
    listed = {name for scenario in plan.scenarios for name in scenario.servers}
    return [name for name in wanted if name in names or name not in listed]


def _run(args: argparse.Namespace, plan: Plan, settings: measure.Settings) -> dict[str, Any]:
    """Everything that was asked for, as one result."""
    chosen = _names(args.only, [s.name for s in plan.scenarios], "scenario")
    result: dict[str, Any] = {
        "format": 1,
        "date": date.today().isoformat(),
        "rounds": settings.rounds,
        "retries": settings.retries,
        "machine": machine.machine(),
        "versions": machine.versions(list(plan.servers.values()), settings.bask),
        "scenarios": [],
        "startup": [],
    }
    for scenario in plan.scenarios:
        if scenario.name in chosen:
            servers = [plan.servers[name] for name in _chosen_servers(args, plan, scenario.servers)]
            result["scenarios"].append(figures.scenario(measure.run_scenario(scenario, servers, settings)))
    for start in plan.startups if args.starts and args.only is None else []:
        if _chosen_servers(args, plan, [start.server]):
            timed = startup.measure(plan.servers[start.server], start.app, args.starts, settings)
            result["startup"].append(figures.startup(timed))
    return result


def _write(result: dict[str, Any], out: Path) -> str:
    """The three files; returns the report."""
    out.mkdir(parents=True, exist_ok=True)
    report = markdown.report(result)
    (out / "bench.json").write_text(json.dumps(result, indent=1) + "\n")
    (out / "bench.md").write_text(report)
    (out / "bench.svg").write_text(chart.draw(result))
    return report


def _terminate(*_: object) -> None:
    raise KeyboardInterrupt


def main(argv: list[str]) -> int:
    """Status 0: all measured; 1: a server failed while measured; 2: the run could not be made."""
    args = _arguments(argv)
    signal.signal(signal.SIGTERM, _terminate)  # so that the servers are stopped on the way out
    try:
        _check_machine(args)
        plan = config.load()
        os.sched_setaffinity(0, {args.load_cpu})
        settings = measure.Settings(
            rounds=args.rounds,
            retries=args.retries,
            patience=args.patience,
            seconds=args.seconds,
            warmup_cap=args.warmup,
            server_cpu=args.server_cpu,
            load_cpu=args.load_cpu,
            bask=args.bask.resolve(),
            say=lambda text: print(time.strftime("%H:%M:%S"), text, file=sys.stderr, flush=True),
        )
        result = _run(args, plan, settings)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("bench: interrupted; the servers were stopped", file=sys.stderr)
        return 2
    print(_write(result, args.out))
    return 1 if any(scenario["failed"] for scenario in result["scenarios"]) else 0
