"""wsgi.input: every way to read it, and bodies that do not come whole."""
import json
from typing import Any, List

import pytest

from support.client import chunked, make_request
from support.server import Bask
from support.wait import wait_until

LINES = b"one\ntwo\nthree"
WAYS = [
    ("read", ["one\ntwo\nthree"]), ("read-none,read", ["one\ntwo\nthree", ""]),
    ("read-negative", ["one\ntwo\nthree"]), ("read-huge", ["one\ntwo\nthree"]),
    ("read-0,read-3,read-3,read", ["", "one", "\ntw", "o\nthree"]),
    ("readline,readline,readline,readline", ["one\n", "two\n", "three", ""]),
    ("readline-3,readline-3,readline-0,readline-3", ["one", "\n", "", "two"]),
    ("readline-negative,readline-none", ["one\n", "two\n"]),
    ("readlines", [["one\n", "two\n", "three"]]),
    ("readlines-hint,readlines", [["one\n", "two\n"], ["three"]]),
    ("readlines-none", [["one\n", "two\n", "three"]]),
    ("read-3,iterate,read", ["one", ["\n", "two\n", "three"], ""]),
]


@pytest.mark.parametrize("buffering", ["0", "1m"])
@pytest.mark.parametrize("framing", ["length", "chunks"])
@pytest.mark.parametrize("ways, results", WAYS)
def test_reading(bask: Bask, buffering: str, framing: str, ways: str, results: List[Any]) -> None:
    server = bask.app("body", "--post-buffering", buffering)
    headers = {"Transfer-Encoding": "chunked"} if framing == "chunks" else {}
    sent = chunked(b"on", b"e\ntwo\n", b"three") if headers else LINES
    with server.connect() as connection:
        for _ in range(2):
            answer = connection.request("POST", "/?" + ways, headers, sent)
            assert json.loads(answer.body) == results


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_reading_from_a_file(bask: Bask, framing: str) -> None:
    """As above; the head comes alone, so that the body is too large for what is buffered."""
    server = bask.app("body", "--post-buffering", "1")
    headers = {"Transfer-Encoding": "chunked"} if framing == "chunks" else {"Content-Length": "13"}
    sent = chunked(b"on", b"e\ntwo\n", b"three") if framing == "chunks" else LINES
    with server.connect() as connection:
        for ways, results in WAYS:
            connection.send(make_request("POST", "/?" + ways, headers))
            connection.send(sent)
            assert json.loads(connection.answer().body) == results


def test_reading_where_there_is_no_body(bask: Bask) -> None:
    answer = bask.app("body").get("/?read,readline,iterate,read-3")
    assert json.loads(answer.body) == ["", "", [], ""]


def test_reading_waits_for_the_client(bask: Bask) -> None:
    with bask.app("body", "--post-buffering", "0").connect() as connection:
        connection.send(make_request("POST", "/?readline,read-3", {"Content-Length": "10"}) + b"on")
        connection.send(b"e\nt")
        connection.send(b"wo345")
        assert json.loads(connection.answer().body) == ["one\n", "two"]


def test_first_chunk_starts_the_application(bask: Bask) -> None:
    """With nothing buffered, what came with the head is enough to begin: no further byte comes."""
    server = bask.app("body", "--post-buffering", "0")
    with server.connect() as connection:
        connection.socket.settimeout(5)
        connection.send(make_request("POST", "/?read-3", {"Transfer-Encoding": "chunked"})
                        + b"3\r\nabc\r\n")
        assert json.loads(connection.answer().body) == ["abc"]


def test_client_that_leaves_is_an_oserror(bask: Bask) -> None:
    server = bask.app("body:catching", "--post-buffering", "0")
    with server.connect() as connection:
        connection.send(make_request("POST", "/", {"Content-Length": "100"}) + b"half")
    said = server.folder / "said"
    wait_until(lambda: said.exists() and said.read_text(), "the application noticed")
    assert said.read_text().startswith(("OSError: ", "ConnectionError: "))
    assert server.get("/").body == b"read 0"


def test_client_that_stalls_is_an_oserror(bask: Bask) -> None:
    server = bask.app("body:catching", "--post-buffering", "0", "--socket-timeout", "1")
    answer = server.raw(make_request("POST", "/", {"Content-Length": "100"}) + b"half")
    assert b"timeout" in answer


def test_malformed_chunk_is_an_oserror(bask: Bask) -> None:
    server = bask.app("body:catching", "--post-buffering", "0")
    with server.connect() as connection:
        connection.send(make_request("POST", "/", {"Transfer-Encoding": "chunked"}) + b"1\r\na\r\n")
        wait_until((server.folder / "reading").exists, "the application reads")
        connection.send(b"zz\r\n")
        assert b"malformed" in connection.rest()


def test_limit_while_streaming_is_an_oserror(bask: Bask) -> None:
    server = bask.app("body:catching", "--post-buffering", "0", "--limit-post", "1000")
    sent = make_request("POST", "/", {"Transfer-Encoding": "chunked"}, chunked(b"x" * 2000))
    answer = server.raw(sent)
    assert b" 413 " in answer or b"limit-post" in answer


@pytest.mark.parametrize("size", [10, 3000000])
def test_body_that_is_ignored(bask: Bask, size: int) -> None:
    """The answer arrives although nobody reads what the client sends."""
    server = bask.app("body:ignoring")
    with server.connect() as connection:
        connection.send(make_request("POST", "/", body=b"i" * size))
        assert connection.answer().body == b"ignored"
    assert server.get("/").body == b"ignored"


def test_body_that_is_kept_is_empty_afterwards(bask: Bask) -> None:
    server = bask.app("body:keeping")
    for _ in range(3):
        assert server.post("/", b"secret").body == b""
