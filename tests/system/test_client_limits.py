"""Limits on what a client may send, and on how slowly: each is answered, counted, and told."""
import json
import re
import resource
import socket
import threading
import time
from typing import Dict, List

import pytest

from support import fastcgi, processes
from support.client import Address, Answer, Connection, chunked, make_request
from support.frames import FIELDS, TEXT, Frame, masked, next_frame, shake_hands
from support.server import BINARY, Bask, Server
from support.wait import wait_until

pytestmark = pytest.mark.null

CHUNKED = {"Transfer-Encoding": "chunked"}


def counted(server: Server) -> Dict[str, int]:
    """What clients of all workers ran into."""
    sums: Dict[str, int] = {}
    for worker in json.loads(server.ctl("status", "--json").stdout)["workers"]:
        for name, count in worker["clients"].items():
            sums[name] = sums.get(name, 0) + count
    return sums


def controlled(bask: Bask, *arguments: str) -> Server:
    """A server with one worker that can be asked for its counters."""
    return bask.null("--control-socket", "control", *arguments, workers=1)


def wait_count(server: Server, name: str, count: int) -> None:
    wait_until(lambda: counted(server)[name] == count, "%s is %d" % (name, count))


def line_of(size: int) -> bytes:
    """A request whose line has so many bytes."""
    return make_request("GET", "/" + "a" * (size - len("GET / HTTP/1.1")))


# Heads


def test_request_line_of_the_limit_is_served(bask: Bask) -> None:
    server = controlled(bask, "--limit-request-line", "1000")
    assert server.raw(line_of(1001)).startswith(b"HTTP/1.1 414 ")
    with server.connect() as connection:
        connection.send(line_of(1000))
        assert connection.answer().status == 200
    assert counted(server)["large_heads"] == 1


def test_request_line_is_8k_at_most(bask: Bask) -> None:
    server = bask.null()
    assert server.raw(line_of(8193)).startswith(b"HTTP/1.1 414 ")
    with server.connect() as connection:
        connection.send(line_of(8192))
        assert connection.answer().status == 200


def test_endless_request_line_is_refused_before_it_ends(bask: Bask) -> None:
    server = bask.null("--limit-request-line", "1000")
    with server.connect() as connection:
        connection.send(b"GET /" + b"a" * 900)
        assert connection.is_silent()
        connection.send(b"a" * 200)
        assert connection.rest().startswith(b"HTTP/1.1 414 ")


def test_request_line_may_be_as_long_as_the_head(bask: Bask) -> None:
    server = bask.null("--limit-request-line", "0")
    with server.connect() as connection:
        connection.send(line_of(60000))
        assert connection.answer().status == 200
    assert server.raw(b"GET /" + b"a" * 70000).startswith(b"HTTP/1.1 414 ")


def test_too_many_fields_get_431(bask: Bask) -> None:
    server = controlled(bask, "--limit-request-fields", "10")
    fields = {"X-%d" % number: "x" for number in range(9)}  # and Host
    assert server.get("/", fields).status == 200
    raw = server.raw(make_request("GET", "/", {**fields, "X-9": "x"}))
    assert raw.startswith(b"HTTP/1.1 431 ")
    assert counted(server)["large_heads"] == 1


def test_slow_heads_are_counted_and_told_with_restraint(bask: Bask) -> None:
    server = controlled(bask, "--http-headers-timeout", "1")
    connections: List[Connection] = []
    for _ in range(30):
        connections.append(server.connect())
        connections[-1].send(b"GET / HTTP/1.1\r\nHost: x\r\n")
    for connection in connections:
        assert connection.rest().startswith(b"HTTP/1.1 408 ")
        connection.close()
    assert counted(server)["slow_heads"] == 30
    assert server.log().count("refused with 408: the head did not arrive in time") == 4
    server.wait_log(r"26 more in 10 s: refused with 408: the head did not .*; the last was 127\.0")


# Bodies


def test_large_bodies_are_counted(bask: Bask) -> None:
    server = controlled(bask, "--limit-post", "1000")
    assert server.raw(make_request("POST", "/", {}, b"x" * 1001)).startswith(b"HTTP/1.1 413 ")
    raw = server.raw(make_request("POST", "/", CHUNKED, chunked(b"x" * 1001)))
    assert raw.startswith(b"HTTP/1.1 413 ")
    assert counted(server)["large_bodies"] == 2


def test_chunked_body_over_the_limit_while_it_streams(bask: Bask) -> None:
    """The application has begun to echo it, so all that can be told is that the end is missing."""
    server = controlled(bask, "--limit-post", "5000", "--post-buffering", "1000",
                        "--post-buffering-file=false")
    body = chunked(*[b"x" * 1000] * 4)
    assert len(server.post("/", body, CHUNKED).body) == 4000
    assert not server.post("/", chunked(*[b"x" * 1000] * 20), CHUNKED).complete
    assert counted(server)["large_bodies"] == 1


