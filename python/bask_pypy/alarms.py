"""uwsgi.alarm: a message for those whom the operator named, which the master tells them.

Where lines of the log raise alarms, what this process writes to its standard output and error is shown
to the server, too.
"""
import io
import sys
from typing import Any, Callable, Set

from bask_pypy.arguments import to_bytes

WARN = 1
NOTFOUND = -5
COMPLAINTS = 100  # names that do not exist: more are not told of

See = Callable[[bytes], None]


class Alarms:
    """The way to the master."""

    def __init__(self, host: Any, services: Any) -> None:
        self._host = host
        self._services = services
        self._unknown: Set[bytes] = set()

    def alarm(self, name: Any, message: Any) -> None:
        """All alarms of this name are told the message; without any, as in uWSGI, nobody is."""
        key = to_bytes(name, "the name of an alarm")
        error = self._services.alarm_raise(key, to_bytes(message, "the message of an alarm"))
        if error != NOTFOUND or key in self._unknown or len(self._unknown) >= COMPLAINTS:
            return
        self._unknown.add(key)
        if self._services.alarm_exist():
            self._host.log(WARN, "there is no alarm %r: nobody is told" % key.decode("utf-8", "replace"))


class Seen(io.FileIO):
    """A standard stream whose lines somebody else sees, too."""

    see: See

    def write(self, data: Any) -> int:
        """As FileIO: how much of it was written."""
        count = super().write(data)
        if count:
            self.see(bytes(data[:count]))
        return count


def show(stream: Any, fd: int, see: See) -> Any:
    """The stream with a raw file that is seen. One that leads elsewhere stays as it is."""
    try:
        if stream.fileno() != fd:
            return stream
    except (AttributeError, OSError, ValueError):
        return stream
    stream.flush()
    raw = Seen(fd, "w", closefd=False)
    raw.see = see
    shown = io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        newline="\n",
        line_buffering=stream.line_buffering,
        write_through=getattr(stream, "write_through", False),
    )
    setattr(shown, "mode", "w")
    return shown


def install(uwsgi: Any, host: Any, services: Any) -> None:
    """Gives the module its function."""
    uwsgi.alarm = Alarms(host, services).alarm
    if services.alarm_watches():
        sys.stdout = sys.__stdout__ = show(sys.stdout, 1, services.alarm_see)  # type: ignore[misc]
        sys.stderr = sys.__stderr__ = show(sys.stderr, 2, services.alarm_see)  # type: ignore[misc]
