"""The two validators of WSGI between server and application: neither may find anything."""

import io
import warnings
from typing import Any, Callable, Dict, Iterator, List
from wsgiref.validate import validator

import pytest
from werkzeug.middleware.lint import LintMiddleware

from fake import Host, Request, serve

HEADERS = [("Content-Type", "text/plain")]


def hello(environ: Any, start_response: Any) -> List[bytes]:
    start_response("200 OK", HEADERS + [("Content-Length", "5")])
    return [b"hello"]


def pieces(environ: Any, start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", HEADERS)
    yield b"a"
    yield b""
    yield b"b"


def written(environ: Any, start_response: Any) -> List[bytes]:
    start_response("200 OK", HEADERS)(b"a")
    return [b"b"]


def echo(environ: Any, start_response: Any) -> List[bytes]:
    stream = environ["wsgi.input"]
    data = stream.read(3) + stream.read(1000)
    environ["wsgi.errors"].write("")
    environ["wsgi.errors"].writelines([])
    environ["wsgi.errors"].flush()
    start_response("200 OK", HEADERS)
    return [data]


def lines(environ: Any, start_response: Any) -> List[bytes]:
    stream = environ["wsgi.input"]
    start_response("200 OK", HEADERS)
    return [
        stream.readline() + stream.readline(4) + b"".join(stream.readlines(1)) + stream.read(999)
    ]


def iterate(environ: Any, start_response: Any) -> List[bytes]:
    start_response("200 OK", HEADERS)
    return [b"".join(environ["wsgi.input"])]


def file(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", HEADERS)
    return environ["wsgi.file_wrapper"](io.BytesIO(b"from a file"), 4)


def empty(environ: Any, start_response: Any) -> List[bytes]:
    start_response("200 OK", HEADERS + [("Content-Length", "0")])
    return []


APPLICATIONS: Dict[str, Callable[..., Any]] = {
    "hello": hello,
    "pieces": pieces,
    "written": written,
    "echo": echo,
    "iterate": iterate,
    "lines": lines,
    "file": file,
    "empty": empty,
}
BODY = b"first line\nsecond line\nthird\n\nand an end"

REQUESTS: Dict[str, Callable[[], Request]] = {
    "get": lambda: Request(uri=b"/a/b?c=d", headers=[("HTTP_HOST", b"x"), ("HTTP_COOKIE", b"a")]),
    "root": lambda: Request(uri=b"/"),
    "odd method": lambda: Request("PROPFIND", b"/"),
    "post": lambda: Request("POST", body=BODY, content_type=b"text/plain"),
    "streamed": lambda: Request("POST", body=BODY[:5], pieces=[BODY[5:20], BODY[20:]]),
    "gateway": lambda: Request(
        uri=b"/app/x", path=b"/x", script_name=b"/app", server_name=b"n", server_port=b"1"
    ),
    "unix socket": lambda: Request(listener_id=1, remote=(b"", b"")),
    "bytes": lambda: Request(uri=b"/%ff", path=b"/\xff", headers=[("HTTP_X", b"\xfe")]),
}


# werkzeug advises against readline() in any form, and its wrapper has no readlines().
LINTS = [(validator, name) for name in APPLICATIONS]
LINTS += [(LintMiddleware, name) for name in APPLICATIONS if name != "lines"]


@pytest.mark.parametrize("request_name", REQUESTS)
@pytest.mark.parametrize("lint, name", LINTS)
def test_nothing_is_found(lint: Any, name: str, request_name: str) -> None:
    host = Host()
    request = REQUESTS[request_name]()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if request_name == "odd method":
            warnings.filterwarnings("ignore", "Unknown REQUEST_METHOD")
        serve(host, lint(APPLICATIONS[name]), request)
    assert host.logged == [] and not request.broken
    if name in ("echo", "iterate", "lines") and request_name in ("post", "streamed"):
        assert request.sent == BODY
