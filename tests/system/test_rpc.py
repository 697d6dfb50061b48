"""Functions of applications that are called by name: here, by other servers, by other programs."""
import signal
import socket
import struct
import threading
from typing import Tuple

import pytest

from support.client import Connection
from support.server import Bask, Server
from support.uwsgi import packet, variables
from support.wait import wait_until

RPC = 173
DEFINED = """
def join(*args):
    assert all(type(arg) is bytes for arg in args)
    return b"|".join(args)
uwsgi.register_rpc("join", join)
uwsgi.register_rpc(b"who", lambda: "%d" % uwsgi.worker_id())
uwsgi.register_rpc("fails", lambda: 1 / 0)
uwsgi.register_rpc("nothing", lambda: None)
uwsgi.register_rpc("number", lambda: 5)
uwsgi.register_rpc("large", lambda size: b"x" * int(size))
"""


def ask(server: Server, expression: str) -> str:
    return server.post("/", expression.encode()).text


def start(bask: Bask, *options: str, workers: int = 2) -> Tuple[Server, str]:
    (bask.folder / "defined.py").write_text(DEFINED)
    where = "127.0.0.1:%d" % bask.ports.take()
    return bask.app("services", "--socket", where, *options, workers=workers), where


def send(where: str, *parts: bytes, form: int = 0) -> bytes:
    host, _, port = where.rpartition(":")
    block = b"".join(struct.pack("<H", len(part)) + part for part in parts)
    with Connection((host, int(port))) as connection:
        connection.send(packet(block, RPC, form))
        return connection.rest()


def test_here(bask: Bask) -> None:
    server, _ = start(bask)
    assert ask(server, "uwsgi.call('join', b'a', 'b', '')") == "b'a|b|'"
    for node in ("None", "''", "b''"):
        assert ask(server, "uwsgi.rpc(%s, b'join', 'é')" % node) == repr("é".encode())
    assert set(eval(ask(server, "uwsgi.rpc_list()"))) == {
        b"join", b"who", b"fails", b"nothing", b"number", b"large"}


@pytest.mark.parametrize("workers", [0, 2])
def test_another_server(bask: Bask, workers: int) -> None:
    _, where = start(bask, workers=workers)
    (bask.folder / "defined.py").write_text("")
    other = bask.app("services")
    assert ask(other, "uwsgi.rpc(%r, 'join', 'a', b'', 'b')" % where) == "b'a||b'"
    assert ask(other, "uwsgi.call('join@%s', 'a')" % where) == "b'a'"
    assert ask(other, "uwsgi.rpc(%r, 'who')" % where.encode()) in ("b'1'", "b'2'")
    for size in (65535, 65536, 5000000):
        assert ask(other, "len(uwsgi.rpc(%r, 'large', '%d'))" % (where, size)) == str(size)


def test_unix_socket(bask: Bask) -> None:
    (bask.folder / "defined.py").write_text(DEFINED)
    server = bask.app("services", "--socket", "rpc.sock", "--threads", "2", workers=1)
    assert ask(server, "uwsgi.rpc(os.path.abspath('rpc.sock'), 'join', 'a')") == "b'a'"


def test_no_result(bask: Bask) -> None:
    server, where = start(bask, "--threads", "4", workers=1)
    for name in ("nothing", "fails", "number", "missing"):
        assert ask(server, "uwsgi.call(%r)" % name) == "None"
        assert ask(server, "uwsgi.rpc(%r, %r)" % (where, name)) == "None"
        assert send(where, name.encode()) == b""
    server.complained("the RPC function fails raised")
    server.wait_log("the RPC function number returned int, not bytes")
    server.wait_log("the RPC function missing is not registered")


def test_node_that_is_not_there(bask: Bask) -> None:
    server, _ = start(bask)
    assert ask(server, "uwsgi.rpc('127.0.0.1:1', 'f')") == "None"
    server.wait_log("rpc f@127.0.0.1:1: Connection refused")
    assert ask(server, "uwsgi.rpc('no such node', 'f')") == "None"
    server.wait_log("rpc f@no such node: ")


def test_table_is_limited(bask: Bask) -> None:
    server, _ = start(bask, "--rpc-max", "7", workers=1)
    assert ask(server, "uwsgi.register_rpc('seventh', print)") == "True"
    assert ask(server, "uwsgi.register_rpc('eighth', print)").startswith("ValueError")


def test_raw_and_as_a_request(bask: Bask) -> None:
    _, where = start(bask)
    assert send(where, b"join", b"a", b"b", form=1) == b"a|b"
    host, _, port = where.rpartition(":")
    with Connection((host, int(port))) as connection:
        connection.send(packet(variables({"PATH_INFO": "/join/a/b", "REQUEST_METHOD": "GET",
                                          "SERVER_PROTOCOL": "HTTP/1.1"}), RPC, 2))
        assert connection.rest().endswith(b"\r\n\r\na|b")


