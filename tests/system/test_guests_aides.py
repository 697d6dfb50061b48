"""Functions in Lua and Java where no requests are: called from mules and from tasks of spoolers, with
a real Lua and a real JVM in each of these processes."""
import os
import signal
from pathlib import Path
from typing import List

import pytest

from support import java, processes
from support.aides import ask, seen, spooled, wait_born, wait_gone, wait_seen
from support.server import Bask, Server
from support.wait import wait_until

OPTIONS = ["--jvm-main-class", "Aides", "--jvm-opt=-Xmx64m", "--jvm-opt=-XX:+UseSerialGC",
           "--lua-load", "functions.lua", "--rpc-max", "100"]
JAVA = r"""
import java.util.Arrays;

public class Aides {
""" + java.IN_THREAD + r"""
    static String rest(String[] a) { return uwsgi.call(a[0], Arrays.copyOfRange(a, 1, a.length)); }

    public static void main(String[] args) {
        uwsgi.register_rpc("j_upper", a -> a[0].toUpperCase());
        uwsgi.register_rpc("j_call", a -> rest(a));
        uwsgi.register_rpc("j_thread", a -> inThread(() -> rest(a)));
        uwsgi.register_rpc("j_fails", a -> { throw new IllegalStateException("on purpose"); });
        uwsgi.register_rpc("j_pid", a -> "" + uwsgi.pid());
        uwsgi.register_rpc_binary("j_same", a -> a[0]);
        uwsgi.register_rpc("j_signal", a -> { uwsgi.signal(Integer.parseInt(a[0])); return "sent"; });
        uwsgi.register_rpc("j_gc", a -> { byte[][] garbage = new byte[100][];
            for (int i = 0; i < 2000; i++) garbage[i % 100] = new byte[100000];
            System.gc(); return "collected"; });
        uwsgi.register_rpc("j_sleep", a -> { try { Thread.sleep(60000); }
            catch (InterruptedException error) { } return "slept"; });
        uwsgi.register_rpc("j_deep", a -> a[0].equals("0") ? "bottom"
            : uwsgi.call("deep", "" + (Integer.parseInt(a[0]) - 1)));
    }
}
"""
LUA = """
uwsgi.register_rpc("l_join", function(...) return table.concat({...}, "+") end)
uwsgi.register_rpc("l_call", function(...) return uwsgi.call(...) end)
uwsgi.register_rpc("l_fails", function() error("on purpose") end)
uwsgi.register_rpc("l_pid", function() return uwsgi.pid() end)
uwsgi.register_rpc("l_same", function(bytes) return bytes end)
"""
# What a message or a task says is run, and its value noted.
DEFINED = r"""
import signal
uwsgi.register_rpc("python", lambda *args: b"python:" + b"|".join(args))
uwsgi.register_rpc("deep", lambda n: uwsgi.call("l_call", "j_deep", n))
EVERY = bytes(range(256)) * 100

def run(text):
    note(repr(eval(text, globals())))

""" + java.CALLS_IN_THREADS + r"""
def spooler(env):
    run(env[b"text"].decode())
    return uwsgi.SPOOL_OK

uwsgi.mule_msg_hook = run
uwsgi.spooler = spooler
"""


@pytest.fixture(scope="session")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return java.compile_to(tmp_path_factory.mktemp("aides"), JAVA, "Aides")


class Aide:
    """A server whose mule, or spooler, does what it is told."""

    def __init__(self, server: Server, kind: str) -> None:
        self.server = server
        self.kind = kind

    def tell(self, text: str) -> None:
        how = "uwsgi.mule_msg(%r)" if self.kind == "mule" else "uwsgi.spool({'text': %r})"
        assert ask(self.server, how % text) not in ("None", "False")

    def does(self, text: str) -> str:
        """What it notes."""
        before = len(seen(self.server))
        self.tell(text)
        wait_until(lambda: len(seen(self.server)) > before, "it has done %s" % text)
        return seen(self.server)[before]


def start(bask: Bask, classes: Path, kind: str, *options: str, defined: str = DEFINED) -> Aide:
    (bask.folder / "defined.py").write_text(defined)
    (bask.folder / "functions.lua").write_text(LUA)
    own = ["--mule"] if kind == "mule" else ["--spooler", "tasks"]
    server = bask.app("services", *OPTIONS, "--jvm-classpath", str(classes), *own, *options,
                      workers=1)
    return Aide(server, kind)


KINDS = pytest.mark.parametrize("kind", ["mule", "spooler"])


@pytest.mark.parametrize("kind, options", [
    ("mule", []), ("spooler", []), ("mule", ["--lazy-apps"]), ("spooler", ["--lazy-apps"])])
def test_all_ways(bask: Bask, classes: Path, kind: str, options: List[str]) -> None:
    aide = start(bask, classes, kind, *options)
    pid = wait_born(aide.server, kind)
    assert aide.does("uwsgi.call('j_upper', 'text')") == "b'TEXT'"
    assert aide.does("uwsgi.call('l_join', 'a', '', 'b')") == "b'a++b'"
    assert aide.does("uwsgi.call('j_pid'), uwsgi.call('l_pid')") == "(b'%d', b'%d')" % (pid, pid)
    for way in ("'j_call'", "'l_call'", "'j_call', 'l_call'", "'l_call', 'j_call'", "'j_thread'",
                "'l_call', 'j_thread', 'l_call'"):
        assert aide.does("uwsgi.call(%s, 'python', 'a', 'b')" % way) == "b'python:a|b'", way
    assert aide.does("uwsgi.call('j_same', EVERY) == uwsgi.call('l_same', EVERY) == EVERY") == (
        "True")
    assert aide.does("uwsgi.call('deep', '10')") == "b'bottom'"
    assert aide.does("uwsgi.call('j_gc')") == "b'collected'"
    assert aide.does("in_threads(4, 'l_call', 'j_upper', 'a')") == repr([b"A"] * 4)
    assert ask(aide.server, "uwsgi.call('l_call', 'j_upper', 'worker')") == "b'WORKER'"


