"""Functions in Lua: called by name, over the wire, from Python; and what Lua calls."""
import re
import signal
import struct
from typing import List, Optional, Tuple

import pytest

from support.client import Connection
from support.server import Bask, Server
from support.uwsgi import packet
from support.wait import wait_until

RPC = 173
FUNCTIONS = r"""
uwsgi.register_rpc("join", function(...) return table.concat({...}, "|") end)
uwsgi.register_rpc("add", function(a, b) return a + b end)
uwsgi.register_rpc("same", function(bytes) return bytes end)
uwsgi.register_rpc("count", function(...) return select("#", ...) end)
uwsgi.register_rpc("nothing", function() end)
uwsgi.register_rpc("table", function() return {} end)
uwsgi.register_rpc("fails", function() local function inner() error("on purpose") end inner() end)
uwsgi.register_rpc("fails oddly", function() error({}) end)
uwsgi.register_rpc("pid", function() return uwsgi.pid() end)
uwsgi.register_rpc("worker", function() return uwsgi.worker_id() end)
uwsgi.register_rpc("call", function(...) return uwsgi.call(...) end)
uwsgi.register_rpc("rpc", function(...) return uwsgi.rpc(...) end)
uwsgi.register_rpc("in a coroutine", function(...)
    local arguments = {...}
    return coroutine.wrap(function() return uwsgi.call((table.unpack or unpack)(arguments)) end)()
end)
uwsgi.register_rpc("deep", function(n)
    if tonumber(n) == 0 then return "bottom" end
    return uwsgi.call("deep", n - 1)
end)
uwsgi.register_rpc("list", function() return table.concat(uwsgi.rpc_list(), " ") end)
uwsgi.register_rpc("log", function(text) return tostring(uwsgi.log(text)) end)
uwsgi.register_rpc("fd", function() return tostring(uwsgi.connection_fd()) end)
uwsgi.register_rpc("version", function() return uwsgi.version end)
uwsgi.register_rpc("signal", function(n) return tostring(uwsgi.signal(n)) end)
uwsgi.register_rpc("later", function() return tostring(uwsgi.register_rpc("new", function() return 1 end)) end)
uwsgi.register_rpc("too much", function() return uwsgi.rpc("127.0.0.1:9", "f", ("x"):rep(65536)) end)
uwsgi.register_rpc("bad name", function() return select(2, uwsgi.register_rpc("", function() end)) end)
times = 0
uwsgi.register_rpc("times", function() times = times + 1 return times end)
print("loaded", uwsgi.worker_id(), uwsgi.numproc, uwsgi.hostname ~= "")
"""


def start(bask: Bask, *options: str, workers: int = 0, functions: str = FUNCTIONS
          ) -> Tuple[Server, str]:
    (bask.folder / "functions.lua").write_text(functions)
    where = "127.0.0.1:%d" % bask.ports.take()
    options = ("--socket", where, "--lua-load", "functions.lua", "--rpc-max", "100", *options)
    return bask.null(*options, workers=workers), where


def call(where: str, *parts: bytes) -> bytes:
    """The result of a function of the server at `where`."""
    host, _, port = where.rpartition(":")
    block = b"".join(struct.pack("<H", len(part)) + part for part in parts)
    with Connection((host, int(port))) as connection:
        connection.send(packet(block, RPC))
        answer = connection.rest()
    return answer[4:]


@pytest.mark.null
@pytest.mark.parametrize("workers", [0, 2])
def test_over_the_wire(bask: Bask, workers: int) -> None:
    server, where = start(bask, workers=workers)
    server.wait_log("loaded\t0\t%d\ttrue" % max(workers, 1))
    assert call(where, b"join", b"a", b"", b"b") == b"a||b"
    assert call(where, b"add", b"1", b"2") == b"3"
    assert call(where, b"count") == b"0"
    assert call(where, b"pid").decode() in map(str, server.workers())
    assert call(where, b"worker") in (b"1", b"2")
    every = bytes(range(256)) * 100
    assert call(where, b"same", every) == every
    assert call(where, b"version").count(b".") == 2
    assert call(where, b"echo", b"a") == struct.pack("<H", 1) + b"a"  # the plugin's