def drip(connection: Connection, ended: threading.Event) -> None:
    while not ended.wait(0.1):
        try:
            connection.send(b"x")
        except OSError:
            return


def is_given_up(answer: Answer, buffering: str) -> bool:
    """Without buffering the echo has begun: all that can be told is that its end is missing."""
    return answer.status == 408 if buffering else not answer.complete


@pytest.mark.parametrize("buffering", ["1m", "5", ""], ids=["memory", "file", "none"])
def test_dripping_body_gets_408(bask: Bask, buffering: str) -> None:
    """A byte now and then is progress for socket-timeout, but too little."""
    server = controlled(bask, "--socket-timeout", "1", "--post-buffering", buffering or "0")
    ended = threading.Event()
    with server.connect() as connection:
        connection.send(make_request("POST", "/", {"Content-Length": "1000"}))
        dripping = threading.Thread(target=drip, args=(connection, ended))
        dripping.start()
        try:
            assert is_given_up(connection.answer(), buffering)
        finally:
            ended.set()
            dripping.join()
    assert counted(server)["slow_bodies"] == 1


def test_dripping_body_is_served_where_that_is_wanted(bask: Bask) -> None:
    server = bask.null("--socket-timeout", "1", "--min-body-rate", "0")
    with server.connect() as connection:
        connection.send(make_request("POST", "/", {"Content-Length": "25"}))
        for _ in range(25):
            connection.send(b"x")
            time.sleep(0.1)
        assert connection.answer().body == b"x" * 25


@pytest.mark.parametrize("buffering", ["1m", "5", ""], ids=["memory", "file", "none"])
def test_stalled_bodies_are_counted(bask: Bask, buffering: str) -> None:
    server = controlled(bask, "--socket-timeout", "1", "--post-buffering", buffering or "0")
    with server.connect() as connection:
        connection.send(make_request("POST", "/", {"Content-Length": "10"}) + b"half")
        assert is_given_up(connection.answer(), buffering)
    assert counted(server)["slow_bodies"] == 1


# Answers


def slow_reader(server: Server) -> socket.socket:
    """A client with a small window, so that little of an answer is in the kernel."""
    assert isinstance(server.address, tuple)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(server.address)
    return client


def wait_reset(client: socket.socket) -> None:
    """The server has cut the client off: what it would read next is an error."""
    def is_reset() -> bool:
        return client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0

    wait_until(is_reset, "the client is cut off")


@pytest.mark.parametrize("path", ["/bytes/20000000", "/stream/20000"])
def test_client_that_reads_nothing_is_cut_off(bask: Bask, path: str) -> None:
    server = controlled(bask, "--socket-timeout", "1")
    client = slow_reader(server)
    client.sendall(make_request("GET", path))
    wait_reset(client)
    client.close()
    wait_count(server, "slow_readers", 1)
    server.wait_log("127.0.0.1: cut off, it takes nothing of its answer")
    assert server.get("/").status == 200


@pytest.mark.parametrize("path", ["/bytes/20000000", "/stream/20000"])
def test_client_that_reads_drop_by_drop_is_cut_off(bask: Bask, path: str) -> None:
    server = controlled(bask, "--socket-timeout", "2", "--min-response-rate", "10m")
    client = slow_reader(server)
    client.sendall(make_request("GET", path))

    def is_cut() -> bool:
        try:
            return not client.recv(4096)
        except ConnectionResetError:
            return True

    wait_until(is_cut, "the client is cut off")
    client.close()
    wait_count(server, "slow_readers", 1)
    server.wait_log("127.0.0.1: cut off, it takes its answer too slowly")


def test_slow_client_is_served_above_the_rate(bask: Bask) -> None:
    server = bask.null("--socket-timeout", "1", "--min-response-rate", "1k")
    client = slow_reader(server)
    client.sendall(make_request("GET", "/bytes/3000000", {"Connection": "close"}))
    got, begun = 0, time.monotonic()
    while True:
        data = client.recv(65536)
        got += len(data)
        if not data:
            break
        if time.monotonic() - begun < 3:
            time.sleep(0.05)
    assert got > 3000000
    client.close()


# Keep-alive


def test_requests_a_connection(bask: Bask) -> None:
    server = bask.null("--http-keepalive-requests", "3")
    with server.connect() as connection:
        for _ in range(2):
            assert connection.request("GET", "/").headers["Connection"] is None
        assert connection.request("GET", "/").headers["Connection"] == "close"
        assert connection.rest() == b""


