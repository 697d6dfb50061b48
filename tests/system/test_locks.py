"""uwsgi.lock and its like: one at a time in the whole server, and free again when a holder ends."""
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.server import Bask, Server
from support.wait import wait_until

COUNT = """
def count(times, lock=0):
    for _ in range(times):
        uwsgi.lock(lock)
        try:
            with open('count', 'r+') as file:
                value = int(file.read() or 0)
                file.seek(0)
                file.write(str(value + 1))
        finally:
            uwsgi.unlock(lock)

def hold(lock=0):
    uwsgi.lock(lock)
    note(os.getpid())
    while not os.path.exists('go'):
        time.sleep(0.005)
    uwsgi.unlock(lock)
"""


def start(bask: Bask, *options: str, defined: str = COUNT, workers: int = 2) -> Server:
    (bask.folder / "defined.py").write_text(defined)
    (bask.folder / "count").touch()
    return bask.app("services", *options, workers=workers)


def ask(server: Server, expression: str) -> str:
    return server.post("/", expression.encode()).text


def test_one_at_a_time_of_all_workers_and_threads(bask: Bask) -> None:
    server = start(bask, "--locks", "1", "--threads", "2", workers=3)
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda _: ask(server, "count(50, 1)"), range(12)))
    assert done == ["None"] * 12
    assert (server.folder / "count").read_text() == "600"


def test_numbers(bask: Bask) -> None:
    server = start(bask, "--locks", "2")
    assert ask(server, "[uwsgi.is_locked(), uwsgi.lock(), uwsgi.is_locked(), uwsgi.is_locked(2),"
                       " uwsgi.unlock(), uwsgi.is_locked()]") == (
        "[False, None, True, False, None, False]")
    for call in ("lock(3)", "unlock(3)", "is_locked(3)", "lock(-1)"):
        assert ask(server, "uwsgi." + call).startswith("ValueError: locks have"), call
    assert ask(server, "[uwsgi.lock(2), uwsgi.lock(2)]") == (
        "RuntimeError: this thread has lock 2 already")
    assert ask(server, "uwsgi.unlock(1)") == "None"
    server.wait_log("lock 1 was unlocked by a thread that does not have it")


def test_lock_zero_is_there_without_an_option_and_a_master(bask: Bask) -> None:
    server = start(bask, workers=0)
    assert ask(server, "[uwsgi.lock(), uwsgi.is_locked(), uwsgi.unlock()]") == "[None, True, None]"
    assert ask(server, "uwsgi.lock(1)") == (
        "ValueError: locks have the numbers 0 to 0 (--locks), not 1")


def wait_held(server: Server) -> int:
    """The process that has the lock."""
    seen = server.folder / "seen"
    wait_until(lambda: seen.exists() and seen.read_text().endswith("\n"), "a worker has the lock")
    return int(seen.read_text())


def test_holder_that_is_killed_lets_go(bask: Bask) -> None:
    server = start(bask)
    with server.connect() as connection:
        connection.send(b"POST / HTTP/1.0\r\nHost: x\r\nContent-Length: 6\r\n\r\nhold()")
        holder = wait_held(server)
        os.kill(holder, signal.SIGKILL)
    assert ask(server, "[uwsgi.lock(), uwsgi.unlock()]") == "[None, None]"
    server.wait_log("lock 0: who had it, in process %d, ended with it" % holder)
    server.complained("died, killed by signal 9")


def test_generations_share_them(bask: Bask) -> None:
    """A reload waits for the request that has the lock; what is new waits with it."""
    server = start(bask, workers=1)
    with ThreadPoolExecutor(2) as pool:
        holding = pool.submit(ask, server, "hold()")
        wait_held(server)
        server.send_signal(signal.SIGHUP)
        server.wait_log("reloaded: generation 2 serves")
        waiting = pool.submit(ask, server, "[uwsgi.is_locked(), note('asked'), uwsgi.lock(),"
                                           " os.path.exists('go'), uwsgi.unlock()]")
        wait_until(lambda: "asked" in (server.folder / "seen").read_text(), "the next one asks")
        (server.folder / "go").touch()
        assert waiting.result() == "[True, None, None, True, None]"
        assert holding.result() == "None"


@pytest.mark.parametrize("threads", ["1", "4"])
def test_decorator(bask: Bask, threads: str) -> None:
    server = start(bask, "--threads", threads, defined=(
        "from uwsgidecorators import lock\n"
        "@lock\n"
        "def add(n, *, fails=False):\n"
        "    'adds'\n"
        "    with open('count', 'r+') as file:\n"
        "        value = int(file.read() or 0)\n"
        "        file.seek(0)\n"
        "        file.write(str(value + n))\n"
        "    if fails:\n"
        "        raise OSError('it fails')\n"
        "    return uwsgi.is_locked()\n"))
    assert ask(server, "add.__doc__") == "'adds'"
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: ask(server, "add(1)"), range(40))) == {"True"}
    assert ask(server, "add(2, fails=True)") == "OSError: it fails"
    assert ask(server, "add(3)") == "True"
    assert (server.folder / "count").read_text() == "45"
