"""Processes that the application forks and that come back into the server's Python.

The server has taken from such a child all that was its own (src/proc/strays.c); here it ends, as
any Python program would: `sys.exit` has its status and runs the handlers of atexit, an exception is
printed. One that merely returns is no program at its end: it had no business here.
"""
import os
import sys
import traceback
from typing import Optional

import pypy_embed_main

home = 0  # the process that answers requests; 0: none does yet


def enter() -> None:
    """The calling process is to answer requests."""
    global home
    home = os.getpid()


def leave() -> None:
    """It is not, any more."""
    global home
    home = 0


def is_home() -> bool:
    return home in (0, os.getpid())


def end_of_one(error: Optional[BaseException]) -> None:
    """Ends the calling process if it is such a child, by the exception or by returning."""
    if is_home():
        return
    status = 1
    try:
        if isinstance(error, SystemExit):
            status = _status_of(error.code)
            pypy_embed_main.end()
        elif error is not None:
            traceback.print_exception(type(error), error, error.__traceback__)
        else:
            status = 0
            print("process %d, which the application has forked, came back into the server: "
                  "it ends" % os.getpid(), file=sys.stderr)
        pypy_embed_main.flush()
    finally:
        os._exit(status)


def _status_of(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1
