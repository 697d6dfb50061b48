"""What happens when something breaks: processes, forks, memory, disks, descriptors, clocks.

docs/guide/faults.md has a row for each of these tests.
"""
import email.utils
import os
import resource
import signal
import subprocess
import time
from pathlib import Path
from typing import Callable, Iterator, List

import pytest

from support import nginx as fronts
from support import processes
from support.client import Connection, make_request
from support.faults import Faults
from support.load import Load
from support.nginx import Nginx
from support.server import APPS, BINARY, Bask, Server
from support.wait import wait_until

DEATHS = [signal.SIGKILL, signal.SIGABRT]
STEPS = ["before", "parent", "child"]
INFINITE = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
ONE_GENERATION = 3  # master, zygote, worker


@pytest.fixture
def faults(tmp_path: Path) -> Faults:
    return Faults(tmp_path / "faults")


def faulty(bask: Bask, *arguments: str, workers: int = 1) -> Server:
    return bask.app("faulty", *arguments, workers=workers)


def break_at(server: Server, fault: str) -> None:
    (server.folder / "fault").write_text(fault)


def mend(server: Server) -> None:
    (server.folder / "fault").unlink()


def settled(server: Server, count: int) -> None:
    """As many processes as there should be, whoever they are."""
    def is_settled() -> bool:
        family = processes.children(server.pid)
        family += [child for parent in family for child in processes.children(parent)]
        return len(family) + 1 == count and len(server.roster()) == server.worker_count

    wait_until(is_settled, "%d processes are left" % count)


def reloads(server: Server) -> None:
    """A reload that goes well."""
    workers, done = set(server.workers()), server.log().count("reloaded: generation")
    server.send_signal(signal.SIGHUP)
    wait_until(lambda: server.log().count("reloaded: generation") > done, "it has reloaded")
    wait_until(lambda: len(server.roster()) == server.worker_count
               and not workers & set(server.workers()), "the workers are new")
    settled(server, 2 + server.worker_count)


def replaced(server: Server, victim: int, number: int = 1) -> None:
    wait_until(lambda: server.roster().get(number, victim) != victim, "the worker is replaced")


# Workers


@pytest.mark.null
@pytest.mark.parametrize("death", DEATHS)
@pytest.mark.parametrize("workers", [1, 2])
def test_worker_dies_under_load(bask: Bask, workers: int, death: signal.Signals) -> None:
    server = bask.null(workers=workers)
    victim = server.roster()[1]
    with Load(server, "/sleep/5") as load:
        os.kill(victim, death)
        replaced(server, victim)
        load.wait_more(50)
    # Only what was inside it may be lost: a request of each client at most.
    assert len(load.failures) <= 4
    assert all("refused" not in failure for failure in load.failures)
    server.complained(r"worker 1 \(pid: %d\) died, killed by signal %d" % (victim, death))


@pytest.mark.null
def test_log_names_the_request_in_a_worker_that_died(bask: Bask) -> None:
    server = bask.null("--threads", "2", workers=1)
    with server.connect() as connection:
        connection.send(make_request("GET", "/sleep/100000?who=me"))
        assert server.get("/").status == 200  # the other thread
        os.kill(server.roster()[1], signal.SIGKILL)
        assert connection.rest() == b""
    server.complained("was in a request for .* ms .*: GET /sleep/100000")


@pytest.mark.null
def test_stopped_worker_keeps_nobody_else_waiting(bask: Bask) -> None:
    server = bask.null(workers=2)
    first = server.roster()[1]
    processes.stop(first)
    assert all(server.get("/").status == 200 for _ in range(50))
    os.kill(first, signal.SIGCONT)
    assert server.get("/").status == 200


@pytest.mark.null
def test_stopped_worker_does_not_hold_up_a_stop(bask: Bask) -> None:
    server = bask.null(workers=2)
    processes.stop(server.roster()[1])
    assert server.stop() == 0
    server.complained("NO MERCY")


