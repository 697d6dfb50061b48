"""Recycling, harakiri and idle collections, in the real server."""
import os
import re
import signal
import threading
import time
from typing import List, Optional, Tuple

import pytest

from support import processes
from support.client import Answer, make_request
from support.server import Bask, Server
from support.wait import wait_until
from test_processes import Load


class Background:
    """One request whose answer is awaited elsewhere."""

    def __init__(self, server: Server, path: str) -> None:
        self.answer: Optional[Answer] = None
        self.error: Optional[Exception] = None
        self._server, self._path = server, path
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.answer = self._server.get(self._path)
        except Exception as error:
            self.error = error

    def join(self) -> None:
        self._thread.join(30)

    def wait(self) -> Answer:
        self.join()
        assert self.answer is not None, self.error
        return self.answer


class KeepAliveLoad:
    """Requests on one connection after the other, each as long as the server keeps it."""

    def __init__(self, server: Server) -> None:
        self.failures: List[str] = []
        self.count = 0
        self._server = server
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                with self._server.connect() as connection:
                    while not self._ending.is_set():
                        answer = connection.request("GET", "/")
                        if answer.status != 200 or not answer.complete:
                            self.failures.append("status %d" % answer.status)
                        self.count += 1
                        if answer.headers.get("Connection", "").lower() == "close":
                            break
            except Exception as error:
                self.failures.append(repr(error))

    def __enter__(self) -> "KeepAliveLoad":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ending.set()
        self._thread.join()


def recycled(server: Server) -> int:
    return server.log().count(" is recycled after ")


def came(server: Server) -> int:
    return server.log().count("] spawned Bask worker 1 ")


# Recycling


@pytest.mark.parametrize("option", [
    ("--max-requests", "200"),
    ("--max-worker-lifetime", "300ms"),
])
@pytest.mark.null
def test_recycling_loses_nothing(bask: Bask, option: Tuple[str, str]) -> None:
    server = bask.null(*option, "--min-worker-lifetime", "0", workers=2)
    with KeepAliveLoad(server) as steady, Load(server) as load:
        wait_until(lambda: recycled(server) >= 6, "workers are recycled")
        load.wait_more(50)
    assert load.failures == [] and steady.failures == []
    assert steady.count > 100
    server.wait_log(option[0][2:])


def test_recycling_in_python_loses_nothing(bask: Bask) -> None:
    server = bask.app("limits", "--max-requests", "300", "--min-worker-lifetime", "0", workers=1)
    with KeepAliveLoad(server) as steady, Load(server) as load:
        wait_until(lambda: recycled(server) >= 3, "the worker is recycled")
        load.wait_more(50)
    assert load.failures == [] and steady.failures == []
    assert len(load.answered) >= 3
    server.wait_log(r"recycled after .*: max-requests; its place has answered \d+ requests")


@pytest.mark.null
def test_max_requests_is_exact(bask: Bask) -> None:
    server = bask.null("-R", "5", "--min-worker-lifetime", "0", workers=1)
    for _ in range(4):
        server.get("/")
    assert recycled(server) == 0
    server.get("/")
    wait_until(lambda: recycled(server) == 1, "the worker is recycled")
    server.wait_log("has answered 5 requests")


@pytest.mark.null
def test_min_worker_lifetime(bask: Bask) -> None:
    server = bask.null("-R", "2", "--min-worker-lifetime", "2", workers=1)
    begun = time.monotonic()
    for _ in range(10):
        server.get("/")
    assert recycled(server) == 0 or time.monotonic() - begun > 2
    found = server.wait_log(r"recycled after ([\d.]+) s: max-requests")
    assert float(found.group(1)) >= 2.0
    wait_until(lambda: came(server) == 2, "a successor came")


@pytest.mark.null
def test_lifetimes_that_contradict(bask: Bask) -> None:
    words = bask.refused("--plugin", "null", "--min-worker-lifetime", "60",
                         "--max-worker-lifetime", "30")
    assert words.count("\n") == 1 and "--min-worker-lifetime of 60 s is longer" in words


