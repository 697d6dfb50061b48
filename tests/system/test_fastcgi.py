"""FastCGI from hand-made records."""
import os
import socket
import struct

import pytest

from support import fastcgi
from support.client import Address, Connection, make_request
from support.fastcgi import answer, begin, pairs, record, records, request
from support.frames import FIELDS
from support.server import Bask, Server

pytestmark = pytest.mark.null

HELLO = b"Hello, World!"
COMPLETE, CANNOT_MULTIPLEX, OVERLOADED, UNKNOWN_ROLE = range(4)


@pytest.fixture
def server(bask: Bask) -> Server:
    return start(bask)


def start(bask: Bask, *options: str, socket_option: str = "--fastcgi-socket", workers: int = 0
          ) -> Server:
    address: Address = ("127.0.0.1", bask.ports.take())
    return bask.null(socket_option, "%s:%d" % address, *options, address=address, workers=workers)


def read_answer(connection: Connection, number: int = 1) -> fastcgi.Answer:
    """One answer of a connection that stays open."""
    data = b""
    while True:
        head = connection._file.read(8)
        size, padding = struct.unpack(">4xHBx", head)
        data += head + connection._file.read(size + padding)
        if head[1] == fastcgi.END and struct.unpack(">H", head[2:4])[0] == number:
            return answer(data, number)


def test_request(server: Server) -> None:
    reply = answer(server.raw(request()))
    assert (reply.status, reply.body) == (200, HELLO)
    assert reply.ended == [(1, COMPLETE)]
    assert "Connection" not in reply.headers


def test_variables_are_taken_from_the_gateway(server: Server) -> None:
    sent = request(path="/env", query="a=b", HTTP_X_CUSTOM="custom", HTTPS="on", HTTP_LONG="l" * 300)
    lines = answer(server.raw(sent)).text.splitlines()
    assert {"PATH_INFO=/env", "QUERY_STRING=a=b", "REMOTE_ADDR=192.0.2.7", "scheme=https",
            "HTTP_X_CUSTOM=custom", "HTTP_HOST=gateway.example", "HTTP_LONG=" + "l" * 300
            } <= set(lines)


def test_path_of_a_gateway_that_knows_no_application(server: Server) -> None:
    """nginx's fastcgi_params has SCRIPT_NAME and no PATH_INFO."""
    variables = pairs({"REQUEST_METHOD": "GET", "SCRIPT_NAME": "/env/a b", "REQUEST_URI":
                       "/env/a%20b?c", "QUERY_STRING": "c", "SERVER_PROTOCOL": "HTTP/1.1"})
    sent = begin() + record(fastcgi.PARAMS, variables) + record(fastcgi.PARAMS) + record(
        fastcgi.STDIN)
    lines = answer(server.raw(sent)).text.splitlines()
    assert {"PATH_INFO=/env/a b", "SCRIPT_NAME=", "REQUEST_URI=/env/a%20b?c"} <= set(lines)


@pytest.mark.parametrize("padding", [0, 1, 255])
@pytest.mark.parametrize("piece", [1, 100, 65535])
def test_records_of_any_size(server: Server, piece: int, padding: int) -> None:
    body = os.urandom(1000 if piece == 1 else 100000)
    reply = answer(server.raw(request("POST", body=body, piece=piece, padding=padding)))
    assert reply.body == body


def test_byte_by_byte(server: Server) -> None:
    with server.connect() as connection:
        for byte in request("POST", body=b"slow", padding=3):
            connection.send(bytes([byte]))
        assert answer(connection.rest()).body == b"slow"


def test_large_body_is_streamed_both_ways(server: Server) -> None:
    body = os.urandom(3000000)
    assert answer(server.raw(request("POST", body=body))).body == body


def test_body_without_a_length(server: Server) -> None:
    """What a gateway passes on of a chunked request while it comes."""
    sent = request("POST", body=b"x" * 5000, CONTENT_LENGTH="")
    assert answer(server.raw(sent)).body == b"x" * 5000


def test_streamed_response(server: Server) -> None:
    reply = answer(server.raw(request(path="/stream/100")))
    assert reply.body == b"s" * 102400
    assert "Transfer-Encoding" not in reply.headers


def test_head(server: Server) -> None:
    reply = answer(server.raw(request("HEAD")))
    assert (reply.headers["Content-Length"], reply.body) == ("13", b"")


