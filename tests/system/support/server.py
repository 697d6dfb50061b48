"""The server under test: started in a folder of its own, looked at, stopped, and checked."""
import os
import re
import resource
import signal
import subprocess
import tempfile
import uuid
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

from support import processes
from support.client import Address, Answer, Connection
from support.ports import Ports
from support.wait import wait_until

ROOT = Path(__file__).resolve().parents[3]
APPS = ROOT / "tests" / "system" / "apps"
BINARY = os.path.abspath(os.environ.get("BASK_BINARY", str(ROOT / "build" / "bask")))

LIBRARY = os.path.join(os.path.dirname(BINARY), "libbask.so")
CTL = os.path.join(os.path.dirname(BINARY), "bask-ctl")

EXIT_MASTER, EXIT_ALONE = 0, 30
COMPLAINTS = re.compile(r"\[alert\]|Traceback|debug: OperationError")
NEVER = re.compile(r"Sanitizer|runtime error:")
LEAK_SECONDS = 10.0
# Modules compiled by PyPy: neither in the source tree, nor anew for each test.
COMPILED = os.path.join(tempfile.gettempdir(), "bask-test-pycache")


class Server:
    """One running server. `workers` is 0 for a single process, else there is a master."""

    def __init__(self, arguments: Sequence[str], folder: Path, env: Dict[str, str],
                 address: Address, workers: int, log_name: str,
                 program: Sequence[str] = (BINARY,)) -> None:
        self.address = address
        self.folder = folder
        self.worker_count = workers
        self.idle = True  # at the end as at the start: then open descriptors must be the same
        self.ended = False  # the test ended it and has looked at the status itself
        self._log_path = folder / log_name
        self._complains = False
        self._seen = 0
        if workers:
            arguments = [*arguments, "--master", "--processes", str(workers)]
        with open(self._log_path, "wb") as log:
            self.process: Union["subprocess.Popen[bytes]", processes.Adopted] = subprocess.Popen(
                [*program, *arguments], cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True)
        self.pid = self.process.pid
        self._open: Dict[int, int] = {}

    # What it is

    @property
    def url(self) -> str:
        assert isinstance(self.address, tuple)
        return "http://%s:%d" % self.address

    def log(self) -> str:
        return self._log_path.read_bytes().decode("utf-8", "replace")

    def roster(self) -> Dict[int, int]:
        """The workers that are alive: worker id -> process id."""
        spawned = re.findall(r"spawned Bask worker (\d+) \(pid: (\d+)", self.log())
        newest = {int(number): int(pid) for number, pid in spawned}
        return {number: pid for number, pid in newest.items() if processes.is_alive(pid)}

    def workers(self) -> List[int]:
        return sorted(self.roster().values())

    def zygote(self) -> int:
        """The newest zygote that was ready."""
        return int(re.findall(r"zygote \d+ is ready \(pid: (\d+)", self.log())[-1])

    # Its beginning and end

    def wait_ready(self) -> None:
        def is_ready() -> bool:
            assert self.process.poll() is None, "the server ended:\n" + self.log()
            return (len(self.roster()) == max(self.worker_count, 1)
                    and self._watched() == self.worker_count)

        wait_until(is_ready, "the server is ready")
        self._open = self._descriptor_counts()

    def _watched(self) -> int:
        """How many workers the master knows of."""
        return list(processes.descriptors(self.pid).values()).count("anon_inode:[pidfd]")

    def _family(self) -> List[int]:
        zygotes = [self.zygote()] if self.worker_count else []
        return sorted({self.pid, *zygotes, *self.workers()})

    def _descriptor_counts(self) -> Dict[int, int]:
        return {pid: len(processes.descriptors(pid)) for pid in self._family()}

    def send_signal(self, number: int) -> None:
        self.process.send_signal(number)

    def wait_end(self) -> int:
        """The exit status of a server that is about to end."""
        self.ended = True
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            raise AssertionError("the server did not end in 15 s") from None

    def stop(self, number: int = signal.SIGINT) -> int:
        self.send_signal(number)
        return self.wait_end()

    def succeeded_by(self, pid: int) -> int:
        """Another master has taken over: the test goes on with that one. The status of this one."""
        status = self.process.wait(15)
        self.pid = pid
        self.process = processes.Adopted(pid)
        return status

    # Talking to it

    def connect(self) -> Connection:
        return Connection(self.address)

    def request(self, method: str, path: str = "/", headers: Optional[Dict[str, str]] = None,
                body: Optional[bytes] = None) -> Answer:
        """One request on a connection of its own."""
        with self.connect() as connection:
            return connection.request(method, path, headers, body)

    def get(self, path: str = "/", headers: Optional[Dict[str, str]] = None) -> Answer:
        return self.request("GET", path, headers)

    def post(self, path: str, body: bytes, headers: Optional[Dict[str, str]] = None) -> Answer:
        return self.request("POST", path, headers, body)

    def raw(self, data: bytes) -> bytes:
        """Sends bytes as they are; all that comes back until the server closes."""
        with self.connect() as connection:
            connection.send(data)
            return connection.rest()

    def ctl(self, *words: str, expect: int = 0) -> "subprocess.CompletedProcess[str]":
        """Runs bask-ctl on the server's socket "control"; its status must be as expected."""
        done = subprocess.run(
            [CTL, "--socket", str(self.folder / "control"), *words], check=False,
            stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=60)
        assert done.returncode == expect, (words, done)
        return done

    # What its log says

    def wait_log(self, pattern: str) -> "re.Match[str]":
        found = wait_until(lambda: re.search(pattern, self.log()), "the log has %r" % pattern)
        assert found
        return found

    def complained(self, pattern: str) -> None:
        """The log must have, or get, this complaint; complaints are no failure then."""
        self._complains = True
        self.wait_log(pattern)

    # After the test

    def problems(self) -> List[str]:
        """Stops the server; what is wrong with what it leaves."""
        found: List[str] = []
        if not self.ended:
            found += self._leaks() if self.idle else []
            found += self._stop_problems()
        for line in self.log().splitlines():
            if NEVER.search(line) or (not self._complains and COMPLAINTS.search(line)):
                found.append("in the log: " + line)
        return found

    def _leaks(self) -> List[str]:
        def leaking() -> Dict[int, Tuple[int, int]]:
            """More than before; there may be fewer: a JVM has some open for a moment as it starts."""
            now = self._descriptor_counts()
            return {pid: (count, now[pid]) for pid, count in self._open.items()
                    if pid in now and now[pid] > count}

        try:
            wait_until(lambda: not leaking(), "descriptors", LEAK_SECONDS)
        except AssertionError:
            return ["process %d had %d descriptors, now has %d: %s"
                    % (pid, *counts, processes.descriptors(pid))
                    for pid, counts in leaking().items()]
        return []

    def _stop_problems(self) -> List[str]:
        expected = EXIT_MASTER if self.worker_count else EXIT_ALONE
        if self.process.poll() is not None:
            return ["it ended by itself, with status %d" % self.process.returncode]
        try:
            status = self.stop()
        except AssertionError as error:
            return [str(error)]
        return [] if status == expected else ["SIGINT ended it with status %d" % status]


