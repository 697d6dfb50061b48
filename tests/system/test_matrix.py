"""What has to work on every PyPy. tools/pypy-matrix runs this file on one after the other; else it
looks at the PyPy of this machine.
"""
import json
import os
import signal
import threading
from pathlib import Path
from typing import Callable, Dict

import pytest

from support import processes
from support.server import APPS, Bask, Server
from support.wait import wait_until
from support.workers import wait_both_answer

HOME = os.environ.get("BASK_TEST_HOME")
PREFIX = os.environ.get("BASK_TEST_PREFIX", "/usr")
PACKAGES = os.environ.get("BASK_TEST_PACKAGES")

Start = Callable[..., Server]


@pytest.fixture
def start(bask: Bask) -> Start:
    """Serves a module of apps/ on the PyPy in question."""
    def serve(module: str, *arguments: str, workers: int = 0) -> Server:
        home = ["--pypy-home", HOME] if HOME else []
        packages = ["--pypy-pp", PACKAGES] if PACKAGES else []
        return bask.start(*home, *packages, "--pypy-pp", str(APPS), "--module", module, *arguments,
                          workers=workers)

    return serve


def test_loads(start: Start, record_property: Callable[[str, object], None]) -> None:
    server = start("interpreter")
    said = server.wait_log(r"is ready .*on PyPy (\S+) \(Python (\S+?)\)")
    facts = json.loads(server.get("/").body)
    record_property("pypy", "%s, Python %s" % said.groups())
    assert facts["implementation"] == "pypy"
    assert Path(facts["prefix"]).resolve() == Path(PREFIX).resolve()
    assert Path(facts["executable"]).parent == Path(facts["prefix"]) / "bin"


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


def test_reload(start: Start) -> None:
    server = start("workers", workers=2)
    old = server.workers()
    (server.folder / "version").write_text("2")
    server.send_signal(signal.SIGHUP)
    wait_until(lambda: len(server.roster()) == 2 and not set(old) & set(server.workers())
               and not any(map(processes.is_alive, old)), "all workers are new")
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


def test_warmup(start: Start) -> None:
    server = start("robust", "--warmup", "/pid", "--warmup-requests", "3000", workers=1)
    assert server.get("/").text == str(server.workers()[0])


def test_recursion(start: Start) -> None:
    server = start("robust", "--threads", "3", workers=1)
    assert [server.get("/recurses").status for _ in range(6)] == [500] * 6
    server.complained("RecursionError")