@KINDS
def test_functions_that_fail(bask: Bask, classes: Path, kind: str) -> None:
    aide = start(bask, classes, kind)
    assert aide.does("uwsgi.call('j_fails')") == "None"
    assert aide.does("uwsgi.call('l_fails')") == "None"
    assert aide.does("uwsgi.call('j_call', 'l_fails')") == "None"
    aide.server.complained("j_fails raised:\n.*IllegalStateException: on purpose")
    aide.server.wait_log("l_fails raised:\n.*on purpose")
    assert aide.does("uwsgi.call('j_upper', 'still')") == "b'STILL'"
    wait_until(lambda: not spooled(bask.folder), "all tasks are done")


@KINDS
def test_reload(bask: Bask, classes: Path, kind: str) -> None:
    aide = start(bask, classes, kind)
    for count in (1, 2, 3):
        pid = wait_born(aide.server, kind, count=count)
        assert aide.does("uwsgi.call('j_upper', 'a%d')" % count) == "b'A%d'" % count
        if count < 3:
            aide.server.send_signal(signal.SIGHUP)
            wait_gone(pid)


@KINDS
def test_successor_of_one_that_was_killed(bask: Bask, classes: Path, kind: str) -> None:
    aide = start(bask, classes, kind)
    pid = wait_born(aide.server, kind)
    assert aide.does("uwsgi.call('j_upper', 'a')") == "b'A'"
    os.kill(pid, signal.SIGKILL)
    wait_born(aide.server, kind, count=2)
    assert aide.does("uwsgi.call('l_call', 'j_upper', 'b')") == "b'B'"
    aide.server.complained("killed by signal 9")


@KINDS
def test_too_long_in_java(bask: Bask, classes: Path, kind: str) -> None:
    aide = start(bask, classes, kind, "--%s-harakiri" % kind, "2")
    pid = wait_born(aide.server, kind)
    aide.tell("uwsgi.call('j_sleep')")
    wait_gone(pid)
    wait_born(aide.server, kind, count=2)
    aide.server.complained("HARAKIRI: %s 1" % kind)
    assert aide.does("uwsgi.call('j_upper', 'b')") == "b'B'"


def test_spooler_that_is_replaced_after_its_tasks(bask: Bask, classes: Path) -> None:
    aide = start(bask, classes, "spooler", "--spooler-max-tasks", "2")
    for number in range(5):
        aide.tell("uwsgi.call('j_upper', 'task %d')" % number)
    wait_seen(aide.server, *("b'TASK %d'" % number for number in range(5)))
    wait_born(aide.server, "spooler", count=3)


PROGRAM = """
import uwsgi
with open("seen", "a") as seen:
    seen.write("%r\\n" % (uwsgi.call("l_call", "j_upper", "program"),))
while True:
    message = uwsgi.mule_get_msg()
    with open("seen", "a") as seen:
        seen.write("%r\\n" % (uwsgi.call("j_call", "l_join", message, b"x"),))
"""


def test_program_of_a_mule(bask: Bask, classes: Path) -> None:
    (bask.folder / "program.py").write_text(PROGRAM)
    aide = start(bask, classes, "spooler", "--mule=program.py")
    pid = wait_born(aide.server, "mule")
    wait_seen(aide.server, "b'PROGRAM'")
    ask(aide.server, "uwsgi.mule_msg('m')")
    wait_seen(aide.server, "b'm+x'")
    aide.server.send_signal(signal.SIGHUP)
    wait_gone(pid)


@KINDS
def test_signals(bask: Bask, classes: Path, kind: str) -> None:
    """Handlers call Java and Lua, and Java raises a signal."""
    target = "mule1" if kind == "mule" else "spooler"
    handler = "uwsgi.register_signal(7, %r, lambda n: note(uwsgi.call('l_call', 'j_pid')))\n"
    aide = start(bask, classes, kind, defined=DEFINED + handler % target)
    pid = wait_born(aide.server, kind)
    ask(aide.server, "uwsgi.call('j_signal', '7')")
    wait_seen(aide.server, "b'%d'" % pid)
    aide.tell("uwsgi.call('j_signal', '7')")
    wait_until(lambda: seen(aide.server).count("b'%d'" % pid) == 2, "the handler ran again")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stop_while_java_works(bask: Bask, classes: Path, number: int) -> None:
    aide = start(bask, classes, "mule", "--spooler", "tasks", "--die-on-term",
                 "--mule-reload-mercy", "2", "--spooler-reload-mercy", "2")
    pids = [wait_born(aide.server, kind) for kind in ("mule", "spooler")]
    aide.tell("note('works') or uwsgi.call('j_sleep')")
    wait_seen(aide.server, "works")
    aide.server.stop(number)
    aide.server.complained("stopping")  # Java sleeps on, and is killed
    assert not any(map(processes.is_alive, pids))


def test_mule_asks_a_worker(bask: Bask, classes: Path) -> None:
    where = "127.0.0.1:%d" % bask.ports.take()
    aide = start(bask, classes, "mule", "--socket", where)
    (worker,) = aide.server.workers()
    assert aide.does("uwsgi.rpc(%r, 'j_pid')" % where) == "b'%d'" % worker
    assert aide.does("uwsgi.call('l_call', 'j_upper@%s', 'far')" % where) == "b'FAR'"
