"""Time from exec to the first answer, and memory right after it."""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import procs
from .config import BenchError, Scenario, Server
from .measure import Settings
from .server import Running, missing


@dataclass(frozen=True)
class StartupResult:
    """What the starts of one server took."""

    server: str
    title: str
    app: str
    seconds: list[float]
    rss_bytes: int
    failure: str = ""


def _scenario(app: str) -> Scenario:
    """The plain request that a start waits for."""
    return Scenario(name="startup", title="", app=app, servers=[], method="GET", path="/",
                    connections=1, seconds=1, bytes=13)


def _once(server: Server, app: str, settings: Settings) -> tuple[float, int]:
    with tempfile.TemporaryDirectory(prefix="bask-bench-") as folder:
        running = Running(server, _scenario(app), Path(folder), settings.bask, settings.server_cpu)
        try:
            return running.wait_ready(), procs.rss_bytes(running.process.pid)
        finally:
            running.close()


def measure(server: Server, app: str, times: int, settings: Settings) -> StartupResult:
    """Starts a server again and again; the first start, which may write .pyc files, does not count."""
    result = StartupResult(server.name, server.title, app, [], 0, missing(server, settings.bask))
    if not result.failure:
        try:
            starts = [_once(server, app, settings) for _ in range(times + 1)][1:]
            memory = int(statistics.median(rss for _, rss in starts))
            result = StartupResult(server.name, server.title, app, [s for s, _ in starts], memory)
        except BenchError as error:
            result = StartupResult(server.name, server.title, app, [], 0, str(error))
    settings.say(f"startup {server.name}: " + (result.failure or f"{statistics.median(result.seconds) * 1000:.1f} ms"))
    return result
