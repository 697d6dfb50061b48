"""What every thread is doing, as text: for a request that takes too long.

Needs the interpreter's lock. Where it cannot be had, because C code holds it, faulthandler says as
much as it can without (pypy_setup).
"""
import sys
import threading
import traceback
from typing import Dict

names: Dict[int, str] = {}  # of application threads, by ident


def enter(index: int) -> None:
    """The calling thread is application thread `index`."""
    names[threading.get_ident()] = "application thread %d" % index


def describe() -> str:
    """The stacks of all threads but the calling one."""
    own = threading.get_ident()
    others = {thread.ident: thread.name for thread in threading.enumerate()}
    parts = []
    for ident, frame in sorted(sys._current_frames().items()):
        if ident == own:
            continue
        name = names.get(ident) or "thread %s" % others.get(ident, ident)
        parts.append("%s (most recent call last):\n%s" % (name, "".join(
            traceback.format_stack(frame)).rstrip("\n")))
    return "\n".join(parts)
