"""What applications do to their process, and what becomes of it: each has a row in docs/guide/robustness.md."""
import os
import re
import signal
import socket
import subprocess
import threading
from typing import Dict, List

import pytest

from support import processes
from support.client import make_request
from support.server import APPS, BINARY, Bask, Server
from support.wait import wait_until


def start(bask: Bask, *arguments: str, workers: int = 1, **how: object) -> Server:
    """As a module: what is started anew has to be able to import it."""
    server = bask.start("--module", "robust", "--pypy-pp", str(APPS), *arguments,
                        workers=workers, **how)
    return server


def lives(server: Server, pid: str) -> None:
    """The worker is the one it was, and every thread of it answers."""
    assert [server.get("/").text for _ in range(8)] == [pid] * 8


# Threads and processes


@pytest.mark.parametrize("threads", ["1", "3"])
def test_threads(bask: Bask, threads: str) -> None:
    server = start(bask, "--threads", threads)
    expected = str(sum(n * n for n in range(50)))
    assert [server.get("/threads").text for _ in range(3)] == [expected] * 3
    assert [server.get("/pool").text for _ in range(3)] == [expected] * 3


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("how", ["fork", "spawn", "forkserver"])
def test_multiprocessing(bask: Bask, how: str, workers: int) -> None:
    server = start(bask, "--threads", "2", workers=workers)
    server.idle = False  # it keeps a process that watches over its semaphores
    pid = server.get("/").text
    assert server.get("/processes?" + how).text == str(sum(n * n for n in range(50)))
    assert server.get("/process-with-queue?" + how).text == "from the child, 0"
    assert server.get("/terminated").text == "-15"
    lives(server, pid)


def test_programs(bask: Bask) -> None:
    server = start(bask, "--threads", "2")
    assert server.get("/program").text == "through a program, -15"
    assert server.get("/program-signals").text.split() == ["SigBlk:", "0000000000000000"]


def test_program_that_outlives_its_request(bask: Bask) -> None:
    """Nobody waits for it: neither the client, nor whoever ends or replaces the worker."""
    server = start(bask)
    server.idle = False
    old = server.workers()
    assert server.get("/background-program", {"Connection": "close"}).text == "done"
    server.send_signal(signal.SIGHUP)
    wait_until(lambda: server.workers() and not set(old) & set(server.workers()), "it reloads")
    (server.folder / "go").touch()


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("threads", ["1", "3"])
@pytest.mark.parametrize("what, status", [
    ("returns", 0), ("streams", 0), ("exits", 7), ("calls-exit", 8), ("raises", 1),
    ("forks", 16)])
def test_fork_in_a_request(bask: Bask, what: str, status: int, threads: str, workers: int) -> None:
    """The child never speaks to the client, and takes no request."""
    server = start(bask, "--threads", threads, workers=workers)
    pid = server.get("/").text
    with server.connect() as connection:
        for _ in range(3):
            answer = connection.request("GET", "/child-that-" + what)
            assert answer.text == "the child ended with %d" % status
        assert connection.is_silent()
    lives(server, pid)
    if what == "raises":
        server.complained("ValueError: raised in the child")
        assert server.log().count("ValueError: raised in the child") == 3
    if what in ("returns", "streams"):
        server.wait_log("came back into the server")
    if what == "calls-exit":
        assert "SystemExit" not in server.log()
        assert (server.folder / "child-atexit").exists()


def test_child_that_wants_the_body(bask: Bask) -> None:
    """It cannot take from the parent's connection; what is there already is in its memory."""
    server = start(bask, "--post-buffering", "0")
    answer = server.post("/child-that-reads", b"b" * 100000)
    assert answer.text == "the child ended with 1, the parent read 100000"
    server.complained("OSError: the client left")


def test_fork_in_a_thread_of_the_application(bask: Bask) -> None:
    server = start(bask, "--threads", "2")
    assert server.get("/child-of-a-thread").text == "the child ended with 9"


