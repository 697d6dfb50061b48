"""Requests that hang, and a signal handler that ends them."""
import os
import signal
import time
from types import FrameType
from typing import Any, Iterable, List, Optional


class TooLate(Exception):
    pass


def interrupt(number: int, frame: Optional[FrameType]) -> None:
    raise TooLate(number)


signal.signal(signal.SIGUSR2, interrupt)


def application(environ: Any, start_response: Any) -> Iterable[bytes]:
    said: List[bytes] = [b"%d" % os.getpid()]
    if environ["PATH_INFO"] == "/hang":
        try:
            while not os.path.exists("go-on"):
                time.sleep(0.01)
        except TooLate:
            with open("interrupted", "w", encoding="ascii") as file:
                file.write("yes")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return said
