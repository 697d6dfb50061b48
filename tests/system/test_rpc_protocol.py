"""Calls of functions over the uwsgi protocol (modifier 173), from hand-made packets."""
import struct
from typing import List

import pytest

from support.client import Address
from support.server import Bask, Server
from support.uwsgi import answer, packet, request, variables

pytestmark = pytest.mark.null

RPC = 173


def items(*parts: bytes) -> bytes:
    return b"".join(struct.pack("<H", len(part)) + part for part in parts)


def call(*parts: bytes, form: int = 0) -> bytes:
    return packet(items(*parts), RPC, form)


@pytest.fixture
def server(bask: Bask) -> Server:
    address: Address = ("127.0.0.1", bask.ports.take())
    return bask.null("--socket", "%s:%d" % address, address=address)


def closes(server: Server, sent: bytes) -> bool:
    try:
        return server.raw(sent) == b""
    except ConnectionError:
        return True


def test_answer_is_a_packet(server: Server) -> None:
    """The function gives its arguments as they came."""
    assert server.raw(call(b"echo", b"a", b"bc")) == packet(items(b"a", b"bc"), RPC)


def test_empty_argument_keeps_its_place(server: Server) -> None:
    assert server.raw(call(b"echo", b"", b"b")) == packet(items(b"", b"b"), RPC)


def test_answer_that_is_longer_than_a_packet(server: Server) -> None:
    head = packet(variables({"CONTENT_LENGTH": str(1 << 20)}), RPC, 5)
    assert server.raw(call(b"big")) == head + b"b" * (1 << 20)


def test_raw_answer(server: Server) -> None:
    assert server.raw(call(b"echo", b"a", form=1)) == items(b"a")


@pytest.mark.parametrize("form", [0, 1])
@pytest.mark.parametrize("parts", [[b"nothing"], [b"echo"]])
def test_no_function_and_no_result_close(server: Server, parts: List[bytes], form: int) -> None:
    assert server.raw(call(*parts, form=form)) == b""


def as_request(path: str, **more: str) -> bytes:
    sent = request(path=path, **more)
    return bytes([RPC]) + sent[1:3] + bytes([2]) + sent[4:]


def test_as_a_request(server: Server) -> None:
    reply = answer(server.raw(as_request("/echo/one//two", HTTP_ACCEPT="text/x-list")))
    assert (reply.status, reply.body) == (200, items(b"one", b"two"))
    assert reply.headers["Content-Type"] == "text/x-list"
    assert reply.headers["Content-Length"] == str(len(reply.body))


@pytest.mark.parametrize("accept", ["*/*", "", "a\r\nSet-Cookie: b", "x" * 5000])
def test_type_that_fits_no_header(server: Server, accept: str) -> None:
    reply = answer(server.raw(as_request("/echo/one", HTTP_ACCEPT=accept)))
    assert reply.headers["Content-Type"] == "application/binary"
    assert "Set-Cookie" not in reply.headers


@pytest.mark.parametrize("path, status", [("/nothing/a", 404), ("/echo", 404), ("", 500),
                                          ("//", 500)])
def test_request_that_calls_nothing(server: Server, path: str, status: int) -> None:
    assert answer(server.raw(as_request(path))).status == status


BAD = [items(), items(b""), items(b"", b"a"), b"\x05", b"\x05\0ech", items(b"echo") + b"\xff\xffa",
       items(b"echo") + b"\1"]


@pytest.mark.parametrize("body", BAD)
def test_malformed_call_closes(server: Server, body: bytes) -> None:
    assert closes(server, packet(body, RPC))
    server.wait_log("malformed call")
    assert server.raw(call(b"echo", b"a")) != b""


@pytest.mark.parametrize("form", [3, 4, 5, 255])
def test_forms_that_are_not_served(server: Server, form: int) -> None:
    assert closes(server, call(b"echo", b"a", form=form))


def test_client_that_leaves_before_its_answer(server: Server) -> None:
    for _ in range(20):
        with server.connect() as connection:
            connection.send(call(b"big"))
    assert server.raw(call(b"echo", b"a")) != b""


def test_calls_are_counted_and_logged(server: Server) -> None:
    server.raw(call(b"echo", b"a"))
    server.wait_log(r"RPC echo => generated 3 bytes .*\(uwsgi 200\)")