@pytest.mark.parametrize("workers", [0, 1])
def test_child_that_outlives_the_server(bask: Bask, workers: int) -> None:
    """It holds neither the client's connection nor the listening socket."""
    server = start(bask, workers=workers)
    with server.connect() as connection:
        connection.send(make_request("GET", "/child-that-stays", {"Connection": "close"}))
        assert connection.answer().text == "done"
        assert connection.rest() == b""
    wait_until((server.folder / "child").exists, "the child runs")
    server.stop()
    assert isinstance(server.address, tuple)
    with socket.socket() as anew:
        anew.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        anew.bind(server.address)
        anew.listen()
    child = int((server.folder / "child").read_text())
    assert processes.is_alive(child)
    (server.folder / "go").touch()
    wait_until(lambda: not processes.is_alive(child), "the child ends")


# Signals


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("threads", ["1", "2"])
def test_alarm_that_comes_too_late_costs_nobody_a_request(bask: Bask, threads: str, workers: int
                                                          ) -> None:
    """The handler raises between two requests, when it meets no frame of the application."""
    server = start(bask, "--threads", threads, workers=workers)
    pid = server.get("/").text
    for number in range(1, 4):
        server.get("/alarm")
        wait_until(lambda: server.get("/").text == pid
                   and server.log().count("TooLate: the alarm") == number, "it rings")
    lives(server, pid)
    server.complained("a signal handler raised between two requests:")


def test_storm_of_alarms(bask: Bask) -> None:
    """Handlers that raise everywhere, in the server's own Python too: answers are right or a 500."""
    server = start(bask, "--threads", "2")
    server.idle = False  # files whose reader was interrupted are closed when PyPy finds them
    pid = server.get("/").text
    server.get("/storm")
    answers = [server.get("/") for _ in range(300)]
    assert {answer.status for answer in answers} <= {200, 500}
    assert {answer.text for answer in answers if answer.status == 200} <= {pid}
    while server.get("/calm").status != 200:
        pass
    lives(server, pid)
    server.complained("TooLate")


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("threads", ["1", "4"])
def test_signal_handler_runs(bask: Bask, threads: str, workers: int) -> None:
    """Also where other threads take the requests."""
    server = start(bask, "--threads", threads, workers=workers)
    with ThreadedClients(server, "/handler", 8):
        (worker,) = server.workers()
        os.kill(worker, signal.SIGUSR2)
    wait_until(lambda: server.get("/rang").text == "1", "the handler has run")


class ThreadedClients:
    """So many clients at once, all with an answer at the end."""

    def __init__(self, server: Server, path: str, count: int) -> None:
        self._threads = [threading.Thread(target=server.get, args=(path,)) for _ in range(count)]

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()
        for thread in self._threads:
            thread.join()

    def __exit__(self, *error: object) -> None:
        pass


@pytest.mark.parametrize("workers", [0, 1])
def test_application_takes_the_signals_of_the_server(bask: Bask, workers: int) -> None:
    server = start(bask, workers=workers)
    server.get("/takes-our-signals")
    if workers:
        old = server.workers()
        server.send_signal(signal.SIGHUP)
        wait_until(lambda: server.workers() and not set(old) & set(server.workers()), "it reloads")
        server.get("/takes-our-signals")


# Ends and errors


@pytest.mark.parametrize("threads", ["1", "3"])
def test_exit_in_a_request(bask: Bask, threads: str) -> None:
    server = start(bask, "--threads", threads)
    pid = server.get("/").text
    assert [server.get("/exits").status for _ in range(5)] == [500] * 5
    lives(server, pid)
    server.complained("SystemExit: 3")


def test_exit_at_once_in_a_request(bask: Bask) -> None:
    server = start(bask)
    pid = server.get("/").text
    with pytest.raises(Exception):
        server.get("/exits-at-once")
    wait_until(lambda: server.workers() and server.get("/").text != pid, "it is replaced")
    server.complained(r"worker 1 was in a request for \d+ ms \(thread 0\): GET /exits-at-once")


@pytest.mark.parametrize("threads", ["1", "3"])
def test_infinite_recursion(bask: Bask, threads: str) -> None:
    """Every thread has a stack that is as large as PyPy thinks."""
    server = start(bask, "--threads", threads)
    pid = server.get("/").text
    with ThreadedClients(server, "/recurses", 12):
        pass
    assert server.get("/recurses").status == 500
    assert server.get("/recurses-in-thread").text == "RecursionError"
    lives(server, pid)
    server.complained("RecursionError")


