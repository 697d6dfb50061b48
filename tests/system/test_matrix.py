"""What has to work on every PyPy. tools/pypy-matrix runs this file on one after the other; else it
looks at the PyPy of this machine, and leaves out what other files test there.
"""
import json
import os
import re
import runpy
import signal
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, Iterator

import pytest

from support import processes
from support.client import make_request
from support.server import APPS, BINARY, EXIT_ALONE, EXIT_MASTER, LIBRARY, ROOT, Bask, Server
from support.terminal import CTRL_C, CTRL_D, IPYTHON, PLAIN, Terminal
from support.wait import wait_until
from support.workers import wait_both_answer

HOME = os.environ.get("BASK_TEST_HOME")
PREFIX = os.environ.get("BASK_TEST_PREFIX", "/usr")
PACKAGES = os.environ.get("BASK_TEST_PACKAGES")
PROGRAMS = os.environ.get("BASK_TEST_PROGRAMS")  # the examples of embed/, compiled
RUN = os.environ.get("BASK_TEST_RUN")  # starts a program with the libraries of the PyPy's release
CHOSEN = ["--pypy-home", HOME] if HOME else []
ON_SYS_PATH = ["--pypy-pp", PACKAGES] if PACKAGES else []

Start = Callable[..., Server]


@pytest.fixture
def start(bask: Bask) -> Start:
    """Serves a module of apps/ on the PyPy in question."""
    def serve(module: str, *arguments: str, **how: Any) -> Server:
        return bask.start(*CHOSEN, *ON_SYS_PATH, "--pypy-pp", str(APPS), "--module", module,
                          *arguments, **how)

    return serve


def test_loads(start: Start, record_property: Callable[[str, object], None]) -> None:
    server = start("interpreter")
    said = server.wait_log(r"is ready .*on PyPy (\S+) \(Python (\S+?)\)")
    facts = json.loads(server.get("/").body)
    record_property("pypy", "%s, Python %s" % said.groups())
    assert facts["implementation"] == "pypy"
    assert Path(facts["prefix"]).resolve() == Path(PREFIX).resolve()
    assert Path(facts["executable"]).parent == Path(facts["prefix"]) / "bin"


def test_locale(start: Start) -> None:
    """One that the system does not have, as many containers and ssh name one."""
    server = start("interpreter", env={"LC_ALL": "xx_XX.UTF-8"})
    assert json.loads(server.get("/").body)["encodings"] == ["utf-8", "utf-8"]


def test_wsgi(start: Start) -> None:
    server = start("hello")
    assert {server.get("/").text for _ in range(50)} == {"Hello from %d\n" % server.pid}


def test_flask(start: Start) -> None:
    server = start("flask_site:app", "--threads", "2")
    assert server.get("/").text == "home"
    assert json.loads(server.get("/users/7/x?page=2").body) == {
        "number": 7, "name": "x", "page": "2"}
    assert server.get("/boom").status == 500
    server.complained("ValueError: wrong value")


def test_two_workers(start: Start) -> None:
    server = start("workers", workers=2)
    wait_both_answer(server)


def test_threads(start: Start) -> None:
    """They are inside the application at the same time: the last one lets the others go."""
    server = start("matrix", "--threads", "4")
    answers: Dict[int, str] = {}

    def ask(number: int) -> None:
        answers[number] = server.get("/meet").text

    clients = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert sorted(answers.values()) == ["0", "1", "2", "3"]


def reload(server: Server) -> None:
    """All processes but the master are new, and so is the application."""
    old = [*server.workers(), server.zygote()]
    (server.folder / "version").write_text("2")
    server.send_signal(signal.SIGHUP)
    wait_until(lambda: len(server.roster()) == 2 and not set(old) & set(server.workers())
               and not any(map(processes.is_alive, old)), "all processes are new")


def test_reload(start: Start) -> None:
    server = start("workers", workers=2)
    reload(server)
    assert json.loads(server.get("/").body)["version"] == "2"


