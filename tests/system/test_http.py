"""HTTP/1.1 and 1.0 as a client sees them: heads, connections, order, limits."""
import pytest

from support.client import make_request
from support.server import Bask
from support.wait import wait_until

pytestmark = pytest.mark.null

HELLO = b"Hello, World!"


def test_get(bask: Bask) -> None:
    answer = bask.null().get("/")
    assert (answer.status, answer.body) == (200, HELLO)
    assert answer.headers["Content-Length"] == "13"
    assert answer.headers["Date"].endswith(" GMT")


def test_head_has_the_length_and_no_body(bask: Bask) -> None:
    server = bask.null()
    raw = server.raw(make_request("HEAD", "/", {"Connection": "close"}))
    head, _, body = raw.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Content-Length: 13" in head
    assert body == b""


def test_post_is_echoed(bask: Bask) -> None:
    assert bask.null().post("/", b"some bytes").body == b"some bytes"


def test_several_requests_on_a_connection(bask: Bask) -> None:
    with bask.null().connect() as connection:
        for number in range(50):
            assert connection.request("GET", "/bytes/%d" % number).body == b"x" * number


def test_methods_may_change_on_a_connection(bask: Bask) -> None:
    with bask.null().connect() as connection:
        assert connection.request("POST", "/", body=b"one").body == b"one"
        assert connection.request("HEAD", "/").body == b""
        assert connection.request("GET", "/").body == HELLO
        assert connection.request("PUT", "/", body=b"two").body == b"two"


def test_pipelined_requests_are_answered_in_order(bask: Bask) -> None:
    with bask.null().connect() as connection:
        connection.send(b"".join(make_request("GET", "/bytes/%d" % n) for n in range(1, 101)))
        assert [len(connection.answer().body) for _ in range(100)] == list(range(1, 101))


def test_pipelined_requests_keep_their_order_on_several_threads(bask: Bask) -> None:
    with bask.null("--threads", "4").connect() as connection:
        connection.send(make_request("GET", "/sleep/200") + make_request("GET", "/bytes/7"))
        assert connection.answer().body == HELLO
        assert connection.answer().body == b"x" * 7


@pytest.mark.parametrize("threads", ["1", "4"])
def test_answer_does_not_wait_for_a_slow_one_behind_it(bask: Bask, threads: str) -> None:
    """Answers to a burst leave together, but only those that are ready."""
    with bask.null("--threads", threads).connect() as connection:
        connection.send(make_request("GET", "/bytes/7") * 3 + make_request("GET", "/sleep/1500"))
        assert [len(connection.answer().body) for _ in range(3)] == [7, 7, 7]
        assert connection.is_silent()
        assert connection.answer().body == HELLO


def test_pipelined_request_behind_a_body(bask: Bask) -> None:
    with bask.null().connect() as connection:
        connection.send(make_request("POST", "/", body=b"GET /fail HTTP/1.1\r\n\r\n")
                        + make_request("GET", "/bytes/3"))
        assert connection.answer().body == b"GET /fail HTTP/1.1\r\n\r\n"
        assert connection.answer().body == b"xxx"


def test_http_1_0_closes(bask: Bask) -> None:
    raw = bask.null().raw(b"GET / HTTP/1.0\r\n\r\n")
    assert raw.endswith(b"\r\n\r\n" + HELLO)


def test_http_1_0_with_keep_alive(bask: Bask) -> None:
    with bask.null().connect() as connection:
        for _ in range(2):
            connection.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            answer = connection.answer()
            assert answer.body == HELLO
            assert answer.headers["Connection"] == "keep-alive"


def test_http_1_0_gets_no_chunks(bask: Bask) -> None:
    raw = bask.null().raw(b"GET /stream/3 HTTP/1.0\r\n\r\n")
    head, _, body = raw.partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert body == b"s" * 3072


