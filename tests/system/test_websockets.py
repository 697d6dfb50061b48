"""WebSockets: with a client library, and with frames that no library would send."""
import signal
import struct
import time
from typing import Callable, List, Tuple

import pytest
import websocket

from support import processes
from support.client import Address, Connection, make_request
from support.frames import (BINARY, FIELDS, PING, PONG, TEXT, Frame, closed, masked, next_frame,
                            shake_hands)
from support.nginx import PROXY_PASS, SCGI_PASS, UWSGI_PASS, Nginx
from support.server import Bask, Server
from support.wait import DEADLINE, wait_until

UPGRADED = (" proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;"
            " proxy_set_header Connection \"upgrade\";")


def connect(address: Address, path: str = "/websocket", **options: object) -> websocket.WebSocket:
    host, port = address
    return websocket.create_connection("ws://%s:%s%s" % (host, port, path), timeout=DEADLINE,
                                       **options)


def end_of(client: websocket.WebSocket) -> Tuple[int, str]:
    """The code and the reason with which the server ends it."""
    opcode, data = client.recv_data()
    assert opcode == websocket.ABNF.OPCODE_CLOSE
    return struct.unpack(">H", data[:2])[0], data[2:].decode()


@pytest.fixture
def server(bask: Bask) -> Server:
    return bask.null("--threads", "4")