@pytest.mark.null
def test_what_goes_wrong(bask: Bask) -> None:
    server, where = start(bask)
    assert call(where, b"nothing") == b""
    assert call(where, b"table") == b""
    server.wait_log("the RPC function table returned a table, not a string")
    assert call(where, b"fails") == b""
    server.complained("the RPC function fails raised:\nfunctions.lua:8: on purpose\n"
                      "stack traceback:\n(.*\n)+.*in .*inner")
    assert call(where, b"fails oddly") == b""
    server.wait_log("an error that is a table")
    assert call(where, b"call", b"nobody") == b""
    assert call(where, b"too much") == b""
    server.wait_log(r"larger than a packet \(64 KiB\)")
    assert call(where, b"bad name") == b"the name of a function has 1 to 254 bytes"
    many = [b"x"] * 255
    assert call(where, b"count", *many[:254]) == b"254"
    assert call(where, b"count", *many) == b""
    server.wait_log("the RPC function count was called with more than 254 arguments")


@pytest.mark.null
def test_lua_calls_lua(bask: Bask) -> None:
    server, where = start(bask)
    assert call(where, b"call", b"add", b"3", b"4") == b"7"
    assert call(where, b"rpc", b"", b"join", b"a", b"b") == b"a|b"
    assert call(where, b"in a coroutine", b"call", b"in a coroutine", b"add", b"1", b"1") == b"2"
    assert call(where, b"deep", b"20") == b"bottom"
    assert b"add bad name call" in call(where, b"list")
    assert call(where, b"log", b"a line of Lua's") == b"true"
    server.wait_log(r"\] a line of Lua's")
    assert call(where, b"fd").isdigit()


@pytest.mark.null
def test_too_deep(bask: Bask) -> None:
    """Lua gives up long before the stack does."""
    server, where = start(bask)
    assert call(where, b"deep", b"100000") == b""
    server.complained("the RPC function deep(: calls lead too deep|"
                      " raised:\n(.*stack overflow|error in error handling))")
    assert call(where, b"add", b"1", b"2") == b"3"


@pytest.mark.null
def test_lua_calls_another_server(bask: Bask) -> None:
    _, far = start(bask)
    server, where = start(bask)
    assert call(where, b"rpc", far.encode(), b"join", b"a", b"\0", b"") == b"a|\0|"
    assert call(where, b"call", b"join@" + far.encode(), b"a") == b"a"
    assert call(where, b"rpc", far.encode(), b"nobody") == b""
    server.wait_log("rpc nobody@%s: there is no such function" % far)


@pytest.mark.null
def test_a_state_for_each_thread(bask: Bask) -> None:
    """A thread keeps its globals; two are never in the same state."""
    server, where = start(bask, "--threads", "4", functions=FUNCTIONS)
    assert server.log().count("loaded\t") == 4
    seen = sorted(int(call(where, b"times")) for _ in range(20))
    assert seen[0] == 1 and len(seen) == 20


@pytest.mark.null
def test_registered_later(bask: Bask) -> None:
    """By a function: this thread's Lua has it, others do not, and that is said."""
    server, where = start(bask, "--threads", "2")
    assert call(where, b"later") == b"true"
    answers = {call(where, b"new") for _ in range(10)}
    assert answers <= {b"1", b""}
    if b"" in answers:
        server.complained("it was not registered by a file of --lua-load")


