"""Functions in Java, with a real JVM: called from Python, from Lua, over the wire; and the way
back."""
import signal
import struct
from pathlib import Path
from typing import Any, List, Optional, Tuple

import pytest

from support import java, processes
from support.aides import wait_born, wait_gone
from support.client import Connection
from support.server import Bask, Server
from support.uwsgi import packet
from support.wait import wait_until

RPC = 173
OPTIONS = ["--jvm-opt", "-Xmx64m", "--jvm-opt=-XX:+UseSerialGC"]
FUNCTIONS = r"""
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;

public class Functions {
    static int depth(int n) { return n == 0 ? 0 : 1 + depth(n - 1); }

""" + java.IN_THREAD + r"""
    static String npe() { String nothing = null; return "" + nothing.length(); }

    public static void main(String[] args) {
        uwsgi.register_rpc("j_join", a -> String.join("|", a));
        uwsgi.register_rpc("j_upper", a -> a[0].toUpperCase());
        uwsgi.register_rpc("j_nothing", a -> null);
        uwsgi.register_rpc("j_fails", a -> { throw new IllegalStateException("on purpose"); });
        uwsgi.register_rpc("j_npe", a -> { int caught = 0;
            for (int i = 0; i < 20000; i++) try { npe(); } catch (NullPointerException e) { caught++; }
            return "" + caught; });
        uwsgi.register_rpc("j_deep", a -> "" + depth(Integer.parseInt(a[0])));
        uwsgi.register_rpc_binary("j_same", a -> a[0]);
        uwsgi.register_rpc_binary("j_rpc_same", a -> uwsgi.rpc_binary("", "same", a[0]));
        uwsgi.register_rpc("j_call", a -> uwsgi.call(a[0], Arrays.copyOfRange(a, 1, a.length)));
        uwsgi.register_rpc("j_rpc", a -> uwsgi.rpc(a));
        uwsgi.register_rpc("j_thread", a -> inThread(
            () -> uwsgi.call(a[0], Arrays.copyOfRange(a, 1, a.length))));
        uwsgi.register_rpc("j_small_thread", a -> { String[] out = new String[1];
            Thread thread = new Thread(null, () -> out[0] = uwsgi.call(a[0]), "small", 200000);
            thread.start();
            try { thread.join(); } catch (InterruptedException error) { }
            return "" + out[0]; });
        uwsgi.register_rpc("j_pid", a -> "" + uwsgi.pid());
        uwsgi.register_rpc("j_worker", a -> "" + uwsgi.worker_id());
        uwsgi.register_rpc("j_name", a -> Thread.currentThread().getName()
            + " " + Thread.currentThread().isDaemon());
        uwsgi.register_rpc("j_opt", a -> "" + uwsgi.opt.get(a[0]));
        uwsgi.register_rpc("j_list", a -> String.join(" ", uwsgi.rpc_list()));
        uwsgi.register_rpc("j_signal", a -> { uwsgi.signal(Integer.parseInt(a[0])); return "sent"; });
        uwsgi.register_rpc("j_gc", a -> { byte[][] garbage = new byte[100][];
            for (int i = 0; i < 5000; i++) garbage[i % 100] = new byte[100000];
            System.gc(); return "collected"; });
        uwsgi.register_rpc("j_changed", a -> { byte[][] many = new byte[200][];
            boolean[] ends = new boolean[1];
            Thread changes = new Thread(() -> { for (int i = 0; !ends[0]; i++) {
                many[i % 200] = null; many[i % 200] = new byte[i % 5000]; } });
            changes.start();
            for (int i = 0; i < 2000; i++)
                try { uwsgi.rpc_binary("", "l_join", many); } catch (NullPointerException error) { }
            ends[0] = true;
            return "done"; });
        uwsgi.register_rpc("j_fails_oddly", a -> { throw new RuntimeException() {
            public String getMessage() { throw new IllegalStateException("twice"); } }; });
        uwsgi.register_rpc("j_bad_name", a -> { uwsgi.register_rpc("", b -> null); return ""; });
        uwsgi.log("Java is there: " + args.length + " é");
    }
}
"""
DEFINED = r"""
import signal, subprocess, sys, threading
uwsgi.register_rpc("python", lambda *args: b"python:" + b"|".join(args))
uwsgi.register_rpc("same", lambda data: data)
uwsgi.mule_msg_hook = lambda message: note(uwsgi.call("j_upper", message))
uwsgi.register_rpc("raises", lambda: 1 / 0)
uwsgi.register_rpc("thread", lambda: str(threading.get_ident()))
def down(n):
    return uwsgi.call("j_call", "down", str(int(n) - 1)) if int(n) else b"bottom"
uwsgi.register_rpc("down", down)
def recurse(n=0):
    return recurse(n + 1)
def too_deep(*args):
    try:
        recurse()
    except RecursionError:
        return "too deep"
uwsgi.register_rpc("too deep", too_deep)
EVERY = bytes(range(256)) * 10
""" + java.CALLS_IN_THREADS
LUA = """
uwsgi.register_rpc("l_call", function(...) return uwsgi.call(...) end)
uwsgi.register_rpc("l_down", function() return uwsgi.call("l_down") end)
uwsgi.register_rpc("l_join", function(...) return table.concat({...}, "+") end)
"""


