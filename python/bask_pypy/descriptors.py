"""uwsgi.send, recv, connect and their like on descriptors; and the body of a request in pieces.

Descriptors stay numbers: a socket object would set their mode, and close them with itself. The
client's own descriptor is the server's, so what is asked of that one goes through the server.
"""
import os
import select
import socket
import threading
from typing import Any, Optional, Tuple, Union

from bask_pypy.arguments import to_bytes
from bask_pypy.waits import wait_for

AGAIN, CLOSED, TIMEOUT, LIMIT, STATE = -6, -7, -8, -9, -10
PIECE = 65536

_REASONS = {
    CLOSED: "the client left before the end of the request body",
    TIMEOUT: "timeout during read of the request body",
    LIMIT: "the request body is over limit-post",
    STATE: "this thread has no request",
}


def _address(text: str) -> Tuple[int, Union[str, Tuple[str, int]]]:
    """The family and the address of "host:port", "/path" or "@abstract"."""
    if text.startswith("@"):
        return socket.AF_UNIX, "\0" + text[1:]
    host, colon, port = text.rpartition(":")
    if not colon or "/" in text:
        return socket.AF_UNIX, text
    found = socket.getaddrinfo(host.strip("[]") or "127.0.0.1", int(port), 0, socket.SOCK_STREAM)
    family, _, _, _, where = found[0]
    return family, (str(where[0]), int(port))


class _Position(threading.local):
    """Of a thread's request: whether what the server has buffered of its body was given."""

    request = -1


class Descriptors:
    """The functions of the module."""

    def __init__(self, services: Any) -> None:
        self._services = services
        self._position = _Position()

    # Descriptors

    def _is_clients(self, fd: int) -> bool:
        return fd >= 0 and self._services.request_descriptor() == fd

    def connect(self, address: Any, timeout: float = 0) -> int:
        """A descriptor that is connected; -1 if that is not possible (in `timeout` seconds)."""
        try:
            family, where = _address(os.fsdecode(to_bytes(address, "an address")))
            with socket.socket(family, socket.SOCK_STREAM) as opened:
                opened.settimeout(timeout or self._services.patience())
                opened.connect(where)
                opened.settimeout(None)
                return opened.detach()
        except (OSError, ValueError):
            return -1

    def async_connect(self, address: Any) -> int:
        """The same, but the connecting has only begun: wait_fd_write and is_connected tell."""
        try:
            family, where = _address(os.fsdecode(to_bytes(address, "an address")))
            with socket.socket(family, socket.SOCK_STREAM) as opened:
                opened.setblocking(False)
                try:
                    opened.connect(where)
                except BlockingIOError:
                    pass
                return opened.detach()
        except (OSError, ValueError):
            return -1

    def is_connected(self, fd: int) -> bool:
        """Whether the connecting has ended, and well, and the other end is still there."""
        poller = select.poll()
        poller.register(fd, select.POLLOUT)
        return poller.poll(0) == [(fd, select.POLLOUT)]

    def close(self, fd: int) -> None:
        """Closes it. The client's stays open for the server, and the client is let go."""
        if self._is_clients(fd):
            self._services.request_disconnect()
            return
        try:
            os.close(fd)
        except OSError:
            pass

    def _send_client(self, data: bytes) -> Optional[bool]:
        error = self._services.stream_write(data)
        if error == CLOSED and self._services.stream_take() == 0:
            error = self._services.stream_write(data)
        return None if error else True

    def send(self, *args: Any) -> Optional[bool]:
        """send([fd,] data): sends all of it; without a descriptor to the client, as it is: such a
        request has no other answer. True, or None if it could not be sent."""
        if not 1 <= len(args) <= 2:
            raise TypeError("send([fd,] data)")
        data = to_bytes(args[-1], "what is sent")
        if len(args) == 1 or self._is_clients(args[0]):
            return self._send_client(data)
        view = memoryview(data)
        try:
            while view:
                try:
                    view = view[os.write(args[0], view) :]
                except BlockingIOError:
                    if wait_for({args[0]: select.POLLOUT}, self._services.patience()) < 0:
                        return None
        except OSError:
            return None
        return True

    def recv(self, fd: int, size: int = 4096) -> Optional[bytes]:
        """Up to `size` bytes, whatever bytes they are; None at the end, or after an error."""
        if self._is_clients(fd):
            return self._services.stream_read(size, int(self._services.patience() * 1000))[1] or None
        try:
            while True:
                try:
                    return os.read(fd, size) or None
                except BlockingIOError:
                    if wait_for({fd: select.POLLIN}, self._services.patience()) < 0:
                        return None
        except OSError:
            return None

    # The body of the request

    def _buffered(self) -> bytes:
        """What the server has of the body already, once."""
        number = self._services.request_number()
        if number < 0 or self._position.request == number:
            return b""
        self._position.request = number
        return self._services.copy(self._services.request_current().body)

    def _read_chunk(self, timeout_ms: int) -> Optional[bytes]:
        first = self._buffered()
        if first:
            return first
        request = self._services.request_current()
        if request and not request.body_left:
            return b""
        error, data = self._services.request_read_body(PIECE, timeout_ms)
        if error == AGAIN:
            return None
        if error:
            raise OSError(_REASONS.get(error, "the request body is malformed"))
        return data

    def chunked_read(self, timeout: float = 0) -> bytes:
        """What comes next of the body, as soon as something comes; b"" at its end. `timeout` in
        seconds; 0: --chunked-input-timeout."""
        return self._read_chunk(max(int(timeout * 1000), 1) if timeout > 0 else -1) or b""

    def chunked_read_nb(self) -> Optional[bytes]:
        """The same without waiting: None if nothing has come."""
        return self._read_chunk(0)


def install(uwsgi: Any, services: Any) -> None:
    """Gives the module its functions."""
    descriptors = Descriptors(services)
    for function in (
        descriptors.connect, descriptors.async_connect, descriptors.is_connected,
        descriptors.close, descriptors.send, descriptors.recv, descriptors.chunked_read,
        descriptors.chunked_read_nb,
    ):  # fmt: skip
        setattr(uwsgi, function.__name__, function)
