"""Python on the terminal: --pypy-shell, and code that opens a shell of its own."""
import os
import signal
from typing import Callable, Iterator, List

import pytest

from support import venv
from support.server import APPS, BINARY, Bask
from support.client import Connection
from support.terminal import CTRL_BACKSLASH, CTRL_C, CTRL_D, IPYTHON, PLAIN, Terminal

MASTER = ["--master", "--processes", "2"]
STATUS_ALONE = 30

Start = Callable[..., Terminal]


@pytest.fixture
def start(bask: Bask) -> Iterator[Start]:
    """Starts a server at a terminal; the application is that of hello.py."""
    running: List[Terminal] = []

    def begin(*words: str) -> Terminal:
        running.append(Terminal([BINARY, *words], str(bask.folder), bask.environment()))
        return running[-1]

    yield begin
    for terminal in running:
        terminal.close()


def serving(bask: Bask) -> "List[str]":
    return ["--http-socket", "127.0.0.1:%d" % bask.ports.take(),
            "--wsgi-file", str(APPS / "hello.py")]


def answers(words: List[str]) -> bool:
    host, port = words[1].split(":")
    with Connection((host, int(port))) as connection:
        return connection.request("GET", "/").status == 200


def test_ipython_by_pypy_eval(bask: Bask, start: Start) -> None:
    """The command line of the plugin's documentation, word by word but for the virtualenv."""
    server = start("--socket", "127.0.0.1:%d" % bask.ports.take(), "-H", str(venv.packages()),
                   "--pypy-eval", "import IPython; IPython.embed()", "--honour-stdin")
    server.wait(IPYTHON)
    server.ask("6*7", "42")
    server.ask("uwsgi.version.decode() and 'known'+'!'", "known!")
    server.interrupt_a_sleep(IPYTHON)
    server.type(CTRL_C)  # at the prompt, too
    server.wait(IPYTHON)
    server.type(CTRL_D)
    server.wait("exit")
    server.type("y\r")
    server.wait("spawned Bask worker 1")
    server.type(CTRL_C)
    assert server.wait_end() == STATUS_ALONE


def test_ipython_by_pypy_eval_in_a_zygote(bask: Bask, start: Start) -> None:
    """Ctrl-C is the code's although master and zygote have the same terminal."""
    server = start(*serving(bask), *MASTER, "-H", str(venv.packages()), "--pypy-eval",
                   "import IPython; IPython.embed()", "--honour-stdin")
    server.wait(IPYTHON)
    server.interrupt_a_sleep(IPYTHON)
    server.type("exit\r")
    server.wait("spawned Bask worker")
    server.wait("spawned Bask worker")
    server.type(CTRL_C)  # the terminal is the server's again
    assert server.wait_end() == 0


def test_shell_is_ipython_where_there_is_one(bask: Bask, start: Start) -> None:
    server = start(*serving(bask), "-H", str(venv.packages()), "--pypy-shell")
    server.wait(IPYTHON)
    server.ask("uwsgi.worker_id() + 100", "101")
    server.interrupt_a_sleep(IPYTHON)


@pytest.mark.parametrize("option", ["--pypy-shell", "--pyshell", "--python-shell"])
def test_plain_shell_alone(bask: Bask, start: Start, option: str) -> None:
    """Without a master the server ends with the shell."""
    server = start(*serving(bask), option)
    server.wait(PLAIN)
    server.ask("6*7", "42")
    server.interrupt_a_sleep(PLAIN)
    server.type(CTRL_D)
    assert server.wait_end() == STATUS_ALONE


def test_shell_edits_lines(bask: Bask, start: Start) -> None:
    """There is a readline: what was typed before comes back by the key for it."""
    server = start(*serving(bask), "--pypy-shell")
    server.wait(PLAIN)
    server.ask("print('ag'+'ain')", "again")
    server.wait(PLAIN)
    server.type("\x10\r")
    server.wait("again")


