"""What proxies in front say of the client: PROXY headers, Forwarded, X-Forwarded-*."""
import re
import socket
import struct
import time
from typing import Dict, Set

import pytest

from support.client import Connection, make_request
from support.gateways import HAProxy
from support.server import Bask, Server

V2 = b"\r\n\r\n\0\r\nQUIT\n"
V1 = b"PROXY TCP4 192.0.2.7 192.0.2.8 4711 80\r\n"
ENV = make_request("GET", "/env")
CLIENT = "192.0.2.7"


def v2(client: str = CLIENT, tls: bool = False, command: int = 1) -> bytes:
    body = socket.inet_aton(client) + socket.inet_aton("192.0.2.8") + struct.pack(">HH", 4711, 80)
    if tls:
        body += struct.pack(">BHBI", 0x20, 5, 1, 0)
    return V2 + struct.pack(">BBH", 0x20 | command, 0x11, len(body)) + body


def start(bask: Bask, *options: str) -> Server:
    return bask.null(*options)


def told(server: Server, sent: bytes) -> Set[str]:
    with server.connect() as connection:
        connection.send(sent)
        return set(connection.answer().text.splitlines())


def env(server: Server, **headers: str) -> Set[str]:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return set(server.get("/env", fields).text.splitlines())


@pytest.fixture
def announced(bask: Bask) -> Server:
    return start(bask, "--enable-proxy-protocol")


@pytest.mark.null
@pytest.mark.parametrize("header", [V1, v2()])
def test_proxy_header(announced: Server, header: bytes) -> None:
    assert {"REMOTE_ADDR=" + CLIENT, "scheme=http"} <= told(announced, header + ENV)
    announced.wait_log(r"\] %s \(\)" % re.escape(CLIENT))


@pytest.mark.null
@pytest.mark.parametrize("header", [V1, v2()])
def test_proxy_header_byte_by_byte(announced: Server, header: bytes) -> None:
    with announced.connect() as connection:
        for byte in header + ENV:
            connection.send(bytes([byte]))
        assert "REMOTE_ADDR=" + CLIENT in connection.answer().text.splitlines()
        assert "REMOTE_ADDR=" + CLIENT in connection.request("GET", "/env").text.splitlines()


@pytest.mark.null
def test_connection_is_idle_behind_a_proxy_header_in_pieces(bask: Bask) -> None:
    """It is no request that is late."""
    server = start(bask, "--enable-proxy-protocol", "--http-headers-timeout", "1")
    with server.connect() as connection:
        connection.send(V1[:10])
        time.sleep(0.2)
        connection.send(V1[10:])
        time.sleep(1.5)
        assert connection.request("GET", "/env").status == 200


@pytest.mark.null
def test_proxy_header_tells_of_tls(announced: Server) -> None:
    assert "scheme=https" in told(announced, v2(tls=True) + ENV)


@pytest.mark.null
@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", v2(command=0)])
def test_proxy_that_speaks_for_itself(announced: Server, header: bytes) -> None:
    assert "REMOTE_ADDR=127.0.0.1" in told(announced, header + ENV)


@pytest.mark.null
@pytest.mark.parametrize("header", [b"", b"PROXY TCP4 here there 1 2\r\n", v2()[:12] + b"\x31"
                                    + v2()[13:]])
def test_connection_without_a_proxy_header(announced: Server, header: bytes) -> None:
    assert announced.raw(header + ENV).startswith(b"HTTP/1.1 400 ")
    announced.wait_log("no PROXY header")


@pytest.mark.null
def test_second_proxy_header_is_a_bad_request(announced: Server) -> None:
    assert announced.raw(V1 + V1 + ENV).startswith(b"HTTP/1.1 400 ")


@pytest.mark.null
def test_proxy_header_of_a_stranger(bask: Bask) -> None:
    server = start(bask, "--enable-proxy-protocol", "--trusted-proxy", "192.0.2.0/24")
    assert "REMOTE_ADDR=127.0.0.1" in told(server, V1 + ENV)
    server.wait_log("127.0.0.1 is no --trusted-proxy")


@pytest.mark.null
def test_proxy_header_is_not_expected_unless_asked_for(bask: Bask) -> None:
    assert bask.null().raw(V1 + ENV).startswith(b"HTTP/1.1 400 ")