def test_crash_of_a_worker_says_where_python_was(bask: Bask) -> None:
    server = faulty(bask)
    victim = server.roster()[1]
    with server.connect() as connection:
        connection.send(make_request("GET", "/wait"))
        wait_until((server.folder / "in-wait").exists, "the request runs")
        os.kill(victim, signal.SIGSEGV)
        assert connection.rest() == b""
    replaced(server, victim)
    server.complained("killed by signal 11")
    assert 'faulty.py", line' in server.log()
    server.wait_log("was in a request for .*: GET /wait")


# Zygotes


@pytest.mark.null
@pytest.mark.parametrize("death", DEATHS)
def test_zygote_dies_under_load(bask: Bask, death: signal.Signals) -> None:
    server = bask.null(workers=2)
    zygote, workers = server.zygote(), server.workers()
    wait_until(lambda: len(processes.children(zygote)) == 2, "its workers are there")
    with Load(server) as load:
        os.kill(zygote, death)
        wait_until(lambda: server.zygote() != zygote, "there is a new zygote")
        load.wait_more(50)
    assert load.failures == []
    assert server.workers() == workers
    victim = server.roster()[1]
    os.kill(victim, signal.SIGKILL)
    replaced(server, victim)
    reloads(server)
    server.complained(r"zygote 1 died \(signal %d\); its workers go on" % death)


@pytest.mark.null
def test_stopped_zygote_is_given_up_when_it_is_needed(bask: Bask) -> None:
    """It does not tell that a worker ended, and cannot make another one."""
    server = bask.null(workers=2)
    zygote, victim = server.zygote(), server.roster()[1]
    processes.stop(zygote)
    os.kill(victim, signal.SIGKILL)
    with Load(server) as load:
        replaced(server, victim)
        load.wait_more(20)
    assert load.failures == []
    assert not processes.is_alive(zygote)
    server.complained("zygote 1 does not tell that worker 1 ended; it is given up")
    server.complained(r"worker 1 \(pid: %d\) died, killed by signal 9" % victim)


@pytest.mark.null
def test_stopped_zygote_does_not_hold_up_a_reload(bask: Bask) -> None:
    server = bask.null(workers=2)
    zygote = server.zygote()
    processes.stop(zygote)
    with Load(server) as load:
        reloads(server)
        load.wait_more(20)
    assert load.failures == []
    assert not processes.is_alive(zygote)
    server.complained("zygote 1 does not tell")


@pytest.mark.null
def test_stopped_zygote_does_not_hold_up_a_stop(bask: Bask) -> None:
    server = bask.null(workers=2)
    processes.stop(server.zygote())
    assert server.stop() == 0
    server.complained("zygote 1 does not tell")


@pytest.mark.parametrize("fault", ["import-SIGKILL", "import-SIGSEGV", "import-raise",
                                   "import-leave", "import-exit"])
def test_zygote_dies_while_it_loads(bask: Bask, fault: str) -> None:
    server = faulty(bask)
    worker = server.workers()
    with Load(server) as load:
        break_at(server, fault)
        server.send_signal(signal.SIGHUP)
        server.complained("generation 2 did not load; generation 1 goes on serving")
        settled(server, ONE_GENERATION)
        load.wait_more(20)
    assert load.failures == []
    assert server.workers() == worker
    if fault == "import-SIGSEGV":
        assert 'faulty.py", line' in server.log()  # where it happened
    mend(server)
    reloads(server)


@pytest.mark.parametrize("fault", ["before-SIGKILL", "parent-SIGKILL", "child-SIGKILL",
                                   "before-leave", "child-leave"])
