"""The commands in the documentation of uWSGI's PyPy plugin, as they are printed there.

Two things change: their paths and their ports are moved into the test's own. Each is run twice, by
`bask` for `uwsgi` and by a link named `uwsgi`.
"""
import shlex
import signal
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any, List

import pytest

from support import processes, unpacked, venv
from support.server import BINARY, LIBRARY, Bask, Server
from support.source_tree import SourceTree
from support.terminal import CTRL_C, Terminal
from support.uwsgi import packet
from support.wait import wait_until

MOVED = ("/opt/", "/var/", "/home/")
HELLO = """
import os

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%s from " + os.__file__.encode()]
"""
# As the plugin's documentation calls the library, in today's Python.
FAKEUWSGI = """#!/usr/bin/env pypy3
import ctypes
import sys

uwsgi = ctypes.CDLL('./libuwsgi.so', mode=ctypes.RTLD_GLOBAL)
argv = (ctypes.c_char_p * %s)()
for pos, arg in enumerate(sys.argv):
    argv[pos] = arg.encode()
envs = (ctypes.c_char_p * 1)()
uwsgi.uwsgi_init(len(sys.argv), argv, envs)
"""


@pytest.fixture(scope="session")
def opt_pypy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("opt") / "pypy"
    unpacked.make(home)
    return home


class Reader:
    """Somebody who follows the documentation in a folder of their own."""

    def __init__(self, bask: Bask, program: str, pypy: Path) -> None:
        self.bask = bask
        self.folder = bask.folder
        self.program = BINARY
        if program == "uwsgi":
            self.program = str(self.folder / program)
        self._port = bask.ports.take()
        for name in ("opt/libs", "var/www/myapp", "home/foobar"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "opt" / "pypy").symlink_to(pypy)
        (library,) = (pypy / "bin").iterdir()
        (self.folder / "opt" / "libs" / "libpypy-c.so").symlink_to(library.resolve())
        (self.folder / "libuwsgi.so").symlink_to(LIBRARY)
        (self.folder / "uwsgi").symlink_to(BINARY)
        (self.folder / "myapp.py").write_text(HELLO % "hello")
        (self.folder / "var/www/myapp/myapp.wsgi").write_text(HELLO % "hello")
        self.hello = "hello from %s/" % pypy.resolve()

    def words(self, command: str) -> List[str]:
        moved = []
        for word in shlex.split(command):
            if word == "uwsgi":
                word = self.program
            elif word.startswith(MOVED):
                word = str(self.folder) + word
            elif word in (":9090", ":3031"):
                word = ":%d" % self._port
            moved.append(word)
        return moved

    def start(self, command: str, workers: int = 0, **env: str) -> Server:
        program, *arguments = self.words(command)
        if program.startswith("./"):
            program = str(self.folder / program)
        server = self.bask.launch(*arguments, program=(program,), env=env,
                                  address=("127.0.0.1", self._port))
        server.worker_count = workers
        server.wait_ready()
        return server

    def run(self, command: str) -> "subprocess.CompletedProcess[str]":
        program, *arguments = self.words(command)
        return self.bask.run(*arguments, program=(program,))


@pytest.fixture(params=["bask", "uwsgi"])
def reader(request: Any, bask: Bask, opt_pypy: Path) -> Reader:
    return Reader(bask, request.param, opt_pypy)


# The PyPy home

HOME = "uwsgi --http-socket :9090 --pypy-home /opt/pypy"
LIB = HOME + " --pypy-lib /opt/libs/libpypy-c.so"


@pytest.mark.parametrize("command", [HOME, LIB])
def test_home_without_an_application(reader: Reader, command: str) -> None:
    """uWSGI serves errors then. Here that has to be asked for."""
    ended = reader.run(command)
    assert ended.returncode == 1
    assert ended.stderr.startswith("bask: no application was named; try: ")
    assert ended.stderr.count("\n") == 1
    server = reader.start(command + " --need-app=false --plugin pypy")
    assert server.get("/").status == 500


def test_lib_in_the_current_folder(reader: Reader) -> None:
    """The note beside it: ./ makes a file of the current folder of it."""
    (reader.folder / "libpypy-c.so").symlink_to(reader.folder / "opt/libs/libpypy-c.so")
    server = reader.start(HOME + " --pypy-lib ./libpypy-c.so --pypy-wsgi myapp")
    assert server.get("/").text.startswith(reader.hello)


# PyPy support as a plugin

AS_A_PLUGIN = "uwsgi --plugin ./pypy_plugin.so --http-socket :9090 --pypy-home /opt/pypy"