def test_body(start: Start) -> None:
    body = os.urandom(3000000)
    assert start("matrix", "--threads", "2").post("/echo", body).body == body


def test_os_fork(start: Start) -> None:
    server = start("robust", "--threads", "2", workers=1)
    assert server.get("/child-that-returns").text == "the child ended with 0"
    assert server.get("/child-that-calls-exit").text == "the child ended with 8"
    assert server.get("/child-that-exits").text == "the child ended with 7"


def test_multiprocessing(start: Start) -> None:
    """Anew, too: sys.executable is the same PyPy."""
    server = start("robust", "--threads", "2", workers=1)
    server.idle = False
    assert server.get("/process-with-queue?fork").text == "from the child, 0"
    assert server.get("/process-with-queue?spawn").text == "from the child, 0"


def test_programs(start: Start) -> None:
    server = start("robust", "--threads", "2", workers=1)
    assert server.get("/program").text == "through a program, -15"
    assert server.get("/program-signals").text.split() == ["SigBlk:", "0000000000000000"]


def test_warmup(start: Start) -> None:
    """In the zygote, so that workers have its machine code; and again in that of a reload."""
    server = start("warmup", "--warmup", "/a,/b", "--warmup-requests", "3000", workers=2)
    first = json.loads(server.get("/facts").body)
    assert first["warm"] >= first["warmup"]["requests"] >= 1000 and first["warmup"]["traces"] > 0
    reload(server)
    second = json.loads(server.get("/facts").body)
    assert second["warmup"]["traces"] > 0 and second["pid"] != first["pid"]
    assert len(re.findall(r"warm-up: \d+ requests in .* traces compiled", server.log())) == 2


def test_recursion(start: Start) -> None:
    server = start("robust", "--threads", "3", workers=1)
    assert [server.get("/recurses").status for _ in range(6)] == [500] * 6
    assert server.get("/recurses-in-thread").text == "RecursionError"
    server.complained("RecursionError")


def test_exit(start: Start) -> None:
    """Of a request, of an exception that is printed, of the whole process."""
    server = start("robust", "--threads", "2", workers=1)
    pid = server.get("/").text
    assert [server.get("/exits").status for _ in range(3)] == [500] * 3
    assert [server.get("/raises?quitter").status for _ in range(3)] == [500] * 3
    assert [server.get("/").text for _ in range(4)] == [pid] * 4
    server.complained("SystemExit: 3")
    with pytest.raises(Exception):
        server.get("/exits-at-once")
    wait_until(lambda: server.workers() and server.get("/").text != pid, "it is replaced")
    server.wait_log(r"worker 1 was in a request for \d+ ms \(thread \d\): GET /exits-at-once")


def test_signals(start: Start) -> None:
    """A handler runs, one that raises between two requests costs none, and ours stay."""
    server = start("robust", workers=1)
    pid = server.get("/").text
    server.get("/handler")
    os.kill(int(pid), signal.SIGUSR2)
    wait_until(lambda: server.get("/rang").text == "1", "the handler has run")
    for number in range(1, 6):  # it may meet a request, too
        server.get("/alarm")
        wait_until(lambda: server.get("/").text == pid
                   and server.log().count("TooLate: the alarm") == number, "the alarm rings")
        if "raised between two requests:" in server.log():
            break
    server.complained("a signal handler raised between two requests:")
    server.get("/takes-our-signals")
    server.send_signal(signal.SIGHUP)
    wait_until(lambda: server.get("/").text != pid, "it reloads")


def test_crash(start: Start) -> None:
    """In C, below Python: the log has the Python stack, and another worker serves."""
    server = start("robust", "--threads", "2", workers=1)
    pid = server.get("/").text
    with pytest.raises(Exception):
        server.get("/crashes")
    server.complained("Segmentation fault")
    server.wait_log(r"robust\.py\", line \d+ in crashes")
    wait_until(lambda: server.workers() and server.get("/").text != pid, "it is replaced")
    server.wait_log(r"worker 1 was in a request for \d+ ms \(thread \d\): GET /crashes")


