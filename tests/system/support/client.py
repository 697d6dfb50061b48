"""A small HTTP client that sends exactly the bytes it is given."""
import http.client
import io
import socket
from email.message import Message
from typing import Dict, NamedTuple, Optional, Tuple, Union
from types import TracebackType

from support.wait import DEADLINE

Address = Union[str, Tuple[str, int]]


class Answer(NamedTuple):
    """A response. `complete` is False if the connection ended before the body did."""

    status: int
    headers: Message
    body: bytes
    complete: bool = True

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")


class _Shared(io.BufferedReader):
    """A response closes what it was read from; the next response needs it."""

    def close(self) -> None:
        pass


class _Source:
    """What http.client wants of a socket."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file

    def makefile(self, mode: str) -> io.BufferedReader:
        return self._file


def open_socket(address: Address) -> socket.socket:
    """A connected socket; an address is (host, port), a path, or an @abstract name."""
    if isinstance(address, tuple):
        return socket.create_connection(address, timeout=DEADLINE)
    opened = socket.socket(socket.AF_UNIX)
    opened.settimeout(DEADLINE)
    opened.connect("\0" + address[1:] if address.startswith("@") else address)
    return opened


def make_request(method: str, path: str, headers: Optional[Dict[str, str]] = None,
                 body: Optional[bytes] = None) -> bytes:
    """The bytes of a request; the length of a body is told, unless it is told already."""
    fields = {"Host": "localhost", **(headers or {})}
    if body is not None and not {"Content-Length", "Transfer-Encoding"} & set(fields):
        fields["Content-Length"] = str(len(body))
    lines = ["%s %s HTTP/1.1" % (method, path)] + ["%s: %s" % field for field in fields.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")


def chunked(*pieces: bytes) -> bytes:
    """A body in chunks, complete."""
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


class Connection:
    """One connection: send() bytes, then take one answer() after the other."""

    def __init__(self, address: Address) -> None:
        self.socket = open_socket(address)
        self._raw = socket.SocketIO(self.socket, "rb")
        self._file = _Shared(self._raw, 65536)

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, kind: Optional[type], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()
        self._raw.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def request(self, method: str, path: str, headers: Optional[Dict[str, str]] = None,
                body: Optional[bytes] = None) -> Answer:
        self.send(make_request(method, path, headers, body))
        return self.answer(method)

    def start_answer(self, method: str = "GET") -> http.client.HTTPResponse:
        """The head of the next answer; its body is to be read from the result."""
        response = http.client.HTTPResponse(_Source(self._file), method=method)  # type: ignore
        response.begin()
        return response

    def answer(self, method: str = "GET") -> Answer:
        """The next answer, whole. An interim 100 is passed over."""
        response = self.start_answer(method)
        try:
            return Answer(response.status, response.headers, response.read())
        except http.client.IncompleteRead as error:
            return Answer(response.status, response.headers, error.partial, complete=False)

    def line(self) -> bytes:
        return self._file.readline()

    def bytes(self, count: int) -> bytes:
        """So many bytes, or fewer if the server closes the connection."""
        return self._file.read(count)

    def rest(self) -> bytes:
        """All that comes until the server closes the connection."""
        return self._file.read()

    def is_silent(self) -> bool:
        """Nothing has come, and the server has not closed its end."""
        self.socket.setblocking(False)
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        finally:
            self.socket.settimeout(DEADLINE)
        return False
