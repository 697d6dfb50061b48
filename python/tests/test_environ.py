"""From a request to an environ."""

import io
import sys
from typing import Any, Dict, List

from bask_pypy import wsgi
from fake import Host, Request, serve


def environs(*requests: Request, **host: Any) -> List[Dict[str, Any]]:
    """What an application is called with, for each request."""
    seen = []

    def application(environ: Any, start_response: Any) -> List[bytes]:
        seen.append(environ)
        start_response("200 OK", [])
        return [b""]

    serve(Host(**host), application, *requests)
    return seen


def environ_of(request: Request, **host: Any) -> Dict[str, Any]:
    return environs(request, **host)[0]


def test_plain_request() -> None:
    environ = environ_of(Request(uri=b"/a/b?x=1&y=%20"))
    wanted = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/a/b",
        "QUERY_STRING": "x=1&y=%20",
        "REQUEST_URI": "/a/b?x=1&y=%20",
        "SERVER_NAME": "node",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "40000",
        "HTTP_HOST": "localhost",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input_terminated": True,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "uwsgi.version": b"0.1.0",
        "uwsgi.node": b"node",
    }
    assert {key: environ[key] for key in wanted} == wanted
    assert environ["wsgi.file_wrapper"] is wsgi.FileWrapper
    assert environ["wsgi.errors"] is sys.stderr
    assert set(environ) == set(wanted) | {"wsgi.input", "wsgi.errors", "wsgi.file_wrapper"}


def test_is_a_dict_of_its_own() -> None:
    first, second = environs(Request(), Request())
    assert type(first) is dict and first is not second
    first.clear()
    assert environ_of(Request())["REQUEST_METHOD"] == "GET"


def test_no_host() -> None:
    assert "HTTP_HOST" not in environ_of(Request(headers=[]))


def test_empty_host_is_not_no_host() -> None:
    assert environ_of(Request(headers=[("HTTP_HOST", b"")]))["HTTP_HOST"] == ""


def test_doubled_host() -> None:
    environ = environ_of(Request(headers=[("HTTP_HOST", b"a"), ("HTTP_HOST", b"b")]))
    assert environ["HTTP_HOST"] == "b"  # only a gateway can send two; its last word counts


def test_doubled_fields_are_joined() -> None:
    headers = [("HTTP_ACCEPT", b"a"), ("HTTP_X_T", b"1"), ("HTTP_ACCEPT", b"b"), ("HTTP_X_T", b"2")]
    environ = environ_of(Request(headers=headers))
    assert (environ["HTTP_ACCEPT"], environ["HTTP_X_T"]) == ("a, b", "1, 2")


def test_cookies_are_joined_by_semicolons() -> None:
    headers = [("HTTP_COOKIE", b"a=1"), ("HTTP_COOKIE", b"b=2"), ("HTTP_COOKIE", b"c=3")]
    assert environ_of(Request(headers=headers))["HTTP_COOKIE"] == "a=1; b=2; c=3"


def test_of_a_gateways_doubled_variables_the_last_counts() -> None:
    headers = [("HTTPS", b"off"), ("FOO", b"a"), ("HTTPS", b"on"), ("FOO", b"b")]
    headers += [("SERVER_SOFTWARE", b"nginx"), ("wsgi.run_once", b"x")]
    environ = environ_of(Request(headers=headers))
    assert (environ["HTTPS"], environ["FOO"], environ["wsgi.run_once"]) == ("on", "b", "x")


def test_bytes_are_latin_1() -> None:
    raw = bytes(range(1, 256))
    request = Request(uri=b"/\xc3\xa9", path=b"/\xff\x00\xc3\xa9", headers=[("HTTP_X_RAW", raw)])
    environ = environ_of(request)
    assert environ["PATH_INFO"] == "/\xff\x00\xc3\xa9"
    assert environ["REQUEST_URI"] == "/\xc3\xa9"
    assert environ["HTTP_X_RAW"].encode("latin-1") == raw


def test_decoded_path_beside_the_uri() -> None:
    environ = environ_of(Request(uri=b"/a%20b?c", path=b"/a b"))
    assert (environ["PATH_INFO"], environ["REQUEST_URI"]) == ("/a b", "/a%20b?c")
    assert environ["QUERY_STRING"] == "c"


def test_methods_and_protocols() -> None:
    for method in ("GET", "HEAD", "POST", "PUT", "PROPFIND"):
        assert environ_of(Request(method))["REQUEST_METHOD"] == method
    for protocol in (b"HTTP/1.0", b"HTTP/1.1", b"HTTP/2.0"):
        environ = environ_of(Request(protocol=protocol))
        assert environ["SERVER_PROTOCOL"] == protocol.decode()


def test_one_request_leaves_nothing_to_the_next() -> None:
    odd = Request(
        "PROPFIND", b"/x?y", [("FOO", b"a")], protocol=b"HTTP/1.0", scheme=b"https",
        script_name=b"/s", server_name=b"n", server_port=b"1", content_type=b"t", content_length=0,
    )  # fmt: skip
    _, after = environs(odd, Request(peer_slot=1))
    plain = environ_of(Request())
    for environ in (after, plain):
        environ.pop("wsgi.input")
    assert after == plain


