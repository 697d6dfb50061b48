"""The only way in which a test waits: for a condition, with a deadline."""
import time
from typing import Callable, TypeVar

DEADLINE = 30.0
PAUSE = 0.005

T = TypeVar("T")


def wait_until(condition: Callable[[], T], what: str, seconds: float = DEADLINE,
               pause: float = PAUSE) -> T:
    """Returns the first true value of `condition`; fails, saying `what`, when time is up."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError("waited %g s in vain: %s" % (seconds, what))
        time.sleep(pause)
