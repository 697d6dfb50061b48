"""Tasks that come over a uwsgi socket (modifier 17), and uwsgi.send_message, which sends them."""
import os
import socket
import struct
import threading
from typing import Any, Dict, List, Tuple

import pytest

from support import processes
from support.aides import ask, seen, spooled, wait_born, wait_seen
from support.client import Address, Connection
from support.server import Bask, Server
from support.uwsgi import packet, variables
from support.wait import wait_until

TASK = 17
YES, NO = bytes([255, 0, 0, 1]), bytes([255, 0, 0, 0])


def say(address: Address, data: bytes) -> bytes:
    """What the socket answers; a reset is as good as an end."""
    try:
        with Connection(address) as connection:
            connection.send(data)
            return connection.rest()
    except ConnectionError:
        return b""


def send(address: Address, items: Dict[str, str], modifier2: int = 0) -> bytes:
    return say(address, packet(variables(items), TASK, modifier2))


def null(bask: Bask, *options: str, **how: Any) -> Tuple[Server, Address]:
    where: Address = ("127.0.0.1", bask.ports.take())
    options = ("--socket", "%s:%d" % where, "--spooler", "tasks", *options)
    return bask.null(*options, workers=1, **how), where


def stop_spooler(server: Server) -> None:
    """So that tasks stay where they are."""
    processes.stop(wait_born(server, "spooler"))


def go_on(server: Server) -> None:
    os.kill(wait_born(server, "spooler"), 18)


@pytest.mark.null
def test_packet_is_the_file(bask: Bask) -> None:
    server, where = null(bask)
    stop_spooler(server)
    block = variables({"a": "b", "empty": "", "body": "an item as any other"})
    assert say(where, packet(block, TASK, 9)) == YES
    (path,) = spooled(bask.folder / "tasks")
    assert path.read_bytes() == packet(block, TASK)
    assert path.stat().st_mode & 0o777 == 0o600
    go_on(server)
    wait_until(lambda: not spooled(bask.folder / "tasks"), "it is done")
    server.wait_log(r"SPOOL task => .*\(uwsgi 200\)")


@pytest.mark.null
def test_where_and_when(bask: Bask) -> None:
    (bask.folder / "outside").mkdir()
    server, where = null(bask, "--spooler-external", "outside")
    stop_spooler(server)
    outside = os.path.realpath(bask.folder / "outside")
    assert send(where, {"a": "b", "spooler": outside}) == YES
    assert len(spooled(bask.folder / "outside")) == 1
    assert send(where, {"a": "b", "priority": "3", "at": "2000000000.75"}) == YES
    (path,) = (bask.folder / "tasks" / "3").iterdir()
    assert path.stat().st_mtime == 2000000000
    path.unlink()
    go_on(server)


@pytest.mark.null
@pytest.mark.parametrize("items", [
    {"spooler": "/tmp"}, {"spooler": "tasks"}, {"spooler": "{folder}/tasks/."},
    {"spooler": "{folder}/tasks/../tasks"}, {"spooler": "{folder}/tasks\0"},
    {"priority": "../1"}, {"priority": "1\0"}, {"priority": "-1"}, {"priority": "9" * 19},
    {"at": "soon"}, {"at": "-1"}, {"at": "9" * 30}])
def test_refused(bask: Bask, items: Dict[str, str]) -> None:
    server, where = null(bask)
    filled = {key: value.replace("{folder}", os.path.realpath(bask.folder))
              for key, value in items.items()}
    assert send(where, {"a": "b", **filled}) == NO
    assert not spooled(bask.folder)
    server.complained("a task for the spooler is refused")
    assert send(where, {"a": "b"}) == YES
    server.wait_log("null: spooler 1: ")


@pytest.mark.null
@pytest.mark.parametrize("body", [
    b"\1", b"\1\0", b"\1\0a", b"\1\0a\1", b"\1\0a\1\0", b"\0\0\1\0v", b"\1\0k\xff\xffv",
    b"\1\0k\1\0v\1\0z"])