@pytest.mark.null
def test_without_a_master_the_server_ends(bask: Bask) -> None:
    server = bask.null("-R", "3", "--min-worker-lifetime", "0")
    for _ in range(3):
        assert server.get("/").status == 200
    assert server.wait_end() == 17


@pytest.mark.parametrize("option", ["--reload-on-rss", "--reload-on-as"])
def test_memory(bask: Bask, option: str) -> None:
    limit = "400" if option == "--reload-on-rss" else "1"
    server = bask.app("limits", option, limit, "--mem-collector-freq", "50ms",
                      "--min-worker-lifetime", "500ms", workers=1)
    if option == "--reload-on-rss":
        first = server.get("/").text
        time.sleep(0.8)
        assert recycled(server) == 0 and server.get("/").text == first
        assert server.get("/grow").status == 200
    server.wait_log(r"recycled after .*%s %s: it has \d+ MB" % (option[2:], limit))
    wait_until(lambda: came(server) >= 2, "a successor came")


def test_evil_memory(bask: Bask) -> None:
    server = bask.app("limits", "--evil-reload-on-rss", "400", "--mem-collector-freq", "50ms",
                      "--threads", "2", workers=1)
    sibling = Background(server, "/sibling")
    wait_until((server.folder / "sibling").exists, "a request is inside")
    growing = Background(server, "/grow")  # its answer may be out before it is seen
    server.complained(r"has \d+ MB, evil-reload-on-rss is 400: it ends at once")
    server.wait_log("worker 1 cuts off .*: GET /sibling")
    with pytest.raises(AssertionError):
        sibling.wait()
    growing.join()
    wait_until(lambda: server.get("/").status == 200, "another worker serves")


@pytest.mark.null
def test_exception(bask: Bask) -> None:
    server = bask.null("--reload-on-exception", "--min-worker-lifetime", "0", workers=1)
    server.get("/")
    assert recycled(server) == 0
    assert server.get("/fail").status == 500
    server.wait_log("is recycled after .*: reload-on-exception;")
    wait_until(lambda: came(server) == 2, "a successor came")


@pytest.mark.parametrize("rule, value, meets", [
    ("type", "Broken", True), ("type", "ValueError", False),
    ("value", "out of order", True), ("repr", "Broken('out of order')", True)])
def test_exception_by_rule(bask: Bask, rule: str, value: str, meets: bool) -> None:
    server = bask.app("limits", "--reload-on-exception-" + rule, value,
                      "--min-worker-lifetime", "0", workers=1)
    before = server.get("/").text
    assert server.get("/raise").status == 500
    server.complained("Broken: out of order")
    if meets:
        server.wait_log("is recycled after .*: reload-on-exception-%s %s;"
                        % (rule, re.escape(value)))
        wait_until(lambda: server.get("/").text != before, "a successor serves")
    else:
        assert server.get("/").text == before and recycled(server) == 0


# Harakiri


def test_thread_that_comes_back(bask: Bask) -> None:
    """The client gets its 504 in time, the sibling its answer, the worker stays."""
    server = bask.app("limits", "--harakiri", "1", "--harakiri-graceful-timeout", "30",
                      "--harakiri-verbose", "--threads", "4", workers=1)
    pid = server.get("/").text
    begun = time.monotonic()
    late = Background(server, "/wait")
    answer = late.wait()
    assert answer.status == 504 and answer.complete
    assert 0.9 < time.monotonic() - begun < 3
    assert answer.headers["Connection"] == "close"
    server.complained(r"HARAKIRI on worker 1, thread \d: GET /wait took more than 1\.0 s")
    server.wait_log(r"in wait_for\n")
    server.wait_log(r"thread \d+ \(.*\): syscall ")
    assert server.get("/").text == pid  # another thread
    (server.folder / "go").touch()
    server.wait_log(r"thread \d came back")
    assert [server.get("/").text for _ in range(20)] == [pid] * 20
    assert server.get("/harakiris").text == "1"
    assert recycled(server) == 0
    assert server.log().count("GET /wait => ") == 1  # the late answer has no line of its own


