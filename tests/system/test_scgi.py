"""SCGI from hand-made requests."""
import os
from typing import Tuple

import pytest

from support.client import Address, make_request
from support.fastcgi import split
from support.scgi import request, variables
from support.server import Bask, Server

pytestmark = pytest.mark.null

HELLO = b"Hello, World!"


@pytest.fixture
def server(bask: Bask) -> Server:
    return start(bask)


def start(bask: Bask, *options: str, socket_option: str = "--scgi-socket") -> Server:
    address: Address = ("127.0.0.1", bask.ports.take())
    return bask.null(socket_option, "%s:%d" % address, *options, address=address)


def ask(server: Server, sent: bytes) -> Tuple[int, bytes]:
    status, _, body = split(server.raw(sent))
    return status, body


def test_request(server: Server) -> None:
    assert ask(server, request()) == (200, HELLO)


def test_variables_are_taken_from_the_gateway(server: Server) -> None:
    sent = request(path="/env", query="a=b", HTTP_X_CUSTOM="custom", HTTPS="on", HTTP_X_EMPTY="")
    lines = ask(server, sent)[1].decode().splitlines()
    assert {"PATH_INFO=/env", "QUERY_STRING=a=b", "REMOTE_ADDR=192.0.2.7", "scheme=https",
            "HTTP_X_CUSTOM=custom", "HTTP_X_EMPTY=", "HTTP_HOST=gateway.example"} <= set(lines)


def test_path_of_a_gateway_that_knows_no_application(server: Server) -> None:
    """nginx's scgi_params has neither SCRIPT_NAME nor PATH_INFO."""
    sent = variables({"CONTENT_LENGTH": "0", "SCGI": "1", "REQUEST_METHOD": "GET",
                      "REQUEST_URI": "/env/a%20b?c", "SERVER_PROTOCOL": "HTTP/1.1"})
    assert "PATH_INFO=/env/a b" in ask(server, sent)[1].decode().splitlines()


@pytest.mark.parametrize("size", [1, 65536, 3000000])
def test_body(server: Server, size: int) -> None:
    body = os.urandom(size)
    assert ask(server, request("POST", body=body)) == (200, body)


def test_byte_by_byte(server: Server) -> None:
    with server.connect() as connection:
        for byte in request("POST", body=b"slow"):
            connection.send(bytes([byte]))
        assert split(connection.rest())[2] == b"slow"


def test_streamed_response_is_not_chunked(server: Server) -> None:
    reply = server.raw(request(path="/stream/3"))
    assert b"chunked" not in reply
    assert split(reply)[2] == b"s" * 3072


MALFORMED = {
    "HTTP": make_request("GET", "/"), "no colon": b"12,", "no length": b":,",
    "zero before digits": b"012:CONTENT_LEN", "a sign": b"-1:", "too long": b"999999999:",
    "over buffer-size": b"9999999:", "no comma": b"5:a\0b\0c;",
}


@pytest.mark.parametrize("sent", MALFORMED.values(), ids=list(MALFORMED))
def test_malformed_netstring_closes(server: Server, sent: bytes) -> None:
    try:
        assert server.raw(sent) == b""
    except ConnectionError:
        pass
    server.wait_log("SCGI")


@pytest.mark.parametrize("block", [b"a", b"a\0", b"a\0b", b"\0b\0", b"CONTENT_LENGTH\0-1\0"])
def test_malformed_variables(server: Server, block: bytes) -> None:
    assert ask(server, b"%d:%s," % (len(block), block))[0] == 400


def test_nph_has_a_status_line(bask: Bask) -> None:
    server = start(bask, socket_option="--scgi-nph-socket")
    assert server.raw(request()).startswith(b"HTTP/1.1 200 OK\r\n")