def test_lying_packets_close(bask: Bask, body: bytes) -> None:
    server, where = null(bask)
    assert say(where, packet(body, TASK)) == b""
    assert not spooled(bask.folder)
    server.complained("a malformed call or task")
    assert send(where, {"a": "b"}) == YES


@pytest.mark.null
def test_truncated_packet_is_none(bask: Bask) -> None:
    server, where = null(bask)
    whole = packet(variables({"a": "b"}), TASK)
    for size in range(1, len(whole)):
        with Connection(where) as connection:
            connection.send(whole[:size])
    assert say(where, b"".join([whole, b"what is behind it"])) == YES
    wait_until(lambda: server.log().count("null: spooler 1: ") == 1, "one task is done")
    assert server.get("/").status == 200


@pytest.mark.null
def test_largest_packet_and_one_over_buffer_size(bask: Bask) -> None:
    server, where = null(bask, "--buffer-size", "8k")
    big = {"a": "x" * (8192 - 5)}
    assert send(where, big) == YES
    server.wait_log("null: spooler 1: ")
    assert send(where, {"a": "x" * 8192}) == b""
    server.complained("larger than buffer-size")


@pytest.mark.null
def test_no_spooler(bask: Bask) -> None:
    where: Address = ("127.0.0.1", bask.ports.take())
    bask.null("--socket", "%s:%d" % where)
    assert send(where, {"a": "b"}) == NO


@pytest.mark.null
def test_folder_that_cannot_be_written(bask: Bask) -> None:
    server, where = null(bask)
    stop_spooler(server)
    (bask.folder / "tasks").rmdir()
    for _ in range(5):
        assert send(where, {"a": "b"}) == NO
    server.complained("a task that came over the network is not kept: .*No such file")
    assert server.log().count("is not kept") == 1
    server.complained("a task for the spooler could not be kept")
    (bask.folder / "tasks").mkdir()
    assert send(where, {"a": "b"}) == YES
    go_on(server)


