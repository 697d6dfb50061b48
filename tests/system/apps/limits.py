"""What limits are there for: slow, stuck, growing and failing requests."""
import mmap
import os
import re
import threading
import time
from typing import Any, Iterable, List

import uwsgi  # type: ignore[import-not-found]

hoard: List[mmap.mmap] = []


class Broken(Exception):
    pass


def memory(size: int) -> mmap.mmap:
    """So much resident memory."""
    pages = mmap.mmap(-1, size)
    for at in range(0, size, mmap.PAGESIZE):
        pages[at] = 1
    return pages


def wait_for(name: str) -> None:
    """Until the test makes a file."""
    while not os.path.exists(name):
        time.sleep(0.01)


def application(environ: Any, start_response: Any) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if path == "/wait":
        wait_for("go")
    elif path == "/sibling":
        open("sibling", "w").close()
        wait_for("go-sibling")
    elif path == "/stuck":
        threading.Event().wait()
    elif path == "/backtrack":  # C code that keeps the interpreter's lock
        re.match("(a+)+$", "a" * 60 + "b")
    elif path == "/read":
        environ["wsgi.input"].read()
    elif path == "/user":
        uwsgi.set_user_harakiri(1)
        wait_for("go")
    elif path == "/user-cancelled":
        uwsgi.set_user_harakiri(1)
        uwsgi.set_user_harakiri(0)
        time.sleep(1.5)
    elif path == "/grow":
        hoard.append(memory(450 << 20))
    elif path == "/raise":
        raise Broken("out of order")
    elif path == "/stream":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return stream()
    start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/harakiris":
        return [str(sum(row["harakiri_count"] for row in uwsgi.workers())).encode()]
    return [str(os.getpid()).encode()]


def stream() -> Iterable[bytes]:
    yield b"first"
    wait_for("go")
    yield b"second"