def test_connection_is_kept(server: Server) -> None:
    with server.connect() as connection:
        for number in (1, 7, 65535):
            for path, body in (("/", HELLO), ("/stream/3", b"s" * 3072)):
                connection.send(request(path=path, number=number, keep=True))
                reply = read_answer(connection, number)
                assert (reply.status, reply.body) == (200, body)
            connection.send(request("POST", body=b"b" * 70000, number=number, keep=True))
            assert read_answer(connection, number).body == b"b" * 70000
        connection.send(request(keep=False))
        assert answer(connection.rest()).body == HELLO


def test_requests_that_follow_at_once_are_answered_in_order(server: Server) -> None:
    with server.connect() as connection:
        connection.send(b"".join(request("POST", body=b"%d" % number, number=number,
                                         keep=number < 9) for number in range(1, 10)))
        data = connection.rest()
        assert [answer(data, number).body for number in range(1, 10)] == [
            b"%d" % number for number in range(1, 10)]


def test_second_request_inside_the_first_is_refused(server: Server) -> None:
    whole = request("POST", body=b"body")
    other = begin(2, keep=True) + record(fastcgi.PARAMS, b"\1\1ab", 2)
    parts = list(records(whole))
    for place in range(1, len(parts)):
        sent = [record(part.kind, part.content, part.number) for part in parts]
        sent.insert(place, other)
        reply = answer(server.raw(b"".join(sent)))
        assert reply.body == b"body"
        assert reply.ended == [(2, CANNOT_MULTIPLEX), (1, COMPLETE)]


def test_values_that_the_gateway_asks_for(server: Server) -> None:
    asked = pairs({"FCGI_MPXS_CONNS": "", "FCGI_MAX_REQS": "", "UNHEARD_OF": ""})
    came = list(records(server.raw(record(fastcgi.GET_VALUES, asked, 0) + request())))
    assert (came[0].kind, came[0].number) == (fastcgi.RESULT, 0)
    assert b"\x0f\x01FCGI_MPXS_CONNS0" in came[0].content
    assert b"FCGI_MAX_REQS" in came[0].content
    assert b"UNHEARD_OF" not in came[0].content
    assert came[-1].kind == fastcgi.END


def test_unknown_management_record(server: Server) -> None:
    came = list(records(server.raw(record(77, b"?", 0) + request())))
    assert came[0] == (fastcgi.UNKNOWN, 0, bytes([77]) + bytes(7))
    assert came[-1].kind == fastcgi.END


def test_gateway_that_asks_and_takes_no_answer(server: Server) -> None:
    """What it does not take would otherwise fill the memory."""
    questions = record(99, number=0) * 8192
    with server.connect() as connection, pytest.raises(ConnectionError):
        for _ in range(256):
            connection.send(questions)
    server.wait_log("does not take what it is told")
    assert answer(server.raw(request())).body == HELLO


@pytest.mark.parametrize("role", [fastcgi.AUTHORIZER, fastcgi.FILTER, 0, 99])
def test_other_roles_are_refused(server: Server, role: int) -> None:
    with server.connect() as connection:
        connection.send(begin(3, keep=True, role=role) + record(fastcgi.PARAMS, b"", 3)
                        + record(fastcgi.STDIN, b"ignored", 3) + request())
        reply = answer(connection.rest())
        assert (reply.body, reply.ended) == (HELLO, [(3, UNKNOWN_ROLE), (1, COMPLETE)])


def test_abort_before_the_body(server: Server) -> None:
    with server.connect() as connection:
        connection.send(begin(keep=True) + record(fastcgi.ABORT))
        ended = connection._file.read(16)
        assert (ended[1], ended[12]) == (fastcgi.END, COMPLETE)
        connection.send(request())
        assert answer(connection.rest()).body == HELLO


def test_abort_inside_the_body(server: Server) -> None:
    sent = request("POST", body=b"half", CONTENT_LENGTH="8")[:-8]
    assert answer(server.raw(sent + record(fastcgi.ABORT))).status == 400


def test_abort_after_the_request_is_harmless(server: Server) -> None:
    with server.connect() as connection:
        connection.send(request(keep=True) + record(fastcgi.ABORT))
        assert read_answer(connection).body == HELLO
        connection.send(request())
        assert answer(connection.rest()).body == HELLO


