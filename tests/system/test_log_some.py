"""Lines of the access log in a server that writes none for most requests."""
import re
import socket
from typing import List

import pytest

from support import fastcgi
from support.client import make_request
from support.server import Bask, Server
from support.wait import wait_until


def lines(server: Server) -> List[str]:
    return re.findall(r"\[pid: .*", server.log())


@pytest.mark.null
@pytest.mark.parametrize("options, path, note", [
    (["--log-5xx"], "/fail", "500"),
    (["--log-4xx", "--static-map", "/file=."], "/file/it", r"\(HTTP/1.1 412\)"),
    (["--log-big", "1000"], "/bytes/1000", "generated 1000 bytes"),
    (["--log-zero"], "/bytes/0", "generated 0 bytes"),
    (["--log-slow", "100"], "/sleep/100", r"in 1\d\d msecs"),
    (["--log-sendfile", "--static-map", "/file=."], "/file/it", r"via sendfile\(\)"),
])
def test_rules(bask: Bask, options: List[str], path: str, note: str) -> None:
    (bask.folder / "it").write_bytes(b"x" * 300000)
    server = bask.null("--disable-logging", *options)
    assert server.get("/bytes/10").status == 200
    server.get(path, {"If-Match": '"other"'} if "--log-4xx" in options else None)
    wait_until(lambda: lines(server), "the request has a line")
    assert len(lines(server)) == 1 and re.search(note, lines(server)[0]), lines(server)
    assert re.search(r" in \d{1,4} msecs", lines(server)[0]), lines(server)


@pytest.mark.null
def test_files_that_are_copied_are_not_sent_by_the_kernel(bask: Bask) -> None:
    (bask.folder / "it").write_bytes(b"x" * 300000)
    where = "127.0.0.1:%d" % bask.ports.take()
    server = bask.null("--disable-logging", "--log-sendfile", "--static-map", "/file=.",
                       "--fastcgi-socket", where, workers=1)
    with socket.create_connection(("127.0.0.1", int(where.split(":")[1]))) as gateway:
        gateway.sendall(fastcgi.request(path="/file/it"))
        assert len(fastcgi.answer(gateway.makefile("rb").read()).body) == 300000
    server.raw(make_request("GET", "/fail-late"))
    assert server.get("/file/it").status == 200
    wait_until(lambda: lines(server), "the last has a line")
    assert len(lines(server)) == 1, lines(server)


@pytest.mark.null
def test_client_that_leaves(bask: Bask) -> None:
    server = bask.null("--disable-logging", "--log-ioerror")
    with server.connect() as connection:
        connection.send(make_request("GET", "/stream/100000"))
        connection.line()
    server.wait_log("the client left")
    wait_until(lambda: lines(server), "the request has a line")
    assert server.get("/").status == 200
    assert len(lines(server)) == 1


@pytest.mark.null
def test_rules_change_nothing_where_all_are_logged(bask: Bask) -> None:
    server = bask.null("--log-5xx")
    server.get("/")
    wait_until(lambda: len(lines(server)) == 1, "the request has a line")


def start(bask: Bask, *options: str) -> Server:
    (bask.folder / "defined.py").write_text("")
    return bask.app("services", *options)


def ask(server: Server, expression: str) -> str:
    return server.post("/", expression.encode()).text


def test_request_that_asks_for_its_line(bask: Bask) -> None:
    server = start(bask, "--disable-logging")
    ask(server, "uwsgi.micros()")
    assert ask(server, "time.sleep(0.2) or uwsgi.log_this_request()") == "None"
    server.wait_log(r"POST / => generated 4 bytes in (19\d|[2-9]\d\d|\d{4}) msecs")
    ask(server, "uwsgi.micros()")
    ask(server, "uwsgi.log_this_request()")
    wait_until(lambda: len(lines(server)) >= 2, "the second one has its line")
    assert len(lines(server)) == 2


def counts(server: Server, expression: str) -> List[int]:
    """Variables and their bytes, as the line of a request has them."""
    before = len(lines(server))
    ask(server, expression)
    wait_until(lambda: len(lines(server)) > before, "it has a line")
    found = re.search(r"\{(\d+) vars in (\d+) bytes\}", lines(server)[before])
    assert found
    return [int(number) for number in found.groups()]


def test_variables_that_the_application_adds(bask: Bask) -> None:
    server = start(bask)
    added = counts(server, "uwsgi.add_var('USER', b'eve') and uwsgi.add_var(b'A', '')")
    plain = counts(server, "uwsgi.micros() and uwsgi.micros(1) if False else 'xxxxxxxxxxxxx'")
    assert added[0] == plain[0] + 2
    many = ask(server, "[uwsgi.add_var('NAME', 'value') for _ in range(300)]")
    assert many.startswith("ValueError: the request has too many variables")
    assert ask(server, "uwsgi.add_var('large', b'x' * 65536)").startswith("ValueError")
    assert ask(server, "uwsgi.add_var(1, 2)").startswith("TypeError")
    assert ask(server, "uwsgi.add_var('USER', 'eve')") == "True"


@pytest.mark.parametrize("call", ["log_this_request()", "add_var('a', 'b')"])
def test_threads_without_a_request(bask: Bask, call: str) -> None:
    server = start(bask)
    ask(server, "exec('''def ask():\\n"
                "    try: note(uwsgi.%s)\\n"
                "    except SystemError as error: note(error)\\n"
                "thread = threading.Thread(target=ask)\\n"
                "thread.start()\\n"
                "thread.join()''', globals())" % call.replace("'", '"'))
    assert (server.folder / "seen").read_text() == \
        "you can call uwsgi api function only from the main callable\n"
