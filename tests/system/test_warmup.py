"""Proof of readiness, warm-up, recording, and what happens around the fork."""
import json
import os
import re
import signal
import stat
from typing import Any, Dict, List

import pytest

from support.client import make_request
from support.server import APPS, Bask, Server
from support.wait import wait_until

FILE = str(APPS / "warmup.py")
SHORT = ("--warmup-seconds", "10", "--warmup-requests", "300")


def launch(bask: Bask, *arguments: str, **how: Any) -> Server:
    return bask.launch("--wsgi-file", FILE, *arguments, **how)


def start(bask: Bask, *arguments: str, **how: Any) -> Server:
    server = launch(bask, *arguments, **how)
    server.wait_ready()
    return server


def facts(server: Server) -> Dict[str, Any]:
    found: Dict[str, Any] = json.loads(server.get("/facts").body)
    return found


def test_nothing_is_warmed_unless_asked(bask: Bask) -> None:
    server = start(bask, workers=1)
    found = facts(server)
    assert found["warm"] == 0 and found["warmup"] is None and found["keys"] == []
    assert "warm-up" not in server.log()


@pytest.mark.parametrize("workers", [0, 2])
def test_warm_up(bask: Bask, workers: int) -> None:
    server = start(bask, "--warmup", "/a,/stream", "--warmup", "/raise", *SHORT, workers=workers)
    server.complained("on purpose")
    found = facts(server)
    assert found["warmup"]["requests"] == 300
    assert found["warmup"]["statuses"] == {"2xx": 201, "5xx": 99}  # thrice each, in turn
    assert found["warmup"]["failures"] == 99
    assert found["warmup"]["first_us"] > 0
    # In the zygote, and in the worker again before it accepts.
    assert found["warm"] == (400 if workers else 300)
    assert found["keys"] == []  # a client's request is none of them
    assert found["total"] <= 1  # and they are in no counter
    assert server.log().count("ValueError: on purpose") == 1  # one tells enough
    assert "GET /a" not in server.log()  # nor in the access log


@pytest.mark.parametrize("socket", ["", "uwsgi.sock"])
def test_warms_up_for_all_kinds_of_clients(bask: Bask, socket: str) -> None:
    """What no request had before the fork would be compiled in the first clients' requests."""
    found = facts(start(bask, "--warmup", "/a", *SHORT, *(["--socket", socket] if socket else []),
                        workers=1))
    names = found["names"]
    assert min(names["HTTP_HOST"], names["HTTP_USER_AGENT"], names["HTTP_X_BASK_WARMUP"]) >= 100
    assert names["HTTP_HOST"] > names["HTTP_USER_AGENT"]
    assert (names.get("DOCUMENT_ROOT", 0) >= 50) is bool(socket)  # as nginx has it


def test_settles(bask: Bask) -> None:
    server = start(bask, "--warmup", "/a", "--warmup-seconds", "60", workers=1)
    found = facts(server)["warmup"]
    assert found["settled"] and found["seconds"] < 60
    assert found["last_us"] < found["first_us"]
    assert found["traces"] > 0
    assert re.search(r"warm-up: \d+ requests in .* settled, \d+ traces compiled", server.log())


REQUESTS = """# by hand
GET /a?x=1 HTTP/1.1
Host: example

POST /b HTTP/1.1
Host: example
Content-Length: 5

hello
DELETE /c HTTP/1.1
Host: example

PUT /d HTTP/1.1
Host: example
Transfer-Encoding: chunked

""" + "3\r\nabc\r\n0\r\n\r\n"


def test_file(bask: Bask) -> None:
    (bask.folder / "requests.http").write_text(REQUESTS, newline="")
    server = start(bask, "--warmup-file", "requests.http", "--warmup-worker", "0", *SHORT,
                   workers=1)
    assert facts(server)["methods"] == {"GET": 300}
    assert "3 requests of the files were left out, see --warmup-methods" in server.log()


def test_methods_and_bodies(bask: Bask) -> None:
    (bask.folder / "requests.http").write_text(REQUESTS, newline="")
    server = start(bask, "--warmup-file", "requests.http", "--warmup-methods", "POST, PUT",
                   "--warmup-worker", "0", *SHORT, workers=1)
    found = facts(server)
    assert found["methods"] == {"POST": 150, "PUT": 150}
    assert found["bodies"] == ["hello", "abc"]