def test_thread_that_does_not_come_back(bask: Bask) -> None:
    """The worker is replaced, and its sibling's request, younger than its own time, completes."""
    server = bask.app("limits", "--harakiri", "2", "--harakiri-graceful-timeout", "500ms",
                      "--threads", "4", workers=1)
    pid = server.get("/").text
    stuck = Background(server, "/stuck")
    time.sleep(1.5)
    sibling = Background(server, "/sibling")
    wait_until((server.folder / "sibling").exists, "the sibling is inside")
    assert stuck.wait().status == 504
    server.complained("does not come back: the worker is given up")
    wait_until(lambda: server.get("/").text != pid, "a successor serves")
    assert processes.is_alive(int(pid))
    (server.folder / "go-sibling").touch()
    answer = sibling.wait()
    assert (answer.status, answer.text) == (200, pid)
    wait_until(lambda: not processes.is_alive(int(pid)), "the old worker ends")
    assert "NO MERCY" not in server.log()
    server.wait_log("in application\n")


def test_c_code_that_keeps_the_interpreter(bask: Bask) -> None:
    """Nobody can run Python: the 504 is in time, and the stacks are there all the same."""
    server = bask.app("limits", "--harakiri", "1", "--harakiri-graceful-timeout", "1",
                      "--threads", "2", workers=1)
    pid = server.get("/").text
    assert Background(server, "/backtrack").wait().status == 504
    server.complained("HARAKIRI on worker 1.*GET /backtrack")
    server.wait_log(r"line \d+ in match")
    wait_until(lambda: not processes.is_alive(int(pid)), "the worker ends")
    wait_until(lambda: server.get("/").status == 200, "a successor serves")


@pytest.mark.null
def test_all_threads_are_lost(bask: Bask) -> None:
    """With its only thread lost a worker accepts nothing; what it had accepted is told so."""
    server = bask.null("--harakiri", "1", "--harakiri-graceful-timeout", "1", workers=1)
    first = Background(server, "/sleep/60000")
    wait_until(lambda: processes.is_alive(server.workers()[0]), "it runs")
    time.sleep(0.3)
    queued = Background(server, "/queued")
    assert first.wait().status == 504
    waiting = Background(server, "/waiting")
    assert queued.wait().status == 503
    assert waiting.wait().status == 200
    server.complained("ends with 1 threads that did not come back")
    wait_until(lambda: came(server) == 2, "a successor came")


@pytest.mark.null
def test_only_thread_comes_back(bask: Bask) -> None:
    server = bask.null("--harakiri", "500ms", "--harakiri-graceful-timeout", "30", workers=1)
    assert server.get("/sleep/2000").status == 504
    assert server.get("/").status == 200  # once it has slept
    server.complained("came back")
    assert recycled(server) == 0


@pytest.mark.null
def test_without_a_master_a_lost_thread_ends_the_server(bask: Bask) -> None:
    server = bask.null("--harakiri", "500ms", "--harakiri-graceful-timeout", "500ms")
    assert server.get("/sleep/60000").status == 504
    assert server.wait_end() == 17
    server.complained("does not come back")


@pytest.mark.null
def test_worker_that_stands_still_is_killed_by_the_master(bask: Bask) -> None:
    server = bask.null("--harakiri", "1", "--harakiri-graceful-timeout", "0", workers=1)
    pid = server.workers()[0]
    background = Background(server, "/sleep/500")
    with server.connect() as connection:
        connection.send(make_request("GET", "/sleep/60000"))
        time.sleep(0.8)
        processes.stop(pid)
        server.complained(r"worker 1 \(pid: %d\) is stuck" % pid)
        server.wait_log(r"was in a request for \d+ ms \(thread 0\): GET /sleep/")
    background.join()
    wait_until(lambda: len(server.roster()) == 1 and server.workers()[0] != pid, "it is replaced")
    assert server.get("/").status == 200


@pytest.mark.null
def test_requests_in_time_are_left_alone(bask: Bask) -> None:
    server = bask.null("--harakiri", "1", "--threads", "3", workers=1)
    ends = [Background(server, "/sleep/800") for _ in range(6)]
    assert [each.wait().status for each in ends] == [200] * 6
    assert "HARAKIRI" not in server.log()


