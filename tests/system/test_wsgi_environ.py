"""The environ of PEP 3333."""
import json
import socket
from typing import Dict

import pytest

from support import uwsgi
from support.client import Address, make_request
from support.server import Bask, Server

REQUIRED = {
    "REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "SERVER_NAME", "SERVER_PORT",
    "SERVER_PROTOCOL", "wsgi.version", "wsgi.url_scheme", "wsgi.input", "wsgi.errors",
    "wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once",
}


@pytest.fixture
def server(bask: Bask) -> Server:
    return bask.app("environ")


def environ(server: Server, raw: bytes) -> Dict[str, str]:
    with server.connect() as connection:
        connection.send(raw)
        shown: Dict[str, str] = json.loads(connection.answer().body)
    return shown


def test_required_keys(server: Server) -> None:
    shown = environ(server, make_request("GET", "/a/b?c=d"))
    assert REQUIRED <= set(shown)
    assert shown["key types"] == ["str"]  # type: ignore[comparison-overlap]
    assert shown["wsgi.version"] == "(1, 0)"
    assert (shown["wsgi.url_scheme"], shown["wsgi.run_once"]) == ("http", "False")
    assert (shown["REQUEST_METHOD"], shown["SCRIPT_NAME"]) == ("GET", "")
    assert (shown["PATH_INFO"], shown["QUERY_STRING"]) == ("/a/b", "c=d")
    assert (shown["REQUEST_URI"], shown["SERVER_PROTOCOL"]) == ("/a/b?c=d", "HTTP/1.1")


def test_query_is_there_where_it_is_empty(server: Server) -> None:
    assert environ(server, make_request("GET", "/"))["QUERY_STRING"] == ""


def test_text_is_latin_1(server: Server) -> None:
    shown = environ(server, make_request("GET", "/caf%C3%A9?caf%C3%A9", {"X-Latin": "caf\xe9"}))
    assert shown["PATH_INFO"] == "/cafÃ©"
    assert shown["QUERY_STRING"] == "caf%C3%A9"
    assert shown["HTTP_X_LATIN"] == "caf\xe9"


def test_method_of_any_name(server: Server) -> None:
    assert environ(server, make_request("BREW", "/"))["REQUEST_METHOD"] == "BREW"


def test_http_1_0(server: Server) -> None:
    shown = environ(server, b"GET / HTTP/1.0\r\n\r\n")
    assert shown["SERVER_PROTOCOL"] == "HTTP/1.0"
    assert "HTTP_HOST" not in shown


@pytest.mark.parametrize("name", ["X-Twice", "Accept", "X-Forwarded-For"])
def test_repeated_headers_are_joined(server: Server, name: str) -> None:
    raw = make_request("GET", "/", {name: "one"})[:-2] + name.encode() + b": two\r\n\r\n"
    assert environ(server, raw)["HTTP_" + name.upper().replace("-", "_")] in ("one, two", "one,two")


def test_repeated_cookies_are_joined_as_cookies(server: Server) -> None:
    raw = make_request("GET", "/", {"Cookie": "a=1"})[:-2] + b"Cookie: b=2\r\n\r\n"
    assert environ(server, raw)["HTTP_COOKIE"] == "a=1; b=2"


def test_underscored_header_is_dropped(server: Server) -> None:
    """It would become the same variable as X-Forwarded-For, which a gateway vouches for."""
    shown = environ(server, make_request(
        "GET", "/", {"X_Forwarded_For": "forged", "X-Forwarded-For": "true"}))
    assert shown["HTTP_X_FORWARDED_FOR"] == "true"


def test_proxy_header_is_dropped(server: Server) -> None:
    """HTTP_PROXY is read by libraries as their configuration ("httpoxy")."""
    assert "HTTP_PROXY" not in environ(server, make_request("GET", "/", {"Proxy": "http://evil"}))


def test_no_length_and_type_where_there_are_none(server: Server) -> None:
    shown = environ(server, make_request("GET", "/"))
    assert shown.get("CONTENT_LENGTH", "") == ""
    assert shown.get("CONTENT_TYPE", "") == ""


def test_length_and_type(server: Server) -> None:
    shown = environ(server, make_request("POST", "/", {"Content-Type": "a/b; c=d"}, b"xyz"))
    assert (shown["CONTENT_LENGTH"], shown["CONTENT_TYPE"]) == ("3", "a/b; c=d")
    assert "HTTP_CONTENT_LENGTH" not in shown
    assert "HTTP_CONTENT_TYPE" not in shown


def test_length_of_nothing(server: Server) -> None:
    assert environ(server, make_request("POST", "/", body=b""))["CONTENT_LENGTH"] == "0"


def test_server_and_client(server: Server) -> None:
    with server.connect() as connection:
        host, port = connection.socket.getsockname()
        shown = json.loads(connection.request("GET", "/").body)
    assert isinstance(server.address, tuple)
    assert (shown["REMOTE_ADDR"], shown["REMOTE_PORT"]) == (host, str(port))
    assert shown["SERVER_PORT"] == str(server.address[1])
    assert shown["SERVER_NAME"]