@pytest.mark.null
@pytest.mark.parametrize("fields, expected", [
    ({"X-Forwarded-For": CLIENT}, {"REMOTE_ADDR=" + CLIENT}),
    ({"X-Forwarded-For": "8.8.8.8, " + CLIENT}, {"REMOTE_ADDR=" + CLIENT}),
    ({"X-Forwarded-For": CLIENT + ", 10.0.0.9, 127.0.0.1"}, {"REMOTE_ADDR=" + CLIENT}),
    ({"X-Forwarded-For": "10.0.0.8,10.0.0.9"}, {"REMOTE_ADDR=10.0.0.8"}),
    ({"X-Forwarded-For": "[2001:db8:0::1]:80"}, {"REMOTE_ADDR=2001:db8::1"}),
    ({"X-Forwarded-For": CLIENT + ":4711"}, {"REMOTE_ADDR=" + CLIENT}),
    ({"X-Forwarded-For": CLIENT + ", unknown, 10.0.0.9"}, {"REMOTE_ADDR=10.0.0.9"}),
    ({"X-Forwarded-For": "<script>"}, {"REMOTE_ADDR=127.0.0.1"}),
    ({"X-Forwarded-For": ""}, {"REMOTE_ADDR=127.0.0.1"}),
    ({"X-Forwarded-Proto": "https"}, {"REMOTE_ADDR=127.0.0.1", "scheme=https"}),
    ({"X-Forwarded-Proto": "HTTPS"}, {"scheme=https"}),
    ({"X-Forwarded-Proto": "gopher"}, {"scheme=http"}),
    ({"X-Forwarded-Proto": "https, http", "X-Forwarded-For": CLIENT + ", 10.0.0.9"},
     {"scheme=https", "REMOTE_ADDR=" + CLIENT}),
    ({"X-Forwarded-Proto": "https, http", "X-Forwarded-For": CLIENT}, {"scheme=http"}),
    ({"X-Forwarded-Host": "shop.example:8443"}, {"HTTP_HOST=shop.example:8443"}),
    ({"X-Forwarded-Host": "evil.example/path"}, {"HTTP_HOST=localhost"}),
    ({"Forwarded": "for=" + CLIENT + ";proto=https"}, {"REMOTE_ADDR=127.0.0.1", "scheme=http"}),
])
def test_x_forwarded(bask: Bask, fields: Dict[str, str], expected: Set[str]) -> None:
    server = start(bask, "--forwarded", "x-forwarded", "--trusted-proxies",
                   "loopback, unix, 10.0.0.0/8")
    assert expected <= set(server.get("/env", fields).text.splitlines())


@pytest.mark.null
def test_x_forwarded_for_in_several_lines(bask: Bask) -> None:
    server = start(bask, "--forwarded", "x-forwarded", "--trusted-proxies", "loopback,10.0.0.0/8")
    sent = ENV[:-2] + (b"X-Forwarded-For: 8.8.8.8\r\nX-Forwarded-For: 192.0.2.7\r\n"
                       b"X-Forwarded-For: 10.0.0.1, 10.0.0.2\r\n\r\n")
    assert "REMOTE_ADDR=" + CLIENT in told(server, sent)


@pytest.mark.null
@pytest.mark.parametrize("field, expected", [
    ("for=192.0.2.7;proto=https;host=shop.example",
     {"REMOTE_ADDR=" + CLIENT, "scheme=https", "HTTP_HOST=shop.example"}),
    ("for=8.8.8.8, for=192.0.2.7;proto=https, for=127.0.0.1;proto=http",
     {"REMOTE_ADDR=" + CLIENT, "scheme=https"}),
    ('for="[2001:db8::1]:4711"', {"REMOTE_ADDR=2001:db8::1"}),
    ("for=unknown;proto=https", {"REMOTE_ADDR=127.0.0.1", "scheme=https"}),
    ("for=192.0.2.7;for=192.0.2.8", {"REMOTE_ADDR=127.0.0.1"}),
    ("for=192.0.2.7;proto=\"https", {"REMOTE_ADDR=127.0.0.1", "scheme=http"}),
    ("\", for=192.0.2.7;proto=https", {"REMOTE_ADDR=" + CLIENT, "scheme=https"}),
    ("for=8.8.8.8;for=9.9.9.9, for=192.0.2.7;by=\"a,b\"", {"REMOTE_ADDR=" + CLIENT}),
    ("for=127.0.0.1, " * 40 + "for=192.0.2.7", {"REMOTE_ADDR=" + CLIENT}),
    ("=, for=127.0.0.1;proto=https", {"REMOTE_ADDR=127.0.0.1", "scheme=https"}),
])
def test_forwarded(bask: Bask, field: str, expected: Set[str]) -> None:
    server = start(bask, "--forwarded", "forwarded")
    assert expected <= set(server.get("/env", {"Forwarded": field, "X-Forwarded-For": "6.6.6.6"}
                                      ).text.splitlines())