@pytest.mark.null
@pytest.mark.parametrize("threads", ["1", "3"])
def test_many_at_once_and_none_is_lost(bask: Bask, threads: str) -> None:
    server, where = null(bask, "--threads", threads, "--disable-logging")
    answers: List[bytes] = []

    def client() -> None:
        answers.extend(send(where, {"a": "b"}) for _ in range(25))

    clients = [threading.Thread(target=client) for _ in range(4)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    assert answers == [YES] * 100
    wait_until(lambda: server.log().count("null: spooler 1: ") == 100, "all are done")


@pytest.mark.null
def test_allowed_modifiers(bask: Bask) -> None:
    server, where = null(bask, "--allowed-modifiers", "0, 100")
    assert send(where, {"a": "b"}) == b""
    server.complained("--allowed-modifiers does not name it")
    assert say(where, packet(b"", 110, 1)) == b""
    assert say(where, packet(b"", 100)) == bytes([100, 0, 0, 1])
    assert say(where, packet(variables({"REQUEST_METHOD": "GET", "PATH_INFO": "/"}))).endswith(
        b"Hello, World!")
    assert not spooled(bask.folder)


@pytest.mark.null
@pytest.mark.parametrize("text", ["x", "0,", "256", "0;1"])
def test_modifiers_that_are_none(bask: Bask, text: str) -> None:
    assert "--allowed-modifiers: \"%s\", expected numbers" % text in bask.refused(
        "--plugin", "null", "--allowed-modifiers", text)


# From Python to Python


HANDLER = ("def spooler(env):\n"
           "    note(sorted((k if isinstance(k, str) else k.decode(), v) for k, v in env.items()\n"
           "                if k != 'spooler_task_name'))\n"
           "    return uwsgi.SPOOL_OK\n"
           "uwsgi.spooler = spooler\n"
           "uwsgi.register_rpc('double', lambda x: x + x)\n")


def python(bask: Bask, *options: str) -> Tuple[Server, str]:
    where = "127.0.0.1:%d" % bask.ports.take()
    (bask.folder / "defined.py").write_text(HANDLER)
    return bask.app("services", "--socket", where, "--threads", "2", *options, workers=1), where


def test_task_of_python(bask: Bask) -> None:
    server, where = python(bask, "--spooler", "tasks")
    sent = "uwsgi.send_message(%r, 17, 0, {'to': 'eve', b'n': b'\\0', 'priority': '1'})" % where
    assert ask(server, sent) == "True"
    wait_seen(server, "[('n', b'\\x00'), ('priority', b'1'), ('to', b'eve')]")
    assert ask(server, "uwsgi.send_message(%r, 17, 0, {'spooler': '/'})" % where) == "None"
    server.complained("refused")


def test_task_of_the_decorators(bask: Bask) -> None:
    """What a client sends is what @spool makes of a call."""
    (bask.folder / "defined.py").write_text(
        "from uwsgidecorators import spool\n@spool\ndef work(arguments):\n"
        "    note(arguments['x'])\n")
    where = "127.0.0.1:%d" % bask.ports.take()
    server = bask.app("services", "--socket", where, "--spooler", "tasks", "--threads", "2",
                      workers=1)
    ask(server, "uwsgi.send_message(%r, 17, 0, {'ud_spool_func': 'work', 'ud_spool_ret': '-2',"
                " 'x': 'done'})" % where)
    wait_seen(server, "done")
    wait_until(lambda: not spooled(bask.folder), "the task is gone")


def test_other_messages(bask: Bask) -> None:
    server, where = python(bask)
    call = repr(struct.pack("<H", 6) + b"double" + struct.pack("<H", 1) + b"z")
    assert ask(server, "uwsgi.send_message(%r, 173, 1, %s)" % (where, call)) == "b'zz'"
    assert ask(server, "uwsgi.send_message(%r, 100, 0, '')" % where) == "b''"
    assert ask(server, "uwsgi.send_message(%r, 110, 9, b'')" % where) == "True"
    assert ask(server, "uwsgi.send_message(%r, 0, 0, {'REQUEST_METHOD': 'POST', 'PATH_INFO': '/'})"
               "[:15]" % where) == "b'HTTP/1.1 200 OK'"
    assert ask(server, "uwsgi.send_message(%r, 77, 0, '')" % where) == "b''"
    server.complained("only the modifiers")


@pytest.mark.parametrize("arguments, error", [
    ("'127.0.0.1:1', 17, 0, {}", "OSError: 127.0.0.1:1: "),
    ("'nonsense', 17, 0, {}", "OSError"),
    ("'127.0.0.1:1', 256, 0, {}", "ValueError: a modifier"),
    ("'127.0.0.1:1', 0, -1, {}", "ValueError: a modifier"),
    ("'127.0.0.1:1', 0, 0, 'x' * 65536", "ValueError: a message has at most 64 KiB"),
    ("'127.0.0.1:1', 0, 0, {'': 'x'}", "ValueError"),
    ("'127.0.0.1:1', 0, 0, 1", "TypeError"),
    ("'127.0.0.1:1', 0, 0, b'', -1", "ValueError: a time-out")])
def test_messages_that_cannot_be_sent(bask: Bask, arguments: str, error: str) -> None:
    server, _ = python(bask)
    assert ask(server, "uwsgi.send_message(%s)" % arguments).startswith(error)
    assert seen(server) == []


def test_peer_that_says_nothing(bask: Bask) -> None:
    server, _ = python(bask)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        where = "127.0.0.1:%d" % silent.getsockname()[1]
        assert ask(server, "uwsgi.send_message(%r, 17, 0, {'a': 'b'}, 0.2)" % where) == (
            "OSError: %s: no answer in time" % where)