def test_requests_a_connection_in_a_burst(bask: Bask) -> None:
    server = bask.null("--http-keepalive-requests", "3")
    raw = server.raw(make_request("GET", "/") * 5)
    assert raw.count(b"HTTP/1.1 200 OK") == 3


def test_without_keepalive(bask: Bask) -> None:
    server = bask.null("--http-keepalive=0")
    with server.connect() as connection:
        assert connection.request("GET", "/").headers["Connection"] == "close"


@pytest.mark.parametrize("option", [("--http-keepalive=2",), ("--http-keepalive-timeout", "2")])
def test_keepalive_time(bask: Bask, option: "tuple[str, ...]") -> None:
    server = bask.null(*option)
    with server.connect() as connection:
        assert connection.request("GET", "/").status == 200
        begun = time.monotonic()
        assert connection.rest() == b""
        assert 1.5 < time.monotonic() - begun < 20


def test_keepalive_alone_changes_nothing(bask: Bask) -> None:
    server = bask.null("--http-keepalive")
    with server.connect() as connection:
        for _ in range(3):
            assert connection.request("GET", "/").headers["Connection"] is None


# Connections


def request_all(connections: List[Connection]) -> None:
    for connection in connections:
        connection.send(make_request("GET", "/", {"Connection": "close"}))


def test_connections_a_worker(bask: Bask) -> None:
    """Those who come later wait, and are served when others have ended; nothing spins."""
    server = controlled(bask, "--max-connections", "10")
    worker = server.roster()[1]
    connections = [server.connect() for _ in range(30)]
    for connection in connections:
        connection.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
    server.wait_log("this worker: has max-connections; accepting again when one ends")
    assert len(processes.descriptors(worker)) < 30
    assert processes.cpu_of_a_second(worker) < 0.1
    for connection in connections:
        connection.send(b"Connection: close\r\n\r\n")
        assert connection.answer().status == 200
        connection.close()
    assert counted(server)["full"] > 0


def owner(server: Server, connection: Connection, number: int) -> int:
    """The process that answers on a connection."""
    assert connection.request("GET", "/bytes/%d" % number).status == 200
    return int(server.wait_log(r"\[pid: (\d+)\|.* /bytes/%d " % number).group(1))


def test_full_worker_leaves_connections_to_others(bask: Bask) -> None:
    """They accept in turn, and the kernel wakes one for a connection: that one may be full."""
    server = bask.null("--max-connections", "3", workers=2)
    kept: List[Connection] = []
    owners: List[int] = []
    for number in range(4):
        kept.append(server.connect())
        owners.append(owner(server, kept[-1], 101 + number))
    for number in range(4):
        if owners[number] != owners[0]:
            kept[number].close()
    for number in range(6 - owners.count(owners[0])):
        kept.append(server.connect())
        kept[-1].socket.settimeout(4)  # later, connections that are idle would make room
        owner(server, kept[-1], 201 + number)
    for connection in kept:
        connection.close()


@pytest.mark.parametrize("options", [(), ("--http-keepalive-timeout", "0")])
def test_idle_connections_make_room(bask: Bask, options: "tuple[str, ...]") -> None:
    """Whoever holds connections without a word keeps nobody out, however long it may do so."""
    server = controlled(bask, "--max-connections", "10", *options)
    holders = [server.connect() for _ in range(10)]
    for holder in holders[:5]:
        assert holder.request("GET", "/").status == 200
    for _ in range(3):
        assert server.get("/").status == 200
    assert 1 <= counted(server)["closed_for_room"] <= 3
    server.wait_log("127.0.0.1: closed while idle, to make room for others")
    for holder in holders:
        holder.close()