def test_at_fork_hook_kills_the_new_version(bask: Bask, fault: str) -> None:
    """Asked for its first worker, it dies, or the worker does."""
    server = faulty(bask)
    worker = server.workers()
    break_at(server, fault)
    with Load(server) as load:
        server.send_signal(signal.SIGHUP)
        server.wait_log("zygote 2 is ready")
        if not fault.startswith("parent"):
            server.complained("no worker of generation 2 got as far as serving; generation 1 takes "
                              "over again")
            settled(server, ONE_GENERATION)
            assert server.workers() == worker
        else:
            server.complained("zygote 2 died")
        mend(server)
        load.wait_more(20)
    assert load.failures == []
    reloads(server)


@pytest.mark.parametrize("place", STEPS)
def test_at_fork_hook_raises(bask: Bask, place: str) -> None:
    """Python tells of it and goes on."""
    server = faulty(bask)
    break_at(server, place + "-raise")
    with Load(server) as load:
        reloads(server)
    assert load.failures == []
    server.complained("broken in " + place)


@pytest.mark.null
@pytest.mark.parametrize("place", STEPS)
def test_fork_of_a_new_version_hangs(bask: Bask, faults: Faults, place: str) -> None:
    server = bask.null("--ready-timeout", "1", workers=2, env=faults.environment)
    worker = server.workers()
    faults.fork(place + "-hang")
    with Load(server) as load:
        server.send_signal(signal.SIGHUP)
        server.wait_log("zygote 2 is ready")
        if place == "parent":
            wait_until(lambda: server.workers() != worker, "the first one serves")
            server.complained("zygote 2 does not .* it is given up")
            faults.fork_works()
            wait_until(lambda: "reloaded: generation" in server.log(), "it has reloaded")
        else:
            server.complained("generation 1 takes over again")
            settled(server, 4)
            assert server.workers() == worker
            faults.fork_works()
        load.wait_more(20)
    assert load.failures == []
    reloads(server)


@pytest.mark.null
@pytest.mark.parametrize("place", STEPS)
def test_hanging_fork_does_not_hold_up_a_stop(bask: Bask, faults: Faults, place: str) -> None:
    server = bask.null(workers=1, env=faults.environment)
    faults.fork(place + "-hang")
    server.send_signal(signal.SIGHUP)
    server.wait_log("zygote 2 is ready")
    assert server.stop() == 0
    server.complained("")


@pytest.mark.null
@pytest.mark.parametrize("which", ["old", "new"])
@pytest.mark.parametrize("then", ["nothing", "stop", "reload"])
def test_zygote_dies_while_the_old_worker_drains(bask: Bask, which: str, then: str) -> None:
    server = bask.null(workers=1)
    old, busy = server.zygote(), server.roster()[1]
    idle = len(processes.descriptors(busy))
    with server.connect() as connection:
        connection.send(make_request("GET", "/sleep/2000"))
        wait_until(lambda: len(processes.descriptors(busy)) > idle, "it is accepted")
        server.send_signal(signal.SIGHUP)
        server.wait_log("reloaded: generation 2")
        os.kill(old if which == "old" else server.zygote(), signal.SIGKILL)
        if then == "stop":
            server.send_signal(signal.SIGINT)
            assert server.wait_end() == 0
        else:
            if then == "reload":
                server.send_signal(signal.SIGHUP)
            assert connection.answer().status == 200
            wait_until(lambda: not processes.is_alive(busy), "the old worker has left")
    if then != "stop":
        server.complained("") if which == "old" else server.complained("zygote 2 died")
        reloads(server)
    else:
        server.complained("")


@pytest.mark.null
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_zygote_dies_as_it_is_told_of_something(bask: Bask, number: int) -> None:
    """Its death and a signal to the master come together."""
    server = bask.null(workers=2)
    for _ in range(3):
        zygote = server.zygote()
        processes.stop(server.pid)
        os.kill(zygote, signal.SIGKILL)
        server.send_signal(number)
        os.kill(server.pid, signal.SIGCONT)
        if number == signal.SIGINT:
            assert server.wait_end() == 0
            break
        wait_until(lambda: server.zygote() != zygote, "there is a new zygote")
        wait_until(lambda: server.log().count("reloaded: generation") > 0, "it has reloaded")
        settled(server, 4)
        reloads(server)
    server.complained("")


