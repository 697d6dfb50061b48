"""uwsgi.signal_wait: in workers, mules and spoolers."""
import os
import signal
import threading
from typing import Callable, List

import pytest

from support.aides import ask, seen, wait_born, wait_gone, wait_seen
from support.client import Address, Connection
from support.server import Bask, Server
from support.uwsgi import packet
from support.wait import wait_until


def start(bask: Bask, defined: str, *options: str, workers: int = 1) -> Server:
    (bask.folder / "defined.py").write_text(defined)
    return bask.app("services", *options, workers=workers)


WAIT = """
def wait(*number):
    note("waits")
    assert uwsgi.signal_wait(*number) == b""
    return uwsgi.signal_received()
uwsgi.register_signal(7, "", lambda number: note("handler %d" % number))
uwsgi.register_signal(8, "", lambda number: note("handler %d" % number))
"""


class Asked:
    """A request whose answer takes its time."""

    def __init__(self, request: Callable[[], str]) -> None:
        self.answers: List[str] = []
        self._thread = threading.Thread(target=lambda: self.answers.append(request()))
        self._thread.start()

    def wait(self) -> str:
        self._thread.join(20)
        assert self.answers, "it is answered"
        return self.answers[0]


def raise_at(address: Address, number: int) -> None:
    """Over a socket, where no thread of the application is needed."""
    with Connection(address) as connection:
        connection.send(packet(b"", 110, number))
        assert connection.rest() == bytes([255, 0, 0, 1])


@pytest.mark.null
@pytest.mark.parametrize("threads, workers", [("1", 1), ("3", 1), ("1", 2)])
def test_null_waits(bask: Bask, threads: str, workers: int) -> None:
    where: Address = ("127.0.0.1", bask.ports.take())
    server = bask.null("--threads", threads, "--socket", "%s:%d" % where, workers=workers)
    for _ in range(5):
        asked = Asked(lambda: server.get("/wait-signal").text)
        wait_until(lambda: raise_at(where, 200) or asked.answers,
                   "a number that nobody has defined comes")
        assert asked.wait() == "200"


@pytest.mark.null
def test_null_without_a_master(bask: Bask) -> None:
    assert bask.null().get("/wait-signal").text == "-5"


@pytest.mark.null
@pytest.mark.parametrize("number, answer", [(signal.SIGHUP, "-7")])
def test_null_ends(bask: Bask, number: int, answer: str) -> None:
    server = bask.null("--control-socket", "control", workers=1)
    asked = Asked(lambda: server.get("/wait-signal").text)
    wait_until(lambda: "1/1" in server.ctl("status").stdout, "it waits")
    server.send_signal(number)
    assert asked.wait() == answer
    server.wait_log("reloaded: generation 2 serves")


@pytest.mark.null
def test_null_stops(bask: Bask) -> None:
    """Who waits is told, and the server does not wait for him."""
    server = bask.null("--control-socket", "control", workers=1)
    asked = Asked(lambda: server.get("/wait-signal").text)
    wait_until(lambda: "1/1" in server.ctl("status").stdout, "it waits")
    server.send_signal(signal.SIGINT)
    assert asked.wait() == "-7"
    assert server.wait_end() == 0


@pytest.mark.null
def test_null_is_cut_off(bask: Bask) -> None:
    """The thread comes back, so the worker need not be replaced."""
    server = bask.null("--control-socket", "control", "--harakiri", "1", "--threads", "2", workers=1)
    before = server.roster()
    assert server.get("/wait-signal").status == 504
    wait_until(lambda: "0/2" in server.ctl("status").stdout, "its thread is free")
    assert server.roster() == before
    server.complained("HARAKIRI")


@pytest.mark.null
def test_null_dies_while_it_waits(bask: Bask) -> None:
    """Nobody waits in the worker that follows: the number comes to the one that does."""
    where: Address = ("127.0.0.1", bask.ports.take())
    server = bask.null("--control-socket", "control", "--socket", "%s:%d" % where, workers=2)
    first = server.roster()

    def ask_for_one() -> str:
        try:
            return server.get("/wait-signal").text
        except (ConnectionError, ValueError):
            return "died"

    asked = []
    for busy in (1, 2):  # one after the other: no worker takes both connections
        asked.append(Asked(ask_for_one))
        wait_until(lambda: server.ctl("status").stdout.count("1/1") == busy, "they wait")
    os.kill(first[1], signal.SIGKILL)
    wait_until(lambda: server.roster().get(1, first[1]) != first[1], "there is another")
    server.complained("worker 1 .* died")
    raise_at(where, 200)
    assert sorted(one.wait() for one in asked) == ["200", "died"]


def test_any_signal(bask: Bask) -> None:
    server = start(bask, WAIT, "--threads", "2")
    asked = Asked(lambda: ask(server, "wait()"))
    wait_seen(server, "waits")
    ask(server, "uwsgi.signal(7)")
    assert asked.wait() == "7"
    wait_seen(server, "handler 7")
    assert seen(server).count("handler 7") == 1


