"""The tests' own FastCGI: the server's must not be its own witness."""
import struct
from typing import Dict, Iterator, List, NamedTuple, Tuple

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR, DATA, GET_VALUES, RESULT, UNKNOWN = range(1, 12)
RESPONDER, AUTHORIZER, FILTER = 1, 2, 3


class Record(NamedTuple):
    kind: int
    number: int
    content: bytes


def record(kind: int, content: bytes = b"", number: int = 1, padding: int = 0) -> bytes:
    return struct.pack(">BBHHBx", 1, kind, number, len(content), padding) + content + b"p" * padding


def begin(number: int = 1, keep: bool = False, role: int = RESPONDER) -> bytes:
    return record(BEGIN, struct.pack(">HB5x", role, keep), number)


def length(size: int) -> bytes:
    return bytes([size]) if size < 128 else struct.pack(">I", size | 1 << 31)


def pairs(variables: Dict[str, str]) -> bytes:
    block = b""
    for name, value in variables.items():
        encoded = name.encode("latin-1"), value.encode("latin-1")
        block += length(len(encoded[0])) + length(len(encoded[1])) + encoded[0] + encoded[1]
    return block


def request(method: str = "GET", path: str = "/", query: str = "", body: bytes = b"",
            number: int = 1, keep: bool = False, padding: int = 0, piece: int = 65535,
            **more: str) -> bytes:
    """A request as a gateway sends it; parameters and body in records of `piece` bytes at most."""
    variables = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query,
        "REQUEST_URI": path + ("?" + query if query else ""), "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "gateway.example", "SERVER_PORT": "443", "REMOTE_ADDR": "192.0.2.7",
        "REMOTE_PORT": "4711", "CONTENT_LENGTH": str(len(body)) if body else "",
        "HTTP_HOST": "gateway.example", **more}
    sent = begin(number, keep)
    for kind, data in ((PARAMS, pairs(variables)), (STDIN, body)):
        for at in range(0, len(data), piece):
            sent += record(kind, data[at:at + piece], number, padding)
        sent += record(kind, b"", number, padding)
    return sent


def records(data: bytes) -> Iterator[Record]:
    """All of what came; it must be whole records."""
    while data:
        version, kind, number, size, padding = struct.unpack(">BBHHBx", data[:8])
        assert version == 1 and len(data) >= 8 + size + padding, data[:80]
        yield Record(kind, number, data[8:8 + size])
        data = data[8 + size + padding:]


class Answer(NamedTuple):
    status: int
    headers: Dict[str, str]
    body: bytes
    ended: List[Tuple[int, int]]  # number and protocolStatus of each END_REQUEST

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")


def split(output: bytes) -> Tuple[int, Dict[str, str], bytes]:
    """Status, headers and body of a response as CGI has them."""
    head, _, body = output.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return int(headers["Status"].split()[0]), headers, body


def answer(data: bytes, number: int = 1) -> Answer:
    came = list(records(data))
    output = b"".join(one.content for one in came if (one.kind, one.number) == (STDOUT, number))
    ended = [(one.number, one.content[4]) for one in came if one.kind == END]
    return Answer(*split(output), ended)
