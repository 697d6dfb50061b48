"""Frames of WebSockets, byte by byte, for what no client library would send."""
import struct
from typing import NamedTuple

from support.client import Connection, make_request

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
FIELDS = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
          "Sec-WebSocket-Key": KEY}


class Frame(NamedTuple):
    """A frame of the server: opcode and payload. A whole message, as all that it sends are."""

    opcode: int
    payload: bytes


def masked(first: int, payload: bytes, mask: bytes = b"mask") -> bytes:
    """A client's frame; `first` is its first byte: 0x81 is a whole text."""
    size = len(payload)
    head = bytes([first]) + (bytes([0x80 | size]) if size < 126
                             else b"\xfe" + struct.pack(">H", size) if size < 65536
                             else b"\xff" + struct.pack(">Q", size))
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


def shake_hands(connection: Connection, path: str, behind: bytes = b"") -> None:
    """A handshake, and bytes that come in one piece with it."""
    connection.send(make_request("GET", path, FIELDS) + behind)
    assert connection.line().startswith(b"HTTP/1.1 101 ")
    while connection.line() != b"\r\n":
        pass


def next_frame(connection: Connection) -> Frame:
    first, size = connection.bytes(2)
    assert first & 0xf0 == 0x80 and size < 128, "whole, no reserved bits, no mask"
    if size == 126:
        size, = struct.unpack(">H", connection.bytes(2))
    elif size == 127:
        size, = struct.unpack(">Q", connection.bytes(8))
    return Frame(first & 15, connection.bytes(size))


def closed(code: int) -> Frame:
    return Frame(CLOSE, struct.pack(">H", code))