# Forks


@pytest.mark.null
def test_master_cannot_fork(bask: Bask, faults: Faults) -> None:
    server = bask.null(workers=1, env=faults.environment)
    faults.fork("fail", "master")
    with Load(server) as load:
        server.send_signal(signal.SIGHUP)
        server.complained("cannot start a zygote: Resource temporarily unavailable")
        load.wait_more(20)
    assert load.failures == []
    faults.fork_works("master")
    reloads(server)


@pytest.mark.null
def test_zygote_cannot_be_replaced_for_a_while(bask: Bask, faults: Faults) -> None:
    server = bask.null(workers=1, env=faults.environment)
    zygote = server.zygote()
    faults.fork("fail", "master")
    os.kill(zygote, signal.SIGKILL)
    server.complained("cannot start a zygote: Resource temporarily unavailable")
    assert server.get("/").status == 200
    faults.fork_works("master")
    wait_until(lambda: server.zygote() != zygote, "there is a zygote")
    reloads(server)


@pytest.mark.null
def test_new_version_cannot_fork(bask: Bask, faults: Faults) -> None:
    server = bask.null(workers=2, env=faults.environment)
    workers = server.workers()
    faults.fork("fail")
    with Load(server) as load:
        server.send_signal(signal.SIGHUP)
        server.complained("cannot fork worker .: Resource temporarily unavailable")
        server.complained("generation 1 takes over again")
        settled(server, 4)
        load.wait_more(20)
    assert load.failures == []
    assert server.workers() == workers
    faults.fork_works()
    reloads(server)


@pytest.mark.null
def test_first_version_cannot_fork_for_a_while(bask: Bask, faults: Faults) -> None:
    faults.fork("fail")
    server = bask.launch("--plugin", "null", workers=2, env=faults.environment)
    server.complained("cannot fork worker 2")
    faults.fork_works()
    server.wait_ready()
    assert server.get("/").status == 200
    reloads(server)


# Memory


def test_new_version_has_too_little_memory(bask: Bask) -> None:
    server = faulty(bask)
    resource.prlimit(server.pid, resource.RLIMIT_AS, (64 << 20, resource.RLIM_INFINITY))
    with Load(server) as load:
        server.send_signal(signal.SIGHUP)
        server.complained("generation 2 did not load; generation 1 goes on serving|"
                          "cannot start a zygote")
        load.wait_more(20)
    assert load.failures == []
    resource.prlimit(server.pid, resource.RLIMIT_AS, INFINITE)
    reloads(server)


def test_first_version_has_too_little_memory(bask: Bask) -> None:
    said = bask.run("--http-socket", "127.0.0.1:%d" % bask.ports.take(), "--wsgi-file",
                    str(APPS / "faulty.py"), "--pypy-pp", str(APPS), "--master",
                    limits={resource.RLIMIT_AS: 64 << 20})
    assert said.returncode not in (0, -signal.SIGKILL)
    assert said.stderr


def test_request_needs_more_memory_than_there_is(bask: Bask) -> None:
    """PyPy raises MemoryError: one request fails."""
    server = faulty(bask)
    worker = server.roster()[1]
    resource.prlimit(worker, resource.RLIMIT_AS, (768 << 20, resource.RLIM_INFINITY))
    assert server.get("/memory").status in (200, 500)
    server.complained("MemoryError")
    assert server.get("/").text == "1"
    assert server.roster()[1] == worker