def test_response_that_has_begun_is_broken_off(bask: Bask) -> None:
    server = bask.app("limits", "--harakiri", "1", workers=1, *["--threads", "2"])
    with server.connect() as connection:
        connection.send(make_request("GET", "/stream"))
        data = connection.rest()
    assert b"first" in data and b"504" not in data and not data.endswith(b"0\r\n\r\n")
    server.complained("its connection was closed")
    (server.folder / "go").touch()
    server.wait_log("came back")


def test_client_that_still_sends_is_told(bask: Bask) -> None:
    """A 504 while the body comes is not followed by a reset; the reading thread wakes up."""
    server = bask.app("limits", "--harakiri", "1", "--post-buffering", "0",
                      "--harakiri-graceful-timeout", "30", workers=1)
    pid = server.get("/").text
    with server.connect() as client:
        client.send(b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        begun = time.monotonic()
        while "HARAKIRI" not in server.log() and time.monotonic() - begun < 20:
            client.send(b"some")
            time.sleep(0.05)
        for _ in range(5):
            client.send(b"more")
            time.sleep(0.05)
        assert client.answer().status == 504
    server.complained("HARAKIRI")
    server.wait_log("came back")
    with server.connect() as silent:
        silent.send(b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        assert silent.answer().status == 504
        wait_until(lambda: server.log().count("came back") == 2, "it does not wait for the client")
    assert server.get("/").text == pid


@pytest.mark.null
def test_late_worker_accepts_nothing_when_it_is_told_to_look(bask: Bask) -> None:
    """Signals to look at the board do not undo what harakiri closed."""
    server = bask.null("--harakiri", "500ms", "--harakiri-graceful-timeout", "2", workers=1)
    worker = server.workers()[0]
    assert server.get("/sleep/60000").status == 504
    server.complained("HARAKIRI")
    os.kill(worker, signal.SIGTSTP)
    wait_until(lambda: not processes.is_pending(worker, signal.SIGTSTP), "it has looked")
    assert server.get("/").status == 200  # by the successor; 503 from who cannot answer


def test_user_harakiri(bask: Bask) -> None:
    server = bask.app("limits", "--harakiri-graceful-timeout", "30", "--threads", "2", workers=1)
    assert server.get("/user").status == 504
    server.complained(r"GET /user took more than 1\.\d s")
    (server.folder / "go").touch()
    server.wait_log("came back")
    assert server.get("/user-cancelled").status == 200


@pytest.mark.null
def test_queue_threshold(bask: Bask) -> None:
    server = bask.null("--harakiri", "500ms", "--harakiri-queue-threshold", "2", workers=1)
    assert server.get("/sleep/2500").status == 200
    late = Background(server, "/sleep/3500")
    time.sleep(0.2)
    others = [Background(server, "/") for _ in range(3)]
    assert late.wait().status == 504
    server.complained("HARAKIRI on worker 1.*GET /sleep/3500")
    for each in others:
        each.join()


# Idle moments


def test_gc_idle(bask: Bask) -> None:
    server = bask.app("garbage", "--gc-idle", "--threads", "2", workers=1)
    before = int(server.get("/majors").text)

    def collected() -> bool:
        for _ in range(60):
            assert server.get("/").status == 200
        time.sleep(0.1)
        return int(server.get("/majors").text) > before

    wait_until(collected, "a collection was made")
    assert server.get("/").status == 200


def test_idle_worker_sleeps(bask: Bask) -> None:
    """Where there is nothing more to collect the worker has nothing to do."""
    server = bask.app("garbage", "--gc-idle", workers=1)
    for _ in range(100):
        server.get("/")
    pid = server.workers()[0]
    wait_until(lambda: cost(pid, 1.0) <= 0.02, "the worker is quiet")


def cost(pid: int, seconds: float) -> float:
    before = processes.cpu_seconds(pid)
    time.sleep(seconds)
    return processes.cpu_seconds(pid) - before
