"""What used to fail in the PyPy plugin of uWSGI, each at a path of its own."""
import io
import json
import sys
import tempfile
from typing import Any, Callable, Dict, Iterable, Iterator, List

import uwsgi  # type: ignore[import-not-found]

TEXT = [("Content-Type", "text/plain")]
seen: List[str] = []  # what happened to earlier requests


def plain(value: Any) -> Any:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def show(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", TEXT)
    strings = {key: value for key, value in environ.items() if isinstance(value, str)}
    return [json.dumps(strings).encode()]


def latin(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 Caf\xe9", [*TEXT, ("X-Name", "caf\xe9 \xff")])
    return [b"ok"]


def error_instead(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", TEXT)
    try:
        raise ValueError("at the last moment")
    except ValueError:
        start_response("503 Sorry", [*TEXT, ("X-Instead", "yes")], sys.exc_info())
    return [b"instead"]


def error_too_late(environ: Any, start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", TEXT)
    yield b"sent"
    try:
        raise ValueError("too late")
    except ValueError:
        try:
            start_response("500 Late", TEXT, sys.exc_info())
        except ValueError as error:
            seen.append("raised " + str(error))
            raise
    yield b"never"


def long_header(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [*TEXT, ("X-Long", "x" * 100000)])
    return [b"ok"]


def bad_header(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [*TEXT, ("X-Bad", "one\r\nX-Forged: two")])
    return [b"ok"]


def endless(environ: Any, start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", TEXT)
    try:
        while True:
            yield b"x" * 65536
    finally:
        seen.append("closed")


def written(environ: Any, start_response: Any) -> Iterable[bytes]:
    write = start_response("200 OK", TEXT)
    try:
        while True:
            write(b"x" * 65536)
    except OSError:
        seen.append("OSError")
        raise


def fails(environ: Any, start_response: Any) -> Iterable[bytes]:
    raise LookupError("nothing here")


def as_bytes(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", TEXT)
    return b"whole"


def as_text(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", TEXT)
    return "text"


def file_of_bytes(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", TEXT)
    return environ["wsgi.file_wrapper"](io.BytesIO(b"0123456789"))


def file_from_here(environ: Any, start_response: Any) -> Any:
    file = tempfile.TemporaryFile()
    file.write(b"0123456789")
    file.seek(4)
    start_response("200 OK", TEXT)
    return environ["wsgi.file_wrapper"](file)


def read(environ: Any, start_response: Any) -> Iterable[bytes]:
    body = environ["wsgi.input"]
    found: Dict[str, Any] = {"two": body.read(2), "none": body.read(0), "rest": body.read(-1)}
    found["end"] = body.read(None)
    if body.seekable():
        found["tell"] = body.tell()
        body.seek(1)
        found["again"] = body.read(None)
    try:
        body.fileno()
    except io.UnsupportedOperation:
        found["fileno"] = "unsupported"
    body.close()
    start_response("200 OK", TEXT)
    return [json.dumps(found, default=plain).encode()]


def told(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", TEXT)
    opt = uwsgi.opt
    kinds = [sorted({type(key).__name__ for key in opt}),
             sorted({type(value).__name__ for value in opt.values()})]
    return [json.dumps({"seen": seen, "workers": uwsgi.workers(), "opt": opt, "kinds": kinds,
                        "rows": type(uwsgi.workers()).__name__}, default=plain).encode()]


def application(environ: Any, start_response: Any) -> Any:
    name = environ["PATH_INFO"].strip("/").split("/")[0]
    handler = globals().get(name, show)
    return handler(environ, start_response)


def create() -> Callable[..., Any]:
    return application
