"""The life of a mule or a spooler: what it waits for, and when it ends.

Such a process is told to end by signals (include/bask/service_aide.h). One that does nothing for
anybody ends at once, by SystemExit in the main thread, so that `finally` and atexit have their way.
One that has a message or a task is held: it ends when it is done with that.
"""
import os
import signal
import sys
import threading
import time
from typing import Any, Callable, List, Optional

from bask_pypy import roles
from bask_pypy import strays

ERROR, WARN, INFO = range(3)
DONE_STATUS = 17  # it has ended as it should
DAY = 86400.0
ORPHANS_SECONDS = 60  # for what a process still does whose server is gone

GENTLY = signal.SIGHUP
AT_ONCE = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


class Life:
    """Of the calling process; `begin` is called once it is a mule or a spooler."""

    def __init__(self, host: Any, aides: Any, on_signal: Callable[[int], None]) -> None:
        self._host = host
        self._aides = aides
        self._on_signal = on_signal  # of the application
        self._pid = 0
        self._wake, self._bell = -1, -1  # a pipe: readable when a signal came
        self._held = False  # there is something in hand, or there may be
        self._busy = False  # the server was told so
        self._ends = False
        self._main_ends = False  # by an exception, which is on its way

    def role(self) -> int:
        """What this process is."""
        return int(self._aides.role())

    def begin(self) -> None:
        """Takes the signals."""
        self._pid = os.getpid()
        self._wake, self._bell = os.pipe()
        for end in (self._wake, self._bell):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._bell, warn_on_full_buffer=False)
        for number in (GENTLY, *AT_ONCE):
            signal.signal(number, self._on_end)
        for number in (signal.SIGTSTP, signal.SIGURG):
            signal.signal(number, self._on_look)
        signal.signal(signal.SIGUSR1, lambda number, frame: None)  # it wakes
        if self._aides.look():
            self._on_orphaned()

    def _on_end(self, number: int, frame: Any) -> None:
        at_once = number != GENTLY or not self._held or os.getpid() != self._pid
        self._main_ends |= at_once
        self._ends = True  # last: a thread that sees it knows what becomes of the main thread
        if at_once:
            raise SystemExit(DONE_STATUS)

    def _on_look(self, number: int, frame: Any) -> None:
        if os.getpid() == self._pid and self._aides.look():
            self._on_orphaned()

    def _on_orphaned(self) -> None:
        self._host.log(ERROR, "the master is gone: this process ends when it is done")
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(ORPHANS_SECONDS)
        self._on_end(GENTLY, None)

    def _leave(self) -> None:
        self._held = False
        if threading.current_thread() is not threading.main_thread() and not self._main_ends:
            os.kill(self._pid, GENTLY)  # ends the main thread, too
        raise SystemExit(DONE_STATUS)

    def hold(self) -> None:
        """From now on something may be in hand."""
        self._held = True

    def start(self) -> None:
        """It is; its time runs."""
        self._held = self._busy = True
        self._aides.begin()

    def done(self) -> None:
        """It is done."""
        if self._busy:
            self._busy = False
            self._aides.done()

    def ends(self) -> bool:
        """It was told to end."""
        return self._ends

    def check(self) -> None:
        """Ends the process if it shall end; nothing is in hand."""
        if self._ends:
            self._leave()

    def handle_signal(self) -> bool:
        """One of the application that is for this process; False: there is none."""
        number = -1 if self._ends else self._aides.take_signal()
        if number < 0:
            return False
        self.start()
        self._on_signal(number)
        self.done()
        return True

    def wait_signal(self, on_signal: Callable[[int], None]) -> int:
        """Waits for a signal of the application, and has it handled; its number. If the process
        shall end it does, even with a message or a task in hand, which nobody would wait for."""
        number = -1
        while number < 0:
            if self._ends:
                self._leave()
            number = self._aides.wait_signal(self._wake)
            self._drain()
        in_hand = self._held
        if not in_hand:
            self.start()
        on_signal(number)
        if not in_hand:
            self.done()
            self._held = False
            self.check()
        return number

    def _receive(self, sources: int, timeout_ms: int, size: int) -> Optional[bytes]:
        """What still waits when the whole server stops is delivered: nobody else would have it."""
        last = self._host.is_stopping()
        if self._ends and not last:
            self._leave()
        message = self._aides.receive(sources, self._wake, 0 if self._ends else timeout_ms, size)
        if message is not None:
            return message
        self.check()
        self._drain()
        return None

    def receive(
        self, sources: int, timeout_ms: int, size: int = 0, signals: bool = True
    ) -> Optional[bytes]:
        """A message, which the process is held by until it asks for the next one. None: there was
        none in time, or something else came up: a signal of the application, for instance. Of
        those one is handled before each message, so that neither keeps the other from being."""
        self.done()
        self.hold()
        if signals and self.handle_signal():
            timeout_ms = 0
        message = self._receive(sources, timeout_ms, size)
        if message is None:
            self._held = False
        else:
            self.start()
        return message

    def wait_message(
        self, sources: int, seconds: float, size: int, signals: bool
    ) -> Optional[bytes]:
        """The same for an application: None only when time is up; `seconds` < 0: never."""
        until = time.monotonic() + seconds
        while True:
            left = min(max(until - time.monotonic(), 0.0), DAY)
            wait_ms = -1 if seconds < 0 else int(left * 1000)
            message = self.receive(sources, wait_ms, size, signals)
            if message is not None or 0 <= seconds and time.monotonic() >= until:
                return message

    def wait_work(self, timeout_ms: int) -> None:
        """Until something may be there for a spooler: it was told so, or time is up."""
        while self._receive(roles.OWN, timeout_ms, 0) is not None:
            timeout_ms = 0  # told more than once

    def _drain(self) -> None:
        try:
            while os.read(self._wake, 4096):
                pass
        except OSError:
            pass


def run_own(log_traceback: Callable[[str], None], what: str, function: Callable[..., Any],
            *args: Any) -> Any:  # fmt: skip
    """Calls a function of the application; what it raises is logged, and the result is None.
    SystemExit ends the process, as it would any other; a process that it forked ends here."""
    try:
        result = function(*args)
        strays.end_of_one(None)
        return result
    except SystemExit as error:
        strays.end_of_one(error)
        raise
    except BaseException as error:  # noqa: B902: nothing else may end it
        strays.end_of_one(error)
        log_traceback("%s raised" % what)
        return None


def status_of(error: SystemExit) -> int:
    """The exit status that an exception asks for."""
    if error.code is None:
        return 0
    if isinstance(error.code, int):
        return error.code & 0xFF
    print(error.code, file=sys.stderr)
    return 1


def functions_into(uwsgi: Any, functions: List[Callable[..., Any]]) -> None:
    for function in functions:
        setattr(uwsgi, function.__name__, function)