class Node:
    """A node that answers every call with the same bytes and closes, or never answers."""

    def __init__(self, answer: bytes, silent: bool = False) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.where = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.answer = answer
        self.silent = silent
        self.kept = []  # type: ignore[var-annotated]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            connection.recv(65536)
            if self.silent:
                self.kept.append(connection)
                continue
            connection.sendall(self.answer)
            connection.close()

    def close(self) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for connection in self.kept:
            connection.close()


@pytest.mark.parametrize("answer, why", [
    (b"HTTP/1.1 200 OK\r\n\r\n", "not of the uwsgi protocol"),
    (packet(b"abc", RPC)[:5], "broke off"),
    (packet(b"", RPC), "no result"),
    (packet(variables({"CONTENT_LENGTH": "99999999999"}), RPC, 5), "larger than 1 GiB"),
    (packet(variables({"CONTENT_LENGTH": "-1"}), RPC, 5), "not of the uwsgi protocol"),
    (packet(variables({"CONTENT_LENGTH": "70000"}), RPC, 5) + b"x", "broke off"),
    (packet(variables({"X": "1"}), RPC, 5), "not of the uwsgi protocol"),
])
def test_node_that_lies(bask: Bask, answer: bytes, why: str) -> None:
    server, _ = start(bask, workers=0)
    node = Node(answer)
    assert ask(server, "uwsgi.rpc(%r, 'f')" % node.where) == "None"
    server.wait_log("rpc f@%s: .*%s" % (node.where, why))
    node.close()


def test_node_that_never_answers(bask: Bask) -> None:
    server, _ = start(bask, "--socket-timeout", "1", "--threads", "2", workers=0)
    node = Node(b"", silent=True)
    assert ask(server, "uwsgi.rpc(%r, 'f')" % node.where) == "None"
    server.wait_log("no answer in time")
    node.close()


def test_waiting_for_a_node_stops_nobody_else(bask: Bask) -> None:
    """The call lets other threads of Python go on."""
    server, _ = start(bask, "--threads", "2", workers=0)
    node = Node(b"", silent=True)
    with server.connect() as connection:
        call = b"uwsgi.rpc(%r, 'f')" % node.where.encode()
        call = call.replace(b"b'", b"'")
        connection.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
                        % (len(call), call))
        wait_until(lambda: node.kept, "the call waits")
        assert [ask(server, "1 + 1") for _ in range(5)] == ["2"] * 5
        node.close()
        assert connection.answer().text == "None"


def test_functions_of_a_new_version(bask: Bask) -> None:
    server, where = start(bask)
    (server.folder / "defined.py").write_text("uwsgi.register_rpc('join', lambda: 'new')")
    server.send_signal(signal.SIGHUP)
    server.wait_log("reloaded: generation 2 serves")
    wait_until(lambda: send(where, b"join") == packet(b"new", RPC), "the new function answers")
    assert send(where, b"who") == b""


def test_calls_during_reloads(bask: Bask) -> None:
    server, where = start(bask)
    for turn in range(2):
        server.send_signal(signal.SIGHUP)
        done = "reloaded: generation %d serves" % (turn + 2)
        while done not in server.log():
            assert send(where, b"join", b"a") == packet(b"a", RPC)


DECORATED = """
from uwsgidecorators import *
@rpc("sum")
def add(*numbers):
    return str(sum(map(int, numbers)))
@signal(200, target="workers")
def on_signal(number):
    note("signal %d" % number)
@timer(1, target="worker1")
def on_timer(number):
    note("timer")
@mstimer(50)
def on_mstimer(number):
    note("mstimer")
@rbtimer(1, iterations=1, signum=99)
def on_rbtimer(number):
    note("rbtimer %d" % number)
@cron(-1, -1, -1, -1, -1)
def on_cron(number):
    note("cron")
@filemon("watched")
def on_file(number):
    note("file")
"""


def test_decorators(bask: Bask) -> None:
    (bask.folder / "defined.py").write_text(DECORATED)
    server = bask.app("services", workers=2)
    assert ask(server, "uwsgi.call('sum', '1', '2')") == "b'3'"
    assert ask(server, "add(4, 5)") == "'9'"  # it stays a function
    assert ask(server, "uwsgi.signal(200)") == "None"
    (server.folder / "watched").write_text("new")
    wanted = {"signal 200", "timer", "mstimer", "rbtimer 99", "file"}
    seen = server.folder / "seen"
    wait_until(lambda: seen.exists() and wanted <= set(seen.read_text().splitlines()),
               "all of them ran")
    assert seen.read_text().count("rbtimer") == 1