@pytest.mark.parametrize("how", [
    ["--lazy-apps", "--threads", "4"],
    ["--warmup-worker", "100", "--threads", "4"],
    ["--warmup-worker", "0"],
])
def test_nothing_of_a_warm_up_request_reaches_a_client(bask: Bask, how: List[str]) -> None:
    """Whatever slot a connection gets, and though it repeats a warm-up request to the byte."""
    fields = "Host: inside\r\nX-Inside: inside-%d\r\nCookie: inside=%d\r\n"
    (bask.folder / "requests.http").write_text("".join(
        "GET /inside?inside HTTP/1.1\r\n" + fields % (i, i) + "\r\n" for i in range(20)),
        newline="")
    server = bask.app("environ", "--warmup-file", "requests.http", *SHORT, *how, workers=1)
    opened = [server.connect() for _ in range(24)]
    for turn in range(4):
        for i, client in enumerate(opened):
            if i % 2:
                client.send(b"GET / HTTP/1.1\r\nHost: a\r\nX-Mine: %d\r\n\r\n" % i)
            else:
                client.send(("GET / HTTP/1.1\r\n" + fields % (i, i) + "\r\n").encode())
        for i, client in enumerate(opened):
            text = client.answer().text
            found = json.loads(text)
            assert "bask.warmup" not in text
            assert found["REMOTE_PORT"] == str(client.socket.getsockname()[1])
            if i % 2:
                assert "inside" not in text and found["HTTP_X_MINE"] == str(i)
            else:
                assert found["HTTP_X_INSIDE"] == "inside-%d" % i and found["QUERY_STRING"] == ""
    for client in opened:
        client.close()


@pytest.mark.parametrize("arguments, complaint", [
    (["--warmup", "a"], r'argument \d+: --warmup: "a" is no path: expected /path'),
    (["--ready-url", "http://a/"], r'--ready-url: "http://a/" is no path'),
    (["--warmup-file", "missing"], "--warmup-file: cannot read missing: No such file"),
    (["--warmup-file", "."], "--warmup-file: cannot read .: "),
    (["--warmup-file", FILE], r"--warmup-file: .*: request 1 \(at byte 0\): malformed"),
    (["--pypy-jit", "treshold=1"], r'--pypy-jit: "treshold=1": expected off, default, or NAME='),
    (["--pypy-jit", "threshold"], r'--pypy-jit: "threshold": expected threshold=N with N from 0'),
    (["--warmup-jit", "trace_limit=20000"], r"expected trace_limit=N with N from 0 to 16384"),
    (["--warmup-jit", "vec=x"], r'argument \d+: --warmup-jit: "vec=x": expected vec=N'),
    (["--warmup-record", "/nonexistent/file"], "--warmup-record: /nonexistent/file: No such file"),
    (["--warmup-record", FILE], "it is no recording: request 1"),
])
def test_mistakes_are_told(bask: Bask, arguments: Any, complaint: str) -> None:
    said = bask.refused("--wsgi-file", FILE, *arguments)
    assert re.search(complaint, said), said


def test_jit_parameters(bask: Bask) -> None:
    server = start(bask, "--pypy-jit", "threshold=200, trace_limit=10000", "--pypy-jit", "vec=1",
                   "--warmup-jit", "", "--warmup", "/", *SHORT, workers=1)
    assert facts(server)["warmup"]["requests"] == 300


def test_calls_are_watched_only_at_first(bask: Bask) -> None:
    """So long the JIT does not hurry: what handlers share is found by their calls."""
    server = start(bask, "--warmup", "/a", "--warmup-requests", "4000", "--warmup-seconds", "60",
                   workers=1)
    found = facts(server)
    assert found["warmup"]["requests"] == 4000 or found["warmup"]["settled"]
    assert 0 < found["watched"] < found["warmup"]["requests"]
    assert facts(server)["watched"] == found["watched"]


def test_calls_are_not_watched_where_the_jit_shall_not_hurry(bask: Bask) -> None:
    server = start(bask, "--warmup", "/a", "--warmup-jit", "", *SHORT, workers=1)
    assert facts(server)["watched"] == 0


def test_ready(bask: Bask) -> None:
    server = launch(bask, "--ready-url", "/a,/late", "--ready-timeout", "60", workers=1)
    wait_until(lambda: "WSGI app 0" in server.log(), "the application is loaded")
    assert "is ready (pid" not in server.log()
    (bask.folder / "now").touch()
    server.wait_ready()
    assert facts(server)["warmup"] is None


@pytest.mark.parametrize("workers", [0, 1])
def test_never_ready(bask: Bask, workers: int) -> None:
    server = launch(bask, "--ready-url", "/late", "--ready-timeout", "3", workers=workers)
    assert server.wait_end() == 1
    server.complained("--ready-url /late is not ready after 2.[67] s: the last status was 503, and "
                      'the body begins "not yet.ready"')


def test_hangs(bask: Bask) -> None:
    server = launch(bask, "--ready-url", "/hang", "--ready-timeout", "3", workers=1)
    assert server.wait_end() == 1
    server.complained("the application hangs: GET /hang was not answered in time")


