"""The report that people read."""

from __future__ import annotations

from typing import Any

METHOD = """\
- One generator thread (wrk) on one CPU, the server on another, {connections} keep-alive connections, loopback.
- Cost is CPU time of the server's whole process tree (user and kernel, /proc/PID/task/*/schedstat), divided
  by the requests that wrk completed. Any error or a wrong answer fails the server.
- Servers are warmed first, in windows of 1 s until three in a row are within 3 % or a budget is spent.
- Then {rounds} rounds of {seconds} s a server, interleaved, in an order rotated each round. A window in
  which others took more than 5 % of either CPU ("others' CPU": median and largest) is measured again,
  {retries} more times at most, and the least disturbed one counts.
- Ratios are taken round by round and their median is given; uWSGI's figure is its cheaper mode of the round."""

HEADER = [
    "server", "CPU us/request (min-max)", "requests/s", "x bare C", "x nginx",
    "requests per CPU second, uWSGI = 1", "p99 us", "keep-alive", "RSS MB", "others' CPU",
]


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _table(header: list[str], rows: list[list[str]]) -> list[str]:
    return [_row(header), _row(["---"] + ["---:"] * (len(header) - 1)), *map(_row, rows)]


def _ratio(values: dict[str, float] | None) -> str:
    return f"{values['median']:.2f} ({values['min']:.2f}-{values['max']:.2f})" if values else "-"


def _gain(values: dict[str, float] | None) -> str:
    return f"{1 / values['median']:.2f}" if values else "-"


def _server(s: dict[str, Any]) -> list[str]:
    cpu = s["cpu_us"]
    return [
        s["title"],
        f"{cpu['median']:.2f} ({cpu['min']:.2f}-{cpu['max']:.2f})",
        f"{s['per_second']['median']:,.0f}",
        _ratio(s["cpu_over"]["bare"]),
        _ratio(s["cpu_over"]["nginx"]),
        _gain(s["cpu_over"]["uwsgi"]),
        f"{s['p99_us']:.0f}",
        "yes" if s["keep_alive"] else "no",
        f"{s['rss_bytes'] / 1e6:.1f}",
        f"{s['disturbed']['median']:.0%} ({s['disturbed']['max']:.0%})",
    ]


def _warmup(s: dict[str, Any]) -> list[str]:
    w = s["warmup"]
    return [
        s["title"],
        f"{w['requests']:,}",
        f"{w['seconds']:.0f}" + ("" if w["settled"] else " (not settled)"),
        f"{w['first_us']:.1f}",
        f"{w['steady_us']:.1f}",
    ]


def _scenario(s: dict[str, Any]) -> list[str]:
    lines = [f"## {s['name']}: {s['title']}", ""]
    if s["servers"]:
        lines += _table(HEADER, [_server(server) for server in s["servers"]])
        lines += ["", "Warm-up:", ""]
        header = ["server", "requests", "seconds", "first window, us/request", "steady, us/request"]
        lines += _table(header, [_warmup(server) for server in s["servers"] if server["warmup"]])
    lines.append("")
    lines += [f"- {name}: skipped: {reason}" for name, reason in s["skipped"].items()]
    lines += [f"- {name}: FAILED: {reason}" for name, reason in s["failed"].items()]
    lines += [f"- {server['name']}: {text}" for server in s["servers"] for text in server["remarks"]]
    return [*lines, ""]


def _startup(results: list[dict[str, Any]]) -> list[str]:
    if not results:
        return []
    rows = []
    for r in results:
        if r["seconds"]:
            ms = {key: value * 1000 for key, value in r["seconds"].items()}
            took = f"{ms['median']:.1f} ({ms['min']:.1f}-{ms['max']:.1f})"
            rows.append([r["title"], r["app"], str(r["starts"]), took, f"{r['rss_bytes'] / 1e6:.1f}"])
        else:
            rows.append([r["title"], r["app"], "0", r["failure"], "-"])
    header = ["server", "application", "starts", "exec to first 200, ms", "RSS MB"]
    return ["## Start", "", *_table(header, rows), ""]


def report(result: dict[str, Any]) -> str:
    """The whole report."""
    first: dict[str, Any] = next(iter(result["scenarios"]), {"connections": "-", "seconds": "-"})
    lines = [f"# Bask: benchmark of {result['date']}", ""]
    lines += ["![server CPU per request](bench.svg)", "", "## Method", ""]
    shared = {"rounds": result["rounds"], "retries": result["retries"]}
    lines += [METHOD.format(connections=first["connections"], seconds=first["seconds"], **shared), ""]
    for scenario in result["scenarios"]:
        lines += _scenario(scenario)
    lines += _startup(result["startup"])
    for title, facts in (("Machine", result["machine"]), ("Versions", result["versions"])):
        lines += [f"## {title}", "", *(f"- {name}: {value}" for name, value in facts.items()), ""]
    return "\n".join(lines)
