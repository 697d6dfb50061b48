"""uwsgi.set_warning_message: what pings and the status say."""
import json
from typing import Tuple

from support.client import Connection
from support.server import Bask, Server
from support.uwsgi import packet


def start(bask: Bask) -> Tuple[Server, str]:
    (bask.folder / "defined.py").write_text("")
    where = "127.0.0.1:%d" % bask.ports.take()
    return bask.app("services", "--socket", where, "--control-socket", "control", workers=2), where


def ask(server: Server, expression: str) -> str:
    return server.post("/", expression.encode()).text


def ping(where: str) -> bytes:
    host, _, port = where.rpartition(":")
    with Connection((host, int(port))) as connection:
        connection.send(packet(b"", 100))
        return connection.rest()


def test_pings_and_status_have_it(bask: Bask) -> None:
    server, where = start(bask)
    assert ping(where) == bytes([100, 0, 0, 1])
    assert "warns" not in server.ctl("status").stdout
    assert json.loads(server.ctl("status", "--json").stdout)["warning"] == ""
    assert ask(server, "uwsgi.set_warning_message('disk \"full\"\\n')") == "True"
    for _ in range(4):  # whichever worker answers
        assert ping(where) == bytes([100, 12, 0, 1]) + b'disk "full"\n'
    assert "the application warns: disk \"full\" \n" in server.ctl("status").stdout
    assert json.loads(server.ctl("status", "--json").stdout)["warning"] == 'disk "full"\n'
    ask(server, "uwsgi.set_warning_message(b'')")
    assert ping(where) == bytes([100, 0, 0, 1])


def test_long_ones_are_cut_between_characters(bask: Bask) -> None:
    server, where = start(bask)
    assert ask(server, "uwsgi.set_warning_message('x' + '\\u20ac' * 40)") == "True"
    server.complained("a warning has at most 80 bytes")
    text = "x" + "\u20ac" * 26
    assert ping(where)[4:] == text.encode()
    assert json.loads(server.ctl("status", "--json").stdout)["warning"] == text


def test_it_is_the_servers(bask: Bask) -> None:
    """It outlives the worker that said it."""
    server, where = start(bask)
    ask(server, "uwsgi.set_warning_message('still')")
    server.send_signal(1)
    server.wait_log("reloaded: generation 2 serves")
    assert ping(where)[4:] == b"still"
