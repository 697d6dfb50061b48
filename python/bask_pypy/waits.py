"""Waiting for descriptors as uWSGI's asynchronous modes have it, in a thread that waits.

wait_fd_read and wait_fd_write name what is waited for; the wait itself is uwsgi.suspend(), or the
next empty piece of the response ("yield uwsgi.wait_fd_read(fd)"). ready_fd tells which it was.
"""
import select
import threading
import time
from typing import Any, Callable, Dict


class _Wanted(threading.local):
    """What the present request of a thread waits for."""

    def __init__(self) -> None:
        self.request = -1
        self.events: Dict[int, int] = {}
        self.seconds = 0.0  # the least that was asked for; 0: for ever
        self.ready = -1


_wanted = _Wanted()
_request_number: Callable[[], int] = lambda: -1


def _present() -> _Wanted:
    """This thread's, without what a request before this one has left."""
    wanted = _wanted
    number = _request_number()
    if wanted.request != number:
        wanted.request = number
        wanted.events.clear()
        wanted.seconds = 0.0
        wanted.ready = -1
    return wanted


def _want(fd: int, event: int, timeout: float) -> bytes:
    if fd < 0:
        raise OSError("unable to wait for the descriptor %d" % fd)
    wanted = _present()
    wanted.events[fd] = wanted.events.get(fd, 0) | event
    if timeout > 0:
        wanted.seconds = min(wanted.seconds or timeout, timeout)
    return b""


def wait_fd_read(fd: int, timeout: float = 0) -> bytes:
    """The next suspend() waits until something can be read, but only for `timeout` seconds; 0: for
    ever. Of several descriptors the first one that is ready ends the wait."""
    return _want(fd, select.POLLIN, timeout)


def wait_fd_write(fd: int, timeout: float = 0) -> bytes:
    """The same for writing."""
    return _want(fd, select.POLLOUT, timeout)


def settle() -> None:
    """Waits for what was named, if anything was. Other threads run meanwhile."""
    wanted = _wanted
    if not wanted.events:
        return
    wanted = _present()
    events, wanted.events = wanted.events, {}
    seconds, wanted.seconds = wanted.seconds, 0.0
    wanted.ready = -1
    if events:
        wanted.ready = wait_for(events, seconds)


def wait_for(events: Dict[int, int], seconds: float) -> int:
    """The first descriptor that is ready, -1 if none was in time; 0 seconds: for ever."""
    poller = select.poll()
    for fd, event in events.items():
        poller.register(fd, event)
    found = poller.poll(seconds * 1000 if seconds > 0 else None)
    return found[0][0] if found else -1


def suspend() -> bool:
    """Waits for the descriptors that were named; at once over if there are none."""
    settle()
    return True


def ready_fd() -> int:
    """The descriptor that ended the last wait; -1: time did."""
    return _present().ready


def async_sleep(seconds: float) -> bytes:
    """Sleeps, fractions of a second too."""
    time.sleep(max(seconds, 0))
    return b""


def setup_continulets() -> None:
    """What --pypy-eval "uwsgi_pypy_setup_continulets()" calls."""
    raise RuntimeError(
        "there are no continulets and no --async here: use --threads N, one for each request "
        "that waits at the same time"
    )


def install(uwsgi: Any, services: Any, namespace: Dict[str, Any]) -> None:
    """Gives the module its functions."""
    global _request_number
    _request_number = services.request_number
    for function in (wait_fd_read, wait_fd_write, suspend, ready_fd, async_sleep):
        setattr(uwsgi, function.__name__, function)
    uwsgi.green_schedule = suspend
    namespace["uwsgi_pypy_setup_continulets"] = setup_continulets
