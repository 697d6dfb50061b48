"""Fields that the operator gives every answer, and takes from it: --add-header, --rem-header."""
import os
import socket
from typing import List

import pytest

from support import uwsgi
from support.client import make_request
from support.server import Bask

PAGE = b"page"


def site(bask: Bask) -> List[str]:
    (bask.folder / "site").mkdir()
    (bask.folder / "site" / "page").write_bytes(PAGE)
    (bask.folder / "site" / "large").write_bytes(os.urandom(100000))
    return ["--static-map", "/static=site"]


@pytest.mark.null
def test_every_answer_gets_them(bask: Bask) -> None:
    server = bask.null(*site(bask), "--add-header", "X-Frame-Options: DENY",
                       "--add-header", "X-Empty:", "--add-header", "X-Twice: 1",
                       "--add-header", "X-Twice: 2, 3")
    with server.connect() as connection:
        for path in ("/", "/stream/3", "/fail", "/static/page", "/static/large", "/bytes/100000"):
            answer = connection.request("GET", path)
            assert answer.headers["X-Frame-Options"] == "DENY", path
            assert answer.headers["X-Empty"] == ""
            assert answer.headers.get_all("X-Twice") == ["1", "2, 3"]
        for path, field, value in (("/static/page", "Range", "bytes=0-0,2-2"),
                                   ("/static/page", "Range", "bytes=1-"),
                                   ("/static/page", "If-None-Match", "*"),
                                   ("/static/page", "Range", "bytes=9-")):
            answer = connection.request("GET", path, {field: value})
            assert answer.headers["X-Frame-Options"] == "DENY"
        assert connection.request("HEAD", "/").headers["X-Frame-Options"] == "DENY"
    refused = server.raw(b"nonsense\r\n\r\n")
    assert refused.startswith(b"HTTP/1.1 400 ") and b"X-Frame" not in refused


@pytest.mark.null
def test_no_answer_keeps_what_is_removed(bask: Bask) -> None:
    server = bask.null(*site(bask), "--rem-header", "content-type", "--del-header", "ETag")
    with server.connect() as connection:
        for path in ("/", "/stream/3", "/static/page", "/static/large"):
            answer = connection.request("GET", path)
            assert answer.status == 200
            assert answer.headers["Content-Type"] is None
            assert answer.headers["ETag"] is None
            assert answer.headers["Date"]


@pytest.mark.null
def test_both_replace(bask: Bask) -> None:
    server = bask.null("--rem-header", "Content-Type", "--add-header", "Content-Type: text/html")
    for _ in range(2):
        assert server.get("/").headers.get_all("Content-Type") == ["text/html"]


@pytest.mark.null
def test_gateways_get_them_too(bask: Bask) -> None:
    port = bask.ports.take()
    bask.null("--add-header", "X-Name: value", "--socket", "127.0.0.1:%d" % port)
    with socket.create_connection(("127.0.0.1", port)) as gateway:
        gateway.sendall(uwsgi.request())
        assert uwsgi.answer(gateway.makefile("rb").read()).headers["X-Name"] == "value"


@pytest.mark.null
def test_connection_is_done_not_only_said(bask: Bask) -> None:
    closing = bask.null("--add-header", "Connection: close")
    with closing.connect() as connection:
        connection.send(make_request("GET", "/") * 2)
        answer = connection.answer()
        assert answer.headers.get_all("Connection") == ["close"]
        assert connection.rest() == b""
    keeping = bask.null("--add-header", "Connection: Keep-Alive", "--add-header", "X-Name: value")
    with keeping.connect() as connection:
        for _ in range(2):
            answer = connection.request("GET", "/")
            assert answer.headers["Connection"] is None and answer.headers["X-Name"] == "value"


@pytest.mark.parametrize("option,value,expected", [
    ("add-header", "X-Name", 'expected "Name: value"'),
    ("add-header", ": value", 'expected "Name: value"'),
    ("add-header", "", 'expected "Name: value"'),
    ("add-header", "X Name: value", 'expected "Name: value"'),
    ("add-header", "X-Name : value", 'expected "Name: value"'),
    ("add-header", "X-Name: a\r\nX-Other: b", 'expected "Name: value"'),
    ("add-header", "X-Name: a\nX-Other: b", 'expected "Name: value"'),
    ("add-header", "X-Name: \x01", 'expected "Name: value"'),
    ("add-header", "X-Name: \x7f", 'expected "Name: value"'),
    pytest.param("add-header", "X-Name: " + "a" * 10000, 'expected "Name: value"', id="long"),
    ("add-header", "content-length: 5", "the server knows"),
    ("add-header", "Transfer-Encoding: chunked", "the server's to say"),
    ("add-header", "Date: today", "the time"),
    ("add-header", "Connection: upgrade", "close or keep-alive"),
    ("rem-header", "X-Name: value", "expected the name"),
    ("rem-header", "", "expected the name"),
    ("rem-header", "X Name", "expected the name"),
    ("rem-header", "X-Name\r\nX-Other", "expected the name"),
])
@pytest.mark.null
def test_wrong_values_are_refused(bask: Bask, option: str, value: str, expected: str) -> None:
    said = bask.refused("--%s=%s" % (option, value), "--plugin", "null")
    assert expected in said and "--" + option in said


def test_answers_of_an_application(bask: Bask) -> None:
    (bask.folder / "heads.py").write_text('''
def application(environ, start_response):
    path = environ["PATH_INFO"]
    headers = [("Server", "mine"), ("X-Keep", "1")]
    if path == "/framed":
        headers += [("Content-Length", "5"), ("Transfer-Encoding", "identity"), ("Date", "then"),
                    ("Connection", "close")]
    start_response("200 OK", headers)
    if path == "/pieces":
        return iter([b"he", b"llo"])
    if path == "/failed":
        raise ValueError("as asked")
    if path == "/file":
        return environ["wsgi.file_wrapper"](open(__file__, "rb"))
    return [b"hello"]
''')
    server = bask.start("--module", "heads",
                        "--rem-header", "Server", "--add-header", "Server: ours",
                        *("--rem-header=" + name for name in (
                            "Content-Length", "Transfer-Encoding", "Date", "Connection")))
    with server.connect() as connection:
        for path in ("/", "/pieces", "/file", "/framed", "/failed"):
            answer = connection.request("GET", path)
            assert answer.headers.get_all("Server") == ["ours"], path
            assert answer.headers["Connection"] is None
            assert answer.headers.get_all("Date") != ["then"]
            assert (answer.status == 500) == (path == "/failed")
            if path in ("/", "/pieces", "/framed"):
                assert (answer.headers["X-Keep"], answer.body) == ("1", b"hello")
    server.complained("as asked")
