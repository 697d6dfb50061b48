"""Mules: processes beside the workers that get messages or run a program of their own."""
import os
import re
import signal
from typing import List

import pytest

from support import processes
from support.aides import ask, born, seen, wait_born, wait_gone, wait_seen
from support.server import Bask, Server
from support.wait import wait_until


def start(bask: Bask, defined: str, *options: str, workers: int = 1) -> Server:
    (bask.folder / "defined.py").write_text(defined)
    return bask.app("services", *options, workers=workers)


HOOK = "uwsgi.mule_msg_hook = lambda message: note('%d %s' % (uwsgi.mule_id(), message.decode()))\n"


# Processes


@pytest.mark.null
def test_message_reaches_the_mule_that_is_meant(bask: Bask) -> None:
    server = bask.null("--mules", "2", workers=1)
    for number in (1, 2):
        wait_born(server, "mule", number)
        assert server.get("/mule/%d" % number).status == 200
        server.wait_log("null: mule %d: hello" % number)
    server.get("/mule/0?any")
    server.wait_log("null: mule [12]: any")
    assert server.get("/mule/3").status == 500


@pytest.mark.null
def test_mule_that_is_killed_is_replaced_and_gets_what_waits(bask: Bask) -> None:
    server = bask.null("--mule", workers=1)
    first = wait_born(server, "mule")
    processes.stop(first)
    server.get("/mule/1?waits")
    os.kill(first, signal.SIGKILL)
    wait_born(server, "mule", count=2)
    server.wait_log("null: mule 1: waits")
    server.complained("DAMN ! mule 1 .* killed by signal 9")


@pytest.mark.null
def test_mule_that_dies_at_once_is_given_pauses(bask: Bask) -> None:
    server = bask.null("--mule", "--forkbomb-delay", "300ms", workers=1)
    for count in (1, 2, 3):
        wait_born(server, "mule", count=count)
        server.get("/mule/1?crash")
    wait_born(server, "mule", count=4)
    assert len(born(server, "mule")) == 4
    assert server.get("/").status == 200
    server.complained("DAMN ! mule 1 .* killed by signal 6")


@pytest.mark.null
def test_reload_ends_the_mules_before_when_the_new_ones_run(bask: Bask) -> None:
    server = bask.null("--mules", "2", workers=1)
    first = [wait_born(server, "mule", number) for number in (1, 2)]
    server.send_signal(signal.SIGHUP)
    for number, pid in zip((1, 2), first):
        wait_born(server, "mule", number, count=2)
        wait_gone(pid)
    server.wait_log("reloaded: generation 2 serves")
    server.get("/mule/1?still")
    server.wait_log("null: mule 1: still")


@pytest.mark.null
def test_reload_of_a_server_without_workers(bask: Bask) -> None:
    server = bask.launch("--plugin", "null", "--mule", "--cheap", workers=1)
    for count in (1, 2, 3):
        wait_born(server, "mule", count=count)
        server.send_signal(signal.SIGHUP)
    wait_born(server, "mule", count=4)
    for pid in born(server, "mule")[:3]:
        wait_gone(pid)


@pytest.mark.null
def test_several_reloads_leave_one_process_for_each(bask: Bask) -> None:
    server = bask.null("--mules", "2", workers=1)
    wait_born(server, "mule", 2)
    for _ in range(3):
        server.send_signal(signal.SIGHUP)
        processes.is_alive(server.pid)
    server.wait_log("reloaded: generation 2 serves")
    wait_until(lambda: sum(processes.is_alive(pid) for number in (1, 2)
                           for pid in born(server, "mule", number)) == 2, "two mules run")


@pytest.mark.null
def test_mule_that_does_not_end_is_killed(bask: Bask) -> None:
    server = bask.null("--mule", "--mule-reload-mercy", "1", workers=1)
    first = wait_born(server, "mule")
    server.get("/mule/1?sleep")
    server.wait_log("null: mule 1: sleep")
    processes.stop(first)
    server.send_signal(signal.SIGHUP)
    wait_gone(first)
    server.complained("mule 1 .* is taking too much time to die")


