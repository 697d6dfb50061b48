"""--gc-idle: major collections in the pauses between requests instead of inside them.

PyPy collects in steps, each after a minor collection, once the heap has grown by 82 % since the
last time. Here the steps are made when the worker has nothing to do, and a good while earlier, so
that the growth at which they would fall into requests is seldom reached.
"""
import gc
from typing import Any

QUIET_MS = 20  # without a request, before a collection is begun
STEP_MS = 2  # between two steps of one
REQUESTS = 50  # before the heap is looked at again
GROWTH = 1.25  # of the heap since the last collection, from which one is worth its time
LEAST = 4 << 20  # bytes of growth


class Collector:
    """The collections of one worker."""

    def __init__(self, host: Any, collector: Any = gc) -> None:
        self._host = host
        self._gc = collector
        self._under_way = False
        self._after = 0  # bytes on the heap after the last collection

    def start(self) -> None:
        self._after = self._used()
        self._host.watch_idle(QUIET_MS, REQUESTS)

    def _used(self) -> int:
        used: int = self._gc._get_stats().total_gc_memory  # get_stats() makes text of it
        return used

    def _is_worth_it(self) -> bool:
        return self._used() > max(self._after * GROWTH, self._after + LEAST)

    def step(self) -> None:
        """An idle moment."""
        if not self._under_way and not self._is_worth_it():
            self._host.watch_idle(QUIET_MS, REQUESTS)
            return
        self._under_way = True
        if not self._gc.collect_step().major_is_done:
            self._host.watch_idle(STEP_MS, 0)
            return
        self._under_way = False
        self._after = self._used()
        self._host.watch_idle(QUIET_MS, REQUESTS)
