"""WebSockets, bodies in pieces and descriptors, each at a path of its own."""
import json
import signal
import socket
import threading
import time
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional

import uwsgi  # type: ignore[import-not-found]

TEXT = [("Content-Type", "text/plain")]
seen: List[str] = []  # what happened to earlier requests
signal.signal(signal.SIGUSR2, lambda number, frame: seen.append("signal"))


def echo(environ: Any, start_response: Any) -> None:
    """As an application of uWSGI does it: it ends when its client does."""
    uwsgi.websocket_handshake(environ["HTTP_SEC_WEBSOCKET_KEY"], environ.get("HTTP_ORIGIN", ""))
    while True:
        uwsgi.websocket_send(uwsgi.websocket_recv())


def arguments(environ: Any, start_response: Any) -> Iterable[bytes]:
    """The handshake with whatever the query says."""
    key = environ["HTTP_SEC_WEBSOCKET_KEY"]
    forms: Dict[str, Callable[[], None]] = {
        "none": lambda: uwsgi.websocket_handshake(),
        "text": lambda: uwsgi.websocket_handshake(key, "http://x", "other"),
        "bytes": lambda: uwsgi.websocket_handshake(key.encode(), b"", b"other"),
        "empty": lambda: uwsgi.websocket_handshake("", "", ""),
        "named": lambda: uwsgi.websocket_handshake(proto="unknown"),
    }
    forms[environ["QUERY_STRING"]]()
    uwsgi.websocket_send("text \xe4")
    uwsgi.websocket_send(b"bytes")
    uwsgi.websocket_send_binary("text")
    uwsgi.websocket_send_binary(bytearray(b"\0\xff"))
    return []


def ends(environ: Any, start_response: Any) -> Any:
    """In the way that the first message names."""
    uwsgi.websocket_handshake()
    way = uwsgi.websocket_recv()
    if way == b"fails":
        raise LookupError("in a websocket")
    if way == b"answers":
        start_response("200 OK", TEXT)
        return [b"nobody gets this"]
    if way == b"sends a file":
        start_response("200 OK", TEXT)
        return environ["wsgi.file_wrapper"](open(__file__, "rb"))
    if way == b"closes":
        uwsgi.websocket_close(4001, "gr\xfc\xdfe")
        return []
    try:
        uwsgi.websocket_recv()
    except OSError as error:
        seen.append("%s %d %s" % (type(error).__name__, error.code, error.reason))  # type: ignore
        for function in (uwsgi.websocket_recv, uwsgi.websocket_recv_nb,
                         lambda: uwsgi.websocket_send("x")):
            try:
                function()
            except OSError:
                seen.append("over")
    return {b"none": None, b"text": "text", b"list": [b"x"], b"bytes": b"x"}[way]


def polls(environ: Any, start_response: Any) -> None:
    """websocket_recv_nb between other things."""
    uwsgi.websocket_handshake()
    rounds = 0
    while True:
        message = uwsgi.websocket_recv_nb()
        rounds += 1
        if message:
            uwsgi.websocket_send("%s after %s" % (message.decode(), "some" if rounds > 1 else "no"))
        uwsgi.async_sleep(0.01)


ours, theirs = socket.socketpair()


def chat(environ: Any, start_response: Any) -> None:
    """The loop of uWSGI's chat example: the client's socket and another one at the same time."""
    uwsgi.websocket_handshake()
    mine = uwsgi.connection_fd()
    while True:
        uwsgi.wait_fd_read(mine, 30)
        uwsgi.wait_fd_read(ours.fileno())
        uwsgi.suspend()
        fd = uwsgi.ready_fd()
        message = uwsgi.websocket_recv_nb() if fd == mine else b""
        if message:
            uwsgi.websocket_send(b"from the client: " + message)
        elif fd == ours.fileno():
            uwsgi.websocket_send(b"from elsewhere: " + ours.recv(100))


def tell(environ: Any, start_response: Any) -> Iterable[bytes]:
    theirs.send(environ["QUERY_STRING"].encode())
    start_response("200 OK", TEXT)
    return []


def maybe(environ: Any, start_response: Any) -> Iterable[bytes]:
    """A WebSocket where that is wanted, else a page."""
    try:
        uwsgi.websocket_handshake()
    except OSError as error:
        start_response("200 OK", TEXT)
        return [str(error).encode()]
    return []


def chunks(environ: Any, start_response: Any) -> Iterator[bytes]:
    """Each piece of the body as it comes, by its length."""
    start_response("200 OK", TEXT)
    while True:
        piece = uwsgi.chunked_read(20)
        yield b"%d\n" % len(piece)
        if not piece:
            return


def chunks_nb(environ: Any, start_response: Any) -> Iterable[bytes]:
    found: List[Optional[bytes]] = []
    while b"" not in found:
        piece = uwsgi.chunked_read_nb()
        if piece is None:
            if found[-1:] != [None]:
                found.append(None)
            time.sleep(0.005)
        else:
            found.append(piece)
    start_response("200 OK", TEXT)
    return [repr(found).encode()]


def impatient(environ: Any, start_response: Any) -> Iterable[bytes]:
    try:
        while uwsgi.chunked_read(0.2 if environ["QUERY_STRING"] else 0):
            pass
        answer = "complete"
    except OSError as error:
        answer = str(error)
    start_response("200 OK", TEXT)
    return [answer.encode()]


def yields(environ: Any, start_response: Any) -> Iterator[bytes]:
    """Waits as generators of uWSGI's plain asynchronous mode do."""
    start_response("200 OK", TEXT)
    left, right = socket.socketpair()
    with left, right:
        began = time.monotonic()
        threading.Timer(0.2, right.send, (b"now",)).start()
        yield uwsgi.wait_fd_read(left.fileno(), 20)
        yield b"%d " % (uwsgi.ready_fd() == left.fileno())
        yield left.recv(10)
        yield uwsgi.wait_fd_write(left.fileno(), 20)
        yield b" %d" % (uwsgi.ready_fd() == left.fileno())
        yield uwsgi.wait_fd_read(left.fileno(), 0.1)
        yield b" %d" % uwsgi.ready_fd()
        yield b" %d" % (time.monotonic() - began > 0.3)


def raw(environ: Any, start_response: Any) -> None:
    """The whole answer by hand."""
    uwsgi.send("HTTP/1.0 299 By hand\r\n\r\n")
    uwsgi.send(uwsgi.connection_fd(), b"asks ")
    uwsgi.send(b"got " + (uwsgi.recv(uwsgi.connection_fd(), 10) or b"nothing"))
    uwsgi.close(uwsgi.connection_fd())


def told(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", TEXT)
    return [json.dumps({"seen": seen, "exceptions": uwsgi.workers()[0]["exceptions"]}).encode()]


def application(environ: Any, start_response: Any) -> Any:
    return globals()[environ["PATH_INFO"].strip("/")](environ, start_response)