def test_version_that_is_not_ready_does_not_take_over(bask: Bask) -> None:
    (bask.folder / "now").touch()
    server = start(bask, "--ready-url", "/late", "--ready-timeout", "3", workers=1)
    workers = server.workers()
    (bask.folder / "now").unlink()
    server.send_signal(signal.SIGHUP)
    wait_until(lambda: "generation 1 goes on serving" in server.log(), "the reload fails")
    assert server.workers() == workers
    assert facts(server)["pid"] in workers
    server.complained("is not ready|goes on serving")


def test_crash_while_warming(bask: Bask) -> None:
    server = start(bask, "--warmup", "/", *SHORT, workers=1, env={"WARMUP_MODE": "crash"})
    assert facts(server)["warmup"]["requests"] == 300
    assert "compiles with the parameters for serving" in server.log()
    assert "crashed while it was warmed (signal 11)" in server.log()
    server.complained("Segmentation|signal 11")


def test_worker_that_hangs_in_its_warm_up(bask: Bask) -> None:
    server = start(bask, "--warmup", "/hang-in-worker", *SHORT, workers=1)
    assert facts(server)["warm"] == 300
    server.complained("hangs in its warm-up request|died")


def test_all_failing(bask: Bask) -> None:
    server = start(bask, "--warmup", "/raise", "--warmup-seconds", "60", workers=1)
    assert "no request was answered with a status below 400" in server.log()
    assert facts(server)["warmup"]["requests"] < 100
    server.complained("on purpose")


def test_workers_differ(bask: Bask) -> None:
    server = start(bask, "--warmup", "/", *SHORT, workers=2)
    seen: Dict[int, Dict[str, Any]] = {}

    def both() -> bool:
        with server.connect() as one, server.connect() as two:
            for each in (one, two):
                each.send(make_request("GET", "/facts"))
            for each in (one, two):
                found = json.loads(each.answer().body)
                seen.setdefault(found["worker"], found)
        return len(seen) == 2

    wait_until(both, "both workers have answered")
    for name in ("random", "uuid", "pid", "forked_in"):
        assert seen[1][name] != seen[2][name]
    assert seen[1]["hooks"] == ["first"] and seen[2]["hooks"] == ["first", "second"]
    assert seen[1]["forked_in"] == seen[1]["pid"]
    server.stop()
    assert sorted((bask.folder / "left").read_text().split()) == ["1", "2"]


def test_inherited_connections_are_reported(bask: Bask) -> None:
    server = start(bask, workers=1, env={"WARMUP_MODE": "connections"})
    lines = open(FILE).read().splitlines()
    socket_line = next(i for i, line in enumerate(lines, 1) if "line that is reported" in line)
    sqlite_line = next(i for i, line in enumerate(lines, 1) if "this one, too" in line)
    reports = [line for line in server.log().splitlines() if "shared by all workers" in line]
    assert len(reports) == 2, reports
    assert re.search(r"\[warn\] the connection to 127.0.0.1:\d+, opened by %s, line %d,"
                     % (re.escape(FILE), socket_line), reports[0])
    assert "SQLite database shared.db, opened by %s, line %d" % (FILE, sqlite_line) in reports[1]


def test_record_and_replay(bask: Bask) -> None:
    server = start(bask, "--warmup-record", "seen.http", workers=2)
    for path in ("/a", "/a", "/b?x=1&token=SECRET", "/b?x=2"):
        server.request("GET", path, {"Cookie": "id=SECRET", "X-Own": "kept"})
    server.request("POST", "/form", body=b"SECRET")
    file = bask.folder / "seen.http"
    wait_until(lambda: file.read_bytes().count(b"HTTP/1.1") == 4, "all of it is written")
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    text = file.read_text()
    assert "SECRET" not in text and "x-own: kept" in text
    server.stop()
    again = start(bask, "--warmup-file", "seen.http", "--warmup-record", "seen.http",
                  "--warmup-worker", "0", *SHORT, workers=1)
    assert facts(again)["methods"] == {"GET": 300}
    assert "1 requests of the files were left out" in again.log()
    again.get("/a")
    assert file.read_bytes().count(b"HTTP/1.1") == 5  # what is served is known, but /facts


@pytest.mark.null
def test_null_plugin(bask: Bask) -> None:
    server = bask.null("--warmup", "/a,/stream/3,/bytes/70000,/fail-late", "--ready-url", "/",
                       "--warmup-record", "seen.http", "--warmup-requests", "400", workers=2)
    assert "warm-up: 400 requests" in server.log()
    assert server.get("/").status == 200
    assert "GET / HTTP/1.1" in (bask.folder / "seen.http").read_text()
