"""The tests' own encoder of the uwsgi protocol: the server's must not be its own witness."""
import http.client
import io
import struct
from typing import Dict

from support.client import Answer


def variables(pairs: Dict[str, str]) -> bytes:
    block = b""
    for key, value in pairs.items():
        for text in (key.encode("latin-1"), value.encode("latin-1")):
            block += struct.pack("<H", len(text)) + text
    return block


def packet(block: bytes, modifier1: int = 0, modifier2: int = 0) -> bytes:
    return struct.pack("<BHB", modifier1, len(block), modifier2) + block


def request(method: str = "GET", path: str = "/", query: str = "", body: bytes = b"",
            **more: str) -> bytes:
    """A request as nginx's uwsgi_params describes it."""
    return packet(variables({
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query,
        "REQUEST_URI": path + ("?" + query if query else ""), "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "gateway.example", "SERVER_PORT": "443", "REMOTE_ADDR": "192.0.2.7",
        "REMOTE_PORT": "4711", "CONTENT_LENGTH": str(len(body)) if body else "",
        "CONTENT_TYPE": "", "HTTP_HOST": "gateway.example", **more,
    })) + body


class _Bytes:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


def answer(data: bytes, method: str = "GET") -> Answer:
    """A whole response, which on this protocol ends with the connection."""
    response = http.client.HTTPResponse(_Bytes(data), method=method)  # type: ignore[arg-type]
    response.begin()
    return Answer(response.status, response.headers, response.read())