@pytest.mark.skipif("tsan" in BINARY, reason="its runtime needs memory too")
@pytest.mark.null
def test_new_worker_has_too_little_memory(bask: Bask) -> None:
    server = bask.null(workers=2)
    zygote, victim = server.zygote(), server.roster()[1]
    resource.prlimit(zygote, resource.RLIMIT_AS, (1 << 20, resource.RLIM_INFINITY))
    os.kill(victim, signal.SIGKILL)
    server.complained("killed by signal 9")
    assert all(server.get("/").status == 200 for _ in range(20))
    wait_until(lambda: server.log().count("respawn ...") > 1 or "cannot fork" in server.log()
               or "only" in server.log() or server.roster().get(1, victim) != victim, "it is tried")
    resource.prlimit(zygote, resource.RLIMIT_AS, INFINITE)
    replaced(server, victim)
    assert server.get("/").status == 200


# Descriptors


def limit_descriptors(pid: int, count: int) -> None:
    hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (count, hard))


@pytest.mark.null
def test_master_has_no_descriptor_left(bask: Bask) -> None:
    server = bask.null(workers=2)
    held = max(processes.descriptors(server.pid)) + 1
    limit_descriptors(server.pid, held)
    with Load(server) as load:
        server.send_signal(signal.SIGHUP)
        server.complained("cannot start a zygote: Too many open files")
        load.wait_more(20)
        victim = server.roster()[1]
        os.kill(victim, signal.SIGKILL)
        replaced(server, victim)
    assert len(load.failures) <= 4
    limit_descriptors(server.pid, 1000)
    reloads(server)


@pytest.mark.null
@pytest.mark.parametrize("spare", [1, 2, 3, 4])
def test_new_version_has_too_few_descriptors(bask: Bask, spare: int) -> None:
    """Wherever it runs out of them, the old version goes on."""
    server = bask.null(workers=1)
    held = max(processes.descriptors(server.pid)) + 1 + spare
    limit_descriptors(server.pid, held)
    with Load(server) as load:
        server.send_signal(signal.SIGHUP)
        server.complained("goes on serving|cannot start a zygote|takes over again|"
                          "reloaded: generation 2")
        load.wait_more(20)
        limit_descriptors(server.pid, 1000)
        settled(server, ONE_GENERATION)
    assert load.failures == []
    reloads(server)


@pytest.mark.null
def test_worker_has_no_descriptor_left(bask: Bask) -> None:
    server = bask.null(workers=1)
    worker = server.roster()[1]
    held = max(processes.descriptors(worker)) + 4
    limit_descriptors(worker, held)
    connections = [server.connect() for _ in range(10)]
    server.wait_log("this worker: has no descriptor left; accepting again when one is closed")
    for connection in connections[:2]:
        assert connection.request("GET", "/").status == 200
        connection.close()
    assert connections[9 - 5].request("GET", "/").status == 200
    for connection in connections[2:]:
        connection.close()
    assert server.get("/").status == 200


# Disks and standard streams


class Plain:
    """A server whose standard streams are something else than the log of a test."""

    def __init__(self, bask: Bask, shell: str, *arguments: str) -> None:
        self.address = ("127.0.0.1", bask.ports.take())
        self._bask = bask
        command = [BINARY, "--http-socket", "%s:%d" % self.address, "--master", "--processes", "1",
                   *(arguments or ("--plugin", "null"))]
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", shell, "sh", *command], cwd=bask.folder, env=bask.environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
        wait_until(self.answers, "it serves")

    def connect(self) -> Connection:
        return Connection(self.address)

    def answers(self) -> bool:
        try:
            with self.connect() as connection:
                return connection.request("GET", "/").status == 200
        except OSError:
            return False

    def family(self) -> List[int]:
        """master, zygote, worker."""
        zygotes = processes.children(self.process.pid)
        return [self.process.pid, *zygotes,
                *(pid for zygote in zygotes for pid in processes.children(zygote))]

    def works(self) -> None:
        """It serves, replaces a worker, reloads and stops."""
        wait_until(lambda: len(self.family()) == ONE_GENERATION, "all are there")
        first = self.family()
        with Load(self) as load:
            self.process.send_signal(signal.SIGHUP)
            wait_until(lambda: len(self.family()) == ONE_GENERATION
                       and not set(first[1:]) & set(self.family()), "it has reloaded")
            load.wait_more(20)
        assert load.failures == []
        worker = self.family()[2]
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: len(self.family()) == ONE_GENERATION and worker not in self.family(),
                   "the worker is replaced")
        assert wait_until(self.answers, "it serves")
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(15) == 0