@pytest.mark.null
def test_harakiri(bask: Bask) -> None:
    server = bask.null("--mule", "--mule-harakiri", "500ms", workers=1)
    first = wait_born(server, "mule")
    server.get("/mule/1?sleep")
    wait_born(server, "mule", count=2)
    wait_gone(first)
    server.complained("HARAKIRI: mule 1")


@pytest.mark.null
def test_zygote_that_dies_leaves_the_mules(bask: Bask) -> None:
    server = bask.null("--mule", workers=1)
    mule = wait_born(server, "mule")
    os.kill(server.zygote(), signal.SIGKILL)
    server.wait_log("zygote 2 is ready")
    assert processes.is_alive(mule)
    os.kill(mule, signal.SIGKILL)
    wait_born(server, "mule", count=2)
    server.complained("zygote 1 died")


@pytest.mark.null
def test_touch_and_control_replace_mules_alone(bask: Bask) -> None:
    (bask.folder / "touched").touch()
    server = bask.null("--mule", "--touch-mules-reload", "touched", "--control-socket", "control",
                       workers=1)
    first, worker = wait_born(server, "mule"), server.workers()
    os.utime(bask.folder / "touched", (1, 1))
    second = wait_born(server, "mule", count=2)
    wait_gone(first)
    server.ctl("reload-mules")
    wait_born(server, "mule", count=3)
    wait_gone(second)
    assert server.workers() == worker
    assert "mule   1" in server.ctl("status").stdout
    assert '"aides":[{"kind":"mule","id":1' in server.ctl("status", "--json").stdout


@pytest.mark.null
def test_signals_reach_mules(bask: Bask) -> None:
    server = bask.null("--mules", "2", workers=1)
    for number in (1, 2):
        wait_born(server, "mule", number)
    server.get("/signal/4")
    for number in (1, 2):
        server.wait_log("null: mule %d: signal 4" % number)
    server.get("/signal/3")
    server.wait_log("null: mule [12]: signal 3")
    assert len(re.findall("mule . signal 3", server.log().replace(":", ""))) == 1


@pytest.mark.null
def test_signal_goes_to_an_idle_mule(bask: Bask) -> None:
    server = bask.null("--mules", "2", workers=1)
    first = wait_born(server, "mule", 1)
    wait_born(server, "mule", 2)
    server.get("/mule/1?sleep")
    server.wait_log("null: mule 1: sleep")
    for count in (1, 2):
        server.get("/signal/3")
        wait_until(lambda: server.log().count("null: mule 2: signal 3") == count, "it is there")
    os.kill(first, signal.SIGKILL)
    server.complained("DAMN ! mule 1 .* killed by signal 9")


@pytest.mark.null
def test_signal_that_a_mule_did_not_get_to_is_its_successors(bask: Bask) -> None:
    server = bask.null("--mule", "--mule-reload-mercy", "1", "--control-socket", "control", workers=1)
    first = wait_born(server, "mule")
    processes.stop(first)
    server.get("/signal/3")
    server.ctl("reload-mules")
    wait_born(server, "mule", count=2)
    server.wait_log("null: mule 1: signal 3")
    server.complained("NO MERCY")


@pytest.mark.null
@pytest.mark.parametrize("options, why", [
    (("--farm", "f:1"), "expected NAME:ID,ID"),
    (("--mule", "--farm", "f"), "expected NAME:ID,ID"),
    (("--mules", "2", "--farm", "f:1,3"), "there are 2"),
    (("--mules", "-1"), "--mules"),
    (("--mules", "257"), "--mules"),
])
def test_what_cannot_be(bask: Bask, options: List[str], why: str) -> None:
    assert why in bask.refused("--plugin", "null", *options)


# What the application has of them


