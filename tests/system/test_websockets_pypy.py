"""The websocket_* functions of the uwsgi module, with a client library."""
import json
import os
import signal
from typing import Any, Callable, Dict

import pytest

from support.frames import FIELDS, KEY, shake_hands
from support.nginx import UWSGI_PASS, Nginx
from support.server import Bask, Server
from support.wait import wait_until
from test_websockets import connect, end_of, through


@pytest.fixture
def server(bask: Bask) -> Server:
    return bask.app("talking", "--threads", "4", workers=1)


def told(server: Server) -> Dict[str, Any]:
    found: Dict[str, Any] = json.loads(server.get("/told").body)
    return found


def test_an_application_ends_with_its_client(server: Server) -> None:
    client = connect(server.address, "/echo", origin="http://localhost")
    for text in ("", "one", "\xe4" * 40000):
        client.send(text)
        assert client.recv() == text
    client.close()
    server.wait_log(r"GET /echo => .*\(stream\)")
    assert told(server)["exceptions"] == 0 and "Traceback" not in server.log()


@pytest.mark.parametrize("form, chosen", [
    ("none", "chat"), ("text", "other"), ("bytes", "other"), ("empty", "chat"), ("named", None)])
def test_arguments_of_the_handshake(server: Server, form: str, chosen: str) -> None:
    client = connect(server.address, "/arguments?" + form,
                     header=["Sec-WebSocket-Protocol: chat, other"])
    assert client.getheaders().get("sec-websocket-protocol") == chosen
    assert [client.recv_data() for _ in range(4)] == [
        (1, b"text \xc3\xa4"), (1, b"bytes"), (2, b"text"), (2, b"\0\xff")]
    assert end_of(client) == (1000, "")


@pytest.mark.parametrize("way", ["none", "text", "list", "bytes"])
def test_what_is_returned_is_nobodys(server: Server, way: str) -> None:
    client = connect(server.address, "/ends")
    client.send(way)
    client.send_close(3456, b"enough")
    assert end_of(client)[0] == 3456
    wait_until(lambda: told(server)["seen"] == ["WebSocketClosed 3456 enough"] + 3 * ["over"],
               "the application has seen why")
    assert told(server)["exceptions"] == 0


def test_ends_of_the_application(server: Server) -> None:
    for way, end in (("answers", (1000, "")), ("sends a file", (1000, "")),
                     ("closes", (4001, "gr\xfc\xdfe"))):
        client = connect(server.address, "/ends")
        client.send(way)
        assert end_of(client) == end
        client.close()
    client = connect(server.address, "/ends")
    client.send("fails")
    assert end_of(client) == (1011, "")
    server.complained("GET /ends: the application raised:\n(?s:.*)LookupError: in a websocket")
    assert told(server)["exceptions"] == 1


def test_connection_that_breaks_off(server: Server) -> None:
    with server.connect() as connection:
        shake_hands(connection, "/ends", b"\x81\x84mask\x03\x0e\x1d\x0e")  # "none"
    wait_until(lambda: told(server)["seen"][:1] == ["WebSocketClosed 1006 the client has left"],
               "the application has seen it")


def test_without_waiting(server: Server) -> None:
    client = connect(server.address, "/polls")
    client.send("first")
    assert str(client.recv()).startswith("first after ")
    client.send("second")
    assert client.recv() == "second after some"
    client.close()


def test_chat_as_in_the_example(server: Server) -> None:
    client = connect(server.address, "/chat")
    client.send("hello")
    assert client.recv() == "from the client: hello"
    server.get("/tell?news")
    assert client.recv() == "from elsewhere: news"
    client.send("again")
    assert client.recv() == "from the client: again"
    client.close()


def test_request_that_wants_none(server: Server) -> None:
    answer = server.get("/arguments?none", {"Sec-WebSocket-Key": KEY})
    assert answer.status == 426 and answer.headers["Sec-WebSocket-Version"] == "13"
    assert told(server)["exceptions"] == 0 and "Traceback" not in server.log()
    page = server.get("/maybe")
    assert page.status == 200 and "asks for no WebSocket" in page.text
    assert server.get("/maybe", FIELDS).status == 101


def test_python_has_its_turn_while_a_message_is_waited_for(bask: Bask) -> None:
    """The handler of a signal runs in the thread that waits in C."""
    server = bask.app("talking")
    client = connect(server.address, "/echo")
    client.send("x")
    assert client.recv() == "x"
    os.kill(server.pid, signal.SIGUSR2)
    client.send("y")
    assert client.recv() == "y"
    client.close()
    wait_until(lambda: told(server)["seen"] == ["signal"], "the handler has run")


def test_reload_says_1001_and_ends_the_application(server: Server) -> None:
    before = server.workers()
    client = connect(server.address, "/echo")
    client.send("x")
    assert client.recv() == "x"
    server.send_signal(signal.SIGHUP)
    assert end_of(client) == (1001, "")
    client.close()
    wait_until(lambda: not set(before) & set(server.workers()), "the old worker ends")
    again = connect(server.address, "/echo")
    again.send("x")
    assert again.recv() == "x"
    again.close()


def test_warm_up_talks_to_nobody(bask: Bask) -> None:
    fields = "".join("%s: %s\r\n" % field for field in {"Host": "x", **FIELDS}.items())
    (bask.folder / "requests").write_text(
        "GET /echo HTTP/1.1\r\n%s\r\nGET /told HTTP/1.1\r\nHost: x\r\n\r\n" % fields)
    server = bask.app("talking", "--warmup-file", "requests", "--warmup-seconds", "2", workers=1)
    assert "Traceback" not in server.log()
    client = connect(server.address, "/echo")
    client.send("x")
    assert client.recv() == "x"
    client.close()


def test_behind_nginx(bask: Bask, nginx: Callable[[str, str], Nginx]) -> None:
    gateway = "127.0.0.1:%d" % bask.ports.take()
    bask.app("talking", "--socket", gateway)
    assert through(nginx, UWSGI_PASS + " rewrite ^ /echo break;", gateway) == [
        "one", "x" * 70000, "three"]