def test_oneshot_serves_afterwards(bask: Bask, start: Start) -> None:
    words = serving(bask)
    server = start(*words, "--pypy-shell-oneshot")
    server.wait(PLAIN)
    server.type(CTRL_D)
    server.wait("spawned Bask worker 1")
    assert answers(words)


def test_other_workers_serve_while_one_has_the_shell(bask: Bask, start: Start) -> None:
    words = serving(bask)
    server = start(*words, *MASTER, "--pyshell")
    server.wait("spawned Bask worker 2")
    server.wait(PLAIN)
    server.ask("uwsgi.worker_id() + 100", "101")
    assert answers(words)
    server.interrupt_a_sleep(PLAIN)
    assert answers(words)
    server.type(CTRL_D)  # with a master a shell comes again
    server.wait("Python 3")
    server.wait(PLAIN)
    server.ask("import time; print('be'+'gun'); time.sleep(1000)", "begun")
    server.type(CTRL_BACKSLASH)
    server.wait("goodbye")
    assert server.wait_end() == 0


def test_stop_from_within_the_shell(bask: Bask, start: Start) -> None:
    server = start(*serving(bask), *MASTER, "--pypy-shell")
    server.wait(PLAIN)
    server.type("uwsgi.stop()\r")
    assert server.wait_end() == 0
    assert b"Traceback" not in server.shown


def test_stop_from_without(bask: Bask, start: Start) -> None:
    """The shell does not hold up the server, whatever it is doing."""
    server = start(*serving(bask), *MASTER, "--pypy-shell")
    server.wait(PLAIN)
    server.ask("import time; print('be'+'gun'); time.sleep(1000)", "begun")
    os.kill(server.pid, signal.SIGINT)
    assert server.wait_end() == 0


def test_oneshot_with_a_master(bask: Bask, start: Start) -> None:
    words = serving(bask)
    server = start(*words, *MASTER, "--pyshell-oneshot")
    server.wait(PLAIN)
    server.type(CTRL_D)
    server.wait("spawned Bask worker 1")
    server.type("\r")
    os.kill(server.pid, signal.SIGHUP)  # after a reload there is none
    server.wait("zygote 2 is ready")
    server.wait("spawned Bask worker 1")
    assert answers(words)
    server.type(CTRL_C)
    assert server.wait_end() == 0


def test_reload_takes_the_shell_away(bask: Bask, start: Start) -> None:
    """The new worker 1 serves: the terminal is another process's when it comes."""
    words = serving(bask)
    server = start(*words, *MASTER, "--pypy-shell")
    server.wait("spawned Bask worker 2")
    server.wait(PLAIN)
    os.kill(server.pid, signal.SIGHUP)
    server.wait("worker 1 has no shell")
    server.wait("spawned Bask worker 1")
    assert answers(words)


def test_code_of_the_shell_option(bask: Bask, start: Start) -> None:
    server = start(*serving(bask), "--pypy-shell-oneshot=print('said ' + input('name? '))")
    server.wait(r"name\? ")
    server.type("Ada\r")
    server.wait("said Ada")
    server.wait("spawned Bask worker 1")


def test_shell_though_the_log_is_a_file(bask: Bask, start: Start) -> None:
    server = start(*serving(bask), "--logto", "server.log", "--pypy-shell")
    server.wait(PLAIN)
    server.ask("6*7", "42")
    assert "listening" in (bask.folder / "server.log").read_text()


def test_shell_without_a_terminal_reads_to_the_end(bask: Bask) -> None:
    """As a script would have it; the standard input of these tests is /dev/null."""
    server = bask.app("hello", "--pypy-shell-oneshot")
    assert server.get("/").status == 200


def test_without_honour_stdin_code_has_no_terminal(bask: Bask, start: Start) -> None:
    server = start(*serving(bask), "--pypy-eval", "import os; print('tty', os.isatty(0))")
    server.wait("tty False")