def test_without_descriptors_nothing_spins_and_nothing_is_lost(bask: Bask) -> None:
    server = controlled(bask, "--max-connections", "10000")
    worker = server.roster()[1]
    held = max(processes.descriptors(worker)) + 6
    hard = resource.prlimit(worker, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(worker, resource.RLIMIT_NOFILE, (held, hard))
    connections = [server.connect() for _ in range(30)]
    for connection in connections:
        connection.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
    server.wait_log("this worker: has no descriptor left; accepting again when one is closed")
    assert processes.cpu_of_a_second(worker) < 0.1
    for connection in connections:
        connection.send(b"Connection: close\r\n\r\n")
        assert connection.answer().status == 200
        connection.close()


def descriptor_limit(server: Server) -> int:
    return resource.prlimit(server.roster()[1], resource.RLIMIT_NOFILE)[0]


def test_descriptors_are_as_many_as_the_system_allows(bask: Bask) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    usual = ("/bin/sh", "-c", 'ulimit -Sn 256; exec "$@"', "sh", BINARY)
    most = min(hard, 1 << 20) if hard != resource.RLIM_INFINITY else 1 << 20
    assert descriptor_limit(bask.null(program=usual)) == most
    assert descriptor_limit(bask.null("--max-fd", "200", program=usual)) == 200


def silent_or_closed(server: Server, source: str) -> str:
    """What becomes of a connection from an address of ours."""
    assert isinstance(server.address, tuple)
    with socket.create_connection(server.address, timeout=30, source_address=(source, 0)) as client:
        try:
            client.sendall(make_request("GET", "/", {"Connection": "close"}))
            return "served" if client.recv(4096) else "closed"
        except ConnectionError:
            return "closed"


def test_connections_an_address(bask: Bask) -> None:
    server = controlled(bask, "--max-connections-per-address", "3", "--trusted-proxy", "127.0.0.7")
    with server.connect() as first, server.connect(), server.connect():
        assert first.request("GET", "/").status == 200
        assert silent_or_closed(server, "127.0.0.1") == "closed"
        assert silent_or_closed(server, "127.0.0.2") == "served"
        proxied = [socket.create_connection(server.address, source_address=("127.0.0.7", 0))
                   for _ in range(4)]
        assert silent_or_closed(server, "127.0.0.7") == "served"
        for client in proxied:
            client.close()
        assert counted(server)["crowded"] == 1
    wait_until(lambda: silent_or_closed(server, "127.0.0.1") == "served", "those that left do not count")


# Gateways, proxies, connections that were taken over


@pytest.fixture
def gateway(bask: Bask) -> Server:
    """FastCGI, with little patience."""
    address: Address = ("127.0.0.1", bask.ports.take())
    return bask.null("--fastcgi-socket", "%s:%d" % address, "--control-socket", "control",
                     "--socket-timeout", "1", "--http-headers-timeout", "1", address=address,
                     workers=1)


@pytest.mark.parametrize("sent, counter", [
    (fastcgi.begin() + fastcgi.record(fastcgi.PARAMS, b"half")[:-1], "slow_heads"),
    (fastcgi.request("POST", body=b"x" * 1000)[:-50], "slow_bodies")], ids=["head", "body"])
def test_slow_fastcgi_gets_408(gateway: Server, sent: bytes, counter: str) -> None:
    with gateway.connect() as connection:
        connection.send(sent)
        reply = fastcgi.answer(connection.rest())
    assert (reply.status, reply.ended) == (408, [(1, 0)])
    assert counted(gateway)[counter] == 1


@pytest.mark.parametrize("path", ["/bytes/20000000", "/stream/20000"])
def test_gateway_that_reads_nothing_is_cut_off(gateway: Server, path: str) -> None:
    client = slow_reader(gateway)
    client.sendall(fastcgi.request(path=path, keep=True))
    wait_reset(client)
    client.close()
    wait_count(gateway, "slow_readers", 1)


def test_proxy_header_has_the_time_of_a_head(bask: Bask) -> None:
    server = controlled(bask, "--enable-proxy-protocol", "--http-headers-timeout", "1")
    assert server.raw(b"PROXY TCP4 192.0.2.1").startswith(b"HTTP/1.1 408 ")
    assert counted(server)["slow_heads"] == 1


def test_nonsense_from_gateways_is_told_with_restraint(gateway: Server) -> None:
    for _ in range(8):
        with gateway.connect() as connection:
            connection.send(b"GET / HTTP/1.1\r\n\r\n")
            connection.rest()
    wait_count(gateway, "malformed", 8)
    assert gateway.log().count("what came is no FastCGI") == 4


def test_idle_websocket_is_no_slow_client(bask: Bask) -> None:
    server = controlled(bask, "--threads", "2", "--socket-timeout", "1", "--websockets-ping-freq",
                        "0", "--http-keepalive-timeout", "1", "--http-headers-timeout", "1")
    with server.connect() as connection:
        shake_hands(connection, "/websocket")
        time.sleep(2.5)
        connection.send(masked(0x81, b"still here"))
        assert next_frame(connection) == Frame(TEXT, b"still here")
    assert sum(counted(server).values()) == 0


def test_websocket_that_reads_nothing_is_cut_off(bask: Bask) -> None:
    server = controlled(bask, "--threads", "2", "--socket-timeout", "1", "--websockets-ping-freq", "0")
    client = slow_reader(server)
    client.sendall(make_request("GET", "/websocket", FIELDS) + masked(0x81, b"big") * 20)
    wait_reset(client)
    client.close()
    wait_count(server, "slow_readers", 1)


# Reports


def test_counters_are_in_the_report(bask: Bask) -> None:
    server = controlled(bask)
    assert "clients:" not in server.ctl("status").stdout
    assert server.raw(b"nonsense\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    assert re.search(r"^clients: malformed 1$", server.ctl("status").stdout, re.MULTILINE)
