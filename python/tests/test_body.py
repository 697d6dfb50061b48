"""wsgi.input against io.BytesIO."""

import io
import os
import random
import tempfile
from typing import Any, List, Optional

import pytest

from bask_pypy.body import Body
from fake import CLOSED, LIMIT, SYNTAX, TIMEOUT, Host, Request

TEXT = b"one\ntwo\n\nfour without an end \xff\x00 and more of it\r\nfive\n" * 3


def body_of(**request: Any) -> Body:
    return Body(Host(), Request("POST", **request))


def split(data: bytes, chance: random.Random, most: int) -> List[bytes]:
    pieces = []
    while data:
        size = chance.randint(1, most)
        pieces.append(data[:size])
        data = data[size:]
    return pieces


def random_text(chance: random.Random) -> bytes:
    words = [b"\n", b"\n", b"a", b"word", b"\r\n", b"\xff", b"x" * 40]
    return b"".join(chance.choice(words) for _ in range(chance.randint(0, 60)))


class Reference(io.BytesIO):
    """BytesIO as CPython has it: PyPy's readlines() reads a line more where the hint is reached."""

    def readlines(self, hint: Optional[int] = -1) -> List[bytes]:
        lines: List[bytes] = []
        while not (hint is not None and 0 < hint <= sum(map(len, lines))):
            line = self.readline()
            if not line:
                break
            lines.append(line)
        return lines


@pytest.mark.parametrize("seed", range(300))
def test_like_bytesio(seed: int) -> None:
    chance = random.Random(seed)
    data = random_text(chance)
    here = chance.choice([0, len(data), chance.randint(0, len(data))])
    pieces = split(data[here:], chance, chance.choice([1, 7, 200]))
    ours = body_of(body=data[:here], pieces=pieces, chunked=chance.random() < 0.5)
    theirs = Reference(data)
    sizes: List[Optional[int]] = [None, -1, -5, 0, 1, 2, 3, 10, 1000]
    for _ in range(30):
        what = chance.choice(["read", "read", "readline", "readline", "next", "readlines"])
        if what == "next":
            assert next(ours, None) == next(theirs, None)
            continue
        size = chance.choice(sizes)
        if what != "readline" and (size is None or size < 0) and chance.random() < 0.8:
            size = 1
        assert getattr(ours, what)(size) == getattr(theirs, what)(size), (what, size)
    assert ours.read() == theirs.read()
    assert ours.read() == ours.read(5) == ours.readline() == b"" and ours.readlines() == []


def test_arguments_may_be_left_out() -> None:
    assert body_of(body=TEXT).read() == TEXT
    assert body_of(body=TEXT).readline() == b"one\n"
    assert body_of(body=TEXT).readlines() == list(body_of(body=TEXT)) == TEXT.splitlines(True)


def test_is_its_own_iterator() -> None:
    body = body_of(body=TEXT)
    assert iter(body) is body
    body.close()
    assert next(body) == b"one\n"


def test_nothing_is_received_that_was_not_asked_for() -> None:
    request = Request("POST", body=b"12\n", pieces=[b"45", b"67", b"8\n"])
    body = Body(Host(), request)
    assert body.read(0) == b"" and body.read(2) == b"12" and body.readline() == b"\n"
    assert request.calls == []
    assert body.read(1) == b"4" and len(request.calls) == 1
    assert body.read(2) == b"56" and len(request.calls) == 2
    assert body.readline(2) == b"78" and len(request.calls) == 3
    assert body.read(100) == b"\n" and len(request.calls) == 3


def test_a_body_that_is_there_is_taken_once() -> None:
    request = Request("POST", body=TEXT)
    body = Body(Host(), request)
    assert body.read(4) == b"one\n"
    request.ended = "respond"
    body.detach()
    assert body.readline() == b"two\n"


def test_a_long_line_costs_no_square() -> None:
    pieces = [b"x" * 1000] * 5000
    received = 0

    class Counting(Host):
        def read_body(self, request: Any, size: int) -> Any:
            nonlocal received
            kept = len(body._buffer or b"") - body._at
            assert kept <= 1000, "the line so far is copied again and again"
            received += 1
            return super().read_body(request, size)

    body = Body(Counting(), Request("POST", pieces=pieces))
    assert len(body.readline()) == 5_000_000
    assert received == 5000


@pytest.mark.parametrize(
    "error, text",
    [(CLOSED, "left before"), (TIMEOUT, "timeout"), (LIMIT, "limit-post"), (SYNTAX, "malformed")],
)
@pytest.mark.parametrize("call", ["read", "readline", "readlines", "__next__"])
def test_errors(error: int, text: str, call: str) -> None:
    body = body_of(body=b"12", pieces=[b"34", error])
    with pytest.raises(OSError, match=text):
        getattr(body, call)()


def test_nothing_is_lost_before_an_error() -> None:
    body = body_of(body=b"12", pieces=[b"34", TIMEOUT, b"56"], chunked=True)
    with pytest.raises(OSError, match="timeout"):
        body.read()
    assert body.read(3) == b"123"
    assert body.read() == b"456"


def test_an_error_leaves_what_was_received() -> None:
    body = body_of(pieces=[b"1234", CLOSED])
    assert body.read(4) == b"1234"
    with pytest.raises(OSError):
        body.read(1)


def test_after_the_response() -> None:
    body = body_of(body=TEXT, pieces=[b"more"])
    body.detach()
    assert body.read() == b"" and body.readline() == b"" and list(body) == []


