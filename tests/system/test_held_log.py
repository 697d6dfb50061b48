"""A log that somebody has open and does not read: nobody waits for it, and what is lost is told."""
import fcntl
import os
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Iterator, List, Tuple

import pytest

from support import processes
from support.client import Connection
from support.load import Load
from support.server import BINARY, Bask
from support.wait import wait_until

pytestmark = pytest.mark.null

FAMILY = 3  # master, zygote, worker
F_SETPIPE_SZ = 1031


class Held:
    """A server that logs into one end of something; the test has the other one."""

    def __init__(self, bask: Bask, kind: str, *more: str) -> None:
        self.address = ("127.0.0.1", bask.ports.take())
        self.log, end = self._open(kind, bask.folder)
        how = {"user": 65534, "cwd": "/"} if kind == "pipe of another user" else {}
        self.process = subprocess.Popen(
            [BINARY, "--plugin", "null", "--http-socket", "%s:%d" % self.address, "--master",
             *more],
            env=bask.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=end,
            start_new_session=True, **{"cwd": bask.folder, **how})  # type: ignore[call-overload]
        os.close(end)
        os.set_blocking(self.log, False)
        self.text = b""
        wait_until(lambda: b"spawned Bask worker 1" in self.read(), "it serves")

    @staticmethod
    def _open(kind: str, folder: Path) -> Tuple[int, int]:
        if kind == "terminal":
            return os.openpty()
        if kind == "socket":
            ours, theirs = socket.socketpair()
            return ours.detach(), theirs.detach()
        reading, writing = os.pipe()
        if kind == "named pipe":
            os.mkfifo(folder / "pipe")
            os.close(reading)
            os.close(writing)
            reading = os.open(folder / "pipe", os.O_RDONLY | os.O_NONBLOCK)
            writing = os.open(folder / "pipe", os.O_WRONLY)
        fcntl.fcntl(writing, F_SETPIPE_SZ, 4096)
        return reading, writing

    def connect(self) -> Connection:
        return Connection(self.address)

    def read(self) -> bytes:
        """All that was logged so far."""
        try:
            while piece := os.read(self.log, 65536):
                self.text += piece
        except OSError:
            pass  # nothing more for now, or it has ended
        return self.text

    def family(self) -> List[int]:
        zygotes = processes.children(self.process.pid)
        return [self.process.pid, *zygotes,
                *(pid for zygote in zygotes for pid in processes.children(zygote))]

    def end(self) -> None:
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(15) == 0


@pytest.fixture(params=["pipe", "named pipe", "terminal", "socket", "pipe of another user"])
def held(bask: Bask, request: pytest.FixtureRequest) -> Iterator[Held]:
    if request.param == "pipe of another user" and os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    server = Held(bask, request.param)
    yield server
    if server.process.poll() is None:
        server.process.kill()
        server.process.wait()
    os.close(server.log)


def test_nobody_waits_for_a_log_that_nobody_reads(held: Held) -> None:
    with Load(held, kept=True) as load:
        load.wait_more(3000)
        first = held.family()
        held.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(held.family()) == FAMILY and not set(first[1:]) & set(held.family()),
                   "it has reloaded", 10)
        load.wait_more(1000)
        worker = held.family()[2]
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: len(held.family()) == FAMILY and worker not in held.family(),
                   "the worker is replaced", 10)
        load.wait_more(100)
    # Nothing but what was inside the worker that died.
    assert len(load.failures) <= 4
    began = time.monotonic()
    held.end()
    assert time.monotonic() - began < 3


def test_what_was_lost_is_told(held: Held) -> None:
    with Load(held, kept=True) as load:
        load.wait_more(3000)
        held.process.send_signal(signal.SIGUSR1)  # the master has something to say, too
        load.wait_more(1000)
        seen = len(held.read())
        load.wait_more(1000)
        pattern = rb"\[(\d+)\] \[warn\] (\d+) lines of this process were lost: nothing could be"
        lost = wait_until(lambda: re.search(pattern, held.read()), "the loss is told")
        assert lost and int(lost.group(2)) > 0
        told = held.text[lost.start():]
        wait_until(lambda: told.count(b"\n") + 5 < held.read()[lost.start():].count(b"\n"),
                   "lines go on")
    assert load.failures == []
    after = held.read()[seen:].replace(b"\r", b"").split(b"\n")
    # Every line is whole but the one at which it was cut.
    assert sum(not re.match(rb"(\d{4}-|\[pid: |worker|Bask|$| )", line) for line in after) <= 2
    held.end()


def read_slowly(held: Held, load: Load, count: int, pause: float) -> None:
    """Reads some of the log every `pause` seconds, under load, until the server has ended."""
    over = threading.Event()

    def read() -> None:
        while not over.wait(pause):
            held.read()

    reader = threading.Thread(target=read)
    reader.start()
    with load:
        load.wait_more(count)
    assert load.failures == []
    held.end()
    over.set()
    reader.join()


def test_reader_that_is_slow_loses_nothing(bask: Bask) -> None:
    held = Held(bask, "pipe")
    load = Load(held, kept=True)
    read_slowly(held, load, 2000, pause=0.02)
    assert b"were lost" not in held.read()
    assert held.text.count(b"GET / =>") >= load.count
    os.close(held.log)


def test_lines_of_several_workers_are_whole_in_a_pipe(bask: Bask) -> None:
    held = Held(bask, "pipe", "--processes", "3")
    load = Load(held, path="/" + 200 * "x", clients=6)
    read_slowly(held, load, 3000, pause=0.01)
    request = rb"\[pid: \d+\|app: .*\] GET /x{200} => .* on core 0\)"
    torn = [line for line in held.read().splitlines()
            if b"xxx" in line and not re.fullmatch(request, line)]
    assert not torn and b"were lost" not in held.text
    os.close(held.log)


def test_lines_that_are_longer_than_the_pipe_are_whole(bask: Bask) -> None:
    held = Held(bask, "pipe", "--processes", "3", "--log-format", "<%s>" % ("%(uri)" * 4))
    load = Load(held, path="/" + 1500 * "x", clients=6)
    read_slowly(held, load, 1000, pause=0.001)
    lines = [line for line in held.read().splitlines() if b"x" * 100 in line]
    whole = sum(line == b"<%s>" % (4 * (b"/" + 1500 * b"x")) for line in lines)
    assert whole == len(lines) >= load.count
    assert b"were lost" not in held.text
    os.close(held.log)


@pytest.mark.parametrize("kind", ["pipe", "terminal"])
def test_loggers_go_there_too(bask: Bask, kind: str) -> None:
    held = Held(bask, kind, "--logger", "stdio", "--logger", "pipe:exit 3")
    wait_until(lambda: b"logger pipe:exit 3: the command ended (status 3)" in held.read(), "it is told")
    held.end()
    wait_until(lambda: b"goodbye to Bask." in held.read(), "the last line")
    os.close(held.log)
