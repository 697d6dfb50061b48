"""Servers that are asked once: --ping, --nagios, --signal, with uWSGI's exit statuses."""
import socket
import threading
from typing import Iterator, Tuple

import pytest

from support.server import Bask, Server
from support.wait import wait_until

HEALTHY = bytes([100, 0, 0, 1])


def asked(bask: Bask, *words: str) -> Tuple[int, str]:
    done = bask.run("--ping-timeout", "5", *words)
    return done.returncode, done.stdout + done.stderr


class Odd:
    """Answers the first packet with what the test wants, and closes."""

    def __init__(self, answer: bytes, keep: bool) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._answer, self._keep = answer, keep
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        self.got = b""
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            self.got = connection.recv(4, socket.MSG_WAITALL)
            connection.sendall(self._answer)
            if self._keep:
                self._end.wait(30)

    def close(self) -> None:
        self._end.set()
        self._thread.join()
        self._listener.close()


def odd_says(bask: Bask, answer: bytes, *words: str, keep: bool = False) -> Tuple[int, str, bytes]:
    odd = Odd(answer, keep)
    try:
        status, said = asked(bask, *(word.replace("ODD", odd.address) for word in words))
        return status, said, odd.got
    finally:
        odd.close()


@pytest.fixture
def server(bask: Bask) -> Iterator[Tuple[Server, str]]:
    (bask.folder / "defined.py").write_text("uwsgi.register_signal(7, 'worker1', handle)")
    where = "127.0.0.1:%d" % bask.ports.take()
    yield bask.app("services", "--socket", where, workers=1), where


def test_server_that_is_well_and_one_that_warns(bask: Bask, server: Tuple[Server, str]) -> None:
    running, where = server
    assert asked(bask, "--ping", where) == (0, "PING %s (timeout: 5 s)\n" % where)
    assert asked(bask, "--socket", where, "--nagios") == (0, "UWSGI OK: %s answers\n" % where)
    (bask.folder / "app.ini").write_text("[uwsgi]\nsocket = %s\nmaster = true\n" % where)
    assert asked(bask, "--ini", "app.ini", "--nagios")[0] == 0
    running.post("/", b"uwsgi.set_warning_message('disk\\nfull')")
    status, said = asked(bask, "--ping", where)
    assert status == 2 and said.endswith("[WARNING] %s: disk full\n" % where)
    assert asked(bask, "--socket", where, "--nagios") == (1, "UWSGI WARNING: disk full\n")


def test_signal(bask: Bask, server: Tuple[Server, str]) -> None:
    where = server[1]
    assert asked(bask, "--signal", where + ",7") == (0, "signal 7 delivered to %s\n" % where)
    seen = bask.folder / "seen"
    wait_until(lambda: seen.exists() and seen.read_text() == "1 7\n", "the handler ran")


@pytest.mark.parametrize("words, status, says", [
    (("--ping", "127.0.0.1:1"), 1, "refused"),
    (("--ping", "nowhere at all:x"), 1, "nowhere"),
    (("--ping", "/no/such/socket"), 1, "No such file"),
    (("--socket", "127.0.0.1:1", "--nagios"), 2, "UWSGI CRITICAL: 127.0.0.1:1: "),
    (("--socket", "127.0.0.1:x", "--nagios"), 3, "UWSGI UNKNOWN: --socket 127.0.0.1:x"),
    (("--nagios",), 3, "UWSGI UNKNOWN: there is no --socket"),
    (("--signal", "127.0.0.1:1,7"), 1, "signal 7 was not delivered"),
    (("--signal", "127.0.0.1:1"), 1, "expected ADDRESS,NUMBER"),
    (("--signal", ",7"), 1, "expected ADDRESS,NUMBER"),
    (("--signal", "127.0.0.1:1,256"), 3, "a number from 0 to 255"),
    (("--signal", "127.0.0.1:1,-1"), 3, "a number from 0 to 255")])
@pytest.mark.null
def test_nobody_is_there(bask: Bask, words: Tuple[str, ...], status: int, says: str) -> None:
    found, said = asked(bask, *words)
    assert found == status and says in said


@pytest.mark.parametrize("answer, status, says", [
    (HEALTHY, 0, ""), (b"", 1, "closed"), (HEALTHY[:3], 1, "closed"),
    (b"HTTP/1.1 400 Bad Request\r\n" * 20, 1, "another protocol"),
    (bytes([100, 0xff, 0xff, 1]) + b"x", 1, "closed"),
    (bytes([100, 0xff, 0xff, 1]) + b"\x1b" * 65535, 2, "[WARNING]")])
@pytest.mark.null
def test_odd_answers_to_a_ping(bask: Bask, answer: bytes, status: int, says: str) -> None:
    found, said, got = odd_says(bask, answer, "--ping", "ODD")
    assert (found, got) == (status, bytes([100, 0, 0, 0])) and says in said
    assert "\x1b" not in said and len(said) < 1000


@pytest.mark.null
def test_odd_answers_to_a_signal(bask: Bask) -> None:
    assert odd_says(bask, bytes([255, 0, 0, 0]), "--signal", "ODD,9")[0] == 2
    assert odd_says(bask, bytes([255, 0, 0, 1]), "--signal", "ODD,255")[2] == bytes([110, 0, 0, 255])


@pytest.mark.null
def test_silence_ends(bask: Bask) -> None:
    for words, status in ((("--ping", "ODD"), 1), (("--socket", "ODD", "--nagios"), 2)):
        found, said, _ = odd_says(bask, b"", *words, "--ping-timeout", "200ms", keep=True)
        assert found == status and "no answer in time" in said
