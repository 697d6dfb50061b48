"""The measurement itself: windows, the warm-up before them, and the interleaved rounds.

A machine is seldom ours alone. Each window also notes how much of the two CPUs went to neither the
server nor the generator; one in which that is too much is measured again. The choice looks only at
the others' CPU time, never at the figure, so it favours no server.
"""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from . import load, procs
from .config import BenchError, Scenario, Server
from .server import Running, missing

SETTLED_WINDOWS = 3
SETTLED_SPREAD = 0.03
QUIET = 0.05
IDLE_SECONDS = 0.5


@dataclass(frozen=True)
class Settings:
    """What the command line decides."""

    rounds: int
    retries: int
    patience: float
    seconds: int | None
    warmup_cap: float | None
    server_cpu: int
    load_cpu: int
    bask: Path
    say: Callable[[str], None]


@dataclass(frozen=True)
class Window:
    """One run of the load generator against one server."""

    requests: int
    seconds: float
    cpu_us: float
    p50_us: int
    p99_us: int
    disturbed: float
    remark: str

    @property
    def per_second(self) -> float:
        """Requests per second, as the generator saw them."""
        return self.requests / self.seconds


@dataclass(frozen=True)
class Warmup:
    """How a server got to its steady speed."""

    requests: int
    seconds: float
    first_us: float
    steady_us: float
    settled: bool


@dataclass
class Measured:
    """All that is known of one server in one scenario."""

    server: Server
    warmup: Warmup | None = None
    windows: list[Window] = field(default_factory=list)
    keep_alive: bool = False
    rss_bytes: int = 0
    failure: str = ""


@dataclass(frozen=True)
class Outcome:
    """A scenario after its rounds."""

    scenario: Scenario
    seconds: int
    measured: list[Measured]
    skipped: dict[str, str]


def window(running: Running, seconds: int, settings: Settings) -> Window:
    """One window: CPU before, load, CPU after."""
    cpus = (settings.server_cpu, settings.load_cpu)
    clock, busy, before = time.monotonic_ns(), [procs.busy_ns(c) for c in cpus], running.cpu()
    try:
        result = load.run(running.scenario, running.port, seconds)
    except BenchError as error:
        raise BenchError(f"{error}; {running.fate()}") from error
    nanoseconds, remark = procs.cpu_between(before, running.cpu())
    spent = time.monotonic_ns() - clock
    ours = (nanoseconds, result.cpu_ns)
    others = [procs.busy_ns(c) - was - own for c, was, own in zip(cpus, busy, ours, strict=True)]
    return Window(
        requests=result.requests,
        seconds=result.seconds,
        cpu_us=nanoseconds / 1000 / result.requests,
        p50_us=result.p50_us,
        p99_us=result.p99_us,
        disturbed=max(0.0, max(others) / spent),
        remark=remark,
    )


def wait_quiet(settings: Settings) -> None:
    """Waits until both CPUs have been idle for a moment, or patience is out."""
    cpus = (settings.server_cpu, settings.load_cpu)
    deadline = time.monotonic() + settings.patience
    while time.monotonic() < deadline:
        busy = [procs.busy_ns(cpu) for cpu in cpus]
        time.sleep(IDLE_SECONDS)
        used = max(procs.busy_ns(cpu) - was for cpu, was in zip(cpus, busy, strict=True))
        if used <= QUIET * IDLE_SECONDS * 1e9:
            return


def quiet_window(running: Running, seconds: int, settings: Settings) -> Window:
    """A window that others left alone; after some attempts, the least disturbed one."""
    wait_quiet(settings)
    attempts = [window(running, seconds, settings)]
    while attempts[-1].disturbed > QUIET and len(attempts) <= settings.retries:
        wait_quiet(settings)
        attempts.append(window(running, seconds, settings))
    return min(attempts, key=lambda w: w.disturbed)