@pytest.fixture(scope="session")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return java.compile_to(tmp_path_factory.mktemp("classes"), FUNCTIONS)


class World:
    """Starts servers with Python, Lua and Java in one worker."""

    def __init__(self, bask: Bask, folder: Path) -> None:
        self.bask = bask
        self.classes = folder

    def start(self, *options: str, workers: int = 0, main: str = "Functions",
              env: Optional[Any] = None) -> Tuple[Server, str]:
        (self.bask.folder / "defined.py").write_text(DEFINED)
        (self.bask.folder / "functions.lua").write_text(LUA)
        where = "127.0.0.1:%d" % self.bask.ports.take()
        server = self.bask.app(
            "services", "--socket", where, "--lua-load", "functions.lua", "--jvm-main-class", main,
            "--jvm-classpath", str(self.classes), "--rpc-max", "100", *OPTIONS, *options,
            workers=workers, env=env)
        return server, where


@pytest.fixture
def world(bask: Bask, classes: Path) -> World:
    return World(bask, classes)


def ask(server: Server, expression: str) -> str:
    return server.post("/", expression.encode()).text


def call(where: str, *parts: bytes) -> bytes:
    host, _, port = where.rpartition(":")
    block = b"".join(struct.pack("<H", len(part)) + part for part in parts)
    with Connection((host, int(port))) as connection:
        connection.send(packet(block, RPC))
        return connection.rest()[4:]


# RPC all ways


@pytest.mark.parametrize("workers, options", [(0, []), (2, ["--threads", "2"]),
                                              (1, ["--lazy-apps"])])
def test_all_ways(world: World, workers: int, options: List[str]) -> None:
    server, where = world.start(*options, workers=workers)
    server.wait_log("Java is there: 0 é")
    assert ask(server, "uwsgi.call('j_join', 'a', b'', 'é')") == repr("a||é".encode())
    assert ask(server, "uwsgi.call('l_join', 'a', 'b')") == "b'a+b'"
    assert ask(server, "uwsgi.call('j_call', 'python', 'x')") == "b'python:x'"
    assert ask(server, "uwsgi.call('l_call', 'python', 'x')") == "b'python:x'"
    assert ask(server, "uwsgi.call('l_call', 'j_upper', 'x')") == "b'X'"
    assert ask(server, "uwsgi.call('j_call', 'l_join', 'x', 'y')") == "b'x+y'"
    assert ask(server, "uwsgi.call('l_call', 'j_call', 'l_call', 'python', 'far')") == (
        "b'python:far'")
    assert ask(server, "uwsgi.call('j_same', EVERY) == EVERY") == "True"
    assert ask(server, "uwsgi.call('j_rpc_same', EVERY) == EVERY") == "True"
    assert ask(server, "len(uwsgi.call('j_same', b'x' * 1000000))") == "1000000"
    assert ask(server, "uwsgi.call('down', '20')") == "b'bottom'"
    for name in (b"j_join", b"l_join", b"python"):  # remote, into each of them
        assert call(where, name, b"a") in (b"a", b"python:a")
    assert call(where, b"j_call", b"l_call", b"python", b"1") == b"python:1"
    assert call(where, b"l_call", b"j_call", b"python", b"2") == b"python:2"
    assert {b"python", b"j_join", b"l_join"} <= set(eval(ask(server, "uwsgi.rpc_list()")))
    assert "python" in call(where, b"j_list").decode().split()


def test_to_another_server(world: World) -> None:
    _, far = world.start()
    server, where = world.start()
    for name, result in (("python", "python:a"), ("l_join", "a"), ("j_upper", "A")):
        for there in ("j_rpc", "j_call"):
            arguments = [far, name] if there == "j_rpc" else [name + "@" + far]
            assert call(where, there.encode(), *(a.encode() for a in arguments), b"a"
                        ).decode() == result
    assert ask(server, "uwsgi.rpc(%r, 'j_upper', 'é')" % far) == repr("É".encode())
    assert call(where, b"j_rpc", far.encode(), b"nobody") == b""
    server.wait_log("rpc nobody@%s: " % far)