def test_what_a_gateway_says() -> None:
    environ = environ_of(
        Request(
            script_name=b"/app", server_name=b"example.org", server_port=b"443", scheme=b"https"
        )
    )
    assert environ["SCRIPT_NAME"] == "/app"
    assert environ["SERVER_NAME"] == "example.org"
    assert environ["SERVER_PORT"] == "443"
    assert environ["wsgi.url_scheme"] == "https"


def test_a_gateway_that_says_only_where_the_application_is() -> None:
    environ = environ_of(Request(script_name=b"/app"))
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("node", "8080")


def test_listeners_have_ports_of_their_own() -> None:
    tcp, unix = environs(Request(listener_id=0), Request(listener_id=1))
    assert (tcp["SERVER_PORT"], unix["SERVER_PORT"]) == ("8080", "0")


def test_content_type_absent_empty_given() -> None:
    assert "CONTENT_TYPE" not in environ_of(Request())
    assert environ_of(Request(content_type=b"text/x"))["CONTENT_TYPE"] == "text/x"


def test_content_length() -> None:
    assert "CONTENT_LENGTH" not in environ_of(Request())
    assert environ_of(Request(content_length=0))["CONTENT_LENGTH"] == "0"
    assert environ_of(Request(body=b"12345"))["CONTENT_LENGTH"] == "5"
    assert environ_of(Request(pieces=[b"123"], body=b"45"))["CONTENT_LENGTH"] == "5"


def test_chunked_has_no_length() -> None:
    environ = environ_of(Request("POST", chunked=True, pieces=[b"12", b"3"]))
    assert "CONTENT_LENGTH" not in environ
    assert environ["wsgi.input_terminated"] is True


def test_threads_and_processes() -> None:
    environ = environ_of(Request(), threads=2, workers=3)
    assert environ["wsgi.multithread"] is True and environ["wsgi.multiprocess"] is True


def test_clients_by_slot() -> None:
    """A slot belongs to one connection after the other, and the fields of both may be the same."""
    a, b, c = (b"10.0.0.1", b"1"), (b"10.0.0.2", b"2"), (b"10.0.0.3", b"3")
    order = [(2, a, True), (0, b, True)] + [(2, a, False), (0, b, False)] * 3
    order += [(2, c, True)] + [(2, c, False), (0, b, False)] * 3
    seen = environs(
        *(Request(peer_slot=slot, remote=peer, peer_is_new=new) for slot, peer, new in order)
    )
    found = [(e["REMOTE_ADDR"].encode(), e["REMOTE_PORT"].encode()) for e in seen]
    assert found == [peer for _, peer, _ in order]


def test_repeated_fields_give_the_same_environ() -> None:
    """Whether it was built or copied, an environ is the same, and what one request does to its own
    does not reach the next."""
    headers = [("HTTP_HOST", b"h"), ("HTTP_COOKIE", b"a=1"), ("HTTP_X_OWN", b"v")]

    def request(number: int, last: bytes = b"v") -> Request:
        fields = headers[:2] + [("HTTP_X_OWN", last)]
        return Request(
            headers=fields, peer_is_new=number == 0, content_length=0, uri=b"/?q=%d" % number
        )

    seen = environs(*(request(number) for number in range(6)), request(6, b"w"), request(7))
    for number, environ in enumerate(seen):
        assert environ.pop("QUERY_STRING") == "q=%d" % number
        assert environ.pop("REQUEST_URI") == "/?q=%d" % number
        assert environ["HTTP_X_OWN"] == ("w" if number == 6 else "v")
        assert environ["CONTENT_LENGTH"] == "0"
        environ.pop("wsgi.input")
        environ["HTTP_X_OWN"] = "v"
    assert all(environ == seen[0] for environ in seen)


def test_slots_beyond_the_templates() -> None:
    slot = wsgi.TEMPLATES_MAX
    seen = environs(*(Request(peer_slot=slot, peer_is_new=n == 0) for n in range(4)))
    assert [e["HTTP_HOST"] for e in seen] == ["localhost"] * 4


def test_remembered_names_are_limited() -> None:
    server = wsgi.Server(Host(), None)  # type: ignore[arg-type]
    for number in range(2000):
        assert server._unknown_key(b"HTTP_X_%d" % number) == "HTTP_X_%d" % number
    assert server._unknown_key(b"HTTP_" + b"X" * 100) == "HTTP_" + "X" * 100
    assert len(server.unknown_keys) == 512
    assert server._unknown_key(b"HTTP_X_1") is server._unknown_key(b"HTTP_X_1")


def test_the_environ_is_all_native_text() -> None:
    environ = environ_of(Request(headers=[("HTTP_X_A", b"\xe9"), ("FOO", b"b")], content_type=b"c"))
    for key, value in environ.items():
        assert type(key) is str
        if not key.startswith(("wsgi.", "uwsgi.")):
            assert type(value) is str, key


def test_input_of_an_answered_request_is_empty() -> None:
    environ = environ_of(Request(body=b"12345"))
    assert environ["wsgi.input"].read() == b""
    assert isinstance(environ["wsgi.input"].readlines(), list)
    assert not isinstance(environ["wsgi.input"], io.IOBase)