@pytest.mark.parametrize("what, said", [
    ("mute", "Mute"), ("quitter", "Quitter"), ("interrupter", "Interrupter"),
    ("anonymous", "Anonymous"), ("deep", "Deep"), ("not-text", "NotText"),
    ("surrogates", r"ValueError: a surrogate \\udcff"), ("long", "ValueError: xxx"),
    ("chain", "ValueError"), ("group", "Circle")])
def test_exception_that_fails_to_print(bask: Bask, what: str, said: str) -> None:
    server = start(bask, "--threads", "2", "--reload-on-exception-value", "never",
                   "--reload-on-exception-repr", "never")
    pid = server.get("/").text
    assert [server.get("/raises?" + what).status for _ in range(3)] == [500] * 3
    lives(server, pid)
    server.complained(said)
    server.wait_log(r"GET /raises\?%s: the application raised:" % what)
    server.wait_log(r"robust\.py\", line \d+, in raises")


# Memory


def test_no_memory_left_in_a_request(bask: Bask) -> None:
    """PyPy says so once, and ends the process the next time: before that another one takes over."""
    server = start(bask, env={"PYPY_GC_MAX": "150MB"})
    for _ in range(2):
        pid = server.get("/").text
        assert server.get("/hoards").status == 500
        wait_until(lambda: server.get("/").text != pid, "another worker serves")
    server.complained("MemoryError")
    server.wait_log("is recycled after .*: MemoryError: PyPy would end it the next time")
    assert "died" not in server.log()


def test_more_memory_than_there_can_be(bask: Bask) -> None:
    """The heap has room, the request does not get what it wants: nothing is replaced."""
    server = start(bask, "--threads", "2")
    pid = server.get("/").text
    assert [server.get("/wants-all").status for _ in range(3)] == [500] * 3
    lives(server, pid)
    server.complained("MemoryError")


def heap_limits(bask: Bask, limits: Dict[str, str], env: Dict[str, str], workers: int) -> List[str]:
    """What PyPy is told where these files are below /sys/fs/cgroup."""
    (bask.folder / "cgroup").mkdir()
    for name, text in limits.items():
        file = bask.folder / "cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")
    script = 'mount --bind "$1" /sys/fs/cgroup && shift && exec "$@"'
    ended = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", str(bask.folder / "cgroup"), BINARY,
         "--master", "--processes", str(workers), "--http-socket",
         "127.0.0.1:%d" % bask.ports.take(), "--wsgi-file", str(APPS / "tells_limits.py")],
        cwd=bask.folder, env=bask.environment(env), check=False, timeout=60,
        stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8")
    assert ended.returncode == 22, ended.stderr
    found = re.search(r"^limits: (\S+) (\S+)$", ended.stdout + ended.stderr, re.MULTILINE)
    assert found, ended.stderr
    return list(found.groups())


MEGABYTE = 1 << 20
V2 = "memory.max"  # version 1 is in tests/unit/test_sys_cgroup.c


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
@pytest.mark.parametrize("limits, env, workers, expected", [
    ({V2: "536870912"}, {}, 1, [448 * MEGABYTE, 64 * MEGABYTE]),
    ({V2: "536870912"}, {}, 2, [448 * MEGABYTE, 32 * MEGABYTE]),
    ({V2: "max"}, {}, 1, [None, None]),
    ({}, {}, 1, [None, None]),
    ({V2: "536870912"}, {"PYPY_GC_MAX": "300MB"}, 1, ["300MB", 64 * MEGABYTE]),
    ({V2: "536870912"}, {"PYPY_GC_MAX_DELTA": "9MB"}, 1, [448 * MEGABYTE, "9MB"]),
])
def test_heap_follows_the_limit_of_the_container(
        bask: Bask, limits: Dict[str, str], env: Dict[str, str], workers: int,
        expected: List[object]) -> None:
    assert heap_limits(bask, limits, env, workers) == [str(each) for each in expected]


# What a process has only once