@pytest.mark.null
@pytest.mark.parametrize("first", ['"', "for=", "for=127.0.0.1;", "for=127.0.0.1," * 40])
def test_forwarded_of_a_client_cannot_hide_the_proxys(bask: Bask, first: str) -> None:
    """The proxy adds a line of its own; else a client could pass for the proxy itself."""
    server = start(bask, "--forwarded", "forwarded")
    sent = ENV[:-2] + b"Forwarded: %s\r\nForwarded: for=192.0.2.7\r\n\r\n" % first.encode()
    assert "REMOTE_ADDR=" + CLIENT in told(server, sent)


@pytest.mark.null
def test_strangers_are_not_believed(bask: Bask) -> None:
    server = start(bask, "--forwarded", "x-forwarded", "--trusted-proxy", "192.0.2.0/24")
    lines = env(server, X_Forwarded_For="6.6.6.6", X_Forwarded_Proto="https")
    assert {"REMOTE_ADDR=127.0.0.1", "scheme=http"} <= lines


@pytest.mark.null
def test_nobody_is_believed_unless_asked_for(bask: Bask) -> None:
    lines = env(bask.null(), X_Forwarded_For="6.6.6.6", X_Forwarded_Proto="https")
    assert {"REMOTE_ADDR=127.0.0.1", "scheme=http"} <= lines


@pytest.mark.null
@pytest.mark.parametrize("trusted, address", [("unix", CLIENT), ("any", CLIENT), ("loopback", "")])
def test_unix_socket(bask: Bask, trusted: str, address: str) -> None:
    path = str(bask.folder / "http.sock")
    server = bask.null("--http-socket", path, "--forwarded", "x-forwarded", "--trusted-proxy",
                       trusted, address=path)
    assert "REMOTE_ADDR=" + address in env(server, X_Forwarded_For=CLIENT)


@pytest.mark.null
@pytest.mark.parametrize("options", [
    ("--trusted-proxy", "10.0.0.1/8"), ("--trusted-proxy", "10.0.0.0/33"),
    ("--trusted-proxy", "proxy.example"), ("--trusted-proxies", "loopback,,unix"),
    ("--forwarded", "both"), ("--forwarded", ""),
])
def test_bad_lists_are_refused(bask: Bask, options: "tuple[str, str]") -> None:
    said = bask.refused("--plugin", "null", *options)
    assert said.count("\n") == 1
    assert "expected" in said


def test_wsgi_sees_each_request_of_a_connection_as_its_own(bask: Bask) -> None:
    """A proxy's connection carries many clients; none may inherit what another one's fields gave."""
    server = bask.app("gateway", "--forwarded", "x-forwarded")
    with server.connect() as connection:
        for number in [1, 1, 1, 2, 2, 2, 0, 0, 0, 1]:
            fields = {"X-Forwarded-For": "192.0.2.%d" % number, "X-Forwarded-Port": "443",
                      "X-Forwarded-Proto": "https"} if number else {}
            lines = connection.request("GET", "/variables", fields).text.splitlines()
            address = "192.0.2.%d" % number if number else "127.0.0.1"
            assert "REMOTE_ADDR=" + address in lines
            assert "wsgi.url_scheme=" + ("https" if number else "http") in lines
            assert ("SERVER_PORT=443" in lines) == bool(number)


@pytest.mark.parametrize("how", ["send-proxy", "send-proxy-v2", "send-proxy-v2-ssl"])
def test_haproxy(bask: Bask, how: str) -> None:
    server = bask.app("gateway", "--enable-proxy-protocol")
    server.idle = False
    assert isinstance(server.address, tuple)
    front = HAProxy(bask.folder, bask.ports.take(),
                    "backend back\n    server one %s:%d %s\n" % (*server.address, how),
                    bask.environment())
    try:
        with Connection(front.address) as connection:
            for _ in range(3):
                port = connection.socket.getsockname()[1]
                lines = connection.request("GET", "/variables").text.splitlines()
                assert {"REMOTE_ADDR=127.0.0.1", "REMOTE_PORT=%d" % port} <= set(lines)
    finally:
        front.stop()