CLOSED = ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"]


@pytest.mark.null
@pytest.mark.parametrize("streams", [*CLOSED, "2>/dev/full", ">/dev/full 2>&1"])
def test_standard_streams_that_cannot_be_used(bask: Bask, streams: str) -> None:
    server = Plain(bask, 'exec "$@" ' + streams)
    if streams in CLOSED:  # no socket has their numbers: somebody would write to it
        opened = processes.descriptors(server.process.pid)
        assert [opened[number] for number in range(3)] == ["/dev/null"] * 3
    server.works()


@pytest.mark.parametrize("streams", ["<&- >&- 2>&-", ">/dev/full 2>&1"])
def test_standard_streams_that_python_cannot_use(bask: Bask, streams: str) -> None:
    Plain(bask, 'exec "$@" ' + streams, "--wsgi-file", str(APPS / "faulty.py"), "--pypy-pp",
          str(APPS)).works()


@pytest.mark.null
def test_reader_of_the_log_goes_away(bask: Bask) -> None:
    """Nobody reads the pipe: SIGPIPE and EPIPE end nothing."""
    server = Plain(bask, 'exec 3>&1; mkfifo pipe; head -n 1 <pipe >/dev/null & exec "$@" 2>pipe')
    server.works()


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.null
def test_disk_of_the_log_is_full(bask: Bask, full_disk: Path) -> None:
    """Lines are lost, requests are not; there is room again: there are lines again."""
    server = Plain(bask, 'exec "$@" 2>>disk/log')
    (full_disk / "filler").write_bytes(b"x" * 40000)
    wait_until(lambda: server.answers() and sum(
        file.stat().st_blocks * 512 for file in full_disk.iterdir()) >= 64 << 10, "it is full")
    size = (full_disk / "log").stat().st_size
    with Load(server) as load:
        load.wait_more(200)
    assert load.failures == []
    (full_disk / "filler").unlink()
    wait_until(lambda: server.answers() and (full_disk / "log").stat().st_size > size,
               "lines are written again")
    server.works()


@pytest.mark.null
def test_disk_of_the_pidfile_is_full(bask: Bask, full_disk: Path) -> None:
    (full_disk / "filler").write_bytes(b"x" * (64 << 10))
    said = bask.refused("--plugin", "null", "--master", "--pidfile", str(full_disk / "pid"))
    assert "cannot write the pidfile" in said and "No space left on device" in said


@pytest.mark.null
def test_log_reaches_its_size_limit(bask: Bask) -> None:
    """RLIMIT_FSIZE: a line too many is an error, not the end."""
    server = Plain(bask, 'ulimit -f 8; exec "$@" 2>>log')
    log = bask.folder / "log"
    wait_until(lambda: server.answers() and log.stat().st_size >= 4096, "the log is full")
    server.works()


# Clocks


@pytest.mark.null
@pytest.mark.parametrize("jump", [-86400 * 400, 86400 * 400])
def test_wall_clock_jumps(bask: Bask, faults: Faults, jump: int) -> None:
    """The date follows; nothing else looks at it: no time-out, no mercy, no respawn."""
    server = bask.null("--ready-timeout", "20", workers=1, env=faults.environment)

    def date_is_off(connection: Connection) -> bool:
        answer = connection.request("GET", "/")
        assert answer.status == 200
        date = email.utils.parsedate_to_datetime(answer.headers["Date"]).timestamp()
        return abs(date - time.time() - jump) < 10

    family = [server.zygote(), *server.workers()]
    with server.connect() as kept, server.connect() as other, Load(server) as load:
        kept.request("GET", "/")
        other.send(make_request("GET", "/sleep/500"))
        faults.clock(jump)
        wait_until(lambda: date_is_off(kept), "the date follows", 5.0)
        assert other.answer().status == 200
        assert [server.zygote(), *server.workers()] == family
        reloads(server)
        faults.clock(1)
        load.wait_more(20)
        victim = server.roster()[1]
    assert load.failures == []
    os.kill(victim, signal.SIGKILL)
    replaced(server, victim)
    server.complained("killed by signal 9")


