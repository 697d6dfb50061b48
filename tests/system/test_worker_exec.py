"""--worker-exec: workers are another program over the server's sockets."""
import os
import signal
import sys
from pathlib import Path
from typing import Iterator, List

import pytest

from support import processes
from support.load import Load
from support.server import Bask, Server
from support.wait import wait_until

pytestmark = pytest.mark.null

CONTROL = ("--control-socket", "control")
PIPE = {5, 6}  # of the program itself
# Answers on the socket that is its standard input, one connection at a time, until SIGTERM.
PROGRAM = """
import os, select, signal, socket, sys
told, tell = os.pipe()
os.set_blocking(tell, False)
signal.set_wakeup_fd(tell)
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.signal(signal.SIGTERM, lambda number, frame: None)
open("begun", "a").write("%d\\n" % os.getpid())
assert os.get_blocking(0) and os.environ["LISTEN_PID"] == str(os.getpid())
listener = socket.socket(fileno=0)
assert listener.getsockname() == socket.socket(fileno=os.dup(3)).getsockname()
while told not in select.select([0, told], [], [])[0]:
    try:
        client = listener.accept()[0]
    except BlockingIOError:  # somebody else was faster: a server that shares it has made it so
        continue
    client.recv(65536)
    body = b"%d of %s %s" % (os.getpid(), os.environ["LISTEN_FDS"].encode(), sys.argv[1].encode())
    client.sendall(b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n%s"
                   % (len(body), body))
    client.close()
open("ended", "a").write("%d\\n" % os.getpid())
"""


def pids(path: Path) -> List[int]:
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def all_run(server: Server) -> bool:
    """While Python itself starts, a signal is a traceback."""
    programs = {pid for pid in server.workers()
                if b"program.py" in Path("/proc/%d/cmdline" % pid).read_bytes()}
    return programs <= set(pids(server.folder / "begun"))


@pytest.fixture
def program(bask: Bask) -> Iterator[str]:
    (bask.folder / "program.py").write_text(PROGRAM)
    yield "%s program.py hello" % sys.executable
    for server in bask.servers:
        if server.process.poll() is None:
            wait_until(lambda: all_run(server), "all programs run")


def start(bask: Bask, program: str, *arguments: str, workers: int) -> Server:
    server = bask.start("--worker-exec", program, *arguments, workers=workers)
    server.idle = False
    wait_until(lambda: all_run(server), "all programs run")
    return server


def test_programs_answer(bask: Bask, program: str) -> None:
    other = "127.0.0.1:%d" % bask.ports.take()
    server = start(bask, program, "--socket", other, workers=2)
    answer = server.get("/")
    assert answer.status == 200
    pid, said = answer.text.split(" ", 1)
    assert said == "of 2 hello" and int(pid) in server.workers()
    # Nothing of the server is open in it but its sockets and where it writes to.
    worker = server.workers()[0]
    wait_until(lambda: set(processes.descriptors(worker)) == {0, 1, 2, 3, 4, *PIPE}, "it runs")
    assert server.stop() == 0


def test_program_that_dies_is_replaced(bask: Bask, program: str) -> None:
    server = start(bask, program, workers=1)
    pid = server.roster()[1]
    os.kill(pid, signal.SIGKILL)
    server.complained(r"worker 1 \(pid: %d\) died, killed by signal 9" % pid)
    wait_until(lambda: server.roster().get(1, pid) != pid, "there is another one")
    assert server.get("/").text.startswith("%d " % server.roster()[1])


def test_reload_replaces_programs_and_loses_nothing(bask: Bask, program: str) -> None:
    server = start(bask, program, *CONTROL, workers=2)
    before = server.workers()
    with Load(server) as load:
        wait_until(lambda: {int(text.split()[0]) for text in load.answered} == set(before),
                   "both answer")
        assert server.ctl("reload").stdout == "generation 2 serves\n"
        load.wait_more(20)
        wait_until(lambda: set(pids(bask.folder / "ended")) == set(before), "they were asked, not killed")
    assert load.failures == []
    assert not set(before) & set(server.workers())


def test_signals_that_mean_nothing_to_programs_are_not_sent(bask: Bask, program: str) -> None:
    server = start(bask, program, *CONTROL, workers=1)
    server.ctl("log-reopen")
    server.ctl("pause")
    server.wait_log("cannot be paused")
    assert server.get("/").status == 200
    assert '"state":"serving"' in server.ctl("status", "--json").stdout.split("workers")[0]


@pytest.mark.parametrize("to", ["program", "server"])
def test_upgrade(bask: Bask, program: str, successors: None, to: str) -> None:
    options = bask.folder / "options.ini"
    options.write_text("[bask]\nworker-exec = %s\n" % program)
    server = bask.start("--ini", str(options), *CONTROL, workers=1)
    if to == "server":
        options.write_text("[bask]\nplugin = null\n")
    with Load(server) as load:
        successor = int(server.ctl("upgrade").stdout.split()[1])
        assert server.succeeded_by(successor) == 0
        load.wait_more(20)
    assert load.failures == []
    server.idle = False
    assert ("hello" in server.get("/").text) == (to == "program")


def test_programs_do_not_outlive_the_server(bask: Bask, program: str) -> None:
    server = start(bask, program, workers=1)
    worker = server.roster()[1]
    assert server.get("/").status == 200
    os.kill(server.pid, signal.SIGKILL)
    assert server.wait_end() == -signal.SIGKILL
    wait_until(lambda: not processes.is_alive(worker), "it ends")


def test_one_that_cannot_be_started_says_so(bask: Bask) -> None:
    server = bask.launch("--worker-exec", "/no/such/program --option", workers=1)
    server.wait_log("/no/such/program")
    server.complained("worker 1 .* ended with status 127")
    assert server.stop() == 0


def test_without_a_master(bask: Bask, program: str) -> None:
    server = start(bask, program, "--worker-exec2", program, workers=0)
    assert server.get("/").text == "%d of 1 hello" % server.pid
    server.send_signal(signal.SIGTERM)
    assert server.wait_end() == 0
