"""Where the JIT shall stop inlining.

A trace inlines all that it calls. So the machine code of each of an application's handlers has a copy
of what they share: of the template engine, of the object-relational mapper. Most of a warm-up's time
goes into compiling these copies, and a guard that fails deep within one has the interpreter finish
every function around it. A function that is large, and called from several places, is better compiled
once and called: then what one handler needed is ready for all others.

This looks at the first requests of a warm-up, call by call, finds such functions, and tells the JIT.
"""
import sys
import time
from types import CodeType, FrameType
from typing import Any, Callable, Dict, List, Optional, Set, Tuple

try:
    import pypyjit  # type: ignore[import-not-found]
except ImportError:  # CPython, in the tests
    pypyjit = None

CALLS_BELOW = 40  # so many calls does a call of a large function lead to, on average
SITES = 3  # and so many lines call it
SECONDS = 3.0  # of processor time: longer is not looked at
ENOUGH = 20000  # calls; and no less than were seen until the last new function
LOOK_EVERY = 1024  # calls
CO_GENERATOR = 0x20 | 0x80 | 0x200  # its code begins again where it stopped: nothing to call


def is_possible() -> bool:
    return pypyjit is not None and hasattr(pypyjit, "dont_trace_here")


def mark_all(codes: List[CodeType]) -> None:
    """From now on the JIT compiles calls of these functions as calls."""
    for code in codes:
        pypyjit.dont_trace_here(0, False, code)


class _Facts:
    """About one function: how often it was called, what that led to, from where."""

    __slots__ = ("calls", "below", "sites")

    def __init__(self) -> None:
        self.calls = 0
        self.below = 0
        self.sites: Set[Tuple[CodeType, int]] = set()


class Survey:
    """Follows the calls of the thread that starts it, until it has seen enough or is stopped.

    Then `on_end` is called with the functions to mark.
    """

    def __init__(
        self, on_end: Callable[[List[CodeType]], None], seconds: float = SECONDS
    ) -> None:
        self.on_end = on_end
        self.seconds = seconds
        self.facts: Dict[CodeType, _Facts] = {}
        self.stack: List[Tuple[CodeType, int]] = []
        self.count = 0
        self.newest = 0  # the call at which a function was seen for the first time
        self.until = 0.0
        self.runs = False

    def start(self) -> None:
        if sys.getprofile() is not None:  # somebody else's: it stays, and nothing is found
            self.on_end([])
            return
        self.until = time.thread_time() + self.seconds
        self.runs = True
        sys.setprofile(self._event)

    def stop(self) -> None:
        if not self.runs:
            return
        self.runs = False
        sys.setprofile(None)
        self.on_end(self.found())
        self.facts.clear()
        self.stack.clear()

    def _event(self, frame: FrameType, event: str, _arg: Any) -> None:
        if event == "call":
            code = frame.f_code
            self.count += 1
            self.stack.append((code, self.count))
            facts = self.facts.get(code)
            if facts is None:
                facts = self.facts[code] = _Facts()
                self.newest = self.count
            caller: Optional[FrameType] = frame.f_back
            if caller is not None and len(facts.sites) < SITES:
                facts.sites.add((caller.f_code, caller.f_lineno))
            if self.count % LOOK_EVERY == 0 and self._is_enough():
                self.stop()
        elif event == "return" and self.stack:
            code, at = self.stack.pop()
            facts = self.facts[code]
            facts.calls += 1
            facts.below += self.count - at

    def _is_enough(self) -> bool:
        return self.count > 2 * self.newest + ENOUGH or time.thread_time() > self.until

    def found(self) -> List[CodeType]:
        """The functions that are large and called from several places."""
        return [
            code
            for code, facts in self.facts.items()
            if len(facts.sites) >= SITES
            and facts.below >= CALLS_BELOW * max(facts.calls, 1)
            and not code.co_flags & CO_GENERATOR
        ]