# Masters


def ends_and_frees(bask: Bask, server: Server, *arguments: str) -> None:
    """The master is killed: a new server can have the socket at once, and nothing stays."""
    os.kill(server.pid, signal.SIGKILL)
    assert server.wait_end() == -signal.SIGKILL
    second = wait_until(lambda: restarted(bask, server, *arguments), "the address is free", 2.0)
    with second.connect() as connection:
        assert connection.request("GET", "/").status == 200
    second.stop()
    wait_until(lambda: not processes.marked(bask.mark), "all processes end", 10.0)
    server.complained("")


def restarted(bask: Bask, server: Server, *arguments: str) -> Server:
    assert isinstance(server.address, tuple)
    where = ("--http-socket", "%s:%d" % server.address)
    second = bask.launch("--plugin", "null", *where, *arguments, workers=1, address=server.address)
    wait_until(lambda: second.process.poll() is not None or second.roster(), "it starts or ends")
    second.complained("")
    second.ended = second.process.poll() is not None
    return second if not second.ended else None  # type: ignore[return-value]


@pytest.mark.null
def test_master_dies_at_rest(bask: Bask) -> None:
    ends_and_frees(bask, bask.null(workers=2))


@pytest.mark.null
def test_master_dies_while_requests_run(bask: Bask) -> None:
    """They are answered, and a new server has the socket meanwhile."""
    server = bask.null("--threads", "2", workers=1)
    with server.connect() as connection, server.connect() as idle:
        idle.request("GET", "/")
        connection.send(make_request("GET", "/sleep/1500"))
        assert idle.request("GET", "/").status == 200
        ends_and_frees(bask, server)
        assert connection.answer().status == 200


@pytest.mark.null
def test_master_dies_and_a_request_never_ends(bask: Bask) -> None:
    server = bask.null("--worker-reload-mercy", "1", "--threads", "2", workers=1)
    with server.connect() as connection:
        connection.send(make_request("GET", "/sleep/100000"))
        assert server.get("/").status == 200
        ends_and_frees(bask, server)
        assert connection.rest() == b""
    server.complained("ends with 1 requests unanswered")


@pytest.mark.null
def test_master_and_zygote_die_together(bask: Bask) -> None:
    """Nobody is left who could tell the workers."""
    server = bask.null(workers=2)
    processes.stop(server.pid)
    os.kill(server.zygote(), signal.SIGKILL)
    ends_and_frees(bask, server)


@pytest.mark.null
@pytest.mark.parametrize("place", STEPS)
def test_master_dies_while_a_fork_hangs(bask: Bask, faults: Faults, place: str) -> None:
    server = bask.null(workers=1, env=faults.environment)
    faults.fork(place + "-hang")
    server.send_signal(signal.SIGHUP)
    server.wait_log("zygote 2 is ready")
    ends_and_frees(bask, server)


@pytest.mark.parametrize("fault", ["import-hang", "import-SIGSTOP"])
def test_master_dies_during_a_reload(bask: Bask, fault: str) -> None:
    server = faulty(bask)
    break_at(server, fault)
    server.send_signal(signal.SIGHUP)
    wait_until((server.folder / "in-import").exists, "the new version is being loaded")
    ends_and_frees(bask, server)