@pytest.mark.null
def test_messages_of_all_sizes_come_back(server: Server) -> None:
    client = connect(server.address)
    for size in (0, 1, 125, 126, 4000, 65535, 65536, 1000000):
        client.send_binary(b"\0\xff" * (size // 2) + b"x" * (size % 2))
        assert client.recv() == b"\0\xff" * (size // 2) + b"x" * (size % 2)
        client.send("\xe4" * (size // 2))
        assert client.recv() == "\xe4" * (size // 2)
    client.send("big")
    assert client.recv() == bytes(1 << 20)
    client.close()
    server.wait_log(r"GET /websocket => generated \d+ bytes in .* \(stream\) \(HTTP/1.1 101\)")


@pytest.mark.null
def test_many_at_once_and_requests_beside_them(server: Server) -> None:
    clients = [connect(server.address) for _ in range(3)]
    for turn in range(20):
        for number, client in enumerate(clients):
            client.send("%d of %d" % (turn, number))
        assert server.get("/").status == 200
        for number, client in enumerate(clients):
            assert client.recv() == "%d of %d" % (turn, number)
    for client in clients:
        client.close()


@pytest.mark.null
def test_protocols(server: Server) -> None:
    for offered, chosen in ((["chat", "other"], "chat"), (None, None)):
        client = connect(server.address, subprotocols=offered)
        assert client.getsubprotocol() == chosen
        client.close()


NO_HANDSHAKES = {
    "no upgrade": {"Upgrade": "h2c"},
    "no connection": {"Connection": "keep-alive"},
    "version": {"Sec-WebSocket-Version": "8"},
    "short key": {"Sec-WebSocket-Key": "c2hvcnQ="},
    "no base64": {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25j*Q=="},
}


@pytest.mark.parametrize("name", NO_HANDSHAKES)
@pytest.mark.null
def test_no_handshake(server: Server, name: str) -> None:
    assert server.get("/websocket", {**FIELDS, **NO_HANDSHAKES[name]}).status == 426


@pytest.mark.null
def test_no_handshake_without_fields_or_in_http_1_0(server: Server) -> None:
    assert server.get("/websocket").status == 426
    raw = make_request("GET", "/websocket", FIELDS).replace(b"HTTP/1.1", b"HTTP/1.0")
    assert server.raw(raw).startswith(b"HTTP/1.1 426 ")


@pytest.mark.null
def test_lists_of_tokens_in_any_case(server: Server) -> None:
    with server.connect() as connection:
        connection.send(make_request("GET", "/websocket", {
            **FIELDS, "Connection": "keep-alive, UPGRADE", "Upgrade": "h2c, WebSocket"}))
        assert connection.line() == b"HTTP/1.1 101 Switching Protocols\r\n"
        while connection.line() != b"\r\n":
            pass
        connection.send(masked(0x88, b"\x03\xe8"))
        assert connection.rest() == b"\x88\x02\x03\xe8"


@pytest.mark.null
def test_frames_right_behind_the_handshake(server: Server) -> None:
    """A client need not wait; what comes with the request is not lost, whatever its size."""
    with server.connect() as connection:
        sent = b"y" * 3000
        shake_hands(connection, "/websocket", masked(0x82, sent) + masked(0x89, b"p"))
        assert next_frame(connection) == Frame(BINARY, sent)
        assert next_frame(connection) == Frame(PONG, b"p")
        connection.send(masked(0x88, b""))
        assert connection.rest() == b"\x88\x00"


@pytest.mark.null
def test_a_byte_at_a_time(server: Server) -> None:
    with server.connect() as connection:
        shake_hands(connection, "/websocket")
        sent = masked(0x01, b"hel") + masked(0x89, b"ping") + masked(0x80, b"lo")
        for i in range(len(sent)):
            connection.send(sent[i:i + 1])
        assert next_frame(connection) == Frame(PONG, b"ping")
        assert next_frame(connection) == Frame(TEXT, b"hello")


# What is sent, and the code of the end.
HOSTILE = {
    "no mask": (b"\x81\x05hello", 1002),
    "reserved bit": (masked(0xc1, b"x"), 1002),
    "reserved opcode": (masked(0x83, b"x"), 1002),
    "long ping": (masked(0x89, b"x" * 126), 1002),
    "ping in pieces": (masked(0x09, b"x"), 1002),
    "continuation of nothing": (masked(0x80, b"x"), 1002),
    "text within text": (masked(0x01, b"a") + masked(0x81, b"b"), 1002),
    "length in a longer form": (b"\x82\xfe\x00\x01mask!", 1002),
    "negative length": (b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xffmask", 1002),
    "no UTF-8": (masked(0x81, b"\xc0\x80"), 1007),
    "half a character": (masked(0x81, b"\xe2\x82"), 1007),
    "bad code": (masked(0x88, b"\x03\xed"), 1002),
    "half a code": (masked(0x88, b"\x03"), 1002),
    "reason that is no UTF-8": (masked(0x88, b"\x03\xe8\xff"), 1007),
    "promise of a terabyte": (b"\x82\xff\0\0\x01\0\0\0\0\0mask", 1009),
    "too large": (masked(0x82, b"x" * (1 << 20)) + masked(0x82, b"x" * (1 << 20) + b"x"), 1009),
    "too large in pieces": (masked(0x02, b"x" * (1 << 20)) + masked(0x80, b"x"), 1009),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.null
def test_hostile(server: Server, name: str) -> None:
    sent, code = HOSTILE[name]
    with server.connect() as connection:
        shake_hands(connection, "/websocket")
        connection.send(sent)
        frame = next_frame(connection)
        while frame.opcode == BINARY:  # the good message before the bad one
            frame = next_frame(connection)
        assert (frame.opcode, frame.payload[:2]) == closed(code)
        connection.rest()
    assert server.get("/").status == 200


@pytest.mark.null
def test_options(bask: Bask) -> None:
    server = bask.null("--websockets-max-size", "2", "--websockets-ping-freq", "100ms",
                       "--websockets-pong-tolerance", "200ms", "--threads", "2")
    client = connect(server.address)
    client.send_binary(b"x" * 2048)
    assert client.recv() == b"x" * 2048
    client.send_binary(b"x" * 2049)
    assert end_of(client)[0] == 1009
    with server.connect() as connection:  # answers no ping
        shake_hands(connection, "/websocket")
        assert next_frame(connection) == Frame(PING, b"")
        connection.rest()  # the server lets go
    with server.connect() as connection:  # answers them
        shake_hands(connection, "/websocket")
        for _ in range(5):
            assert next_frame(connection) == Frame(PING, b"")
            connection.send(masked(0x8a, b""))
        connection.send(masked(0x81, b"still here"))
        assert next_frame(connection) == Frame(TEXT, b"still here")


@pytest.mark.null
def test_ends(server: Server) -> None:
    """By the client; by the application, with a code of its own, by failing, by returning."""
    client = connect(server.address)
    client.send_close(1000, b"bye")
    assert end_of(client) == (1000, "")
    client = connect(server.address)
    client.send("close")
    assert end_of(client) == (4000, "as you wish")
    client.close()
    client = connect(server.address)
    client.send("fail")
    assert end_of(client)[0] == 1011
    with server.connect() as connection:  # without a word
        shake_hands(connection, "/websocket")
    with server.connect() as connection:  # in the middle of a frame
        shake_hands(connection, "/websocket")
        connection.send(b"\x81\x85ma")
    assert server.get("/").status == 200


def test_a_large_message_is_forgotten_with_its_socket(bask: Bask) -> None:
    """Not under sanitizers, which keep what is freed."""
    server = bask.null("--threads", "1", "--websockets-max-size", "65536")
    before = processes.resident_bytes(server.pid)
    client = connect(server.address)
    client.send_binary(bytes(60000000))
    wait_until(lambda: processes.resident_bytes(server.pid) > before + 50000000, "it is there")
    client.sock.close()  # the application cannot send it back, and ends
    server.wait_log(r"GET /websocket => .*\(stream\)")
    wait_until(lambda: processes.resident_bytes(server.pid) < before + 10000000, "memory is freed")


@pytest.mark.null
def test_client_that_does_not_read(bask: Bask) -> None:
    """The application waits for it, but not for ever; and nobody else waits for the application."""
    server = bask.null("--socket-timeout", "1", "--threads", "2")
    with server.connect() as connection:
        shake_hands(connection, "/websocket")
        connection.socket.settimeout(DEADLINE)
        for _ in range(40):
            connection.send(masked(0x81, b"big"))
        assert server.get("/").status == 200
        server.wait_log(r"GET /websocket => .*\(stream\)")


@pytest.mark.parametrize("ending", ["stop", "reload"])
@pytest.mark.null
def test_draining_says_1001(bask: Bask, ending: str) -> None:
    server = bask.null("--threads", "2", workers=1)
    before = server.workers()
    client = connect(server.address)
    client.send("hello")
    assert client.recv() == "hello"
    server.send_signal(signal.SIGINT if ending == "stop" else signal.SIGHUP)
    assert end_of(client) == (1001, "")
    client.send_close(1001)
    client.close()
    if ending == "stop":
        assert server.wait_end() == 0
        return
    wait_until(lambda: server.workers() and server.workers() != before, "there is a new worker")
    again = connect(server.address)
    again.send("here")
    assert again.recv() == "here"
    again.close()


@pytest.mark.null
def test_draining_does_not_wait_for_a_client_that_stays(bask: Bask) -> None:
    server = bask.null("--threads", "2", "--websockets-ping-freq", "0", workers=1)
    before = server.workers()
    with server.connect() as connection:
        shake_hands(connection, "/websocket")
        server.send_signal(signal.SIGHUP)
        assert next_frame(connection) == closed(1001)
        wait_until(lambda: not set(before) & set(server.workers()), "the old worker ends")
        assert connection.rest() == b""


@pytest.mark.null
def test_silence_is_no_harakiri(bask: Bask) -> None:
    """The time of a request does not run while the client is waited for."""
    server = bask.null("--threads", "2", "--harakiri", "1", workers=1)
    client = connect(server.address)
    client.send("one")
    assert client.recv() == "one"
    end = time.monotonic() + 2.5
    client.settimeout(0.1)
    while time.monotonic() < end:
        with pytest.raises(websocket.WebSocketTimeoutException):
            client.recv()
    client.settimeout(DEADLINE)
    client.send("two")
    assert client.recv() == "two"
    client.close()
    assert "HARAKIRI" not in server.log()


@pytest.mark.null
def test_raw_stream(bask: Bask) -> None:
    server = bask.null("--threads", "2", workers=1)
    sent = make_request("GET", "/raw") + b"first"
    with server.connect() as connection:
        connection.send(sent)
        assert connection.line() == b"HTTP/1.1 101 Raw\r\n"
        assert connection.line() == b"Upgrade: raw\r\n" and connection.line() == b"\r\n"
        assert connection.bytes(5) == b"first"
        connection.send(b"the end")
        assert connection.rest() == b"done\n"
    with server.connect() as connection:  # a body that is read already is no hindrance
        connection.send(make_request("GET", "/raw", body=b"body") + b"more")
        while connection.line() != b"\r\n":
            pass
        assert connection.bytes(4) == b"more"
        server.send_signal(signal.SIGHUP)
        assert connection.rest() == b"away\n"


def through(nginx: Callable[[str, str], Nginx], location: str, upstream: str) -> List[str]:
    """What comes back through nginx, and how the client's end is answered."""
    client = connect(nginx(location, upstream).address)
    heard = []
    for text in ("one", "x" * 70000, "three"):
        client.send(text)
        heard.append(str(client.recv()))
    client.send_close(1000)
    assert end_of(client)[0] == 1000
    return heard


@pytest.mark.null
def test_behind_nginx(bask: Bask, nginx: Callable[[str, str], Nginx]) -> None:
    gateway, scgi = ("127.0.0.1:%d" % bask.ports.take() for _ in range(2))
    server = bask.null("--threads", "2", "--socket", gateway, "--scgi-socket", scgi)
    expected = ["one", "x" * 70000, "three"]
    assert through(nginx, UWSGI_PASS, gateway) == expected
    assert through(nginx, SCGI_PASS, scgi) == expected
    assert through(nginx, PROXY_PASS + UPGRADED, "%s:%s" % server.address) == expected