def settled(costs: list[float]) -> bool:
    """True once the last windows cost the same."""
    last = costs[-SETTLED_WINDOWS:]
    return len(last) == SETTLED_WINDOWS and max(last) <= min(last) * (1 + SETTLED_SPREAD)


def warm_up(running: Running, budget: float, settings: Settings) -> Warmup:
    """Loads a server in windows of a second until its cost has settled or the budget is spent."""
    windows = [window(running, 1, settings)]
    while not settled([w.cpu_us for w in windows]) and sum(w.seconds for w in windows) < budget:
        windows.append(window(running, 1, settings))
    costs = [w.cpu_us for w in windows]
    return Warmup(
        requests=sum(w.requests for w in windows),
        seconds=sum(w.seconds for w in windows),
        first_us=costs[0],
        steady_us=statistics.median(costs[-SETTLED_WINDOWS:]),
        settled=settled(costs),
    )


Pair = tuple[Running, Measured]


def rotated(items: list[Pair], by: int) -> list[Pair]:
    """The same items, another one first: no server is always the first of a round."""
    by %= max(len(items), 1)
    return items[by:] + items[:by]


def _start(scenario: Scenario, servers: list[Server], folder: Path, settings: Settings,
           stack: contextlib.ExitStack) -> tuple[list[Pair], dict[str, str]]:
    """Starts every server of a scenario; those that cannot be are skipped, with the reason."""
    pairs: list[Pair] = []
    skipped: dict[str, str] = {}
    for server in servers:
        reason = missing(server, settings.bask)
        if not reason:
            try:
                running = Running(server, scenario, folder / server.name, settings.bask, settings.server_cpu)
                stack.callback(running.close)
                running.wait_ready()
                running.check_keep_alive()
                pairs.append((running, Measured(server, keep_alive=running.keep_alive)))
                continue
            except BenchError as error:
                reason = str(error)
        skipped[server.name] = reason
        settings.say(f"  {server.name}: skipped: {reason}")
    return pairs, skipped


def _attempt(pair: Pair, settings: Settings, step: Callable[[Pair], None]) -> None:
    """Runs one step of one server; a server that failed once is left alone from then on."""
    _, measured = pair
    if measured.failure:
        return
    try:
        step(pair)
    except BenchError as error:
        measured.failure = str(error)
        settings.say(f"  {measured.server.name}: FAILED: {error}")


def run_scenario(scenario: Scenario, servers: list[Server], settings: Settings) -> Outcome:
    """Warms all servers, then measures each once a round, in an order that changes each round."""
    seconds = settings.seconds or scenario.seconds
    settings.say(f"{scenario.name}: {scenario.title}")

    def warm(pair: Pair) -> None:
        running, measured = pair
        budget = measured.server.warmup_seconds
        measured.warmup = w = warm_up(running, min(budget, settings.warmup_cap or budget), settings)
        settings.say(f"  {measured.server.name}: warm after {w.requests} requests, {w.seconds:.0f} s: "
                     f"{w.first_us:.1f} -> {w.steady_us:.1f} us" + ("" if w.settled else " (not settled)"))

    def measure(pair: Pair) -> None:
        running, measured = pair
        measured.windows.append(quiet_window(running, seconds, settings))

    with tempfile.TemporaryDirectory(prefix="bask-bench-") as folder, contextlib.ExitStack() as stack:
        pairs, skipped = _start(scenario, servers, Path(folder), settings, stack)
        for pair in pairs:
            _attempt(pair, settings, warm)
        for number in range(settings.rounds):
            for pair in rotated(pairs, number):
                _attempt(pair, settings, measure)
            done = [(m.server.name, m.windows[-1].cpu_us) for _, m in pairs if m.windows and not m.failure]
            settings.say(f"  round {number + 1}: " + ", ".join(f"{name} {us:.2f}" for name, us in done))
        for running, measured in pairs:
            measured.rss_bytes = procs.rss_bytes(running.process.pid)
    return Outcome(scenario, seconds, [m for _, m in pairs], skipped)
