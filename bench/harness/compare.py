"""Two results side by side, to see a regression."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LIMIT = 0.03


def _servers(result: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(s["name"], server["name"]): server for s in result["scenarios"] for server in s["servers"]}


def _judged(old: dict[str, Any], new: dict[str, Any]) -> tuple[float, str]:
    """New over old: of the ratio to bare C if both have it, as it cancels the machine's mood."""
    floors = old["cpu_over"]["bare"], new["cpu_over"]["bare"]
    if new["name"] != "bare-c" and all(floors):
        return floors[1]["median"] / floors[0]["median"], "x bare C"
    return new["cpu_us"]["median"] / old["cpu_us"]["median"], "CPU"


def compare(old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """A line for each server that is in both results, and whether it has become slower."""
    before = _servers(old)
    for key, server in _servers(new).items():
        if key not in before:
            continue
        then = before[key]
        change, basis = _judged(then, server)
        slower = change > 1 + LIMIT
        mark = "SLOWER" if slower else "faster" if change < 1 - LIMIT else ""
        cpu = f"{then['cpu_us']['median']:8.2f} -> {server['cpu_us']['median']:8.2f} us"
        yield f"{key[0]:10} {key[1]:12} {cpu}   {change:5.3f} ({basis}) {mark}".rstrip(), slower


def main(argv: list[str]) -> int:
    """Prints the comparison; status 1 if anything has become slower by more than the limit."""
    parser = argparse.ArgumentParser(prog="bench/compare", description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    args = parser.parse_args(argv)
    lines = list(compare(json.loads(args.old.read_text()), json.loads(args.new.read_text())))
    for text, _ in lines:
        print(text)
    if not lines:
        print("the results have no scenario and server in common")
    return 1 if any(slower for _, slower in lines) or not lines else 0
