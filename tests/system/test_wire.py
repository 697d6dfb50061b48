"""The cases of tests/wire over a real socket; tests/wire/README.md says what they mean."""
from pathlib import Path
from typing import Dict, List

import pytest

from support.client import make_request
from support.server import ROOT, Bask

pytestmark = pytest.mark.null

WIRE = ROOT / "tests" / "wire"


def cases(kind: str) -> List[Path]:
    return sorted((WIRE / kind).glob("*.http"))


def name_of(case: Path) -> str:
    return case.stem


def expectations(case: Path) -> Dict[str, str]:
    """The keys that occur once; `field` may recur and is the unit test's."""
    lines = case.with_suffix(".expect").read_bytes().decode("latin-1").splitlines()
    return dict(line.split(": ", 1) for line in lines if ": " in line)


def unescape(text: str) -> bytes:
    first, *rest = text.encode("latin-1").replace(b"\\\\", b"\\\0").split(b"\\")
    return first + b"".join(
        {b"r": b"\r", b"n": b"\n", b"\0": b"\\"}[piece[:1]] + piece[1:] for piece in rest)


@pytest.mark.parametrize("case", cases("valid"), ids=name_of)
def test_valid(bask: Bask, case: Path) -> None:
    expected = expectations(case)
    with bask.null().connect() as connection:
        connection.send(case.read_bytes() + make_request("GET", "/bytes/5"))
        if expected.get("expects-continue") == "yes":
            assert connection.line().startswith((b"HTTP/1.1 100 ", b"HTTP/1.1 200 "))
            return
        answer = connection.answer(expected["method"])
        assert answer.status == 200
        if expected["method"] == "POST":
            assert answer.body == unescape(expected.get("body", ""))
        if expected["keep-alive"] == "yes":
            assert connection.answer().body == b"xxxxx"
        else:
            assert connection.rest() == b""


@pytest.mark.parametrize("case", cases("invalid"), ids=name_of)
def test_invalid(bask: Bask, case: Path) -> None:
    expected = expectations(case)
    options = ["--buffer-size", expected["limit"]] if "limit" in expected else []
    server = bask.null(*options)
    raw = server.raw(case.read_bytes())
    assert raw.startswith(("HTTP/1.1 %s " % expected["status"]).encode())
    assert raw.count(b"HTTP/1.1 ") == 1
    assert b"\r\nConnection: close\r\n" in raw