@pytest.mark.timeout(600)  # the first of them waits for the server that the plugin is for
@pytest.mark.parametrize("command", [
    "uwsgi --build-plugin plugins/pypy",
    "python uwsgiconfig.py --plugin plugins/pypy",
])
def test_plugin_is_built(reader: Reader, tree: SourceTree, command: str) -> None:
    """In the root of the sources; the server that loads it has no languages of its own."""
    words = [sys.executable if word == "python" else word for word in reader.words(command)]
    plugin = tree.folder / "pypy_plugin.so"
    done = tree.run(*words)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("pypy_plugin.so is built")
    plugin.rename(reader.folder / plugin.name)
    reader.program = str(tree.bask)
    server = reader.start(AS_A_PLUGIN + " --pypy-wsgi myapp")
    assert server.get("/").text.startswith(reader.hello)


# The PyPy setup file


def test_setup_file(reader: Reader) -> None:
    """One that is what the server prints, with a line more."""
    printed = reader.run("uwsgi --print-sym uwsgi_pypy_setup")
    assert printed.returncode == 0 and "hooks.loader" in printed.stdout, printed.stderr
    setup = reader.folder / "home" / "foobar" / "foo.py"
    setup.write_text(printed.stdout + "print('this is foo.py', flush=True)\n")
    server = reader.start(LIB + " --pypy-setup /home/foobar/foo.py --pypy-wsgi myapp")
    assert server.get("/").text.startswith(reader.hello)
    assert "this is foo.py" in server.log()
    ended = reader.run(LIB + " --pypy-setup /home/foobar/foo.py")
    assert "no application was" in ended.stderr


# The IPython trick


def test_ipython(reader: Reader) -> None:
    """At a terminal; IPython is not part of a PyPy, so that it comes from beside."""
    words = reader.words('uwsgi --socket :3031 --pypy-home /opt/pypy '
                         '--pypy-eval "import IPython; IPython.embed()" --honour-stdin')
    (packages,) = venv.packages().glob("lib/pypy*/site-packages")
    path = "%s:/usr/lib/python3/dist-packages" % packages
    server = Terminal(words, str(reader.folder),
                      reader.bask.environment({"PYTHONPATH": path}))
    try:
        server.wait(r"In .*\[\d+.*\].*:")
        server.ask("6*7", "42")
        server.ask("import os; print('from', os.__file__)",
                   "from " + str(reader.hello.split()[-1]))
        server.type("exit\r")
        server.wait("spawned Bask worker 1")
        server.type(CTRL_C)
        assert server.wait_end() == 30
    finally:
        server.close()


# Options that no command shows


@pytest.mark.parametrize("options, said", [
    (["--pypy-eval", "print('evaluated', uwsgi.worker_id())"], "evaluated 0"),
    (["--pypy-eval-post-fork", "print('evaluated', uwsgi.worker_id())"], "evaluated 1"),
    (["--pypy-exec", "code.py"], "executed 0"),
    (["--pypy-exec-post-fork", "code.py"], "executed 1"),
    (["--pypy-pp", "home/foobar", "--pypy-eval", "import beside"], "found"),
    (["--pypy-python-path", "home/foobar", "--pypy-eval", "import beside"], "found"),
    (["--pypy-pythonpath", "home/foobar", "--pypy-eval", "import beside"], "found"),
])
def test_list_of_options(reader: Reader, options: List[str], said: str) -> None:
    (reader.folder / "code.py").write_text("import uwsgi\nprint('executed', uwsgi.worker_id())\n")
    (reader.folder / "home" / "foobar" / "beside.py").write_text("print('found')\n")
    server = reader.start(HOME + " --pypy-wsgi myapp " + shlex.join(options))
    server.wait_log("(?m)^" + said)


# WSGI support


@pytest.mark.parametrize("command", [
    HOME + " --pypy-wsgi myapp",
    HOME + " --pypy-wsgi-file /var/www/myapp/myapp.wsgi",
])
def test_wsgi(reader: Reader, command: str) -> None:
    assert reader.start(command).get("/").text.startswith(reader.hello)


def test_readme_of_the_plugin(reader: Reader) -> None:
    """The home in a variable, and the application of a package."""
    server = reader.start(
        "uwsgi --pypy-lib /opt/libs/libpypy-c.so --http-socket :9090 "
        "--pypy-wsgi werkzeug.testapp:test_app",
        PYPY_HOME=str(reader.folder / "opt" / "pypy"), PYTHONPATH="/usr/lib/python3/dist-packages")
    assert "WSGI Information" in server.get("/").text


