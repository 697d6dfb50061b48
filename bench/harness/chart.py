"""The picture: server CPU per request, horizontal bars, one group a scenario."""

from __future__ import annotations

from html import escape
from typing import Any

WIDTH, LABEL, PLOT, BAR, GAP, HEAD = 860, 210, 470, 18, 6, 44
COLOURS = {"bask": "#2f7d4f", "bask-null": "#7fb894", "bare-c": "#9aa0a6", "nginx": "#5f6f8c"}
OTHER = "#b5764a"
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#222}.t{font-size:17px;font-weight:600}"
    ".s{font-weight:600;font-size:13px}.n{fill:#666;font-size:11px}.w{stroke:#222;stroke-width:1}"
)


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    css = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{css}>{escape(text)}</text>'


def _bar(server: dict[str, Any], y: float, scale: float) -> list[str]:
    """A bar to the median, a whisker from the smallest to the largest round, and the figure."""
    cpu = server["cpu_us"]
    middle, end = y + BAR / 2, LABEL + cpu["median"] * scale
    low, high = LABEL + cpu["min"] * scale, LABEL + cpu["max"] * scale
    colour = COLOURS.get(server["name"], OTHER)
    return [
        _text(LABEL - 8, y + 13, server["title"], anchor="end"),
        f'<rect x="{LABEL}" y="{y}" width="{end - LABEL:.1f}" height="{BAR}" rx="2" fill="{colour}"/>',
        f'<line class="w" x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}"/>',
        _text(max(end, high) + 8, y + 13, f"{cpu['median']:.1f} us, {server['per_second']['median']:,.0f}/s", "n"),
    ]


def _group(scenario: dict[str, Any], y: float) -> tuple[list[str], float]:
    """One scenario on a scale of its own, its largest cost being the full width."""
    parts = [_text(LABEL, y + 14, scenario["title"], "s")]
    y += 24
    scale = PLOT / max(server["cpu_us"]["max"] for server in scenario["servers"])
    for server in scenario["servers"]:
        parts += _bar(server, y, scale)
        y += BAR + GAP
    return parts, y + 14


def draw(result: dict[str, Any]) -> str:
    """The SVG, whole."""
    parts: list[str] = []
    y: float = HEAD + 22
    for scenario in result["scenarios"]:
        if scenario["servers"]:
            group, y = _group(scenario, y)
            parts += group
    title = "Server CPU per request (shorter is better)"
    rounds = f"median of {result['rounds']} interleaved rounds, line: min to max"
    note = f"{rounds}; {result['date']}; {result['machine']['CPU']}"
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y:.0f}" width="{WIDTH}" height="{y:.0f}" '
        f'role="img" aria-label="{escape(title)}">',
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{y:.0f}" fill="#fff"/>',
        _text(16, 28, title, "t"),
        _text(16, 46, note, "n"),
        *parts,
        "</svg>",
        "",
    ])
