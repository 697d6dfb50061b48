"""What is wrong with the PyPy plugin of uWSGI, by the numbers of the reference: here it is right."""
import json
from typing import Any, Dict, List

import pytest

from support import uwsgi
from support.client import Address
from support.server import APPS, Bask, Server
from support.wait import wait_until


@pytest.fixture
def server(bask: Bask) -> Server:
    return bask.app("defects", workers=1)


def told(server: Server) -> Dict[str, Any]:
    found: Dict[str, Any] = json.loads(server.get("/told").body)
    return found


def wait_seen(server: Server, what: str) -> None:
    wait_until(lambda: what in told(server)["seen"], "the application has seen %r" % what)


def test_defect_08_values_do_not_end_at_a_zero_byte(bask: Bask) -> None:
    address: Address = ("127.0.0.1", bask.ports.take())
    server = bask.app("defects", "--socket", "%s:%d" % address, address=address)
    sent = uwsgi.request(path="/show", HTTP_X_ZERO="before\0after", query="a=\0b")
    environ = json.loads(uwsgi.answer(server.raw(sent)).body)
    assert environ["HTTP_X_ZERO"] == "before\0after"
    assert environ["QUERY_STRING"] == "a=\0b"


def test_defect_09_text_is_latin_1(server: Server) -> None:
    environ = json.loads(server.get("/show/caf%C3%A9/%FF").body)
    assert environ["PATH_INFO"] == "/show/caf\xc3\xa9/\xff"
    raw = server.raw(b"GET /latin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert raw.startswith(b"HTTP/1.1 200 Caf\xe9\r\n")
    assert b"\r\nX-Name: caf\xe9 \xff\r\n" in raw


def test_defect_10_exc_info_is_not_swallowed(server: Server) -> None:
    answer = server.get("/error_instead")
    assert (answer.status, answer.headers["X-Instead"], answer.body) == (503, "yes", b"instead")
    late = server.get("/error_too_late")
    assert (late.status, late.body, late.complete) == (200, b"sent", False)
    wait_seen(server, "raised too late")
    server.complained("ValueError: too late")


def test_defect_11_nothing_is_dropped_silently(server: Server) -> None:
    with server.connect() as connection:
        connection.send(b"GET /long_header HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"\r\nX-Long: " + b"x" * 100000 + b"\r\n" in connection.rest()
    answer = server.get("/bad_header")
    assert answer.status == 500 and "X-Forged" not in answer.headers
    server.complained("malformed status or header")
    for path, what in (("/endless", "closed"), ("/written", "OSError")):
        with server.connect() as connection:
            connection.send(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode())
            connection.start_answer().read(100000)
        wait_seen(server, what)


def test_defect_12_exceptions_are_answered_and_counted(bask: Bask, server: Server) -> None:
    for count in (1, 2):
        answer = server.get("/fails")
        assert (answer.status, answer.body) == (500, b"Internal Server Error\n")
        worker = told(server)["workers"][0]
        assert (worker["exceptions"], worker["apps"][0]["exceptions"]) == (count, count)
    server.complained("LookupError: nothing here")
    shown = bask.app("defects", "--catch-exceptions")
    assert shown.get("/fails").text.endswith("LookupError: nothing here\n")
    shown.complained("LookupError")
    for option, value in (("", ""), ("-type", "LookupError"), ("-value", "nothing here"),
                          ("-repr", "LookupError('nothing here')")):
        words = ["--reload-on-exception" + option] + ([value] if value else [])
        replaced = bask.app("defects", *words, "--min-worker-lifetime", "0", workers=1)
        before = replaced.workers()
        assert replaced.get("/fails").status == 500
        wait_until(lambda: replaced.workers() and replaced.workers() != before, "it is replaced")
        replaced.complained("LookupError")


def test_defect_13_bytes_are_a_response_and_text_is_an_error(server: Server) -> None:
    answer = server.get("/as_bytes")
    assert (answer.status, answer.headers["Content-Length"], answer.body) == (200, "5", b"whole")
    assert server.get("/as_text").status == 500
    server.complained("an iterable of bytes, not str")


def test_defect_14_file_wrapper(bask: Bask, server: Server) -> None:
    assert server.get("/file_of_bytes").body == b"0123456789"
    assert server.get("/file_from_here").body == b"456789"
    without = bask.app("defects", "--wsgi-disable-file-wrapper")
    assert without.get("/file_of_bytes").status == 500
    without.complained(r"KeyError: 'wsgi\.file_wrapper'")


def test_defect_15_input_is_a_file(bask: Bask, server: Server) -> None:
    found = json.loads(server.post("/read", b"abcdef").body)
    assert found == {"two": "ab", "none": "", "rest": "cdef", "end": "", "tell": 6,
                     "again": "bcdef", "fileno": "unsupported"}
    small = bask.app("defects", "--post-buffering", "0")
    found = json.loads(small.post("/read", b"abcdef" * 20000).body)
    assert found["two"] + found["rest"] == "abcdef" * 20000 and "tell" not in found


def test_defect_16_there_is_a_list_of_applications(bask: Bask, server: Server) -> None:
    apps: List[Dict[str, Any]] = told(server)["workers"][0]["apps"]
    assert [(app["id"], app["mountpoint"]) for app in apps] == [(0, "")]
    server.wait_log(r"\[pid: \d+\|app: 0\|req: ")
    assert "dynamic mode" not in server.log()
    needed = bask.app("defects", "--need-app")
    assert needed.get("/").status == 200
    assert "there is no module" in bask.refused("--need-app", "--module", "nonesuch", status=22)


def test_defect_17_more_than_one_application(bask: Bask) -> None:
    address: Address = ("127.0.0.1", bask.ports.take())
    many = ["--pypy-pp", str(APPS), "--mount", "/one=many:one", "--manage-script-name"]
    factory = bask.start(*many[:2], "--module", "defects", "--callable", "create()")
    assert factory.get("/as_bytes").body == b"whole"
    server = bask.start(*many, "--module", "many:two", "--vhost-host", "--mount",
                        "one.org=many:application")
    for path, host, name in (("/x", "", "two"), ("/one/x", "", "one"),
                             ("/x", "one.org", "application")):
        assert json.loads(server.get(path, {"Host": host or "x"}).body)["name"] == name
    dynamic = bask.start(*many, "--dynamic-apps", "--socket", "%s:%d" % address, address=address)
    sent = uwsgi.request(SCRIPT_NAME="/late", UWSGI_MODULE="many", UWSGI_CALLABLE="two")
    assert json.loads(uwsgi.answer(dynamic.raw(sent)).body)["name"] == "two"
