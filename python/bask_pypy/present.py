"""What the `uwsgi` module says of the present request and of the process."""
import os
import stat
import threading
import time
from typing import Any, Dict, Optional

from bask_pypy.arguments import to_bytes

STATE = -10
WARN = 1
WARNING_MAX = 80
NO_REQUEST = "you can call uwsgi api function only from the main callable"  # uWSGI's words


def _of_request(value: int) -> int:
    if value < 0:
        raise SystemError(NO_REQUEST)
    return value


class _Variables(threading.local):
    """The log variables of a thread's request, which its number tells from the one before."""

    request = -1
    values: Dict[bytes, bytes] = {}


class Present:
    """Functions that need no more than the server's word."""

    def __init__(self, host: Any, services: Any) -> None:
        self._host = host
        self._services = services
        self._variables = _Variables()

    def request_id(self) -> int:
        """How many requests this thread has answered before this one."""
        return _of_request(self._services.request_number())

    def connection_fd(self) -> int:
        """The descriptor of the client's socket; it is the server's to close."""
        return _of_request(self._services.request_descriptor())

    def cl(self) -> int:
        """The length of the body, as the client stated it."""
        return _of_request(self._services.request_length())

    def disconnect(self) -> None:
        """Lets the client go; the application goes on, and nobody sees what it answers."""
        _of_request(self._services.request_disconnect())

    def _values(self) -> Dict[bytes, bytes]:
        number = self.request_id()
        if self._variables.request != number:
            self._variables.request = number
            self._variables.values = {}
        return self._variables.values

    def set_logvar(self, name: Any, value: Any) -> None:
        """Keeps a value by a name as long as the request lasts, for its line in the access log."""
        key = to_bytes(name, "the name of a log variable")
        kept = to_bytes(value, "a log variable")
        self._values()[key] = kept
        if self._services.request_note(key, kept):
            raise MemoryError("a log variable")

    def get_logvar(self, name: Any) -> Optional[bytes]:
        """What set_logvar kept; None if it kept nothing by this name."""
        return self._values().get(to_bytes(name, "the name of a log variable"))

    def log_this_request(self) -> None:
        """This request has a line in the access log, even with --disable-logging."""
        _of_request(self._services.request_log_this())

    def add_var(self, name: Any, value: Any) -> bool:
        """One more variable of this request, for the access log; the environ does not change."""
        key = to_bytes(name, "the name of a variable")
        error = self._services.request_add_variable(key, to_bytes(value, "a variable"))
        if error and error != STATE:
            raise ValueError("the request has too many variables, or this one is over 64 KiB")
        _of_request(error)
        return True

    def setprocname(self, name: Any) -> None:
        """Names this process, for ps and top."""
        self._services.set_process_name(to_bytes(name, "the name of a process"))

    def set_warning_message(self, message: Any) -> bool:
        """What pings (modifier 100) and the status say from now on; "" takes it back."""
        text = to_bytes(message, "a warning").decode("utf-8", "replace").encode()
        if len(text) > WARNING_MAX:
            self._host.log(WARN, "a warning has at most %d bytes; it is cut" % WARNING_MAX)
            text = text[:WARNING_MAX].decode("utf-8", "ignore").encode()
        self._services.set_warning(text)
        return True

    def micros(self) -> int:
        """Microseconds since 1970."""
        return time.time_ns() // 1000

    def logsize(self) -> int:
        """Bytes in the log, where it is a file; else 0."""
        status = os.fstat(2)
        return status.st_size if stat.S_ISREG(status.st_mode) else 0

    def ready(self) -> Optional[bool]:
        """True once all workers take requests, else None."""
        count = self._host.server_info().workers
        rows = [self._host.worker_info(number + 1) for number in range(count)]
        return True if all(row is not None and row.accepting for row in rows) else None

    def accepting(self, flag: int = 1) -> None:
        """Nothing: the server sees by itself which workers take requests."""

    def listen_queue(self, id: int = 0) -> int:
        """Connections that wait in a listening socket."""
        listeners = self._host.listeners()
        if not 0 <= id < len(listeners):
            raise ValueError("there are %d listening sockets" % len(listeners))
        return max(self._services.waiting(listeners[id].fd), 0)


def install(uwsgi: Any, host: Any, services: Any) -> None:
    """Gives the module its functions."""
    present = Present(host, services)
    for function in (
        present.request_id, present.connection_fd, present.cl, present.disconnect,
        present.set_logvar, present.get_logvar, present.setprocname, present.micros,
        present.logsize, present.ready, present.accepting, present.listen_queue,
        present.log_this_request, present.add_var, present.set_warning_message,
    ):  # fmt: skip
        setattr(uwsgi, function.__name__, function)
