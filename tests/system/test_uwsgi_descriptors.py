"""chunked_read, and what the uwsgi module does with descriptors."""
import socket
import time
from typing import Iterator

import pytest

from support.client import make_request
from support.server import Bask, Server

CHUNKED = {"Transfer-Encoding": "chunked"}


@pytest.fixture
def server(bask: Bask) -> Server:
    return bask.app("talking", "--post-buffering", "0", "--threads", "2", workers=1)


@pytest.fixture
def services(bask: Bask) -> Server:
    (bask.folder / "defined.py").write_text("import os, time, select")
    return bask.app("services", "--threads", "2", workers=1)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        opened.listen()
        opened.settimeout(20)
        yield opened


def ask(server: Server, expression: str) -> str:
    return server.post("/", expression.encode()).text


def test_pieces_come_as_they_are_sent(server: Server) -> None:
    with server.connect() as connection:
        connection.send(make_request("POST", "/chunks", CHUNKED))
        for size in (1, 300, 70000):
            connection.send(b"%x\r\n" % size + b"x" * size + b"\r\n")
            if size == 1:
                answer = connection.start_answer("POST")
            while size > 0:  # a large one may come in several
                size -= int(answer.readline())
            assert size == 0
        connection.send(b"0\r\n\r\n")
        assert answer.read() == b"0\n"


def test_bodies_that_are_there_already(bask: Bask, server: Server) -> None:
    buffered = bask.app("talking")
    assert buffered.post("/chunks", b"2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n", CHUNKED).body == b"5\n0\n"
    assert buffered.post("/chunks", b"whole").body == b"5\n0\n"
    assert buffered.get("/chunks").body == b"0\n"
    assert server.post("/chunks", b"y" * 100000, {}).body.endswith(b"\n0\n")


def test_without_waiting(server: Server) -> None:
    with server.connect() as connection:
        connection.send(make_request("POST", "/chunks_nb", CHUNKED))
        time.sleep(0.1)  # nothing is wrong if that is too short: then there is one None less
        connection.send(b"2\r\nab\r\n0\r\n\r\n")
        assert connection.answer("POST").body in (b"[None, b'ab', b'']", b"[b'ab', b'']")


def test_limits_of_time(bask: Bask, server: Server) -> None:
    with server.connect() as connection:
        connection.send(make_request("POST", "/impatient?x", CHUNKED) + b"1\r\na\r\n")
        assert connection.answer("POST").text == "timeout during read of the request body"
    other = bask.app("talking", "--post-buffering", "0", "--chunked-input-timeout", "100ms")
    with other.connect() as connection:
        connection.send(make_request("POST", "/impatient", CHUNKED))
        assert connection.answer("POST").text == "timeout during read of the request body"
    with server.connect() as connection:
        connection.send(make_request("POST", "/chunks", CHUNKED) + b"1\r\na\r\n")
        assert connection.start_answer("POST").readline() == b"1\n"
        connection.send(b"zz\r\n")
        connection.rest()
    server.complained("OSError: the request body is malformed")


def test_waits_that_are_yielded(server: Server) -> None:
    assert server.get("/yields").body == b"1 now 1 -1 1"


def test_an_answer_by_hand(server: Server) -> None:
    with server.connect() as connection:
        connection.send(make_request("GET", "/raw"))
        assert connection.bytes(29) == b"HTTP/1.0 299 By hand\r\n\r\nasks "
        connection.send(b"ten bytes!")
        assert connection.rest() == b"got ten bytes!"
    assert server.get("/told").status == 200


def test_connections_of_the_application(services: Server, listener: socket.socket) -> None:
    address = "127.0.0.1:%d" % listener.getsockname()[1]
    fd = int(ask(services, "uwsgi.connect(%r)" % address))
    peer, _ = listener.accept()
    with peer:
        assert ask(services, "uwsgi.is_connected(%d)" % fd) == "True"
        assert ask(services, "uwsgi.send(%d, b'one\\0two')" % fd) == "True"
        assert peer.recv(100) == b"one\0two"
        assert ask(services, "uwsgi.send(%d, 'text')" % fd) == "True"
        assert peer.recv(100) == b"text"
        peer.send(b"three\0four")
        assert ask(services, "uwsgi.recv(%d)" % fd) == "b'three\\x00four'"
        peer.send(b"five")
        assert ask(services, "uwsgi.recv(%d, 2)" % fd) == "b'fi'"
    assert ask(services, "uwsgi.recv(%d)" % fd) == "b've'"
    assert ask(services, "uwsgi.recv(%d)" % fd) == "None"
    assert ask(services, "uwsgi.close(%d)" % fd) == "None"
    assert ask(services, "uwsgi.recv(%d), uwsgi.send(%d, b'x')" % (fd, fd)) == "(None, None)"


def test_connecting_in_the_background(services: Server, listener: socket.socket) -> None:
    address = "127.0.0.1:%d" % listener.getsockname()[1]
    fd = int(ask(services, "uwsgi.async_connect(%r)" % address.encode()))
    waited = "(uwsgi.wait_fd_write({0}, 20), uwsgi.suspend(), uwsgi.ready_fd() == {0})"
    assert ask(services, waited.format(fd)) == "(b'', True, True)"
    assert ask(services, "uwsgi.is_connected(%d)" % fd) == "True"
    ask(services, "uwsgi.close(%d)" % fd)
    assert ask(services, "uwsgi.connect('/no/such/socket')") == "-1"
    assert ask(services, "uwsgi.async_connect('no address')") == "-1"


def test_what_one_request_waits_for_is_not_the_nexts(bask: Bask) -> None:
    (bask.folder / "defined.py").write_text("import os\npipe = os.pipe()")
    server = bask.app("services")
    ask(server, "uwsgi.wait_fd_read(pipe[0])")
    assert ask(server, "uwsgi.suspend(), uwsgi.ready_fd()") == "(True, -1)"


def test_continulets_are_refused_with_what_to_use_instead(bask: Bask) -> None:
    assert "use --threads 100" in bask.refused("--async", "100", "--wsgi-file", "x.py")
    said = bask.refused("--pypy-eval", "uwsgi_pypy_setup_continulets()", "--need-app", status=22)
    assert "use --threads N" in said
    assert bask.app("talking", "--async", "1").get("/told").status == 200
