"""An application is in an ordinary Python: output, threads, processes, signals, end."""
import os
import re
import signal
import threading

import pytest

from support.client import make_request
from support.server import Bask, Server
from support.wait import wait_until


@pytest.mark.parametrize("env", [{"LC_ALL": "C"}, {"LC_ALL": "POSIX", "LANG": "C"}, {}])
def test_print_is_utf_8_in_the_log(bask: Bask, env: "dict[str, str]") -> None:
    server = bask.app("process:prints", env=env)
    assert server.get("/").body == b"printed"
    for stream in ("stdout", "stderr", "wsgi.errors"):
        server.wait_log("café ☃ on " + re.escape(stream))
    server.wait_log(r"a surrogate: \\udcff")


def test_thread_of_the_application(bask: Bask) -> None:
    assert bask.app("process:starts_thread").get("/").text.startswith("Thread-")


@pytest.mark.parametrize("workers", [0, 1])
def test_background_thread_goes_on_between_requests(bask: Bask, workers: int) -> None:
    server = bask.app("process:counts_in_background", workers=workers)
    server.get("/")
    before = int(server.get("/").text)
    wait_until(lambda: int(server.get("/").text) > before + 20, "the thread counts")


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("threads", ["1", "3"])
def test_fork_in_a_request(bask: Bask, workers: int, threads: str) -> None:
    server = bask.app("process:forks", "--threads", threads, workers=workers)
    for _ in range(3):
        assert server.get("/").body == b"7"


@pytest.mark.parametrize("workers", [0, 1])
def test_program_run_in_a_request_inherits_no_socket(bask: Bask, workers: int) -> None:
    listing = bask.app("process:runs_program", workers=workers).get("/").text
    assert "/proc/" in listing
    assert "socket:" not in listing
    assert "eventpoll" not in listing


def test_executable_runs_the_same_interpreter(bask: Bask) -> None:
    assert bask.app("process:runs_itself").get("/").text == "pypy"


@pytest.mark.parametrize("workers", [0, 1])
def test_signal_handler_of_the_application(bask: Bask, workers: int) -> None:
    server = bask.app("process:handles_signal", workers=workers)
    assert server.get("/").text == "0"
    os.kill(server.workers()[0], signal.SIGUSR1)
    wait_until(lambda: server.get("/").text == "1", "the handler has run")


@pytest.mark.parametrize("workers", [0, 2])
def test_atexit_handler_runs_at_the_end(bask: Bask, workers: int) -> None:
    server = bask.app("process:registers_exit", workers=workers)
    asked = {server.get("/").text for _ in range(10)}
    server.stop()
    ran = (server.folder / "at-exit").read_text().splitlines()
    assert set(ran) == asked


def test_thread_is_waited_for_at_the_end(bask: Bask) -> None:
    server = bask.app("process:leaves_thread")
    assert server.get("/").body == b"started"
    server.send_signal(signal.SIGINT)
    (server.folder / "go").touch()
    server.wait_end()
    assert (server.folder / "thread-ended").exists()


def exists(server: Server, name: str) -> bool:
    return (server.folder / name).exists()


def test_infinite_recursion_on_every_thread(bask: Bask) -> None:
    """One of two threads is held, so the other recurses; then the other way round."""
    server = bask.app("process:deep_where_asked", "--threads", "2")

    def hold(number: int) -> threading.Thread:
        thread = threading.Thread(target=server.get, args=("/block?%d" % number,))
        thread.start()
        wait_until(lambda: exists(server, "blocked-%d" % number), "a thread is held")
        return thread

    first = hold(1)
    assert server.get("/recurse").status == 500
    second = hold(2)
    (server.folder / "go-1").touch()
    first.join()
    assert server.get("/recurse").status == 500
    (server.folder / "go-2").touch()
    second.join()
    assert set((server.folder / "threads").read_text().split()) == {"True", "False"}
    assert server.get("/").body == b"fine"
    server.complained("RecursionError")


def test_sigint_ends_a_server_that_is_busy(bask: Bask) -> None:
    """A request that does not end is cut off after a moment."""
    server = bask.app("process:deep_where_asked")
    with server.connect() as connection:
        connection.send(make_request("GET", "/block?1"))
        wait_until(lambda: exists(server, "blocked-1"), "the request runs")
        assert server.stop() == 30


BYTECODE_THERE = """
import sys
from _bask import lib
from bask_pypy._importer import BYTECODE

names = [name.rpartition(".")[2] for name in sys.modules if name.startswith("bask_pypy.")]
missing = [name for name in names if not lib.glue_bytecode(BYTECODE.encode(), name.encode()).ptr]
print("without bytecode:", missing, "of", len(names) > 20)
print("of another:", bool(lib.glue_bytecode(b"pypy27-00", b"wsgi").ptr))
"""


def test_the_glue_is_not_compiled_at_each_start(bask: Bask) -> None:
    """By the PyPy of the machine that the server was built on."""
    (bask.folder / "there.py").write_text(BYTECODE_THERE)
    server = bask.app("hello:application", "--pypy-exec", "there.py")
    server.wait_log(re.escape("without bytecode: [] of True"))
    server.wait_log("of another: False")


HEAVY = "asyncio email http.client logging shutil ssl subprocess sysconfig tempfile urllib.request"


def test_what_few_applications_need_is_not_imported_for_all(bask: Bask) -> None:
    """It is time at each start, and memory in each worker."""
    source = "import sys; print('heavy:', [each for each in %r if each in sys.modules])"
    server = bask.app("hello:application", "--pypy-eval", source % HEAVY.split())
    server.wait_log(re.escape("heavy: []"))