def test_memory(start: Start) -> None:
    """PyPy says once that its heap is full: another worker takes over."""
    server = start("robust", env={"PYPY_GC_MAX": "150MB"}, workers=1)
    pid = server.get("/").text
    assert server.get("/hoards").status == 500
    wait_until(lambda: server.get("/").text != pid, "another worker serves")
    server.complained("MemoryError")
    assert "died" not in server.log()


def test_library(bask: Bask) -> None:
    """In that PyPy's own interpreter, which goes on when the server has ended."""
    interpreter = str(Path(HOME or "/usr") / "bin" / "pypy3")
    server = bask.start("--pypy-pp", str(APPS), "--module", "workers", "--threads", "8", workers=2,
                        program=(interpreter, str(APPS / "hosting.py"), LIBRARY))
    connections = [server.connect() for _ in range(8)]
    for connection in connections:
        connection.send(make_request("GET", "/slow"))
    served = {json.loads(connection.answer().body)["pid"] for connection in connections}
    for connection in connections:
        connection.close()
    assert served <= set(server.workers()) and server.pid not in served
    reload(server)
    assert json.loads(server.get("/").body)["version"] == "2"
    assert server.stop() == EXIT_MASTER
    assert "hosting: the server returned 0" in server.log()
    assert "hosting: unchanged True True True True" in server.log()


@contextmanager
def terminal(bask: Bask, *words: str) -> Iterator[Terminal]:
    """A server at a pseudo-terminal."""
    socket = "127.0.0.1:%d" % bask.ports.take()
    opened = Terminal([BINARY, "--socket", socket, *CHOSEN, *words], str(bask.folder),
                      bask.environment())
    try:
        yield opened
    finally:
        opened.close()


def test_shell(bask: Bask) -> None:
    with terminal(bask, "--wsgi-file", str(APPS / "hello.py"), "--pypy-shell") as shell:
        shell.wait(PLAIN)
        shell.ask("6*7", "42")
        shell.ask("import uwsgi; uwsgi.worker_id() + 100", "101")
        shell.interrupt_a_sleep(PLAIN)
        shell.type(CTRL_D)
        assert shell.wait_end() == EXIT_ALONE


@pytest.mark.skipif(not PACKAGES, reason="test_shell.py has IPython in this machine's PyPy")
def test_ipython(bask: Bask) -> None:
    """By the command line of uWSGI's documentation; the server serves when it is left."""
    with terminal(bask, *ON_SYS_PATH, "--pypy-eval", "import IPython; IPython.embed()",
                  "--honour-stdin") as shell:
        shell.wait(IPYTHON)
        shell.ask("6*7", "42")
        shell.interrupt_a_sleep(IPYTHON)
        shell.type(CTRL_C)  # at the prompt, too
        shell.wait(IPYTHON)
        shell.type(CTRL_D)
        shell.wait("exit")
        shell.type("y\r")
        shell.wait("spawned Bask worker 1")
        shell.type(CTRL_C)
        assert shell.wait_end() == EXIT_ALONE


@pytest.mark.skipif(not PROGRAMS, reason="tests/embed has the examples with this machine's PyPy")
def test_embedding(bask: Bask) -> None:
    """The examples of embed/: a host with one thread, with a pool, one that forks, one in C++."""
    assert PROGRAMS and RUN and HOME
    expected = runpy.run_path(str(ROOT / "tests" / "embed" / "outputs.py"))["EXPECTED"]
    for name, pattern in expected.items():
        done = subprocess.run(
            [RUN, str(Path(PROGRAMS) / name)], cwd=bask.folder, timeout=60, check=False,
            env=bask.environment({"PYPY_HOME": HOME}), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0 and re.fullmatch(pattern, done.stdout.decode()), (name, done)