class Bask:
    """Starts servers for one test and sees to it that nothing of them stays."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = Ports()
        self.mark = uuid.uuid4().hex
        self.servers: List[Server] = []

    def environment(self, extra: Optional[Dict[str, str]] = None) -> Dict[str, str]:
        """A clean one, so that what the developer has set does not decide a test."""
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": str(self.folder),
                "PYTHONPYCACHEPREFIX": COMPILED, processes.MARK: self.mark, **(extra or {})}

    def launch(self, *arguments: str, workers: int = 0, env: Optional[Dict[str, str]] = None,
               address: Optional[Address] = None, program: Sequence[str] = (BINARY,)) -> Server:
        """Starts a server on an HTTP socket, unless `address` says where the arguments put it."""
        if address is None:
            address = ("127.0.0.1", self.ports.take())
            arguments = ("--http-socket", "%s:%d" % address, *arguments)
        server = Server(arguments, self.folder, self.environment(env), address, workers,
                        "server-%d.log" % len(self.servers), program)
        self.servers.append(server)
        return server

    def start(self, *arguments: str, **how: Any) -> Server:
        server = self.launch(*arguments, **how)
        server.wait_ready()
        return server

    def null(self, *arguments: str, **how: Any) -> Server:
        return self.start("--plugin", "null", *arguments, **how)

    def app(self, name: str, *arguments: str, **how: Any) -> Server:
        """Serves apps/FILE.py, given as "FILE" or "FILE:CALLABLE", and asks it nothing."""
        file, _, function = name.partition(":")
        named = ["--wsgi-file", str(APPS / (file + ".py"))]
        named += ["--callable", function] if function else []
        return self.start(*named, "--pypy-pp", str(APPS), *arguments, **how)

    def run(self, *arguments: str, env: Optional[Dict[str, str]] = None,
            limits: Optional[Dict[int, int]] = None,
            program: Sequence[str] = (BINARY,)) -> "subprocess.CompletedProcess[str]":
        """Runs a command line that ends by itself, with limits of the system (RLIMIT_*)."""
        def limit() -> None:
            for kind, value in (limits or {}).items():
                resource.setrlimit(kind, (value, value))

        return subprocess.run(
            [*program, *arguments], cwd=self.folder, env=self.environment(env), check=False,
            preexec_fn=limit,
            stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=30)

    def refused(self, *arguments: str, env: Optional[Dict[str, str]] = None, status: int = 1
                ) -> str:
        """Runs a command line that the server must refuse; what it says."""
        where = ("--http-socket", "127.0.0.1:%d" % self.ports.take())
        ended = self.run(*where, *arguments, env=env)
        assert ended.returncode == status, ended.stderr
        return ended.stderr

    def finish(self) -> List[str]:
        found: List[str] = []
        for server in self.servers:
            found += server.problems()
        strays = processes.marked(self.mark)
        try:
            wait_until(lambda: not processes.marked(self.mark), "the last process ends", 2.0)
        except AssertionError:
            found.append("processes are left: %s" % strays)
        processes.end_all(processes.marked(self.mark))
        for server in self.servers:
            server.process.wait()
        self.ports.release()
        return found

    def logs(self) -> str:
        return "\n".join(server.log() for server in self.servers)