@pytest.mark.parametrize("stated", ["3", "5", "70000"])
def test_body_of_another_length_than_stated(server: Server, stated: str) -> None:
    reply = answer(server.raw(request("POST", body=b"four", CONTENT_LENGTH=stated)))
    assert reply.status == 400


MALFORMED = {
    "HTTP": make_request("GET", "/"),
    "another version": b"\2" + request()[1:],
    "a short begin": record(fastcgi.BEGIN, b"\0\1"),
    "a body before the variables": begin() + record(fastcgi.STDIN, b"x"),
    "another kind among the variables": begin() + record(fastcgi.DATA, b"x"),
    "too many requests at once": begin() + b"".join(begin(n) for n in range(2, 9)),
    "a second begin of the same request": begin() + begin(),
}


@pytest.mark.parametrize("sent", MALFORMED.values(), ids=list(MALFORMED))
def test_malformed_records_close(server: Server, sent: bytes) -> None:
    try:
        assert server.raw(sent) == b""
    except ConnectionError:
        pass
    assert answer(server.raw(request())).body == HELLO


@pytest.mark.parametrize("variables", [
    b"\5", b"\5\1ab", b"\x80\0\0", b"\xff\xff\xff\xff\0a", b"\0\1a", pairs({"CONTENT_LENGTH": "x"})])
def test_malformed_variables(server: Server, variables: bytes) -> None:
    sent = begin() + record(fastcgi.PARAMS, variables) + record(fastcgi.PARAMS) + record(
        fastcgi.STDIN)
    reply = answer(server.raw(sent))
    assert (reply.status, reply.ended) == (400, [(1, COMPLETE)])


def test_head_over_buffer_size(bask: Bask) -> None:
    server = start(bask, "--buffer-size", "4096")
    reply = answer(server.raw(request(HTTP_X_LARGE="a" * 5000)))
    assert reply.status in (414, 431)


def test_limit_post(bask: Bask) -> None:
    server = start(bask, "--limit-post", "1000")
    assert answer(server.raw(request("POST", body=b"x" * 1000))).status == 200
    assert answer(server.raw(request("POST", body=b"x" * 1001))).status == 413


def test_body_over_limit_post_is_refused_before_it_comes(bask: Bask) -> None:
    server = start(bask, "--limit-post", "1000")
    sent = request("POST", body=b"begun", CONTENT_LENGTH="1001")
    assert answer(server.raw(sent[:-8])).status == 413


def test_length_that_is_required(bask: Bask) -> None:
    """CONTENT_LENGTH is one, though the body comes in records."""
    server = start(bask, "--http-require-length")
    assert answer(server.raw(request("POST", body=b"known"))).body == b"known"
    assert answer(server.raw(request("POST", body=b"unknown", CONTENT_LENGTH=""))).status == 411


@pytest.mark.parametrize("stated", ["300000", ""])
def test_body_in_a_file(bask: Bask, stated: str) -> None:
    server = start(bask, "--post-buffering", "1000")
    body = os.urandom(300000)
    sent = request("POST", body=body, padding=3, piece=5000, CONTENT_LENGTH=stated)
    assert answer(server.raw(sent)).body == body


def test_connection_cannot_be_taken_over(server: Server) -> None:
    """Its bytes are in records, which are not the client's."""
    sent = request(path="/websocket", **{
        "HTTP_" + name.upper().replace("-", "_"): value for name, value in FIELDS.items()})
    assert answer(server.raw(sent)).status == 426


def test_harakiri_is_told(bask: Bask) -> None:
    server = start(bask, "--harakiri", "1", workers=1)
    reply = answer(server.raw(request(path="/sleep/1500")))
    assert (reply.status, reply.ended) == (504, [(1, COMPLETE)])
    server.complained("HARAKIRI")


def test_client_that_leaves(server: Server) -> None:
    for sent in (request()[:20], request("POST", body=b"x" * 1000)[:-100]):
        with server.connect() as connection:
            connection.send(sent)
            connection.socket.shutdown(socket.SHUT_WR)
            connection.rest()
    assert answer(server.raw(request())).body == HELLO


def test_nph_has_a_status_line(bask: Bask) -> None:
    server = start(bask, socket_option="--fastcgi-nph-socket")
    came = next(iter(records(server.raw(request()))))
    assert came.content.startswith(b"HTTP/1.1 200 OK\r\n")