def test_hook_gets_messages_and_farms(bask: Bask) -> None:
    server = start(bask, HOOK, "--mules", "3", "--farm", "pair:2,3")
    assert ask(server, "[uwsgi.mule_msg(m, n) for m, n in "
                       "[('a', 1), (b'b', 2), (bytearray(b'c'), 3), ('d', 0)]]") == str([True] * 4)
    wait_seen(server, "1 a", "2 b", "3 c")
    wait_until(lambda: {"1 d", "2 d", "3 d"} & set(seen(server)), "some mule got it")
    ask(server, "[uwsgi.farm_msg('pair', 'e'), uwsgi.mule_msg('f', b'pair')]")
    wait_until(lambda: {"2 e", "3 e"} & set(seen(server)), "the farm got it")
    wait_until(lambda: {"2 f", "3 f"} & set(seen(server)), "the farm got it")
    assert ask(server, "uwsgi.mule_id(), uwsgi.in_farm('pair')") == "(0, None)"


@pytest.mark.parametrize("call, answer", [
    ("uwsgi.mule_msg('x', 2)", "ValueError: there are mules 1 to 1, and no mule 2"),
    ("uwsgi.mule_msg('x', -1)", "ValueError: there are mules 1 to 1, and no mule -1"),
    ("uwsgi.mule_msg('x', 1 << 40)", "ValueError: there are mules 1 to 1"),
    ("uwsgi.mule_msg('x', 'none')", "ValueError: there is no farm \"none\""),
    ("uwsgi.farm_msg('none', 'x')", "ValueError: there is no farm \"none\""),
    ("uwsgi.mule_msg(7)", "ValueError: a message must be str or bytes"),
    ("uwsgi.mule_msg('x', 1.5)", "ValueError: a mule has a number"),
    ("uwsgi.mule_msg('x' * 2000)", "ValueError: the message has 2000 bytes"),
    ("uwsgi.mule_get_msg()", "ValueError: you can receive mule messages only in a mule"),
])
def test_what_applications_must_not_do(bask: Bask, call: str, answer: str) -> None:
    server = start(bask, HOOK, "--mule", "--mule-msg-size", "1000")
    assert ask(server, call).startswith(answer)


def test_hook_that_raises_is_logged_and_the_mule_goes_on(bask: Bask) -> None:
    server = start(bask, "uwsgi.mule_msg_hook = lambda m: note(1 / int(m))", "--mule")
    mule = wait_born(server, "mule")
    ask(server, "[uwsgi.mule_msg('0'), uwsgi.mule_msg('1')]")
    wait_seen(server, "1.0")
    server.complained("uwsgi.mule_msg_hook raised:\n(?s:.*)ZeroDivisionError")
    assert processes.is_alive(mule)


PROGRAM = """
import atexit, os, time, uwsgi
def note(text):
    with open(%r, "a") as seen:
        seen.write(text + chr(10))
atexit.register(note, "atexit")
note("%%s %%d" %% (__name__, uwsgi.mule_id()))
"""


def write_program(bask: Bask, rest: str) -> None:
    text = PROGRAM % str(bask.folder / "seen") + rest
    (bask.folder / "program.py").write_text(text)


def test_program_of_a_mule(bask: Bask) -> None:
    write_program(bask, "while True:\n    note(repr(uwsgi.mule_get_msg()))\n")
    server = start(bask, "", "--mule=program.py")
    wait_seen(server, "__main__ 1")
    ask(server, "uwsgi.mule_msg('hello', 1)")
    wait_seen(server, "b'hello'")


def test_program_that_waits_in_itself_ends_at_once_and_well(bask: Bask) -> None:
    write_program(bask, "try:\n    while True:\n        time.sleep(1000)\n"
                        "finally:\n    note('finally')\n")
    server = start(bask, "", "--mule=program.py")
    wait_seen(server, "__main__ 1")
    assert server.stop(signal.SIGINT) == 0
    assert seen(server) == ["__main__ 1", "finally", "atexit"]


def test_messages_with_a_limit_of_time_and_size(bask: Bask) -> None:
    write_program(bask, "note(repr(uwsgi.mule_get_msg(timeout=0.2)))\n"
                        "note(repr(uwsgi.mule_get_msg(buffer_size=3)))\n"
                        "note(repr((uwsgi.in_farm(), uwsgi.in_farm('f'), uwsgi.in_farm(b'g'))))\n"
                        "note(repr(uwsgi.farm_get_msg()))\n"
                        "time.sleep(1000)\n")
    server = start(bask, "", "--mule=program.py", "--farm", "f:1")
    wait_seen(server, "None")
    ask(server, "[uwsgi.mule_msg('abcdef', 1), uwsgi.farm_msg('f', 'farm')]")
    wait_seen(server, "b'abc'", "(True, True, None)", "b'farm'")


