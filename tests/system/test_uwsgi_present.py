"""What the module says of the present request and of the process."""
import time

import pytest

from support import processes
from support.client import make_request
from support.server import Bask, Server
from support.wait import wait_until


@pytest.fixture
def server(bask: Bask) -> Server:
    (bask.folder / "defined.py").write_text("")
    return bask.app("services", workers=1)


def ask(server: Server, expression: str) -> str:
    return server.post("/", expression.encode()).text


def test_numbers_of_requests(server: Server) -> None:
    first = int(ask(server, "uwsgi.request_id()"))
    assert [int(ask(server, "uwsgi.request_id()")) for _ in range(3)] == \
        [first + 1, first + 2, first + 3]


def test_length(server: Server) -> None:
    assert ask(server, "uwsgi.cl()") == "10"
    assert server.request("GET").text == "None"


def test_descriptor_is_the_clients(server: Server) -> None:
    with server.connect() as connection:
        number = int(connection.request("POST", "/", body=b"uwsgi.connection_fd()").text)
        assert processes.descriptors(server.roster()[1])[number].startswith("socket:")


def test_disconnect(server: Server) -> None:
    asked = b"uwsgi.disconnect() or note('goes on')"
    with server.connect() as connection:
        connection.send(make_request("POST", "/", body=asked))
        assert connection.rest() == b""
    wait_until(lambda: ask(server, "lines()") == "1", "the application went on")


@pytest.mark.parametrize("call", ["request_id()", "connection_fd()", "cl()", "disconnect()",
                                  "get_logvar('a')", "set_logvar('a', 'b')"])
def test_threads_without_a_request(server: Server, call: str) -> None:
    ask(server, "exec('''def ask():\\n"
                "    try: note(uwsgi.%s)\\n"
                "    except SystemError as error: note(error)\\n"
                "thread = threading.Thread(target=ask)\\n"
                "thread.start()\\n"
                "thread.join()''', globals())" % call)
    assert (server.folder / "seen").read_text() == \
        "you can call uwsgi api function only from the main callable\n"


def test_log_variables(server: Server) -> None:
    assert ask(server, "uwsgi.set_logvar('a', b'1') or uwsgi.set_logvar(b'b', 'x' * 300)"
                       " or (uwsgi.get_logvar('a'), len(uwsgi.get_logvar('b')),"
                       " uwsgi.get_logvar(b'c'))") == "(b'1', 300, None)"
    assert ask(server, "uwsgi.get_logvar('a')") == "None"  # the next request has none


@pytest.mark.parametrize("name", ["my worker", b"my worker"])
def test_process_name(server: Server, name: object) -> None:
    assert ask(server, "uwsgi.setprocname(%r)" % name) == "None"
    with open("/proc/%d/cmdline" % server.roster()[1]) as file:
        assert file.read().rstrip("\0") == "my worker"


def test_clock_and_readiness(server: Server) -> None:
    assert abs(int(ask(server, "uwsgi.micros()")) / 1e6 - time.time()) < 60
    assert ask(server, "uwsgi.ready()") == "True"
    assert ask(server, "uwsgi.accepting()") == ask(server, "uwsgi.accepting(0)") == "None"


def test_listen_queue(server: Server) -> None:
    assert ask(server, "uwsgi.listen_queue()") == "0"
    assert ask(server, "uwsgi.listen_queue(0)") == "0"
    assert ask(server, "uwsgi.listen_queue(1)").startswith("ValueError")


def test_size_of_the_log(server: Server) -> None:
    before = int(ask(server, "uwsgi.logsize()"))
    assert before > 0
    ask(server, "uwsgi.log('x' * 1000)")
    assert int(ask(server, "uwsgi.logsize()")) >= before + 1000


SENDING = """
import uwsgi

def application(environ, start_response):
    write = start_response("200 OK", [])
    if environ["PATH_INFO"] == "/piece":
        write(b"before ")
        uwsgi.sendfile("content", 0, 5, 3)
        return [b" after"]
    uwsgi.sendfile("content", 0, int(environ["QUERY_STRING"] or 0))
    return []
"""


def test_sendfile(bask: Bask) -> None:
    content = bytes(range(256)) * 8192
    (bask.folder / "content").write_bytes(content)
    (bask.folder / "sending.py").write_text(SENDING)
    server = bask.start("--wsgi-file", "sending.py", workers=1)
    with server.connect() as connection:
        for _ in range(50):  # on one connection, so that the JIT has something to do
            whole = connection.request("GET", "/?2000000")
            assert whole.body == content[2000000:]
        assert connection.request("GET", "/").body == content
        assert connection.request("HEAD", "/").status == 200
        assert connection.request("GET", "/piece").body == b"before \x05\x06\x07 after"
