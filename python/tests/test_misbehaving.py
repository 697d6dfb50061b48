"""Whatever an application does, and wherever the client leaves: one request, one end.

A table of applications times a table of servers. That the request is ended exactly once, and that
nothing of it is touched afterwards, is what fake.serve checks each time.
"""

import sys
from functools import partial
from typing import Any, Callable, Dict, Iterator, List

import pytest

from bask_pypy import gone, wsgi
from fake import CLOSED, LIMIT, SYNTAX, SYSTEM, TIMEOUT, Host, Request, serve

HEADERS = [("Content-Type", "text/plain")]


def raising(error: BaseException) -> Any:
    raise type(error)(*error.args)  # a new one: tracebacks would pile up on the same


class Strange:
    """A result whose every part may raise."""

    def __init__(self, **errors: BaseException) -> None:
        self.errors = errors

    def _do(self, what: str) -> None:
        if what in self.errors:
            raising(self.errors[what])

    def __iter__(self) -> Iterator[bytes]:
        self._do("iter")
        return self

    def __next__(self) -> bytes:
        self._do("next")
        raise StopIteration

    def __len__(self) -> int:
        self._do("len")
        return 1

    def __getitem__(self, index: Any) -> bytes:
        self._do("getitem")
        return b"a"

    def __bool__(self) -> bool:
        self._do("bool")
        return False

    def close(self) -> None:
        self._do("close")


class StrangeFile:
    """A file whose every part may raise."""

    def __init__(self, part: str) -> None:
        self.part = part

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> Any:
            if name == self.part:
                raise KeyError(name)
            return {"read": b"", "fileno": 0, "tell": 0}.get(name)

        if name not in ("read", "fileno", "tell", "close", "encoding"):
            raise AttributeError(name)
        return None if name == "encoding" else call