def test_one_number_and_handlers_of_others_meanwhile(bask: Bask) -> None:
    """The worker has one thread, which waits: handlers run in it."""
    server = start(bask, WAIT + "uwsgi.add_ms_timer(7, 20)\n")
    asked = Asked(lambda: ask(server, "wait(9)"))
    wait_seen(server, "waits", "handler 7")
    before = len(seen(server))
    wait_until(lambda: len(seen(server)) > before + 2, "handlers go on")
    assert not asked.answers
    server.stop()
    asked._thread.join(20)


def test_number_that_nobody_has_registered(bask: Bask) -> None:
    server = start(bask, WAIT, "--threads", "2")
    asked = Asked(lambda: ask(server, "wait(99)"))
    wait_seen(server, "waits")
    ask(server, "uwsgi.signal(98)")
    ask(server, "uwsgi.signal(7)")
    wait_seen(server, "handler 7")
    assert not asked.answers
    ask(server, "uwsgi.signal(99)")
    assert asked.wait() == "99"
    assert ask(server, "uwsgi.signal_received()") == "-1"  # another request
    ask(server, "uwsgi.signal(7)")
    wait_until(lambda: seen(server).count("handler 7") == 2, "signals are jobs again")


def test_handler_that_raises(bask: Bask) -> None:
    server = start(bask, WAIT + "uwsgi.register_signal(5, '', lambda number: 1 / 0)\n",
                   "--threads", "2")
    asked = Asked(lambda: ask(server, "wait()"))
    wait_seen(server, "waits")
    ask(server, "uwsgi.signal(5)")
    assert asked.wait() == "5"
    server.complained("the handler of signal 5 raised:\n(.*\n)+ZeroDivisionError")


def test_reload_ends_the_wait(bask: Bask) -> None:
    server = start(bask, WAIT)
    asked = Asked(lambda: ask(server, "wait()"))
    wait_seen(server, "waits")
    server.send_signal(signal.SIGHUP)
    assert asked.wait() == "SystemError: error waiting for signal: the worker shall end"
    server.wait_log("reloaded: generation 2 serves")


def test_harakiri_ends_the_wait(bask: Bask) -> None:
    server = start(bask, WAIT, "--harakiri", "1")
    Asked(lambda: ask(server, "wait()")).wait()
    server.complained("HARAKIRI")
    wait_until(lambda: ask(server, "1 + 1") == "2", "the worker or its successor serves")


def test_without_a_master_and_without_a_request(bask: Bask) -> None:
    server = start(bask, "try: uwsgi.signal_wait()\nexcept SystemError as error: note(error)\n",
                   workers=0)
    wait_seen(server, "you can call uwsgi api function only from the main callable")
    assert ask(server, "uwsgi.signal_wait()") == (
        "SystemError: error waiting for signal: there is no master")
    assert ask(server, "uwsgi.signal_wait(256)").startswith("ValueError")


MULE = """
import uwsgi
def note(text):
    with open("seen", "a") as seen:
        seen.write("%s\\n" % (text,))
uwsgi.register_signal(7, "mule1", lambda number: note("handler %d" % number))
note("waits")
try:
    while True:
        uwsgi.signal_wait()
        note("got %d" % uwsgi.signal_received())
finally:
    note("ends")
"""


def test_mule_with_a_program(bask: Bask) -> None:
    (bask.folder / "mule.py").write_text(MULE)
    server = start(bask, "", "--mule=mule.py")
    pid = wait_born(server, "mule")
    wait_seen(server, "waits")
    wait_until(lambda: ask(server, "uwsgi.signal(42)") and "got 42" in seen(server),
               "a number that nobody has registered comes")
    ask(server, "uwsgi.signal(7)")
    wait_seen(server, "handler 7", "got 7")
    server.send_signal(signal.SIGHUP)
    wait_gone(pid)
    wait_seen(server, "ends")


@pytest.mark.parametrize("where", ["hook", "task"])
def test_message_or_task_that_waits(bask: Bask, where: str) -> None:
    """It ends with its process, and a task is done again."""
    defined = ("def wait(*args):\n"
               "    note('waits')\n"
               "    uwsgi.signal_wait(9)\n"
               "    note('got %d' % uwsgi.signal_received())\n"
               "    return uwsgi.SPOOL_OK\n"
               "uwsgi.mule_msg_hook = uwsgi.spooler = wait\n")
    server = start(bask, defined, "--mule", "--spooler", "tasks", "--spooler-frequency", "1")
    kind = "mule" if where == "hook" else "spooler"
    pid = wait_born(server, kind)
    ask(server, "uwsgi.mule_msg('m')" if where == "hook" else "uwsgi.spool({'a': 'b'})")
    wait_seen(server, "waits")
    server.send_signal(signal.SIGHUP)
    wait_gone(pid)
    if where == "hook":
        return
    wait_until(lambda: seen(server).count("waits") == 2, "the task is tried again")
    wait_until(lambda: ask(server, "uwsgi.signal(9)") and "got 9" in seen(server), "it goes on")