class TestSeek:
    def test_like_bytesio(self) -> None:
        ours, theirs = body_of(body=TEXT), io.BytesIO(TEXT)
        for offset, whence in ((5, 0), (3, 1), (-4, 2), (0, 0), (0, 1), (len(TEXT), 0), (-9, 1)):
            assert ours.seek(offset, whence) == theirs.seek(offset, whence) == ours.tell()
            assert ours.read(4) == theirs.read(4)
            assert ours.readline() == theirs.readline()
            assert ours.tell() == theirs.tell()

    def test_read_twice(self) -> None:
        body = body_of(body=TEXT)
        assert body.seekable() and body.readable()
        assert body.read() == TEXT and body.tell() == len(TEXT)
        body.seek(0)
        assert body.read() == TEXT

    def test_empty(self) -> None:
        body = body_of()
        assert body.seekable() and body.tell() == 0 and body.seek(0, io.SEEK_END) == 0

    def test_not_beyond_the_end(self) -> None:
        body = body_of(body=b"abc")
        assert body.seek(10) == 3
        assert body.readline() == b"" and body.read() == b""

    @pytest.mark.parametrize("offset, whence", [(-1, 0), (-1, 1), (-4, 2), (0, 3)])
    def test_bad_positions(self, offset: int, whence: int) -> None:
        with pytest.raises(ValueError):
            body_of(body=b"abc").seek(offset, whence)

    @pytest.mark.parametrize("read_first", [False, True])
    @pytest.mark.parametrize("chunked", [False, True])
    def test_body_that_is_not_all_there(self, chunked: bool, read_first: bool) -> None:
        body = body_of(body=b"abc", pieces=[b"def"], chunked=chunked)
        if read_first:
            assert body.read() == b"abcdef"
        assert not body.seekable()
        for call in (body.tell, lambda: body.seek(0)):
            with pytest.raises(io.UnsupportedOperation, match="post-buffering"):
                call()

    def test_no_descriptor(self) -> None:
        with pytest.raises(io.UnsupportedOperation):
            body_of(body=b"abc").fileno()


class TestFile:
    """A body that the server keeps in a file."""

    @staticmethod
    def make(data: bytes) -> Any:
        file = tempfile.TemporaryFile()
        file.write(data)
        file.flush()
        request = Request("POST", content_length=len(data))
        request.keep_in(file.fileno(), len(data))
        return Body(Host(), request), file

    @pytest.mark.parametrize("seed", range(100))
    def test_like_bytesio(self, seed: int, monkeypatch: Any) -> None:
        chance = random.Random(seed)
        monkeypatch.setattr("bask_pypy.body.PIECE", chance.choice([1, 7, 100]))
        monkeypatch.setattr("bask_pypy.body.PIECE_MAX", chance.choice([1, 7, 100]))
        data = random_text(chance)
        ours, file = self.make(data)
        theirs = Reference(data)
        with file:
            for _ in range(60):
                what = chance.choice(["read", "readline", "readlines", "tell", "seek", "next"])
                size = chance.choice([-1, 0, 1, 3, 10, 1000])
                if what == "seek":
                    place = (chance.randint(0, len(data)), io.SEEK_SET)
                    if chance.random() < 0.4:
                        place = (-chance.randint(0, len(data)), io.SEEK_END)
                    assert ours.seek(*place) == theirs.seek(*place)
                elif what == "next":
                    assert next(ours, None) == next(theirs, None)
                elif what == "tell":
                    assert ours.tell() == theirs.tell()
                else:
                    assert getattr(ours, what)(size) == getattr(theirs, what)(size), (what, size)

    def test_descriptor(self) -> None:
        body, file = self.make(TEXT)
        with file:
            assert body.seekable() and body.fileno() == file.fileno()
            assert body.read(5) == TEXT[:5]
            assert os.pread(body.fileno(), len(TEXT), 0) == TEXT

    def test_after_the_response(self) -> None:
        body, file = self.make(TEXT)
        with file:
            assert body.read(3) == TEXT[:3]
            body.detach()
            file.close()
            assert TEXT.startswith(b"one" + body.read())  # what was read ahead, or nothing
            with pytest.raises(io.UnsupportedOperation):
                body.seek(0)
            with pytest.raises(io.UnsupportedOperation):
                body.fileno()


class TestLayers:
    """Classes of io on top of it."""

    @pytest.mark.parametrize("pieces", [[], [b"four\n", b"five"]])
    def test_buffered_reader(self, pieces: List[bytes]) -> None:
        reader = io.BufferedReader(body_of(body=b"one\ntwo\n", pieces=pieces), 4)  # type: ignore
        assert reader.readline() == b"one\n"
        assert reader.read() == b"two\n" + b"".join(pieces)

    @pytest.mark.parametrize("pieces", [[], [b"four\n", b"five"]])
    def test_text(self, pieces: List[bytes]) -> None:
        text = io.TextIOWrapper(body_of(body=b"caf\xc3\xa9\n", pieces=pieces), "utf-8")  # type: ignore
        assert text.readline() == "caf\xe9\n"
        assert text.read() == b"".join(pieces).decode()

    def test_readinto(self) -> None:
        target = bytearray(5)
        body = body_of(body=b"one", pieces=[b"four"])
        assert body.readinto(target) == 5 and target == b"onefo"
        assert body.readinto(target) == 2 and target == b"urefo"
        assert body.readinto(target) == 0

    def test_read1(self) -> None:
        body = body_of(body=b"one", pieces=[b"four", b"five"])
        assert body.read1(2) == b"on" and body.read1(10) == b"e" and body.read1() == b"four"
        assert body.read1(None) == b"five" and body.read1() == b""
        assert not body.writable() and not body.closed