def test_connection_close_is_honoured_and_told(bask: Bask) -> None:
    with bask.null().connect() as connection:
        answer = connection.request("GET", "/", {"Connection": "close"})
        assert answer.headers["Connection"] == "close"
        assert connection.rest() == b""


def test_request_byte_by_byte(bask: Bask) -> None:
    with bask.null().connect() as connection:
        for byte in make_request("POST", "/", body=b"slow"):
            connection.send(bytes([byte]))
        assert connection.answer().body == b"slow"


@pytest.mark.parametrize("target, path", [
    ("/env/a%20b", b"/env/a b"),
    ("/env/caf%C3%A9", "/env/caf\u00e9".encode()),
    ("/env/a%2Fb", b"/env/a/b"),
    ("/env/a//b", b"/env/a//b"),
    ("/%65nv", b"/env"),
])
def test_path_is_percent_decoded(bask: Bask, target: str, path: bytes) -> None:
    body = bask.null().get(target).body
    assert b"PATH_INFO=" + path + b"\n" in body
    assert b"REQUEST_URI=" + target.encode() + b"\n" in body


@pytest.mark.parametrize("target", [
    "/env/a/../b", "/env/./b", "/env/..", "/../env", "/env/%2e%2e/b", "/x/../../env", "/env/...",
])
def test_dotted_path_reaches_the_application_or_is_refused_but_never_climbs(
        bask: Bask, target: str) -> None:
    """The application sees a path without dot segments, as with uWSGI, or never sees it."""
    answer = bask.null().get(target)
    assert answer.status in (200, 400)
    paths = [line for line in answer.text.splitlines() if line.startswith("PATH_INFO=")]
    for path in paths:
        assert not {"..", "."} & set(path.split("=", 1)[1].split("/")), path


@pytest.mark.parametrize("target, query", [
    ("/env?x=%20y&z", "x=%20y&z"), ("/env??", "?"), ("/env?", ""), ("/env", ""),
])
def test_query_is_kept_as_it_is(bask: Bask, target: str, query: str) -> None:
    answer = bask.null().get(target)
    assert "QUERY_STRING=%s" % query in answer.text.splitlines()
    assert "PATH_INFO=/env" in answer.text.splitlines()


def test_absolute_target_overrides_host(bask: Bask) -> None:
    answer = bask.null().raw(b"GET http://other.example/env HTTP/1.1\r\nHost: here\r\n"
                             b"Connection: close\r\n\r\n")
    assert b"PATH_INFO=/env\n" in answer
    assert b"HTTP_HOST=other.example\n" in answer


def test_large_head_is_served_below_the_limit(bask: Bask) -> None:
    assert bask.null().get("/", {"X-Large": "a" * 60000}).status == 200


@pytest.mark.parametrize("options, size", [((), 70000), (("--buffer-size", "4096"), 5000)])
def test_head_over_buffer_size_gets_431(bask: Bask, options: "tuple[str, ...]", size: int) -> None:
    raw = bask.null(*options).raw(make_request("GET", "/", {"X-Large": "a" * size}))
    assert raw.startswith(b"HTTP/1.1 431 ")
    assert b"\r\nConnection: close\r\n" in raw


def test_slow_head_gets_408(bask: Bask) -> None:
    server = bask.null("--http-headers-timeout", "1")
    raw = server.raw(b"GET / HTTP/1.1\r\nHost: x\r\n")
    assert raw.startswith(b"HTTP/1.1 408 ")


def test_dripping_head_gets_408_too(bask: Bask) -> None:
    """The time is for the whole head: a byte now and then does not extend it."""
    server = bask.null("--http-headers-timeout", "1")
    with server.connect() as connection:
        drips = iter(make_request("GET", "/" + "long" * 200))

        def is_refused() -> bool:
            connection.send(bytes([next(drips)]))
            return not connection.is_silent()

        wait_until(is_refused, "the server gives up on the head")
        assert connection.rest().startswith(b"HTTP/1.1 408 ")


