"""From windows to figures: medians, ranges, and ratios taken round by round.

Everything here ends in plain dictionaries, which are the JSON result; the table and the picture are
made from that result alone, so an old one can be drawn or compared again.
"""

from __future__ import annotations

import statistics
from dataclasses import asdict
from typing import Any

from .measure import Measured, Outcome
from .startup import StartupResult

# A ratio is taken against the cheapest of these in the same round.
BASELINES = {"bare": ["bare-c"], "nginx": ["nginx"], "uwsgi": ["uwsgi", "uwsgi-close"]}


def spread(values: list[float]) -> dict[str, float]:
    """Median, smallest and largest."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def baseline(costs: dict[str, list[float]], names: list[str]) -> list[float]:
    """The cheapest cost in each round among the named servers; empty if none was measured."""
    present = [costs[name] for name in names if name in costs]
    return [min(at_once) for at_once in zip(*present, strict=True)] if present else []


def ratios(costs: list[float], base: list[float]) -> dict[str, float] | None:
    """Cost over the baseline's cost in the same round: noise that lasts a round cancels out."""
    if not base:
        return None
    return spread([cost / floor for cost, floor in zip(costs, base, strict=True)])


def _server(measured: Measured, bases: dict[str, list[float]]) -> dict[str, Any]:
    costs = [w.cpu_us for w in measured.windows]
    return {
        "name": measured.server.name,
        "title": measured.server.title,
        "command": measured.server.command,
        "keep_alive": measured.keep_alive,
        "cpu_us": spread(costs),
        "per_second": spread([w.per_second for w in measured.windows]),
        "p50_us": statistics.median(w.p50_us for w in measured.windows),
        "p99_us": statistics.median(w.p99_us for w in measured.windows),
        "cpu_over": {name: ratios(costs, base) for name, base in bases.items()},
        "disturbed": spread([w.disturbed for w in measured.windows]),
        "rss_bytes": measured.rss_bytes,
        "warmup": asdict(measured.warmup) if measured.warmup else None,
        "remarks": sorted({w.remark for w in measured.windows if w.remark}),
        "windows": [asdict(w) for w in measured.windows],
    }


def scenario(outcome: Outcome) -> dict[str, Any]:
    """The figures of one scenario."""
    good = [m for m in outcome.measured if not m.failure]
    costs = {m.server.name: [w.cpu_us for w in m.windows] for m in good}
    bases = {name: baseline(costs, members) for name, members in BASELINES.items()}
    return {
        "name": outcome.scenario.name,
        "title": outcome.scenario.title,
        "connections": outcome.scenario.connections,
        "seconds": outcome.seconds,
        "servers": [_server(m, bases) for m in good],
        "skipped": outcome.skipped,
        "failed": {m.server.name: m.failure for m in outcome.measured if m.failure},
    }


def startup(result: StartupResult) -> dict[str, Any]:
    """The figures of one server's starts."""
    return {
        "name": result.server,
        "title": result.title,
        "app": result.app,
        "seconds": spread(result.seconds) if result.seconds else None,
        "starts": len(result.seconds),
        "rss_bytes": result.rss_bytes,
        "failure": result.failure,
    }
