"""How many workers run: --cheaper and its algorithms, cheap and idle servers; who of them accepts."""
import os
import signal
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from support import processes
from support.client import Connection, make_request
from support.server import Bask, Server
from support.wait import wait_until

pytestmark = pytest.mark.null

TOLERANCE = 0.15


def cheaper(bask: Bask, *arguments: str, most: int = 4, least: int = 1, initial: int = 0) -> Server:
    """A server that starts with fewer workers than it may have."""
    server = bask.launch("--plugin", "null", "--cheaper", str(least), *arguments, workers=most)
    count = initial or least
    wait_until(lambda: len(server.roster()) == count, "%d workers run" % count)
    server.idle = False  # other processes at the end than at the start
    return server


class Busy:
    """So many requests that last, one a connection."""

    def __init__(self, server: Server, count: int, milliseconds: int = 60000) -> None:
        self._stack = ExitStack()
        self.connections = []
        for _ in range(count):
            connection = self._stack.enter_context(server.connect())
            connection.send(make_request("GET", "/sleep/%d" % milliseconds))
            self.connections.append(connection)

    def __enter__(self) -> "Busy":
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()


def test_starts_with_the_fewest(bask: Bask) -> None:
    server = cheaper(bask)
    assert server.get("/").status == 200
    assert list(server.roster()) == [1]


def test_starts_with_as_many_as_told(bask: Bask) -> None:
    cheaper(bask, "--cheaper-initial", "3", initial=3)


def test_adds_workers_when_all_are_busy_and_lets_them_go_again(bask: Bask) -> None:
    server = cheaper(bask, "--cheaper-overload", "1", "--cheaper-step", "2", most=3)
    with Busy(server, 1, 3000) as busy:
        wait_until(lambda: len(server.roster()) == 3, "the workers are added")
        assert server.get("/").status == 200
        assert busy.connections[0].answer().body == b"Hello, World!"
    wait_until(lambda: len(server.roster()) == 1, "the additional workers have ended")
    assert "DAMN" not in server.log()


@pytest.mark.parametrize("algorithm", ["backlog", "backlog2"])
def test_adds_workers_when_requests_wait(bask: Bask, algorithm: str) -> None:
    server = cheaper(bask, "--cheaper-algo", algorithm, "--cheaper-overload", "2", most=2)
    with Busy(server, 8, 300) as busy:
        wait_until(lambda: len(server.roster()) == 2, "a worker is added")
        for connection in busy.connections:
            assert connection.answer().status == 200


def test_busyness_adds_and_removes(bask: Bask) -> None:
    server = cheaper(bask, "--cheaper-algo", "busyness", "--cheaper-overload", "1",
                     "--cheaper-busyness-multiplier", "1", "--cheaper-busyness-verbose", most=2)
    with Busy(server, 1, 2500) as busy:
        wait_until(lambda: len(server.roster()) == 2, "a worker is added")
        busy.connections[0].answer()
    wait_until(lambda: len(server.roster()) == 1, "it ends again")
    server.wait_log(r"busyness \d+%, \d of 2 workers")


def test_one_that_is_taken_away_answers_first(bask: Bask) -> None:
    """spare leaves a worker alone that is busy, but which one leaves is not which one is idle."""
    server = cheaper(bask, "--cheaper-initial", "4", "--cheaper-overload", "1", initial=4)
    with Busy(server, 1, 4000) as busy:
        wait_until(lambda: "scaling down: 2 workers" in server.log(), "two are taken away")
        assert busy.connections[0].answer().body == b"Hello, World!"
    assert "NO MERCY" not in server.log()


def test_killed_worker_is_replaced_and_no_other_is_started(bask: Bask) -> None:
    server = cheaper(bask, "--cheaper-algo", "manual", least=2)
    victim = server.roster()[2]
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: server.roster().get(2, victim) != victim, "worker 2 is replaced")
    assert sorted(server.roster()) == [1, 2]
    server.complained("killed by signal 9")


def test_reload_replaces_those_that_run(bask: Bask) -> None:
    server = cheaper(bask, "--cheaper-algo", "manual", least=2)
    before = server.workers()
    server.send_signal(signal.SIGHUP)
    server.wait_log("reloaded: generation 2 serves")
    wait_until(lambda: len(server.roster()) == 2 and not set(before) & set(server.workers()),
               "both are new")


