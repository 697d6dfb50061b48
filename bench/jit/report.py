"""Results as rows and as a Markdown table: pure functions."""

from collections import defaultdict
from statistics import median

HEAD = (
    "| interpreter | warm-up | s | child | requests | parent us | first 100 | next 900 | next 5,000 "
    "| later | x CPython | worst ms | > 10 ms | faults |",
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
)


def rows(results: list[dict]) -> list[dict]:
    """One row for each kind of child; repetitions and rounds become medians, `worst` the worst."""
    groups = defaultdict(list)
    for result in results:
        for phase in result.get("phases", ()):
            for child in phase.get("children", ()):
                key = (result["app"], result["interpreter"], result["warm"], phase["name"], child["name"])
                groups[key].append((phase, child))
    return [_row(key, members) for key, members in groups.items()]


def _row(key: tuple, members: list[tuple]) -> dict:
    row = dict(zip(("app", "interpreter", "warm", "seconds", "child"), key))
    row["died"] = sum("died" in child for _, child in members)
    row["failed"] = sum(child.get("failed", 0) for _, child in members)
    row["requests"] = round(median(phase["requests"] for phase, _ in members))
    row["parent_us"] = median(phase["last_us"] for phase, _ in members)
    alive = [child for _, child in members if "died" not in child]
    depth = min((len(child["buckets"]) for child in alive), default=0)
    row["us"] = [median(child["buckets"][i][0] for child in alive) for i in range(depth)]
    row["worst_ms"] = [max(child["buckets"][i][1] for child in alive) for i in range(depth)]
    row["over_10ms"] = sum(child["over_10ms"] for child in alive)
    row["faults"] = round(median(child["faults"][1] for child in alive)) if alive else 0
    row["children"] = len(alive)
    return row


def baseline(table: list[dict], app: str) -> list[float]:
    """CPython's us per bucket, to compare with; empty where it was not measured."""
    for row in table:
        if row["app"] == app and row["interpreter"].startswith("cpython"):
            return row["us"]
    return []


def ratios(row: dict, base: list[float]) -> list[float]:
    """How many times fewer us than CPython's steady state: first 100, and from then on."""
    if not base or len(row["us"]) < 2:
        return []
    steady = base[-1]
    later = row["us"][1:]
    return [steady / row["us"][0], steady / (sum(later) / len(later))]


def markdown(table: list[dict], titles: dict[str, str]) -> str:
    """A table for each application."""
    parts = []
    for app, title in titles.items():
        members = [row for row in table if row["app"] == app]
        if not members:
            continue
        base = baseline(table, app)
        parts += [f"### {app}: {title}", "", *HEAD]
        parts += [_line(row, base) for row in members]
        parts.append("")
    return "\n".join(parts)


def _line(row: dict, base: list[float]) -> str:
    us = [f"{value:.0f}" for value in row["us"]] + ["-"] * (4 - len(row["us"]))
    times = " / ".join(f"{ratio:.1f}" for ratio in ratios(row, base)) or "-"
    worst = " ".join(f"{value:.1f}" for value in row["worst_ms"])
    dead = f" ({row['died']} died)" if row["died"] else ""
    cells = [row["interpreter"], row["warm"], row["seconds"], row["child"] + dead,
             f"{row['requests']:,}", f"{row['parent_us']:.0f}", *us, times, worst,
             str(row["over_10ms"]), str(row["faults"])]
    return "| " + " | ".join(cells) + " |"
