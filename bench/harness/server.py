"""One server under test: built, started on the server CPU, checked, stopped."""

from __future__ import annotations

import contextlib
import glob
import http.client
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from . import procs
from .config import BENCH, REPO, BenchError, Scenario, Server, fill

READY_SECONDS = 60
STOP_SECONDS = 5
# Nothing of the caller's environment may change what is measured.
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent"}


@contextlib.contextmanager
def pinned(cpu: int) -> Iterator[None]:
    """What is started inside runs on this CPU only; no taskset between exec and the server."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def missing(server: Server, bask: Path) -> str:
    """Why the server cannot be measured here; empty if it can."""
    for program, remedy in server.needs.items():
        name = fill(program, {"bask": str(bask), "repo": str(REPO)})
        if not shutil.which(name, path=ENVIRONMENT["PATH"]):
            return f"{Path(name).name} not found: {remedy}"
    return ""


class Running:
    """A started server. `close()` stops it and everything it has started."""

    def __init__(self, server: Server, scenario: Scenario, folder: Path, bask: Path, cpu: int) -> None:
        self.server = server
        self.scenario = scenario
        self.port = free_port()
        self.folder = folder
        self.values = {
            "port": str(self.port),
            "app": str(BENCH / "apps" / scenario.app),
            "connections": str(scenario.connections),
            "bytes": str(scenario.bytes_from(server.name)),
            "tmp": str(folder),
            "bench": str(BENCH),
            "repo": str(REPO),
            "bask": str(bask),
        }
        self.keep_alive = False
        self._prepare()
        self._log = (folder / "log").open("wb")
        self.started_at = 0.0
        self.process = self._start(cpu)

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in self.server.templates:
            (self.folder / name).write_text(fill((BENCH / name).read_text(), self.values))
        for name, size in self.server.blobs.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_bytes(b"x" * size)
        if self.server.build:
            self._build()

    def _build(self) -> None:
        words = [fill(word, self.values) for word in self.server.build]
        words = [path for word in words for path in (sorted(glob.glob(word)) if "*" in word else [word])]
        done = subprocess.run(words, capture_output=True, text=True, env=ENVIRONMENT, check=False)
        if done.returncode:
            raise BenchError(f"could not be built: {done.stderr.strip()[-300:]}")

    def _start(self, cpu: int) -> subprocess.Popen[bytes]:
        words = [fill(word, self.values) for word in self.server.command]
        with pinned(cpu):
            self.started_at = time.monotonic()
            try:
                return subprocess.Popen(
                    words,
                    stdin=subprocess.DEVNULL,
                    stdout=self._log,
                    stderr=subprocess.STDOUT,
                    cwd=self.folder,
                    env=ENVIRONMENT,
                    start_new_session=True,
                )
            except OSError as error:
                self._log.close()
                raise BenchError(f"could not be started: {error}") from error

    def log_tail(self) -> str:
        """The last words of the server, for a message."""
        return (self.folder / "log").read_text(errors="replace").strip()[-300:]

    def fate(self) -> str:
        """Whether the server is still there, and its last words, for a message."""
        status = self.process.poll()
        state = "it still runs" if status is None else f"it has ended with status {status}"
        return f"{state}; its log: {self.log_tail() or '(empty)'}"

    def wait_ready(self) -> float:
        """Seconds from exec to the end of the first right answer."""
        deadline = self.started_at + READY_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise BenchError(f"ended with status {self.process.returncode} at its start: {self.log_tail()}")
            try:
                self.ask()
                return time.monotonic() - self.started_at
            except ConnectionRefusedError:
                time.sleep(0.0005)
            except (OSError, http.client.HTTPException) as error:
                raise BenchError(f"gave no answer: {error!r}; {self.log_tail()}") from error
        raise BenchError(f"was not ready after {READY_SECONDS} s: {self.log_tail()}")

    def ask(self, times: int = 1) -> bool:
        """Sends the scenario's request and checks the answer; True if all took one connection."""
        body = self.scenario.body_path.read_bytes() if self.scenario.body_path else None
        headers = {"Content-Type": self.scenario.content_type} if body else {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=READY_SECONDS)
        kept = True
        try:
            for n in range(times):
                connection.request(self.scenario.method, self.scenario.path, body, headers)
                self._check(connection.getresponse())
                kept = kept and (n == times - 1 or connection.sock is not None)
        finally:
            connection.close()
        return kept

    def _check(self, response: http.client.HTTPResponse) -> None:
        got, wanted = len(response.read()), self.scenario.bytes_from(self.server.name)
        if response.status != 200 or got != wanted:
            raise BenchError(f"answered {response.status} with {got} bytes, expected 200 with {wanted}")

    def check_keep_alive(self) -> None:
        """Finds out whether a connection serves more than one request."""
        try:
            self.keep_alive = self.ask(3)
        except (OSError, http.client.HTTPException) as error:
            raise BenchError(f"failed on a second request: {error!r}") from error

    def cpu(self) -> procs.CpuReading:
        """CPU time of the server so far."""
        try:
            return procs.read_cpu(self.process.pid)
        except OSError as error:
            raise BenchError(f"has ended: {self.log_tail()}") from error

    def close(self) -> None:
        """Asks the server to stop, then kills what is left of it: only what it has started."""
        family = [(pid, procs.start_time(pid)) for pid in procs.tree(self.process.pid)]
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
        for pid, born in family:
            if born is not None and procs.start_time(pid) == born:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self._log.close()