def test_workers_have_their_own(world: World) -> None:
    server, where = world.start(workers=2)
    pids = set()
    wait_until(lambda: pids.add(call(where, b"j_pid")) or len(pids) == 2, "both answer")
    assert {int(pid) for pid in pids} == set(server.workers())
    assert call(where, b"j_worker") in (b"1", b"2")
    assert call(where, b"j_opt", b"rpc-max") == b"100"
    assert call(where, b"j_opt", b"jvm-opt") == b"[-Xmx64m, -XX:+UseSerialGC]"
    assert call(where, b"j_opt", b"master") == b"true"


# Errors


def test_exceptions(world: World) -> None:
    server, where = world.start()
    assert ask(server, "uwsgi.call('j_nothing')") == "None"
    assert ask(server, "uwsgi.call('j_fails')") == "None"
    server.complained("the RPC function j_fails raised:\njava.lang.IllegalStateException: on "
                      r"purpose\n\tat Functions\.")
    assert ask(server, "uwsgi.call('j_fails_oddly')") == "None"
    server.wait_log(r"j_fails_oddly raised:\nFunctions\$1, which cannot say more: "
                    "java.lang.IllegalStateException\n")
    assert ask(server, "uwsgi.call('j_call', 'raises')") == "None"
    server.wait_log("the RPC function raises raised:\n(.*\n)+ZeroDivisionError")
    assert ask(server, "uwsgi.call('j_call', 'nobody')") == "None"
    server.wait_log("the RPC function nobody is not registered")
    assert call(where, b"j_rpc", b"only a node") == b""
    server.wait_log(r"rpc\(\) needs a node and a function")
    assert call(where, b"j_bad_name") == b""
    server.wait_log("the name of a function has 1 to 254 bytes")
    assert call(where, b"j_upper", b"a") == b"A"


@pytest.mark.parametrize("thread", [False, True])
def test_stack_overflows_on_both_sides(world: World, thread: bool) -> None:
    """In the first thread and in one that the JVM only knows since it came."""
    server, where = world.start("--threads", "2")
    way = "in_threads(1, *%r)[0]" if thread else "uwsgi.call(*%r)"
    assert ask(server, way % (["j_deep", "1000"],)) == "b'1000'"
    assert ask(server, way % (["j_deep", "100000000"],)) == "None"
    server.complained("java.lang.StackOverflowError")
    for _ in range(3):
        assert ask(server, way % (["j_call", "too deep"],)) == "b'too deep'"
        assert ask(server, way % (["j_npe"],)) == "b'20000'"
    assert ask(server, way % (["j_call", "j_upper", "a"],)) == "b'A'"


def test_round_trips_without_end(world: World) -> None:
    server, where = world.start()
    assert ask(server, "uwsgi.call('down', '1000000')") == "None"
    server.complained("raised:\n|lead too deep")
    assert ask(server, "uwsgi.call('j_upper', 'a')") == "b'A'"


# Threads


def test_threads_of_java_call_python(world: World) -> None:
    server, where = world.start()
    assert ask(server, "uwsgi.call('j_thread', 'python', 'x')") == "b'python:x'"
    assert ask(server, "uwsgi.call('j_thread', 'too deep')") == "b'too deep'"
    assert ask(server, "uwsgi.call('j_thread', 'l_call', 'python', 'x')") == "b'python:x'"
    assert ask(server, "uwsgi.call('j_small_thread', 'python')") == "b'null'"
    server.complained("python was not called: its thread has less than 1024 KiB of stack left")
    assert ask(server, "uwsgi.call('j_small_thread', 'l_down')") == "b'null'"
    server.wait_log("the RPC function l_down: calls lead too deep")


def test_arguments_that_another_thread_of_java_changes(world: World) -> None:
    server, _ = world.start()
    assert ask(server, "uwsgi.call('j_changed')") == "b'done'"


def test_threads_of_python_call_java(world: World) -> None:
    """They are attached as daemons, and are gone from the JVM when they end."""
    server, _ = world.start()
    for _ in range(5):
        assert ask(server, "in_threads(8, 'j_call', 'python', 'x')") == repr([b"python:x"] * 8)
    assert ask(server, "in_threads(1, 'j_name')") == "[b'bask true']"
    assert ask(server, "uwsgi.call('j_gc')") == "b'collected'"


# The process