@pytest.mark.null
@pytest.mark.parametrize("text, why", [
    ("function(", r"--lua-load: functions.lua:1: "),
    ("error('at load')", r"functions.lua raised:\n.*functions.lua:1: at load"),
    ("uwsgi.register_rpc('f')", "function expected"),
    (None, "--lua-load: cannot open functions.lua"),
])
def test_files_that_do_not_load(bask: Bask, text: Optional[str], why: str) -> None:
    if text is not None:
        (bask.folder / "functions.lua").write_text(text)
    said = bask.refused("--plugin", "null", "--lua-load", "functions.lua")
    assert re.search(why, said), said


@pytest.mark.null
def test_table_is_limited(bask: Bask) -> None:
    (bask.folder / "functions.lua").write_text(
        "for i = 1, 3 do print(uwsgi.register_rpc('f' .. i, print)) end")
    server = bask.null("--plugin", "lua", "--lua-load", "functions.lua", "--rpc-max", "2")
    server.wait_log(r"true\ntrue\n.*register_rpc: .*--rpc-max.*\nnil\tthere are 2 functions")


@pytest.mark.null
def test_new_version(bask: Bask) -> None:
    server, where = start(bask, workers=2)
    old = call(where, b"pid")
    (bask.folder / "functions.lua").write_text(
        FUNCTIONS + "\nuwsgi.register_rpc('add', function() return 'new' end)")
    server.send_signal(signal.SIGHUP)
    server.wait_log("reloaded: generation 2 serves")
    wait_until(lambda: call(where, b"add", b"1", b"1") == b"new", "the new function answers")
    (bask.folder / "functions.lua").write_text("nonsense(")
    server.send_signal(signal.SIGHUP)
    server.complained("functions.lua:1: ")
    server.wait_log("generation 3")
    assert call(where, b"add", b"1", b"1") == b"new"
    assert call(where, b"pid") != old


# With Python

DEFINED = r"""
import threading
uwsgi.register_rpc("python", lambda *args: b"python:" + b"|".join(args))
uwsgi.register_rpc("raises", lambda: 1 / 0)
uwsgi.register_rpc("back", lambda name, *args: uwsgi.call(name, *args))
note(uwsgi.call("add", "1", "2"))
uwsgi.mule_msg_hook = lambda message: note("mule %s" % uwsgi.call("join", message, ""))

def spooler(env):
    note("spooler %s" % uwsgi.call("join", env[b"key"], ""))
    return uwsgi.SPOOL_OK

uwsgi.spooler = spooler

def in_threads(count):
    # all calls are in Lua at the same time
    answers = []
    barrier = threading.Barrier(count)
    uwsgi.register_rpc("meet", lambda: barrier.wait(20) is not None and "met")
    threads = [threading.Thread(
        target=lambda: answers.append(uwsgi.call("call", "meet"))) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
"""


def python(bask: Bask, *options: str, workers: int = 0) -> Tuple[Server, str]:
    (bask.folder / "functions.lua").write_text(FUNCTIONS)
    (bask.folder / "defined.py").write_text(DEFINED)
    where = "127.0.0.1:%d" % bask.ports.take()
    return bask.app("services", "--socket", where, "--lua-load", "functions.lua", "--rpc-max",
                    "100", *options, workers=workers), where


def ask(server: Server, expression: str) -> str:
    return server.post("/", expression.encode()).text


@pytest.mark.parametrize("workers, options", [(0, []), (2, ["--threads", "2"]),
                                              (1, ["--lazy-apps"])])
def test_python_and_lua(bask: Bask, workers: int, options: Tuple[str, ...]) -> None:
    server, where = python(bask, *options, workers=workers)
    assert "b'3'" in (server.folder / "seen").read_text()  # while the application was loaded
    assert ask(server, "uwsgi.call('join', 'a', b'', 'b')") == "b'a||b'"
    assert ask(server, "uwsgi.rpc(None, 'same', bytes(range(256))) == bytes(range(256))") == "True"
    assert ask(server, "len(uwsgi.call('same', b'x' * 1000000))") == "1000000"
    assert ask(server, "uwsgi.call('call', 'python', 'a', b'\\0')") == "b'python:a|\\x00'"
    assert ask(server, "uwsgi.call('in a coroutine', 'back', 'call', 'python', 'z')") == (
        "b'python:z'")
    assert ask(server, "uwsgi.call('nothing')") == "None"
    assert {b"python", b"join"} <= set(eval(ask(server, "uwsgi.rpc_list()")))
    assert call(where, b"call", b"python", b"w") == b"python:w"
    assert call(where, b"back", b"join", b"v", b"w") == b"v|w"


