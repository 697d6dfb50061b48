"""uwsgi.websocket_*, and what becomes of a request whose connection was taken over."""
import os
from types import SimpleNamespace
from typing import Any, Callable, Dict, List, Tuple

import pytest

from bask_pypy import waits, websocket
from bask_pypy.gone import ClientGone
from fake import Host, Request, serve

OK, SYNTAX, RANGE, AGAIN, CLOSED, TIMEOUT, STATE = 0, -3, -4, -6, -7, -8, -10


class Services:
    """The server's side: `answers` are what the functions return, one after the other."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: List[Tuple[Any, ...]] = []

    def _answer(self, *asked: Any) -> Any:
        self.asked.append(asked)
        return self.answers.pop(0)

    def websocket_handshake(self, key: bytes, origin: bytes, protocol: bytes) -> Any:
        assert {type(key), type(origin), type(protocol)} == {bytes}
        return self._answer(key, origin, protocol)

    def websocket_receive(self, wait: bool) -> Any:
        return self._answer(wait)

    def websocket_send(self, data: bytes, is_text: bool) -> Any:
        assert type(data) is bytes
        return self._answer(data, is_text)

    def websocket_close(self, code: int, reason: bytes) -> Any:
        return self._answer(code, reason)

    def request_number(self) -> int:
        return 1


def module(*answers: Any) -> Any:
    uwsgi = SimpleNamespace(services=Services(*answers), warming=False)
    websocket.install(uwsgi, uwsgi.services)
    return uwsgi


@pytest.mark.parametrize("given, asked", [
    ((), (b"", b"", b"")),
    ((None, None, None), (b"", b"", b"")),
    (("", "", ""), (b"", b"", b"")),
    (("k", b"o", bytearray(b"p")), (b"k", b"o", b"p")),
])  # fmt: skip
def test_arguments_of_the_handshake(given: Tuple[Any, ...], asked: Tuple[bytes, ...]) -> None:
    uwsgi = module((OK, ""))
    assert uwsgi.websocket_handshake(*given) is None
    assert uwsgi.services.asked == [asked]
    with pytest.raises(TypeError, match="the key must be str or bytes, not int"):
        uwsgi.websocket_handshake(1)


@pytest.mark.parametrize("error, kind", [
    (SYNTAX, websocket.NoWebSocket), (CLOSED, websocket.WebSocketClosed), (STATE, OSError)])
def test_handshakes_that_fail(error: int, kind: type) -> None:
    with pytest.raises(OSError, match="why") as caught:
        module((error, "why")).websocket_handshake()
    assert type(caught.value) is kind


def test_warm_up_has_no_client() -> None:
    uwsgi = module((STATE, "why"))
    uwsgi.warming = True
    with pytest.raises(websocket.WebSocketClosed, match="warms up"):
        uwsgi.websocket_handshake()


def test_receiving() -> None:
    uwsgi = module((AGAIN, "", b"", 0), (OK, "", b"one", 0), (TIMEOUT, "", b"", 0),
                   (CLOSED, "over", b"gr\xc3\xbc\xdf", 4000), (STATE, "why", b"", 0))
    assert uwsgi.websocket_recv() == b"one"
    assert uwsgi.websocket_recv_nb() == b""
    with pytest.raises(websocket.WebSocketClosed, match=r"over \(4000, gr") as caught:
        uwsgi.websocket_recv()
    assert (caught.value.code, caught.value.reason) == (4000, "gr\xfc\ufffd")
    with pytest.raises(OSError, match="why"):
        uwsgi.websocket_recv()
    assert uwsgi.services.asked == [(True,), (True,), (False,), (True,), (True,)]


def test_sending() -> None:
    uwsgi = module((OK, ""), (OK, ""), (CLOSED, "over"), (STATE, "why"), (OK, ""), (RANGE, "code"))
    uwsgi.websocket_send("\xe4")
    uwsgi.websocket_send_binary(memoryview(b"\xff"))
    with pytest.raises(websocket.WebSocketClosed, match=r"over \(1006\)"):
        uwsgi.websocket_send(b"x")
    with pytest.raises(OSError, match="why"):
        uwsgi.websocket_send(b"x")
    uwsgi.websocket_close(4000, "bye")
    with pytest.raises(ValueError, match="code"):
        uwsgi.websocket_close(5)
    assert uwsgi.services.asked == [
        (b"\xc3\xa4", True), (b"\xff", False), (b"x", True), (b"x", True), (4000, b"bye"), (5, b"")]


def taking_over(end: Callable[[Any], Any]) -> Tuple[Request, Host]:
    """A request whose application takes the connection over and then does that."""
    request, host = Request(), Host()

    def application(environ: Dict[str, Any], start_response: Any) -> Any:
        request.head_is_out = True  # bytes went out, and start_response was not called
        return end(start_response)

    serve(host, application, request)
    return request, host


def raise_it(error: BaseException) -> Any:
    raise error


@pytest.mark.parametrize("end", [
    lambda start: None,
    lambda start: "text",
    lambda start: b"bytes",
    lambda start: [],
    lambda start: [b"one"],
    lambda start: iter([b"", b"one"]),
    lambda start: raise_it(websocket.WebSocketClosed("over")),
    lambda start: raise_it(websocket.NoWebSocket("too late")),
    lambda start: raise_it(ClientGone("gone")),
])  # fmt: skip
def test_a_connection_that_was_taken_over_ends_quietly(end: Callable[[Any], Any]) -> None:
    request, host = taking_over(end)
    assert request.ended == "drop" and host.logged == []


def test_failing_after_that_is_logged() -> None:
    request, host = taking_over(lambda start: raise_it(LookupError("bug")))
    assert request.ended == "abort" and "LookupError: bug" in host.log_text


def test_a_request_for_no_websocket_is_told_so() -> None:
    request, host = Request(), Host()
    serve(host, lambda environ, start: raise_it(websocket.NoWebSocket("why")), request)
    assert request.ended == "respond" and request.sent == b"why\n" and host.logged == []
    assert request.head is not None and request.head.startswith(b"426 Upgrade Required\r\n")


def test_waits() -> None:
    uwsgi, namespace = SimpleNamespace(), {}  # type: Any, Dict[str, Any]
    waits.install(uwsgi, Services(), namespace)
    left, right = os.pipe()
    try:
        assert uwsgi.wait_fd_read(left, 0.01) == b"" == uwsgi.wait_fd_read(left, 5)
        assert uwsgi.suspend() is True and uwsgi.ready_fd() == -1  # the shorter time counts
        os.write(right, b"x")
        uwsgi.wait_fd_read(left)
        uwsgi.green_schedule()
        assert uwsgi.ready_fd() == left
        uwsgi.wait_fd_write(right)
        uwsgi.suspend()
        assert uwsgi.ready_fd() == right
        uwsgi.suspend()  # nothing is waited for
        assert uwsgi.async_sleep(0.001) == b""
        with pytest.raises(OSError, match="unable"):
            uwsgi.wait_fd_read(-1)
    finally:
        os.close(left)
        os.close(right)
    with pytest.raises(RuntimeError, match="use --threads N"):
        namespace["uwsgi_pypy_setup_continulets"]()


def test_a_wait_that_is_yielded_happens_there() -> None:
    uwsgi: Any = SimpleNamespace()
    waits.install(uwsgi, Services(), {})
    left, right = os.pipe()
    found: List[int] = []

    def application(environ: Dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [])
        yield uwsgi.wait_fd_write(right)
        found.append(uwsgi.ready_fd())
        yield b"done"

    try:
        assert serve(Host(), application)[0].sent == b"done" and found == [right]
    finally:
        os.close(left)
        os.close(right)
