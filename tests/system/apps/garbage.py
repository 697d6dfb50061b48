"""Requests that leave garbage which only a major collection finds."""
import gc
from typing import Any, Dict, Iterable, List

majors = 0
kept: List[Dict[str, Any]] = []


class Hooks:
    on_gc_minor = None
    on_gc_collect_step = None

    @staticmethod
    def on_gc_collect(stats: Any) -> None:
        global majors
        majors += 1


gc.disable()  # no major collections but those that somebody asks for
gc.hooks.set(Hooks)  # type: ignore[attr-defined]


def application(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/majors":
        return [str(majors).encode()]
    for _ in range(300):
        cycle: Dict[str, Any] = {"text": "x" * 500}
        cycle["self"] = cycle
        kept.append(cycle)
    if len(kept) > 6000:
        kept.clear()
    return [b"ok"]
