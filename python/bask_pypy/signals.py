"""uWSGI's signals: numbers that raise functions in other processes; timers, cron, files raise them.

Handlers are this process's own: those registered while the application is loaded all processes
inherit. Who gets a number the master decides, from what is registered here.
"""
import os
import threading
from typing import Any, Callable, Dict, Optional, Tuple

from bask_pypy import jobs, roles
from bask_pypy.aides import run_own
from bask_pypy.arguments import to_bytes
from bask_pypy.present import NO_REQUEST

WARN = 1
STATE = -10
NO_SIGNAL = {-5: "there is no master", -7: "the worker shall end", -8: "the request was cut off"}
NUMBERS = 256
INT32 = 1 << 31

Handler = Callable[[int], Any]
Run = Callable[[Handler, int], None]  # how a handler is called: a hook


def _number(number: Any) -> int:
    value = int(number)
    if not 0 <= value < NUMBERS:
        raise ValueError("a signal has a number from 0 to 255, not %d" % value)
    return value


def _check(outcome: Tuple[int, str]) -> None:
    error, why = outcome
    if error:
        raise ValueError(why)


class _Received(threading.local):
    """What signal_wait of this thread gave last, and in which request."""

    request = -1
    number = -1


class Signals:
    """The handlers of this process and the way to the master."""

    def __init__(self, host: Any, services: Any, run: Run) -> None:
        self._host = host
        self._run_handler = run
        self._services = services
        self._handlers: Dict[int, Handler] = {}
        self._received = _Received()
        self._life: Any = None
        self._log_traceback: Callable[[str], None] = lambda what: None

    def serve_aide(self, life: Any, log_traceback: Callable[[str], None]) -> None:
        """What a mule or a spooler waits with; in other processes that is of no use."""
        self._life = life
        self._log_traceback = log_traceback

    def register_signal(self, number: int, target: Any, handler: Handler) -> None:
        """Says which function a signal calls, with its number, and in which processes."""
        key = _number(number)
        if not callable(handler):
            raise ValueError("register_signal needs a callable")
        if key in self._handlers and not self._host.worker_id():
            raise ValueError("signal %d has a handler already" % key)
        _check(self._services.signal_define(key, to_bytes(target, "the target of a signal")))
        self._handlers[key] = handler

    def signal(self, number: int, remote: Any = None) -> None:
        """Raises a signal, in this server or in the one at an address (its uwsgi socket)."""
        key = _number(number)
        if remote is None:
            error, why = self._services.signal_raise(key)
            if error:  # uWSGI is silent here; but nothing hears it, so the log does
                self._host.log(WARN, "signal %d is lost: %s" % (key, why))
            return
        error, why = self._services.signal_raise_at(to_bytes(remote, "the node"), key)
        if error:
            raise (ValueError if error == STATE else OSError)(why)

    def signal_registered(self, number: int) -> Optional[bool]:
        """True if this process has a handler for it, else None."""
        return True if _number(number) in self._handlers else None

    def signal_wait(self, number: Optional[int] = None) -> bytes:
        """Waits for a signal, or for this one: of those that come to this process, also if nobody
        has registered them. Handlers run meanwhile, in this thread."""
        wanted = None if number is None else _number(number)
        received = self._received
        received.request = self._services.request_number()
        received.number = -1
        while True:
            is_aide = self._life.role() != roles.NONE
            came = self._wait_in_aide() if is_aide else self._wait_in_worker()
            if wanted is None or came == wanted:
                received.number = came
                return b""

    def signal_received(self) -> int:
        """The number of the signal that signal_wait waited for in this request; -1: none."""
        request = self._services.request_number()
        if request < 0 and self._life.role() == roles.NONE:
            raise SystemError(NO_REQUEST)
        return self._received.number if self._received.request == request else -1

    def _wait_in_worker(self) -> int:
        number: int = self._services.request_wait_signal()
        if number == STATE:
            raise SystemError(NO_REQUEST)
        if number < 0:  # uWSGI's words, and what it does
            raise SystemError("error waiting for signal: " + NO_SIGNAL.get(number, str(number)))
        if number in self._handlers:
            try:
                self._call(number, lambda *call: jobs.run(self._host, *call))
            except jobs.Failed:
                pass
        return number

    def _wait_in_aide(self) -> int:
        def handle(number: int) -> None:
            if number in self._handlers:
                self.handle_in_aide(number, self._log_traceback)

        came: int = self._life.wait_signal(handle)
        return came

    def add_timer(self, number: int, seconds: int) -> None:
        """Raises a signal every so many seconds."""
        self._add_timer(number, seconds * 1000000, 0)

    def add_rb_timer(self, number: int, seconds: int, iterations: int = 0) -> None:
        """The same, so many times; 0: for ever."""
        self._add_timer(number, seconds * 1000000, iterations)

    def add_ms_timer(self, number: int, milliseconds: int) -> None:
        """Raises a signal every so many milliseconds."""
        self._add_timer(number, milliseconds * 1000, 0)

    def _add_timer(self, number: int, interval_us: float, times: int) -> None:
        if not 0 <= times < INT32:
            raise ValueError("a timer is due 0 times or more often")
        if not 0 <= interval_us < INT32 * 1000000:
            raise ValueError("a timer needs an interval")
        _check(self._services.signal_add_timer(_number(number), int(interval_us), times))

    def add_cron(
        self, number: int, minute: int, hour: int, day: int, month: int, weekday: int
    ) -> bool:
        """Raises a signal at these local times; -1: any, -n: every n; Sunday is 0 or 7."""
        fields = (minute, hour, day, month, weekday)
        if not all(-INT32 <= field < INT32 for field in fields):
            raise ValueError("such a time never comes")
        _check(self._services.signal_add_cron(_number(number), fields))
        return True

    def add_file_monitor(self, number: int, path: Any) -> None:
        """Raises a signal when a file changes, or something in a folder."""
        name = os.path.abspath(os.fsencode(os.fspath(path)))
        _check(self._services.signal_add_monitor(_number(number), name))

    def _call(self, number: int, run: Callable[..., Any]) -> None:
        """`run`: takes a sentence, and what to call."""
        handler = self._handlers.get(number)
        if handler is None:
            self._host.log(WARN, "this process has no handler for signal %d" % number)
        else:
            run("the handler of signal %d" % number, self._run_handler, handler, number)

    def handle(self, job: Any) -> bytes:
        """A signal has come to this worker."""
        self._call(job.number, lambda *call: jobs.run(self._host, *call))
        return b""

    def handle_in_aide(self, number: int, log_traceback: Callable[[str], None]) -> None:
        """A signal has come to this mule or spooler."""
        self._call(number, lambda *call: run_own(log_traceback, *call))


def install(uwsgi: Any, host: Any, services: Any, to_do: jobs.Jobs, run: Run) -> Signals:
    """Gives the module its functions, and signals somebody who handles them."""
    signals = Signals(host, services, run)
    for function in (
        signals.register_signal, signals.signal, signals.signal_registered, signals.add_timer,
        signals.add_rb_timer, signals.add_ms_timer, signals.add_cron, signals.add_file_monitor,
        signals.signal_wait, signals.signal_received,
    ):  # fmt: skip
        setattr(uwsgi, function.__name__, function)
    to_do.work[jobs.SIGNAL] = signals.handle
    return signals