def test_message_that_is_being_done_is_done_before_a_reload_ends_the_mule(bask: Bask) -> None:
    server = start(bask, "def hook(message):\n"
                         "    note('begins %d' % os.getpid())\n"
                         "    while not os.path.exists('go'):\n"
                         "        time.sleep(0.01)\n"
                         "    note('ends %d' % os.getpid())\n"
                         "uwsgi.mule_msg_hook = hook\n", "--mule")
    first = wait_born(server, "mule")
    ask(server, "[uwsgi.mule_msg('1'), uwsgi.mule_msg('2')]")
    wait_seen(server, "begins %d" % first)
    server.send_signal(signal.SIGHUP)
    second = wait_born(server, "mule", count=2)
    wait_seen(server, "begins %d" % second)
    assert processes.is_alive(first)
    (server.folder / "go").touch()
    wait_seen(server, "ends %d" % first, "ends %d" % second)
    wait_gone(first)
    assert len(seen(server)) == 4


def test_messages_that_wait_are_done_before_a_graceful_stop(bask: Bask) -> None:
    server = start(bask, "uwsgi.mule_msg_hook = lambda m: [time.sleep(0.1), note(m.decode())]",
                   "--mule", "--graceful-on-term")
    wait_born(server, "mule")
    ask(server, "[uwsgi.mule_msg(str(n)) for n in range(10)]")
    assert server.stop(signal.SIGTERM) == 0
    assert seen(server) == [str(n) for n in range(10)]


def test_master_that_is_killed_takes_its_mules_along(bask: Bask) -> None:
    server = start(bask, HOOK, "--mule")
    mule = wait_born(server, "mule")
    os.kill(server.pid, signal.SIGKILL)
    server.wait_end()
    wait_gone(mule)
    server.complained("")  # they may say that the master is gone


def test_full_box_is_told_of(bask: Bask) -> None:
    server = start(bask, "uwsgi.mule_msg_hook = lambda m: time.sleep(1000)", "--mule")
    assert ask(server, "sorted({uwsgi.mule_msg('x' * 60000, 1) for _ in range(100)})"
               ) == "[False, True]"
    server.wait_log("a message to a mule is lost: too many wait already")


SIGNALS = """
from uwsgidecorators import timer, signal
def noted(number): note('%d %d %s' % (number, uwsgi.mule_id(), uwsgi.i_am_the_spooler()))
"""


@pytest.mark.parametrize("lazy", [[], ["--lazy-apps"]])
def test_signals_have_mules_and_spoolers_as_targets(bask: Bask, lazy: List[str]) -> None:
    server = start(bask, SIGNALS + "for number, target in enumerate("
                   "['mule', 'mule2', 'mules', 'farm_f', 'farm1', 'spooler']):\n"
                   "    uwsgi.register_signal(number, target, noted)\n",
                   "--mules", "3", "--farm", "f:3", "--spooler", "tasks", *lazy)
    for number in (1, 2, 3):
        wait_born(server, "mule", number)
    wait_born(server, "spooler")
    ask(server, "[uwsgi.signal(number) for number in range(6)]")
    wait_seen(server, "1 2 None", "2 1 None", "2 2 None", "2 3 None", "3 3 None", "4 3 None",
              "5 0 True")
    wait_until(lambda: len(seen(server)) == 8, "the one for any mule, too")


def test_timer_runs_in_a_mule(bask: Bask) -> None:
    server = start(bask, SIGNALS + "timer(1, target='mule2')(noted)\n", "--mules", "2")
    wait_seen(server, "0 2 None")
    server.send_signal(signal.SIGHUP)
    wait_born(server, "mule", 2, count=2)
    before = len(seen(server))
    wait_until(lambda: len(seen(server)) > before, "it goes on in the new one")


