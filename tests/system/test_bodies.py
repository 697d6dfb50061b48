"""Request and response bodies: sizes, framings, limits, and clients that are slow or leave."""
import os
import socket
import threading

import pytest

from support.client import chunked, make_request
from support.processes import cpu_of_a_second
from support.server import Bask, Server

pytestmark = pytest.mark.null

MIB = 1 << 20
CHUNKED = {"Transfer-Encoding": "chunked"}
SIZES = [0, 1, 65536, MIB + 1, 5 * 1000 * 1000]


def split(data: bytes, size: int) -> "list[bytes]":
    return [data[at:at + size] for at in range(0, len(data), size)]


def echo(server: Server, request: bytes) -> bytes:
    """Sends from a thread of its own: an echo of megabytes fills both directions."""
    with server.connect() as connection:
        sender = threading.Thread(target=connection.send, args=(request,))
        sender.start()
        answer = connection.answer()
        sender.join()
    assert answer.status == 200
    assert answer.complete
    return answer.body


@pytest.mark.parametrize("size", SIZES)
def test_body_by_content_length(bask: Bask, size: int) -> None:
    body = os.urandom(size)
    assert echo(bask.null(), make_request("POST", "/", body=body)) == body


@pytest.mark.parametrize("size", SIZES)
def test_body_in_chunks(bask: Bask, size: int) -> None:
    body = os.urandom(size)
    request = make_request("POST", "/", CHUNKED, chunked(*split(body, 10000)))
    assert echo(bask.null(), request) == body


@pytest.mark.parametrize("headers", [{}, CHUNKED])
def test_body_without_any_buffering(bask: Bask, headers: "dict[str, str]") -> None:
    body = os.urandom(300000)
    sent = chunked(*split(body, 7)) if headers else body
    server = bask.null("--post-buffering", "0")
    assert echo(server, make_request("POST", "/", headers, sent)) == body


@pytest.mark.parametrize("buffering", ["0", "1m"])
def test_chunks_byte_by_byte(bask: Bask, buffering: str) -> None:
    with bask.null("--post-buffering", buffering).connect() as connection:
        for byte in make_request("POST", "/", CHUNKED, chunked(b"ab", b"cdefghijklmnop")):
            connection.send(bytes([byte]))
        assert connection.answer().body == b"abcdefghijklmnop"


@pytest.mark.parametrize("buffering", ["0", "1m"])
def test_request_behind_chunks(bask: Bask, buffering: str) -> None:
    with bask.null("--post-buffering", buffering).connect() as connection:
        connection.send(make_request("POST", "/", CHUNKED, chunked(b"first"))
                        + make_request("GET", "/bytes/2"))
        assert connection.answer().body == b"first"
        assert connection.answer().body == b"xx"


@pytest.mark.parametrize("size", [5, 2 * MIB])
def test_expect_100_continue(bask: Bask, size: int) -> None:
    """The client waits with its body until it is asked for, buffered or streamed."""
    body = b"b" * size
    with bask.null().connect() as connection:
        connection.send(make_request(
            "POST", "/", {"Expect": "100-continue", "Content-Length": str(size)}))
        assert connection.line() == b"HTTP/1.1 100 Continue\r\n"
        assert connection.line() == b"\r\n"
        sender = threading.Thread(target=connection.send, args=(body,))
        sender.start()
        assert connection.answer().body == body
        sender.join()


def test_no_100_where_the_body_is_there_already(bask: Bask) -> None:
    with bask.null().connect() as connection:
        connection.send(make_request("POST", "/", {"Expect": "100-continue"}, b"here"))
        assert connection.line() == b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize("headers, body", [
    ({}, b"x" * 1001), (CHUNKED, chunked(b"x" * 600, b"x" * 401)),
])
def test_body_over_limit_post_gets_413(bask: Bask, headers: "dict[str, str]", body: bytes) -> None:
    raw = bask.null("--limit-post", "1000").raw(make_request("POST", "/", headers, body))
    assert raw.startswith(b"HTTP/1.1 413 ")


def test_refusal_reaches_a_client_that_is_still_sending(bask: Bask) -> None:
    """Closing with unread input would reset the connection and destroy the answer."""
    server = bask.null("--limit-post", "1000")
    with server.connect() as connection:
        connection.send(make_request("POST", "/", {"Content-Length": str(3 * MIB)}))
        for _ in range(3):
            connection.send(b"x" * MIB)
        assert connection.answer().status == 413


def test_body_of_limit_post_exactly_is_served(bask: Bask) -> None:
    server = bask.null("--limit-post", "1000")
    assert server.post("/", b"x" * 1000).status == 200
    assert server.post("/", chunked(b"x" * 1000), CHUNKED).status == 200