@pytest.mark.parametrize("options", [[], ["--lazy-apps"]])
def test_functions_in_mules_and_spoolers(bask: Bask, options: List[str]) -> None:
    server, _ = python(bask, "--mule", "--spooler", "tasks", *options, workers=1)
    ask(server, "uwsgi.mule_msg('m')")
    ask(server, "uwsgi.spool({'key': 's'})")
    seen = server.folder / "seen"
    wait_until(lambda: {"mule b'm|'", "spooler b's|'"} <= set(seen.read_text().split("\n")),
               "both have called a function")


def test_errors_cross_no_border(bask: Bask) -> None:
    server, where = python(bask)
    assert ask(server, "uwsgi.call('fails')") == "None"
    assert ask(server, "uwsgi.call('call', 'raises')") == "None"
    server.complained("the RPC function raises raised:\n(.*\n)+ZeroDivisionError")
    assert ask(server, "uwsgi.call('add', '1', '1')") == "b'2'"
    assert call(where, b"call", b"raises") == b""


def test_python_recursion_through_lua(bask: Bask) -> None:
    server, _ = python(bask)
    assert ask(server, "uwsgi.register_rpc('down', lambda n: uwsgi.call('call', 'down', n))"
               ) == "True"
    for way in ("'down'", "'call', 'down'", "'in a coroutine', 'call', 'down'"):
        before = len(server.log())
        assert ask(server, "uwsgi.call(%s, '1')" % way) == "None"
        wait_until(lambda: re.search("the RPC function .*( raised|: calls lead too deep)",
                                     server.log()[before:]), "it is in the log")
    server.complained(".")
    assert ask(server, "uwsgi.call('add', '1', '1')") == "b'2'"


def test_threads_of_python(bask: Bask) -> None:
    """More than there are states of Lua at the start."""
    server, _ = python(bask)
    assert ask(server, "in_threads(8)") == repr([b"met"] * 8)


def test_last_to_register_has_the_name(bask: Bask) -> None:
    server, where = python(bask)
    assert ask(server, "uwsgi.register_rpc('join', lambda *args: b'of Python')") == "True"
    assert ask(server, "uwsgi.call('join', 'a')") == "b'of Python'"
    assert call(where, b"join", b"a") == b"of Python"
    assert call(where, b"call", b"join") == b"of Python"
    assert ask(server, "in_threads(8)") == repr([b"met"] * 8)  # states that run the file again
    assert ask(server, "uwsgi.call('join', 'a')") == "b'of Python'"
    assert ask(server, "uwsgi.call('later')") == "b'true'"
    assert ask(server, "uwsgi.call('new')") == "b'1'"


def test_signal_from_lua(bask: Bask) -> None:
    server, _ = python(bask, workers=1)
    assert ask(server, "uwsgi.register_signal(7, 'workers', handle)") == "None"
    assert ask(server, "uwsgi.call('signal', '7')") == "b'true'"
    wait_until(lambda: "1 7" in (server.folder / "seen").read_text(), "the handler ran")


def test_processes_of_python(bask: Bask) -> None:
    """A child that the application forks has Lua, too."""
    server, _ = python(bask)
    expression = ("(lambda pid: os._exit(int(uwsgi.call('add', '40', '2'))) if pid == 0 "
                  "else os.waitpid(pid, 0)[1] >> 8)(os.fork())")
    assert ask(server, expression) == "42"