@pytest.mark.parametrize("workers", [0, 1])
def test_crash_of_an_extension(bask: Bask, workers: int) -> None:
    server = start(bask, "--threads", "2", workers=workers)
    pid = server.get("/").text
    with pytest.raises(Exception):
        server.get("/crashes?secret=1")
    server.complained("Segmentation fault")
    server.wait_log(r"robust\.py\", line \d+ in crashes")
    if workers:
        wait_until(lambda: server.workers() and server.get("/").text != pid, "it is replaced")
        server.wait_log(r"worker 1 \(pid: %s\) died, killed by signal 11" % pid)
        server.wait_log(r"worker 1 was in a request for \d+ ms \(thread \d\): GET /crashes")
    else:
        assert server.wait_end() == -signal.SIGSEGV


@pytest.mark.parametrize("workers", [0, 1])
def test_application_closes_standard_streams(bask: Bask, workers: int) -> None:
    """No connection gets their numbers, so no line of the log goes to a client."""
    server = start(bask, "--threads", "2", workers=workers)
    server.idle = False
    server.get("/closes-streams")
    connections = [server.connect() for _ in range(6)]
    for connection in connections:
        assert connection.request("GET", "/").text == str(server.workers()[0])
        assert connection.request("GET", "/raises?long").status == 500
        connection.send(make_request("GET", "/", {"Connection": "close"}))
        assert connection.answer().text == str(server.workers()[0])
        assert connection.rest() == b""
        connection.close()
    server.complained("")


def test_application_changes_its_folder(bask: Bask) -> None:
    """The log is opened again where it was, and reloads load from where they did."""
    server = start(bask)
    server.get("/changes-folder")
    assert server.get("/").text == str(server.workers()[0])


def test_application_changes_its_umask(bask: Bask) -> None:
    server = start(bask, "--threads", "2")
    pid = server.get("/").text
    server.get("/changes-umask")
    body = b"b" * 3000000
    assert server.post("/length", body).text == str(len(body))
    lives(server, pid)


def test_application_changes_its_locale(bask: Bask) -> None:
    subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", str(bask.folder / "de_DE.UTF-8")],
                   check=True)
    server = start(bask, "--threads", "2", "--harakiri", "60", env={"LOCPATH": str(bask.folder)})
    assert server.get("/changes-locale").text == "de_DE.UTF-8"
    answer = server.get("/")
    assert re.match(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), ", answer.headers["Date"])
    months = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
    server.wait_log(r"\[(Mon|Tue|Wed|Thu|Fri|Sat|Sun) (%s) +\d+ [^]]*\] GET / " % months)


# The end


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_daemon_threads_at_the_end(bask: Bask, workers: int, how: int) -> None:
    """They run until the process is gone, and do not make it crash."""
    server = start(bask, "--die-on-term", workers=workers)
    server.get("/daemons")
    assert server.stop(how) == (0 if workers else 30)
    assert "died" not in server.log()
    assert "NO MERCY" not in server.log()


def test_thread_that_never_ends(bask: Bask) -> None:
    """Python waits for it, and the server does not wait for ever."""
    server = start(bask, "--worker-reload-mercy", "1")
    server.get("/stays")
    old = server.workers()[0]
    server.send_signal(signal.SIGHUP)
    wait_until(lambda: not processes.is_alive(old), "the old worker ends")
    server.complained(r"worker 1 \(pid: %d\) is taking too much time to die" % old)
    server.get("/stays")
    assert server.stop() == 0


@pytest.mark.parametrize("workers", [0, 1])
def test_atexit_handlers_that_fail(bask: Bask, workers: int) -> None:
    server = start(bask, workers=workers)
    server.get("/bad-ends")
    assert server.stop() == (0 if workers else 30)
    assert (server.folder / "first-registered").exists()
    server.complained("ZeroDivisionError")
    server.wait_log("printed at exit")


def test_sigpipe_is_the_applications_and_ends_no_worker(bask: Bask) -> None:
    """Programs for the command line want to end with their reader; a server has many of them."""
    (bask.folder / "large").write_bytes(b"x" * (64 << 20))
    path = str(bask.folder / "app.sock")
    server = bask.app("pipe", "--http-socket", path, "--static-map", "/large=large", address=path,
                      workers=1)
    workers = server.workers()
    for _ in range(3):
        with server.connect() as connection:
            connection.send(make_request("GET", "/large"))
            connection.bytes(1000)
        assert server.get("/").body == b"ok"
    server.wait_log("the client left before the end of the answer")
    assert server.workers() == workers
