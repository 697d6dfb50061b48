"""The uwsgi protocol from hand-made packets."""
import socket
import struct
from typing import List, Tuple

import pytest

from support import uwsgi
from support.client import Address, Connection, make_request
from support.server import Bask, Server
from support.uwsgi import answer, packet, request, variables

pytestmark = pytest.mark.null

HELLO = b"Hello, World!"


@pytest.fixture
def server(bask: Bask) -> Server:
    return start(bask)


def start(bask: Bask, *options: str) -> Server:
    address: Address = ("127.0.0.1", bask.ports.take())
    return bask.null("--socket", "%s:%d" % address, *options, address=address)


def closes(server: Server, sent: bytes) -> bool:
    """No byte comes back; a reset is as good as an end here, the gateway is told by either."""
    try:
        return server.raw(sent) == b""
    except ConnectionError:
        return True


def test_request(server: Server) -> None:
    reply = server.raw(request())
    assert reply.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer(reply).body == HELLO


def test_connection_ends_with_the_response(server: Server) -> None:
    with server.connect() as connection:
        connection.send(request() + request())
        assert connection.rest().count(b"HTTP/1.1 200") == 1


def test_variables_are_taken_from_the_gateway(server: Server) -> None:
    sent = request(path="/env", query="a=b", HTTP_X_CUSTOM="custom", HTTPS="on", REMOTE_USER="eve")
    lines = answer(server.raw(sent)).text.splitlines()
    assert {"PATH_INFO=/env", "QUERY_STRING=a=b", "REMOTE_ADDR=192.0.2.7", "scheme=https",
            "HTTP_X_CUSTOM=custom", "REMOTE_USER=eve", "HTTP_HOST=gateway.example"} <= set(lines)


@pytest.mark.parametrize("given, scheme", [
    ([], "http"), ([("HTTPS", "on")], "https"), ([("HTTPS", "1")], "https"),
    ([("HTTPS", "off")], "http"), ([("HTTPS", "")], "http"),
    ([("REQUEST_SCHEME", "https")], "https"), ([("UWSGI_SCHEME", "https")], "https"),
    ([("REQUEST_SCHEME", "http"), ("HTTPS", "on")], "https"),
    ([("REQUEST_SCHEME", "http"), ("UWSGI_SCHEME", "https")], "https"),
    ([("UWSGI_SCHEME", "http"), ("HTTPS", "on")], "http"),
    ([("REQUEST_SCHEME", "https"), ("UWSGI_SCHEME", "")], "https"),
])
@pytest.mark.parametrize("reverse", [False, True])
def test_scheme(server: Server, given: List[Tuple[str, str]], scheme: str, reverse: bool) -> None:
    """Whatever the order: UWSGI_SCHEME counts more than HTTPS, and that more than REQUEST_SCHEME."""
    ordered = dict(reversed(given) if reverse else given)
    lines = answer(server.raw(request(path="/env", **ordered))).text.splitlines()
    assert "scheme=" + scheme in lines


def test_packet_byte_by_byte(server: Server) -> None:
    with server.connect() as connection:
        for byte in request("POST", body=b"slow"):
            connection.send(bytes([byte]))
        assert answer(connection.rest()).body == b"slow"


@pytest.mark.parametrize("size", [1, 65536, 3000000])
def test_body(server: Server, size: int) -> None:
    body = bytes(range(256)) * (size // 256 + 1)
    assert answer(server.raw(request("POST", body=body))).body == body


def test_streamed_response_is_not_chunked(server: Server) -> None:
    """The gateway does the framing: chunks would arrive at the client as content."""
    reply = server.raw(request(path="/stream/3"))
    assert b"chunked" not in reply
    assert answer(reply).body == b"s" * 3072


def test_head(server: Server) -> None:
    reply = server.raw(request("HEAD"))
    assert b"Content-Length: 13\r\n" in reply
    assert reply.endswith(b"\r\n\r\n")


def test_empty_value_and_repeated_key(server: Server) -> None:
    block = variables({"REQUEST_METHOD": "GET", "PATH_INFO": "/env", "HTTP_X_EMPTY": ""})
    block += variables({"PATH_INFO": "/env/last"})
    assert b"HTTP_X_EMPTY=\n" in server.raw(packet(block))


def test_ping(server: Server) -> None:
    assert server.raw(packet(b"", modifier1=100)) == bytes([100, 0, 0, 1])


@pytest.mark.parametrize("modifier", [1, 5, 101, 255])
def test_unknown_modifier_closes(server: Server, modifier: int) -> None:
    assert closes(server, packet(variables({"PATH_INFO": "/"}), modifier1=modifier))


def test_modifier_30_takes_the_mountpoint_off_the_path(server: Server) -> None:
    for path, left in (("/mount/env", "/env"), ("/env", "/env")):
        sent = request(path=path, SCRIPT_NAME="/mount")
        lines = answer(server.raw(b"\x1e" + sent[1:])).text.splitlines()
        assert {"PATH_INFO=" + left, "SCRIPT_NAME=/mount"} <= set(lines)


LYING: List[Tuple[str, bytes]] = [
    ("key length beyond the packet", packet(struct.pack("<H", 500) + b"PATH_INFO")),
    ("value length beyond the packet",
     packet(struct.pack("<H", 9) + b"PATH_INFO" + struct.pack("<H", 9000) + b"/")),
    ("key without value", packet(struct.pack("<H", 9) + b"PATH_INFO")),
    ("half a length", packet(b"\x01")),
    ("empty key", packet(variables({"": "value"}))),
    ("content length that is no number", request("POST", CONTENT_LENGTH="12x")),
    ("negative content length", request("POST", CONTENT_LENGTH="-5")),
    ("content length beyond 64 bits", request("POST", CONTENT_LENGTH="9" * 30)),
]


@pytest.mark.parametrize("sent", [sent for _, sent in LYING], ids=[what for what, _ in LYING])
def test_lying_packet_closes_without_answer(server: Server, sent: bytes) -> None:
    assert closes(server, sent)
    assert server.raw(packet(b"", modifier1=100)) != b""


@pytest.mark.parametrize("size", [1, 3, 4, 20])
def test_truncated_packet_is_no_request(server: Server, size: int) -> None:
    with server.connect() as connection:
        connection.send(request()[:size])
        connection.socket.shutdown(socket.SHUT_WR)
        assert connection.rest() == b""


def test_packet_over_buffer_size_closes(bask: Bask) -> None:
    server = start(bask, "--buffer-size", "4096")
    assert closes(server, request(HTTP_X_LARGE="a" * 5000))
    server.wait_log("buffer-size")


def test_packet_of_the_largest_size(bask: Bask) -> None:
    server = start(bask)
    room = 65535 - (len(request()) - 4) - len(uwsgi.variables({"HTTP_X_LARGE": ""}))
    assert answer(server.raw(request(HTTP_X_LARGE="a" * room))).body == HELLO


def test_http_on_this_socket_is_explained(server: Server) -> None:
    assert closes(server, make_request("GET", "/"))
    server.wait_log("--http-socket")


def test_stalled_packet_is_given_up(bask: Bask) -> None:
    server = start(bask, "--http-headers-timeout", "1")
    assert b" 200 " not in server.raw(request()[:10])


def test_both_protocols_side_by_side(bask: Bask) -> None:
    address: Address = ("127.0.0.1", bask.ports.take())
    server = bask.null("--socket", "%s:%d" % address)
    with Connection(address) as connection:
        connection.send(request())
        assert answer(connection.rest()).body == HELLO
    assert server.get("/").body == HELLO