def test_signals_are_the_servers(world: World) -> None:
    """Reload and stop work, a handler of Python's for SIGUSR2 too, and the JVM goes on."""
    server, where = world.start(workers=2)
    old = server.workers()
    assert ask(server, "signal.signal(signal.SIGUSR2, lambda *_: note('usr2')) or "
                       "os.kill(os.getpid(), signal.SIGUSR2) or uwsgi.call('j_gc')"
               ) == "b'collected'"
    wait_until(lambda: (server.folder / "seen").exists(), "the handler ran")
    server.send_signal(signal.SIGHUP)
    server.wait_log("reloaded: generation 2 serves")
    wait_until(lambda: not any(map(processes.is_alive, old)), "the old workers have ended")
    assert call(where, b"j_upper", b"a") == b"A"
    assert ask(server, "'_JAVA_SR_SIGNUM' in os.environ") == "False"


def test_mules_have_java_too(world: World) -> None:
    (world.bask.folder / "seen").touch()
    server, _ = world.start("--mule", workers=1)
    for count in (1, 2):
        pid = wait_born(server, "mule", count=count)
        ask(server, "uwsgi.mule_msg('a%d')" % count)
        wait_until(lambda: "b'A%d'" % count in (server.folder / "seen").read_text(), "Java answers")
        server.send_signal(signal.SIGHUP)
        wait_gone(pid)


def test_crash_in_python_is_still_reported(world: World) -> None:
    """The JVM has SIGSEGV for itself, and passes on what it did not cause."""
    server, where = world.start(workers=1)
    (pid,) = server.workers()
    with server.connect() as connection:
        body = b"__import__('ctypes').string_at(8)"
        connection.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
                        % (len(body), body))
        wait_until(lambda: not processes.is_alive(pid), "the worker crashed")
    server.complained("Fatal Python error: Segmentation fault")
    wait_until(lambda: server.workers(), "there is another one")
    wait_until(lambda: call(where, b"j_upper", b"a") == b"A", "Java answers")


def test_children_of_python(world: World) -> None:
    """Programs run; a mere copy of the process has no JVM, and says so instead of hanging."""
    server, _ = world.start()
    assert ask(server, "subprocess.run(['sh', '-c', 'echo $PPID'], stdout=-1).stdout != b''") == (
        "True")
    fork = ("(lambda pid: os._exit(7 if uwsgi.call('j_upper', 'a') is None else 1) if pid == 0 "
            "else os.waitpid(pid, 0)[1] >> 8)(os.fork())")
    assert ask(server, fork) == "7"
    server.complained("there is no JVM in process")
    assert ask(server, "uwsgi.call('j_upper', 'a')") == "b'A'"


def test_signal_of_the_server(world: World) -> None:
    server, _ = world.start(workers=1)
    assert ask(server, "uwsgi.register_signal(7, 'workers', handle)") == "None"
    assert ask(server, "uwsgi.call('j_signal', '7')") == "b'sent'"
    wait_until(lambda: (server.folder / "seen").exists(), "the handler ran")


# What cannot start


@pytest.mark.parametrize("options, why", [
    (["--jvm-main-class", "Missing"], "--jvm-main-class Missing raised:\n"
     "java.lang.ClassNotFoundException: Missing"),
    (["--jvm-class", "java.lang.String", "--jvm-main-class", "java/lang/String"],
     "--jvm-main-class java/lang/String raised:\njava.lang.NoSuchMethodException"),
    (["--jvm-class", "java.lang.String", "--jvm-opt", "-Xnonsense"], "the JVM does not start"),
])
def test_classes_that_do_not_load(bask: Bask, options: List[str], why: str) -> None:
    said = bask.refused("--plugin", "null", *options)
    assert why in said, said


def test_no_jvm(bask: Bask) -> None:
    options = ["--plugin", "null", "--jvm-class", "java.lang.String"]
    said = bask.refused(*options, env={"JAVA_HOME": "/nowhere"})
    assert "JAVA_HOME is /nowhere, which has no usable lib/server/libjvm.so" in said


def test_static_initializer_and_main_without_arguments(bask: Bask) -> None:
    java.compile_to(bask.folder, """
    package some.where;
    public class Started {
        static { uwsgi_log.line("initialized"); }
        static void main() { uwsgi_log.line("main"); }
    }
    class uwsgi_log { static void line(String text) { System.out.println("java: " + text); } }
    """, "Started")
    server = bask.null("--jvm-class", "some/where/Started", "--jvm-main-class",
                       "some.where.Started", "--jvm-classpath", "missing.jar:one-more.jar", *OPTIONS)
    server.wait_log("java: initialized\njava: main\n(.*\n)*.*spawned Bask worker")