@pytest.mark.null
def test_stopped_master_is_not_missed(bask: Bask) -> None:
    """Workers serve without it; what happened meanwhile it does when it goes on."""
    server = bask.null(workers=2)
    victim = server.roster()[1]
    processes.stop(server.pid)
    os.kill(victim, signal.SIGKILL)
    # The kernel may give a connection to a process that is dying; its successor would find it.
    wait_until(lambda: not processes.is_alive(victim), "it is dead")
    assert all(server.get("/").status == 200 for _ in range(20))
    os.kill(server.pid, signal.SIGCONT)
    replaced(server, victim)
    server.complained("killed by signal 9")


# Reloads


@pytest.mark.null
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("kept", [False, True])
def test_reloads_under_load_lose_nothing(bask: Bask, kept: bool, workers: int) -> None:
    server = bask.null(workers=workers)
    with Load(server, kept=kept) as load:
        for _ in range(5):
            reloads(server)
        load.wait_more(50)
    assert load.failures == []


@pytest.mark.parametrize("kind, option", [(fronts.UWSGI_PASS, "--socket"),
                                          (fronts.PROXY_PASS, "--http-socket"),
                                          (fronts.PROXY_KEPT, "--http-socket")])
def test_reloads_behind_nginx_lose_nothing(
        bask: Bask, nginx: Callable[[str, str], Nginx], kind: str, option: str) -> None:
    address = ("127.0.0.1", bask.ports.take())
    upstream = "%s:%d" % address
    server = bask.app("faulty", option, upstream, workers=2, address=address)
    server.idle = False
    with Load(nginx(kind, upstream), kept=True) as load:
        for _ in range(3):
            reloads(server)
        load.wait_more(50)
    assert load.failures == []


@pytest.mark.null
def test_request_that_comes_with_its_time_out_is_answered(bask: Bask) -> None:
    """A worker that had no processor finds both at the same moment."""
    server = bask.null("--http-keepalive-timeout", "1", workers=1)
    worker = server.workers()[0]
    with server.connect() as connection, server.connect() as other:
        other.request("GET", "/")
        connection.request("GET", "/")
        processes.stop(worker)
        connection.send(make_request("GET", "/"))
        time.sleep(1.2)  # longer than the time-out, whatever else happens
        os.kill(worker, signal.SIGCONT)
        assert connection.answer().status == 200
        assert other.rest() == b""


def footprint(server: Server) -> List[List[str]]:
    """What master, zygote and workers have open, without the numbers that name it."""
    pids = [server.pid, server.zygote(), *server.workers()]
    return [sorted(name.split(":[")[0] for name in processes.descriptors(pid).values())
            for pid in pids]


def stays_the_same(server: Server, rounds: int) -> None:
    reloads(server)
    before, memory = footprint(server), processes.resident_bytes(server.pid)
    for _ in range(rounds):
        reloads(server)
    assert footprint(server) == before
    if "tsan" not in BINARY:  # which remembers what was done
        assert processes.resident_bytes(server.pid) - memory < 256 << 10


@pytest.mark.null
def test_reloads_leave_nothing_behind(bask: Bask) -> None:
    stays_the_same(bask.null(workers=2), 60)


def test_reloads_with_python_leave_nothing_behind(bask: Bask) -> None:
    stays_the_same(faulty(bask, workers=1), 20)


@pytest.mark.null
def test_bad_deploys_lose_nothing_and_leave_nothing_behind(bask: Bask, faults: Faults) -> None:
    server = bask.null(workers=2, env=faults.environment)
    reloads(server)
    before, workers = footprint(server), server.workers()
    faults.fork("before-kill")
    with Load(server, kept=True) as load:
        for count in range(1, 21):
            server.send_signal(signal.SIGHUP)
            wait_until(lambda: server.log().count("takes over again") == count, "it is rolled back")
            wait_until(lambda: len(processes.children(server.pid)) == 1, "one zygote is left")
        load.wait_more(20)
    assert load.failures == []
    faults.fork_works()
    server.complained("takes over again")
    assert server.workers() == workers
    reloads(server)
    assert footprint(server) == before