# RPC support

RPC = """
import uwsgi

def hello():
    return "Hello World"

uwsgi.register_rpc('hello', hello)
"""
RPC_CALLS = """
import uwsgi

def calls():
    return [
        uwsgi.rpc('192.168.173.100:3031', 'myfunc', 'myarg'),
        uwsgi.call('myfunc', 'myarg'),
        uwsgi.call('myfunc@192.168.173.100:3031', 'myarg'),
        uwsgi.call('hello'),
    ]

uwsgi.register_rpc('myfunc', lambda arg: b"myfunc got " + arg)

def application(environ, start_response):
    start_response("200 OK", [])
    return [b" | ".join(calls())]
"""


def test_rpc(reader: Reader) -> None:
    """Here the other server is the same one: its second thread answers the first."""
    other = "127.0.0.1:%d" % reader.bask.ports.take()
    source = RPC + RPC_CALLS.replace("192.168.173.100:3031", other)
    (reader.folder / "myapp.py").write_text(source)
    server = reader.start(HOME + " --pypy-wsgi myapp --threads 2 --socket " + other)
    assert server.get("/").text == "myfunc got myarg | " * 3 + "Hello World"


# The tutorial of the dynamic proxy, whose engine is PyPy: its function, and how it is loaded

MAPPER = """
import uwsgi

def my_mapper(hostname):
    return "127.0.0.1:3031"

uwsgi.register_rpc('the_mapper', my_mapper)
"""
MAPPER_INI = """
[uwsgi]
; enable the pypy engine
pypy-home = %s
; execute the myfuncs.py file (the 'the_mapper' rpc function will be registered)
pypy-exec = myfuncs.py

; bind to a port
http-socket = :%d
socket = %s
"""


def test_dynamic_proxying(reader: Reader, bask: Bask) -> None:
    """Any uwsgi socket asks the function; the rules that would, are routing's."""
    port, where = bask.ports.take(), ("127.0.0.1", bask.ports.take())
    (reader.folder / "myfuncs.py").write_text(MAPPER)
    (reader.folder / "proxy.ini").write_text(
        MAPPER_INI % (reader.folder / "opt/pypy", port, "%s:%d" % where))
    server = bask.start("proxy.ini", program=reader.words("uwsgi"), address=where)
    items = b"".join(struct.pack("<H", len(item)) + item for item in (b"the_mapper", b"a.example"))
    assert server.raw(packet(items, 173)) == packet(b"127.0.0.1:3031", 173)


# The library, loaded by a stock PyPy

FAKE = "./fakeuwsgi.py --http-socket :9090 --master --processes 2 --threads 8 --pypy-wsgi myapp"


@pytest.fixture(params=["len(sys.argv)", "(len(sys.argv) + 1)"])
def fakeuwsgi(request: Any, bask: Bask, opt_pypy: Path) -> Reader:
    """The array of the words, without and with the NULL at its end: both were documented."""
    reader = Reader(bask, "uwsgi", opt_pypy)
    (reader.folder / "fakeuwsgi.py").write_text(FAKEUWSGI % request.param)
    (reader.folder / "fakeuwsgi.py").chmod(0o755)
    return reader


@pytest.mark.parametrize("more", ["", " --binary-path ./fakeuwsgi.py"])
def test_library(fakeuwsgi: Reader, more: str) -> None:
    server = fakeuwsgi.start(FAKE + more, workers=2)
    assert server.get("/").text.startswith("hello from /usr/lib/pypy3")
    old = server.workers()
    (fakeuwsgi.folder / "myapp.py").write_text(HELLO % "reloaded")
    server.send_signal(signal.SIGHUP)
    wait_until(lambda: len(server.workers()) == 2 and not any(map(processes.is_alive, old)),
               "the workers are new, and the old ones have ended")
    assert server.get("/").text.startswith("reloaded from ")


# Beside the commands


def test_link_named_uwsgi(bask: Bask) -> None:
    """It is the same program, and its help names the commands as they are called."""
    (bask.folder / "uwsgi").symlink_to(BINARY)
    own, link = bask.run("--help"), bask.run("--help", program=("./uwsgi",))
    assert "  uwsgi MODULE:CALLABLE" in link.stdout
    assert link.stdout.replace("  uwsgi ", "  bask ") == own.stdout
    assert bask.run("--version", program=("./uwsgi",)).stdout == bask.run("--version").stdout
