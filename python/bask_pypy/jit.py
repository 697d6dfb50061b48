"""When PyPy compiles eagerly and when calmly.

A process that warms up can afford to compile what it will need: nobody waits. A process that serves
cannot: a request inside which much is compiled takes seconds.
"""
import gc
import os
import re
import threading
from types import CodeType
from typing import Any, List, Optional

from bask_pypy import boundaries

try:
    import pypyjit  # type: ignore[import-not-found]
except ImportError:  # CPython, in the tests
    pypyjit = None


PIECE = 16384  # small enough to lie in the nursery
NURSERY_MAX = 32 << 20  # more than that is not worth the time


def set_params(params: str) -> None:
    """ "threshold=200,trace_limit=16000", "off", "default", from left to right."""
    if pypyjit is None:
        return
    for param in params.split(","):
        if param:
            pypyjit.set_param(param)


def _snapshot() -> Optional[Any]:
    """PyPy's counters; None before anything was compiled, when asking for them crashes PyPy."""
    if pypyjit is None or pypyjit.get_stats_asmmemmgr()[1] <= 0:
        return None
    return pypyjit.get_stats_snapshot().counters


def compiled_traces() -> int:
    """How many loops and bridges were compiled in this process and those before it."""
    counters = _snapshot()
    if counters is None:
        return 0
    return int(counters["TOTAL_COMPILED_LOOPS"] + counters["TOTAL_COMPILED_BRIDGES"])


class Policy:
    """Eager while warming, calm while serving."""

    def __init__(self, serving: str, warming: str) -> None:
        self.serving = serving
        self.warming = warming
        self.before = 0
        self._eager = False
        self._survey: Optional[boundaries.Survey] = None
        set_params(serving)

    def begin(self, eager: bool) -> None:
        """Requests come that no client waits for."""
        self.before = compiled_traces()
        if eager and self.warming:
            self._eager = True
            if boundaries.is_possible():
                self._survey = boundaries.Survey(self._hurry)
                self._survey.start()
            else:
                set_params(self.warming)

    def _hurry(self, shared: List[CodeType]) -> None:
        """What is shared is known: all that is compiled eagerly is compiled after this."""
        boundaries.mark_all(shared)
        set_params(self.warming)

    def calm(self) -> int:
        """What is running serves from now on; how many traces were compiled since begin()."""
        if self._survey is not None:
            self._survey.stop()
            self._survey = None
        if self._eager:
            self._eager = False
            set_params("default")
            set_params(self.serving)
        return compiled_traces() - self.before


def rehearse_fork() -> None:
    """Lets the standard library do now what it will do in each worker after its fork.

    That rebinds globals of `threading` for the first time, and machine code that took them for
    constants is thrown away: in every worker, unless it happened before the code was made. Where
    other threads run, they would be declared dead; then nothing is done.
    """
    if threading.active_count() == 1:
        threading._after_fork()  # type: ignore[attr-defined]


def nursery_bytes(text: str) -> int:
    """The size that PYPY_GC_NURSERY names; 4 MiB if it cannot be told."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([kmg]?)b?", text.strip().lower())
    if match is None:
        return 4 << 20
    shift = {"": 0, "k": 10, "m": 20, "g": 30}[match.group(2)]
    return int(float(match.group(1)) * (1 << shift))


def touch_nursery() -> None:
    """Makes every page of the nursery this process's own.

    After a fork each of them is copied when it is first written to, which would happen during the
    first requests; here it takes a millisecond.
    """
    size = min(nursery_bytes(os.environ.get("PYPY_GC_NURSERY", "")), NURSERY_MAX)
    for _ in range(size // PIECE):
        bytes(PIECE)


def settle_heap() -> None:
    """Before workers are forked: they begin with an empty nursery and an old generation that the
    next collection need not write to as a whole."""
    gc.collect()