def test_program_handles_signals_while_it_waits(bask: Bask) -> None:
    write_program(bask, "note('waits %s' % uwsgi.mule_get_msg(timeout=30))\nuwsgi.mule_get_msg()\n")
    server = start(bask, SIGNALS + "uwsgi.register_signal(7, 'mule1', lambda number: 1 / 0)\n"
                   "uwsgi.register_signal(8, 'mule1', noted)\n", "--mule=program.py")
    wait_born(server, "mule")
    ask(server, "[uwsgi.signal(7), uwsgi.signal(8), uwsgi.mule_msg('message')]")
    wait_seen(server, "8 1 None", "waits b'message'")
    server.complained("ZeroDivisionError")


@pytest.mark.parametrize("target, options", [
    ("mule", []), ("mule2", ["--mule"]), ("mules", []), ("farm1", []), ("farm_g", ["--mule"]),
    ("spooler", ["--mule"]), ("mule-1", ["--mule"]), ("farm0", ["--mule", "--farm", "f:1"])])
def test_targets_that_are_not_there(bask: Bask, target: str, options: List[str]) -> None:
    server = start(bask, "", *options)
    answer = ask(server, "uwsgi.register_signal(1, %r, print)" % target)
    assert "ValueError: signal target" in answer


def test_post_fork_hook_and_lazy_apps(bask: Bask) -> None:
    server = start(bask, "uwsgi.post_fork_hook = lambda: note("
                         "'%d %d' % (uwsgi.worker_id(), uwsgi.mule_id()))\n" + HOOK,
                   "--mules", "2", "--lazy-apps")
    wait_seen(server, "1 0", "0 1", "0 2")
    ask(server, "uwsgi.mule_msg('x', 2)")
    wait_seen(server, "2 x")


def test_user_harakiri_of_a_message(bask: Bask) -> None:
    server = start(bask, "uwsgi.mule_msg_hook = lambda m: [uwsgi.set_user_harakiri(int(m)),"
                         " time.sleep(2), note('done ' + m.decode())]", "--mule")
    ask(server, "[uwsgi.mule_msg('1'), uwsgi.mule_msg('0')]")
    wait_born(server, "mule", count=2)
    wait_seen(server, "done 0")
    server.complained("HARAKIRI: mule 1")
    assert "done 1" not in seen(server)


def test_decorators(bask: Bask) -> None:
    server = start(bask, "from uwsgidecorators import *\n"
                         "def say(what): note('%d %s' % (uwsgi.mule_id(), what))\n"
                         "@mulefunc\n"
                         "def any(a, b=0): say('any %r' % (a + b))\n"
                         "@mulefunc(2)\n"
                         "def second(a): say('second %r' % a)\n"
                         "@mulefunc('f')\n"
                         "def in_farm(a): say('farm %r' % a)\n"
                         "@mule(3)\n"
                         "def once(): [say('once'), time.sleep(1000)]\n"
                         "@muleloop(4)\n"
                         "def loop(): [say('loop'), time.sleep(0.05)]\n"
                         "@mulemsg(5)\n"
                         "def got(m): say(m.decode('ascii', 'backslashreplace'))\n"
                         "@farm('g')\n"
                         "def farmed(m): say(m.decode())\n"
                         "assert once.__name__ == 'once' and farmed.__name__ == 'farmed'\n",
                   "--mules", "6", "--farm", "f:1", "--farm", "g:6")
    ask(server, "[any(1, b=2), second('x'), in_farm([1]), uwsgi.mule_msg('five', 5),"
                " uwsgi.farm_msg('g', 'six')]")
    wait_seen(server, "2 second 'x'", "1 farm [1]", "3 once", "4 loop", "5 five", "6 six")

    def is_done() -> bool:
        """Mule 5 may have taken it, too, and makes nothing of it: then it is asked for again."""
        if not {"1 any 3", "2 any 3"} & set(seen(server)):
            ask(server, "any(1, b=2)")
            return False
        return True

    wait_until(is_done, "a mule did it")
    wait_until(lambda: seen(server).count("4 loop") > 2, "it loops")