def test_idle_connection_is_closed_without_a_word(bask: Bask) -> None:
    server = bask.null("--http-keepalive-timeout", "1")
    with server.connect() as connection:
        assert connection.request("GET", "/").body == HELLO
        assert connection.rest() == b""


def test_connection_that_says_nothing_is_closed(bask: Bask) -> None:
    assert bask.null("--http-keepalive-timeout", "1").raw(b"") == b""


def test_duplicate_response_framing_is_impossible(bask: Bask) -> None:
    """An application that puts a line break into a header gets a 500 instead of another header."""
    answer = bask.null().get("/split")
    assert answer.status == 500
    assert "Set-Cookie" not in answer.headers


def test_application_failure_before_the_head_is_a_500(bask: Bask) -> None:
    with bask.null().connect() as connection:
        assert connection.request("GET", "/fail").status == 500
        assert connection.request("GET", "/").body == HELLO


def test_application_failure_in_the_body_is_seen_by_the_client(bask: Bask) -> None:
    answer = bask.null().get("/fail-late")
    assert answer.status == 200
    assert not answer.complete


def test_too_few_bytes_end_the_connection(bask: Bask) -> None:
    server = bask.null()
    answer = server.get("/short")
    assert (answer.complete, answer.body) == (False, b"too short")
    server.complained("9 bytes of the 100 promised")


def test_too_many_bytes_are_cut(bask: Bask) -> None:
    server = bask.null()
    with server.connect() as connection:
        assert connection.request("GET", "/long").body == b"four"
        assert connection.request("GET", "/").body == HELLO
    server.complained("more than the 4 bytes")


def test_every_request_is_a_line_in_the_log(bask: Bask) -> None:
    server = bask.null()
    server.get("/some/path?a=b")
    server.wait_log(r"GET /some/path\?a=b => generated 13 bytes in \d+ msecs \(HTTP/1.1 200\)")


def test_disable_logging_leaves_requests_out(bask: Bask) -> None:
    server = bask.null("--disable-logging")
    server.get("/some/path")
    server.stop()
    assert "/some/path" not in server.log()


def test_bytes_of_a_client_cannot_forge_a_log_line(bask: Bask) -> None:
    server = bask.null()
    server.raw(b"GET /\xff\x1b[2J HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    server.stop()
    assert b"\x1b" not in server.log().encode()


def test_underscores_are_dropped_or_allowed(bask: Bask) -> None:
    spoof = {"X_Real_IP": "10.0.0.1"}
    assert "10.0.0.1" not in bask.null().get("/env", spoof).text
    allowing = bask.null("--http-underscores", "allow")
    assert "HTTP_X_REAL_IP=10.0.0.1" in allowing.get("/env", spoof).text.splitlines()
    assert allowing.get("/env", {**spoof, "X-Real-IP": "192.0.2.1"}).status == 400
    allowing.wait_log("refused with 400: field name with an underscore")


def test_rule_for_underscores_that_is_none(bask: Bask) -> None:
    said = bask.refused("--plugin", "null", "--http-underscores", "maybe")
    assert '--http-underscores: "maybe", expected drop, refuse or allow' in said


def test_client_is_asked_for_a_body_when_the_application_reads_it(bask: Bask) -> None:
    waits = {"Expect": "100-continue", "Content-Length": "4"}
    server = bask.null()
    with server.connect() as connection:
        connection.send(make_request("GET", "/", waits))
        assert connection.line() == b"HTTP/1.1 200 OK\r\n"
        assert b"Continue" not in connection.rest()
    with server.connect() as connection:
        connection.send(make_request("POST", "/", waits))
        assert connection.line() == b"HTTP/1.1 100 Continue\r\n"
        connection.send(b"body")
        connection.line()
        assert connection.answer().body == b"body"


def test_connect_is_for_proxies(bask: Bask) -> None:
    raw = bask.null().raw(b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n")
    assert raw.startswith(b"HTTP/1.1 405 Method Not Allowed\r\n")
    assert b"\r\nAllow: GET, HEAD" in raw
