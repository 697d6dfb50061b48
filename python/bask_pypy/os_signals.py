"""The signals by which the server is stopped and reloaded stay the server's.

An application, or a library that thinks itself alone, sets a handler for SIGTERM; and requests are
lost when the server is to be reloaded, because the worker does not know of it. So while requests
are served such a handler is remembered and not installed, and the log says so, once.
"""
import signal
import threading
from typing import Any, Callable, Dict

from bask_pypy import strays

OURS = frozenset(
    (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP, signal.SIGURG)
)

set_handler = signal.signal  # without the guard
_get_handler = signal.getsignal
_remembered: Dict[int, Any] = {}


def guard(warn: Callable[[str], None]) -> None:
    """From now on. Several calls are one."""
    if signal.signal is not set_handler:
        return

    def guarded_signal(number: Any, handler: Any) -> Any:
        if number not in OURS or not _is_served() or not _is_handler(handler):
            return set_handler(number, handler)
        if number not in _remembered:
            warn("the application has set a handler for %s, which is the server's: it is not "
                 "called; for the end of a worker there is atexit" % signal.Signals(number).name)
        before = guarded_getsignal(number)
        _remembered[number] = handler
        return before

    def guarded_getsignal(number: Any) -> Any:
        return _remembered[number] if number in _remembered else _get_handler(number)

    signal.signal = guarded_signal
    signal.getsignal = guarded_getsignal


def unguard() -> None:
    """Requests are no longer served; a program that called the server goes on as it was."""
    signal.signal = set_handler
    signal.getsignal = _get_handler
    _remembered.clear()


def _is_served() -> bool:
    """Not so in a process that the application has forked. Other threads may not, and are told."""
    return strays.is_home() and threading.current_thread() is threading.main_thread()


def _is_handler(handler: Any) -> bool:
    return callable(handler) or handler in (signal.SIG_DFL, signal.SIG_IGN)