def test_client_of_each_connection(server: Server) -> None:
    """A client's text is kept by the connection's slot, which the next connection takes over."""
    for _ in range(5):
        with server.connect() as connection:
            port = connection.socket.getsockname()[1]
            for _ in range(3):
                shown = json.loads(connection.request("GET", "/").body)
                assert shown["REMOTE_PORT"] == str(port)


def test_client_of_a_connection_that_began_with_a_file(bask: Bask) -> None:
    """The application hears of such a connection later, but of a new client all the same."""
    (bask.folder / "page.html").write_bytes(b"page")
    server = bask.app("environ", "--static-map", "/page.html=page.html")
    for _ in range(3):
        with server.connect() as connection:
            port = connection.socket.getsockname()[1]
            assert connection.request("GET", "/page.html").body == b"page"
            for _ in range(3):
                shown = json.loads(connection.request("GET", "/").body)
                assert shown["REMOTE_PORT"] == str(port)


def test_environ_is_new_for_each_request(server: Server) -> None:
    with server.connect() as connection:
        connection.request("GET", "/?a", {"X-Once": "1", "Content-Type": "a/b"}, b"body")
        shown = json.loads(connection.request("GET", "/").body)
    assert not {"left.by.the.request.before", "HTTP_X_ONCE", "CONTENT_TYPE"} & set(shown)
    assert shown["QUERY_STRING"] == ""


@pytest.mark.parametrize("threads, workers", [(1, 0), (2, 0), (1, 2), (2, 2)])
def test_concurrency_is_told(bask: Bask, threads: int, workers: int) -> None:
    server = bask.app("environ", "--threads", str(threads), workers=workers)
    shown = environ(server, make_request("GET", "/"))
    assert shown["wsgi.multithread"] == str(threads > 1)
    assert shown["wsgi.multiprocess"] == str(workers > 1)


def test_what_the_gateway_says(bask: Bask) -> None:
    address: Address = ("127.0.0.1", bask.ports.take())
    server = bask.app("environ", "--socket", "%s:%d" % address, address=address)
    sent = uwsgi.request(path="/café", query="q", HTTPS="on", SCRIPT_NAME="/mounted",
                         REMOTE_USER="eve", HTTP_X_ODD="odd")
    shown = json.loads(uwsgi.answer(server.raw(sent)).body)
    assert shown["wsgi.url_scheme"] == "https"
    assert (shown["SERVER_NAME"], shown["SERVER_PORT"]) == ("gateway.example", "443")
    assert (shown["REMOTE_ADDR"], shown["REMOTE_PORT"]) == ("192.0.2.7", "4711")
    assert (shown["SCRIPT_NAME"], shown["PATH_INFO"]) == ("/mounted", "/café")
    assert (shown["REMOTE_USER"], shown["HTTP_X_ODD"]) == ("eve", "odd")


@pytest.mark.parametrize("checker", ["validate", "lint"])
def test_checkers_have_no_complaint(bask: Bask, checker: str) -> None:
    """A complaint is an exception or a warning: either would be in the answer or in the log."""
    server = bask.app("lint:" + checker, env={"PYTHONWARNINGS": "error::UserWarning"})
    body = b"one\ntwo\nthree\n"
    for name in ("plain", "pieces", "written", "wrapped"):
        with server.connect() as connection:
            answer = connection.request("POST", "/" + name, {"Content-Type": "text/plain"}, body)
            assert (answer.status, answer.body) == (200, body), name
        head = server.request("HEAD", "/plain")
        assert (head.status, head.body) == (200, b"")
    server.stop()
    assert "Warning" not in server.log()


def test_unix_socket_has_no_peer(bask: Bask) -> None:
    path = str(bask.folder / "app.sock")
    server = bask.app("environ", "--http-socket", path, address=path)
    shown = environ(server, make_request("GET", "/"))
    assert shown["REMOTE_ADDR"] == ""
    assert shown["SERVER_NAME"] == socket.gethostname()


def test_authority_of_the_target_overrides_repeated_fields(server: Server) -> None:
    """What the same fields gave before must not stand for a request whose target says otherwise."""
    fields = b" HTTP/1.1\r\nHost: a.example\r\n\r\n"
    targets = [b"/"] * 4 + [b"http://b.example/"] * 3 + [b"/"] * 2
    with server.connect() as connection:
        seen = []
        for target in targets:
            connection.send(b"GET " + target + fields)
            seen.append(json.loads(connection.answer().body)["HTTP_HOST"])
    assert seen == ["a.example"] * 4 + ["b.example"] * 3 + ["a.example"] * 2


def test_fields_that_change_on_a_connection(server: Server) -> None:
    with server.connect() as connection:
        for value in (b"1", b"1", b"1", b"2", b"1", b"2", b"2", b"2"):
            connection.send(b"GET / HTTP/1.1\r\nHost: h\r\nX-Own: " + value + b"\r\n\r\n")
            assert json.loads(connection.answer().body)["HTTP_X_OWN"] == value.decode()