def test_stalled_body_is_given_up(bask: Bask) -> None:
    server = bask.null("--socket-timeout", "1")
    raw = server.raw(make_request("POST", "/", {"Content-Length": "10"}) + b"half")
    assert b" 200 " not in raw


def test_client_that_leaves_in_its_body(bask: Bask) -> None:
    server = bask.null()
    with server.connect() as connection:
        connection.send(make_request("POST", "/", {"Content-Length": "100000"}) + b"half")
    assert server.get("/").status == 200


def test_client_that_leaves_in_a_streamed_body(bask: Bask) -> None:
    server = bask.null("--post-buffering", "0")
    with server.connect() as connection:
        connection.send(make_request("POST", "/", {"Content-Length": "100000"}) + b"half")
    assert server.get("/").status == 200


def test_unread_body_is_not_taken_for_a_request(bask: Bask) -> None:
    """An application that ignores a streamed body: what is left of it must not be parsed."""
    server = bask.null("--post-buffering", "0")
    smuggled = make_request("GET", "/bytes/9")
    with server.connect() as connection:
        connection.send(make_request("GET", "/", {"Content-Length": str(len(smuggled))}))
        answer = connection.answer()
        connection.send(smuggled)
        assert answer.body == b"Hello, World!"
        assert b"xxxxxxxxx" not in connection.rest()


def test_large_response(bask: Bask) -> None:
    assert len(bask.null().get("/bytes/20000000").body) == 20000000


def test_streamed_response_is_chunked(bask: Bask) -> None:
    answer = bask.null().get("/stream/2000")
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert answer.body == b"s" * 2048000


def test_slow_reader_does_not_hold_up_others(bask: Bask) -> None:
    """One thread: the response that nobody reads must not keep it."""
    server = bask.null()
    with server.connect() as slow:
        slow.send(make_request("GET", "/bytes/20000000"))
        head = slow.start_answer()
        for _ in range(20):
            assert server.get("/").status == 200
        assert len(head.read()) == 20000000


def test_slow_reader_of_a_stream_is_given_up(bask: Bask) -> None:
    """An application that streams waits for its client, but not for ever."""
    server = bask.null("--socket-timeout", "1")
    with server.connect() as slow:
        slow.send(make_request("GET", "/stream/50000"))
        slow.start_answer()
        assert server.get("/").status == 200


def test_client_that_leaves_in_the_response(bask: Bask) -> None:
    server = bask.null()
    for path in ("/bytes/20000000", "/stream/20000"):
        with server.connect() as leaving:
            leaving.send(make_request("GET", path))
            leaving.start_answer().read(1000)
        assert server.get("/").status == 200


def test_reset_by_the_client_is_survived(bask: Bask) -> None:
    server = bask.null()
    with server.connect() as leaving:
        leaving.send(make_request("GET", "/bytes/20000000"))
        leaving.start_answer().read(1000)
        leaving.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert server.get("/").status == 200


@pytest.mark.parametrize("path", ["/", "/sleep/200", "/bytes/5000000", "/stream/3000"])
def test_half_closed_client_gets_its_answer(bask: Bask, path: str) -> None:
    expected = bask.null().get(path).body
    with bask.servers[0].connect() as connection:
        connection.send(make_request("GET", path))
        connection.socket.shutdown(socket.SHUT_WR)
        assert connection.answer().body == expected
        assert connection.rest() == b""


def test_half_closed_client_gets_its_echo(bask: Bask) -> None:
    with bask.null().connect() as connection:
        connection.send(make_request("POST", "/", body=b"e" * 100000))
        connection.socket.shutdown(socket.SHUT_WR)
        assert connection.answer().body == b"e" * 100000


def test_upload_does_not_hold_up_others(bask: Bask) -> None:
    """One thread: a body that is still coming, up to post-buffering, costs no thread."""
    server = bask.null()
    with server.connect() as slow:
        slow.send(make_request("POST", "/", {"Content-Length": "6"}) + b"abc")
        for _ in range(20):
            assert server.get("/").status == 200
        slow.send(b"def")
        assert slow.answer().body == b"abcdef"


def test_many_connections_at_once(bask: Bask) -> None:
    server = bask.null()
    connections = [server.connect() for _ in range(200)]
    for connection in connections:
        connection.send(make_request("GET", "/"))
    assert all(connection.answer().status == 200 for connection in connections)
    for connection in connections:
        connection.close()


def test_idle_server_uses_no_processor_time(bask: Bask) -> None:
    server = bask.null("--threads", "2")
    server.get("/")
    assert cpu_of_a_second(server.pid) < 0.1
