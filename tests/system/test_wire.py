"""The cases of tests/wire over real sockets: whole, byte by byte, and with a request behind them."""
import re
from pathlib import Path
from typing import Dict

import pytest

from support import wire
from support.client import Connection, make_request
from support.server import Bask, Server
from support.wait import wait_until
from support.wire import cases, expectations, name_of

pytestmark = pytest.mark.null

KINDS = {"valid", "invalid"}
KEYS = {
    "valid": {"method", "path", "query", "authority", "minor", "keep-alive", "chunked", "upgrade",
              "expects-continue", "content-length", "field", "body", "option", "rfc"},
    "invalid": {"status", "reason", "limit", "option", "rfc"},
}
TAIL = make_request("GET", "/bytes/5")


def start(bask: Bask, case: Path) -> Server:
    path = str(bask.folder / "http.sock")
    return bask.null("--http-socket", path, *wire.options(case), address=path)


def check_answer(connection: Connection, expected: Dict[str, str]) -> None:
    answer = connection.answer(expected["method"])
    assert answer.status == 200
    if expected["method"] == "POST":
        assert answer.body == wire.unescape(expected.get("body", ""))


@pytest.mark.parametrize("case", cases("valid"), ids=name_of)
def test_valid(bask: Bask, case: Path) -> None:
    expected, server = expectations(case), start(bask, case)
    with server.connect() as connection:
        connection.send(case.read_bytes() + TAIL)
        check_answer(connection, expected)
        if expected["keep-alive"] == "yes":
            assert connection.answer().body == b"xxxxx"
        else:
            assert connection.rest() == b""
    with server.connect() as connection:
        wire.say_slowly(connection, case.read_bytes())
        check_answer(connection, expected)


@pytest.mark.parametrize("case", cases("invalid"), ids=name_of)
def test_invalid(bask: Bask, case: Path) -> None:
    """Refused once, for the reason that the log has, and closed: nothing behind it is a request."""
    expected, server = expectations(case), start(bask, case)
    for way in ("whole", "with a tail", "byte by byte"):
        with server.connect() as connection:
            if way == "byte by byte":
                wire.say_slowly(connection, case.read_bytes())
            else:
                connection.send(case.read_bytes() + (TAIL if way == "with a tail" else b""))
            raw = connection.rest()
        assert raw.startswith(("HTTP/1.1 %s " % expected["status"]).encode()), way
        assert raw.count(b"HTTP/1.1 ") == 1, way
        assert b"\r\nConnection: close\r\n" in raw, way
        assert (b"\r\nAllow: " in raw) == (expected["status"] == "405"), way
    refusals = "refused with %s: " % expected["status"]
    wait_until(lambda: server.log().count(refusals) == 3, "the log says so each time")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_case_names_its_paragraph(kind: str) -> None:
    for case in cases(kind):
        keys = [key for key, _ in wire.lines(case)]
        assert set(keys) <= KEYS[kind], case
        assert keys.count("rfc") == 1, case
        assert re.match(r"RFC \d{4} \d+(\.\d+)*$", expectations(case)["rfc"]), case
    assert {path.stem for path in (wire.WIRE / kind).glob("*.expect")} == {
        case.stem for case in cases(kind)}
    assert len(cases("valid")) + len(cases("invalid")) >= 200
