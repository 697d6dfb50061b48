"""The cases of tests/wire, whose README.md says what they mean, and ways to say them to a server."""
import array
import fcntl
import re
import termios
from pathlib import Path
from typing import Dict, List

from support.client import Connection
from support.server import ROOT
from support.wait import wait_until

WIRE = ROOT / "tests" / "wire"
TAIL_BODY = b"xxxxx"
PIECE_OF_LARGE = 997  # bytes, of a case that takes too long byte by byte
LARGE = 4096


def cases(kind: str) -> List[Path]:
    return sorted((WIRE / kind).glob("*.http"))


def name_of(case: Path) -> str:
    return case.stem


def lines(case: Path) -> List[List[str]]:
    """The lines of a case's expectations: [key, value]."""
    text = case.with_suffix(".expect").read_bytes().decode("latin-1")
    return [(line + " ").split(": ", 1) for line in text.splitlines()]


def expectations(case: Path) -> Dict[str, str]:
    """The keys that occur once; `field` may recur and is the unit test's."""
    return {key: value.rstrip() for key, value in lines(case)}


def options(case: Path) -> List[str]:
    """What the server is started with for this case."""
    found = ["--" + value.rstrip() for key, value in lines(case) if key == "option"]
    return found + ["--buffer-size=" + value.rstrip() for key, value in lines(case)
                    if key == "limit"]


def unescape(text: str) -> bytes:
    first, *rest = text.encode("latin-1").replace(b"\\\\", b"\\\0").split(b"\\")
    return first + b"".join(
        {b"r": b"\r", b"n": b"\n", b"\0": b"\\"}[piece[:1]] + piece[1:] for piece in rest)


def _unread(connection: Connection) -> int:
    """Bytes that the other end of a unix socket has not read yet."""
    count = array.array("i", [0])
    fcntl.ioctl(connection.socket, termios.TIOCOUTQ, count)
    return count[0]


def say_slowly(connection: Connection, data: bytes) -> None:
    """Sends bytes over a unix socket so that the server reads them one by one: each is said when the
    one before was taken. Stops where the server has left."""
    size = 1 if len(data) < LARGE else PIECE_OF_LARGE
    try:
        for at in range(0, len(data), size):
            connection.send(data[at:at + size])
            if _unread(connection):
                wait_until(lambda: not _unread(connection), "the server reads", pause=0)
    except (BrokenPipeError, ConnectionResetError):
        return


def outcome(connection: Connection, data: bytes) -> str:
    """The statuses of the answers to these bytes up to the end of the connection, but for 100: "200 400".
    "raw": an answer without a head, as in HTTP/0.9. "": none."""
    try:
        connection.send(data)
        answers = connection.rest()
    except (BrokenPipeError, ConnectionResetError):
        return "reset"
    found = re.findall(rb"HTTP/1\.[01] (\d{3})", answers)
    statuses = [status.decode() for status in found if status != b"100"]
    return " ".join(statuses or (["raw"] if answers else []))