def test_cheap_server_forks_at_the_first_connection(bask: Bask) -> None:
    server = bask.launch("--plugin", "null", "--cheap", workers=2)
    server.wait_log("zygote 1 is ready")
    server.idle = False
    assert server.roster() == {}
    assert server.get("/").status == 200
    wait_until(lambda: len(server.roster()) == 2, "the workers run")


def test_idle_server_goes_cheap_and_comes_back(bask: Bask, tmp_path: Path) -> None:
    path = str(tmp_path / "idle.sock")
    server = bask.null("--http-socket", path, "--idle", "500ms", workers=2)
    server.idle = False
    for address in (server.address, path):
        wait_until(lambda: not server.roster(), "the workers have ended")
        cpu = processes.cpu_seconds(server.pid)
        with Connection(address) as connection:
            assert connection.request("GET", "/").status == 200
        wait_until(lambda: len(server.roster()) == 2, "they are back")
        assert processes.cpu_seconds(server.pid) - cpu < 1


def test_idle_server_is_not_idle_while_it_answers(bask: Bask) -> None:
    server = bask.null("--idle", "300ms", workers=1)
    with Busy(server, 1, 1500) as busy:
        assert busy.connections[0].answer().body == b"Hello, World!"
        assert "going cheap" not in server.log()
    server.wait_log("going cheap")
    server.idle = False


def test_cheap_server_reloads_without_a_worker(bask: Bask) -> None:
    server = bask.launch("--plugin", "null", "--cheap", workers=1)
    server.wait_log("zygote 1 is ready")
    server.send_signal(signal.SIGHUP)
    server.wait_log("reloaded: generation 2 serves")
    server.idle = False
    assert server.roster() == {}
    assert server.get("/").status == 200


def test_die_on_idle(bask: Bask) -> None:
    server = bask.null("--idle", "300ms", "--die-on-idle", workers=1)
    assert server.wait_end() == 0


def test_commands_change_the_number(bask: Bask) -> None:
    server = cheaper(bask, "--cheaper-algo", "manual", "--master-fifo", "fifo", most=3)
    for commands, count in (("++", 3), ("+-", 2), ("---", 1), ("C", 0)):
        (bask.folder / "fifo").write_text(commands)
        wait_until(lambda: len(server.roster()) == count, "%d workers run" % count)
    assert server.get("/").status == 200


def test_affinity(bask: Bask) -> None:
    server = bask.null("--cpu-affinity", "1", workers=2)
    mine = sorted(os.sched_getaffinity(0))
    assert [os.sched_getaffinity(server.roster()[n]) for n in (1, 2)] == [
        {mine[0]}, {mine[1 % len(mine)]}]


@pytest.mark.parametrize("arguments, complaint", [
    (["--cheaper", "2"], "--cheaper 2 must be less than --processes, which is 2"),
    (["--cheaper", "1", "--cheaper-algo", "magic"], 'cheaper-algo "magic": expected spare'),
    (["--cheaper", "1", "--cheaper-busyness-min", "60"], "must be less than"),
    (["--die-on-idle"], "--die-on-idle needs --idle"),
])
def test_what_does_not_fit_is_refused(bask: Bask, arguments: "list[str]", complaint: str) -> None:
    assert complaint in bask.refused("--plugin", "null", "--processes", "2", *arguments)


def answered_by(server: Server) -> "Counter[int]":
    """How many connections each worker has open."""
    return Counter({pid: sum(1 for name in processes.descriptors(pid).values()
                             if name.startswith("socket:")) for pid in server.workers()})


def test_connections_spread_evenly(bask: Bask) -> None:
    """Four workers, clients that keep their connections: each gets its share within 15 %."""
    server = bask.null("--thunder-lock", workers=4)
    before, count = answered_by(server), 200
    with ExitStack() as stack:
        for _ in range(count):
            connection = stack.enter_context(server.connect())
            assert connection.request("GET", "/").status == 200
        shares = [now - before[pid] for pid, now in answered_by(server).items()]
    assert sum(shares) == count
    assert all(abs(share - count / 4) <= TOLERANCE * count / 4 for share in shares), shares