def after_start(action: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """An application that calls start_response and then `action(environ, write)`."""

    def application(environ: Any, start_response: Any) -> Any:
        return action(environ, start_response("200 OK", HEADERS))

    return application


def twice(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", HEADERS)
    start_response("200 OK", HEADERS)


def restart(*pieces: bytes) -> Callable[..., Any]:
    """Writes, fails, and says so with exc_info."""

    def application(environ: Any, start_response: Any) -> Any:
        write = start_response("200 OK", HEADERS)
        for piece in pieces:
            write(piece)
        try:
            raise KeyError("inner")
        except KeyError:
            start_response("500 Mine", HEADERS, sys.exc_info())
        return [b"page"]

    return application


def swallow(environ: Any, start_response: Any) -> Any:
    """Goes on writing, whatever write() says."""
    write = start_response("200 OK", HEADERS)
    for _ in range(5):
        try:
            write(b"a")
        except OSError:
            pass
    return [b"b", b"c"]


def translate(environ: Any, start_response: Any) -> Any:
    """Takes the error of write() for one of its own."""
    write = start_response("200 OK", HEADERS)
    try:
        write(b"a")
    except OSError as error:
        raise RuntimeError("cannot write") from error
    return [b"b"]


def read_body(environ: Any, start_response: Any) -> Any:
    data = environ["wsgi.input"].read()
    start_response("200 OK", HEADERS)
    return [data]


def read_body_late(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", HEADERS)
    yield b"a"
    yield environ["wsgi.input"].read()


def read_body_in_close(environ: Any, start_response: Any) -> Any:
    class Result(List[bytes]):
        def close(self) -> None:
            assert environ["wsgi.input"].read() == b""

    start_response("200 OK", HEADERS)
    return Result([b"a"])


def restart_in_close(environ: Any, start_response: Any) -> Any:
    class Result(List[bytes]):
        def close(self) -> None:
            start_response("500 Late", HEADERS, (KeyError, KeyError("late"), None))

    start_response("200 OK", HEADERS)
    return Result([b"a"])


def break_environ(environ: Any, start_response: Any) -> Any:
    environ.clear()
    start_response("200 OK", HEADERS)
    raise KeyError("x")


def deep(environ: Any, start_response: Any) -> Any:
    return deep(environ, start_response)


def generator_that_raises(environ: Any, start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", HEADERS)
    yield b"a"
    raise KeyError("x")


def generator_that_raises_at_once(environ: Any, start_response: Any) -> Iterator[bytes]:
    raise KeyError("x")
    yield b""


def generator_that_raises_when_closed(environ: Any, start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", HEADERS)
    try:
        yield b"a"
        yield "text"  # type: ignore[misc]
    finally:
        raise KeyError("in finally")


def generator_that_returns_nothing(environ: Any, start_response: Any) -> Iterator[bytes]:
    return
    yield b""


def generator_raising_client_gone(environ: Any, start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", HEADERS)
    yield b"a"
    raise gone.ClientGone("said by the application")


ERRORS = [KeyError("x"), SystemExit(1), KeyboardInterrupt(), GeneratorExit(), StopIteration(),
          MemoryError(), OSError(9, "bad"), gone.ClientGone("mine")]  # fmt: skip

APPLICATIONS: Dict[str, Callable[..., Any]] = {
    "returns None": lambda environ, start_response: None,
    "only starts": after_start(lambda environ, write: None),
    "hello": after_start(lambda environ, write: [b"hello"]),
    "bytes": after_start(lambda environ, write: b"hello"),
    "many": after_start(lambda environ, write: [b"a", b"", b"b", b"c"]),
    "nothing": after_start(lambda environ, write: []),
    "endless": after_start(lambda environ, write: (b"a" for _ in range(100))),
    "text": after_start(lambda environ, write: "text"),
    "text inside": after_start(lambda environ, write: [b"a", "text"]),
    "number": after_start(lambda environ, write: 5),
    "itself": after_start(lambda environ, write: write),
    "a class": after_start(lambda environ, write: Strange),
    "writes": after_start(lambda environ, write: [write(b"a") or b"b"]),
    "writes text": after_start(lambda environ, write: write("text")),
    "takes no arguments": lambda: None,
    "bad status": lambda environ, start_response: start_response("OK", []) and [b"a"],
    "bad status in pieces": lambda environ, start_response: start_response("OK", []) and [b"a"] * 2,
    "bad status of nothing": lambda environ, start_response: start_response("OK", []) and [],
    "bad header type": lambda environ, start_response: start_response("200 OK", [(1, 2)]),
    "bad header list": lambda environ, start_response: start_response("200 OK", 5),
    "starts with nothing": lambda environ, start_response: start_response(),
    "does not start": lambda environ, start_response: [b"a"],
    "does not start, pieces": lambda environ, start_response: [b"a", b"b"],
    "starts twice": twice,
    "restarts": restart(),
    "restarts after a piece": restart(b"a"),
    "restarts after nothing": restart(b""),
    "swallows errors of write": swallow,
    "translates errors of write": translate,
    "reads": read_body,
    "reads late": read_body_late,
    "reads in close": read_body_in_close,
    "restarts in close": restart_in_close,
    "breaks its environ": break_environ,
    "recursion": deep,
    "generator raises": generator_that_raises,
    "generator raises at once": generator_that_raises_at_once,
    "generator raises when closed": generator_that_raises_when_closed,
    "generator of nothing": generator_that_returns_nothing,
    "generator says that the client left": generator_raising_client_gone,
    "deletes its input": after_start(lambda environ, write: [environ.pop("wsgi.input").read()]),
}


def add_raising(error: BaseException) -> None:
    """Applications that raise it, here and there."""
    name = type(error).__name__
    APPLICATIONS["raises " + name] = lambda environ, start_response: raising(error)
    APPLICATIONS["raises after start " + name] = after_start(lambda environ, write: raising(error))
    APPLICATIONS["raises after write " + name] = after_start(
        lambda environ, write: write(b"a") or raising(error)
    )
    for part in ("iter", "next", "len", "getitem", "bool", "close"):
        strange = Strange(**{part: error})
        APPLICATIONS["%s in %s" % (name, part)] = after_start(partial(give, strange))


def give(result: Any, environ: Any, write: Any) -> Any:
    return result


def wrap_strange_file(part: str, environ: Any, write: Any) -> Any:
    return environ["wsgi.file_wrapper"](StrangeFile(part))


for each in ERRORS:
    add_raising(each)
for method in ("read", "fileno", "tell", "close"):
    APPLICATIONS["file: " + method] = after_start(partial(wrap_strange_file, method))

SERVERS: Dict[str, Dict[str, Any]] = {
    "good": {},
    "gone at once": {"gone_after": 0, "respond_error": CLOSED, "file_error": CLOSED},
    "gone after a write": {"gone_after": 1},
    "slow after a write": {"gone_after": 1, "write_error": TIMEOUT},
    "no memory for a head": {"begin_error": -1, "respond_error": -1, "file_error": -1},
    "no sendfile": {"file_error": SYSTEM},
}

BODIES: Dict[str, Dict[str, Any]] = {
    "no body": {},
    "a body": {"method": "POST", "body": b"ab", "pieces": [b"cd"]},
    "a broken body": {"method": "POST", "body": b"ab", "pieces": [b"cd", CLOSED]},
    "a bad chunk": {"method": "POST", "pieces": [b"cd", SYNTAX], "chunked": True},
    "a long body": {"method": "POST", "pieces": [b"cd", LIMIT], "chunked": True},
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("server", SERVERS)
def test_every_request_ends_once(server: str, body: str) -> None:
    for name, application in APPLICATIONS.items():
        host = Host(**SERVERS[server])
        requests = [Request(**{**BODIES[body], "pieces": list(BODIES[body].get("pieces", []))})]
        requests.append(Request(uri=b"/next"))
        try:
            serve(host, application, *requests)
        except AssertionError as error:
            raise AssertionError("application %r: %s" % (name, error)) from None
        for request in requests:
            ends = [call for call in request.calls if call in ("finish", "abort", "drop")]
            whole = request.ended in ("respond", "respond_file")
            assert len(ends) == (0 if whole else 1), name
            assert request.calls[-1] == request.ended, name


@pytest.mark.parametrize("name", APPLICATIONS)
def test_a_failure_is_in_the_log_and_in_the_response(name: str) -> None:
    """On a good server: a request that was not answered well is logged, and the other way round."""
    host = Host()
    request = serve(host, APPLICATIONS[name])[0]
    failed = request.ended == "abort"
    told_in_vain = "ClientGone" in name or "client left" in name
    if failed:
        assert host.logged or told_in_vain
        assert request.broken or (request.status, request.sent) == (500, wsgi.FAILED_BODY)
    elif host.logged:
        assert "close" in name or "KeyError: 'late'" in host.log_text
    assert len(host.logged) <= 2
