"""Master, zygote and workers: who serves, who replaces whom, how they end and reload."""
import json
import os
import signal
from typing import Any, Callable, Dict, List

import pytest

from support import processes
from support.client import make_request
from support.load import Load
from support.server import APPS, Bask, Server
from support.wait import wait_until
from support.workers import wait_both_answer

NEVER_ENDS = "import time\nopen('loading', 'w')\ntime.sleep(1000)\n"


def facts(server: Server, path: str = "/") -> Dict[str, Any]:
    found: Dict[str, Any] = json.loads(server.get(path).body)
    return found


@pytest.fixture
def server(bask: Bask) -> Server:
    return bask.app("workers", workers=2)


def test_both_workers_serve(server: Server) -> None:
    wait_both_answer(server)


def test_killed_worker_is_replaced_and_nobody_is_refused(server: Server) -> None:
    victim = server.roster()[1]
    with Load(server) as load:
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: server.roster().get(1, victim) != victim, "worker 1 is replaced")
        load.wait_more(50)
    # Only what was inside the killed worker may be lost.
    assert len(load.failures) <= 4
    assert all("refused" not in failure for failure in load.failures)
    server.complained(r"worker 1 \(pid: %d\) died, killed by signal 9" % victim)


def test_killed_zygote_is_replaced_and_workers_go_on(server: Server) -> None:
    before, workers = server.zygote(), server.workers()
    with Load(server) as load:
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: server.zygote() != before, "there is a new zygote")
        load.wait_more(50)
    assert load.failures == []
    assert server.workers() == workers
    os.kill(server.roster()[2], signal.SIGKILL)
    wait_until(lambda: len(server.roster()) == 2 and server.workers() != workers,
               "the new zygote makes a worker")
    assert facts(server)["pid"] in server.workers()
    server.complained("zygote 1 died")


def test_everything_ends_with_the_master(bask: Bask, server: Server) -> None:
    os.kill(server.pid, signal.SIGKILL)
    assert server.wait_end() == -signal.SIGKILL
    wait_until(lambda: not processes.marked(bask.mark), "workers and zygote end")
    server.complained("")  # they may say that the master is gone


def test_everything_ends_with_a_master_killed_while_starting(bask: Bask) -> None:
    (bask.folder / "never_ends.py").write_text(NEVER_ENDS)
    server = bask.launch("--module", "never_ends", workers=2)
    wait_until((bask.folder / "loading").exists, "the application is being loaded")
    os.kill(server.pid, signal.SIGKILL)
    server.wait_end()
    wait_until(lambda: not processes.marked(bask.mark), "the zygote ends", 5.0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
@pytest.mark.parametrize("workers, status", [(0, 30), (1, 0), (2, 0)])
@pytest.mark.null
def test_signal_that_stops(bask: Bask, number: int, workers: int, status: int) -> None:
    server = bask.null(workers=workers)
    server.get("/")
    assert server.stop(number) == status


@pytest.mark.parametrize("workers, status", [(0, 30), (2, 0)])
@pytest.mark.null
def test_sigterm_stops_where_it_shall(bask: Bask, workers: int, status: int) -> None:
    assert bask.null("--die-on-term", workers=workers).stop(signal.SIGTERM) == status


@pytest.mark.null
def test_sigint_to_the_whole_group_is_one_stop(bask: Bask) -> None:
    """What Ctrl-C does: every process gets it."""
    server = bask.null(workers=2)
    os.killpg(server.pid, signal.SIGINT)
    assert server.wait_end() == 0


@pytest.mark.null
def test_second_sigint_changes_nothing(bask: Bask) -> None:
    server = bask.null(workers=2)
    server.send_signal(signal.SIGINT)
    assert server.stop(signal.SIGINT) == 0


def test_sigint_while_a_worker_is_forked(bask: Bask) -> None:
    """The signal must not get lost where the child still has the zygote's ways with signals."""
    server = bask.launch("--wsgi-file", str(APPS / "slow_fork.py"), "--pypy-pp", str(APPS),
                         workers=1)
    wait_until((server.folder / "forking").exists, "a worker is forked")
    server.wait_log("zygote 1 is ready")
    server.send_signal(signal.SIGINT)
    server.wait_log("stopping")
    (server.folder / "go").touch()
    assert server.wait_end() == 0
    assert "NO MERCY" not in server.log()


def test_sigint_while_loading(bask: Bask) -> None:
    (bask.folder / "never_ends.py").write_text(NEVER_ENDS)
    server = bask.launch("--module", "never_ends", workers=2)
    wait_until((bask.folder / "loading").exists, "the application is being loaded")
    assert server.stop() == 0


def replaced(server: Server, old: List[int]) -> Callable[[], bool]:
    return lambda: (len(server.roster()) == 2 and not set(old) & set(server.workers())
                    and not any(map(processes.is_alive, old)))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signal_that_reloads(server: Server, number: int) -> None:
    old = server.workers() + [server.zygote()]
    (server.folder / "version").write_text("2")
    server.send_signal(number)
    wait_until(replaced(server, old), "all processes are new")
    assert facts(server)["version"] == "2"


def test_several_reloads(server: Server) -> None:
    for version in ("2", "3", "4"):
        old = server.workers() + [server.zygote()]
        (server.folder / "version").write_text(version)
        server.send_signal(signal.SIGHUP)
        wait_until(replaced(server, old), "all processes are new")
        assert facts(server)["version"] == version


def test_reload_asked_for_during_a_reload_follows_it(server: Server) -> None:
    (server.folder / "version").write_text("2")
    server.send_signal(signal.SIGHUP)
    server.wait_log("reloading")
    (server.folder / "version").write_text("3")
    server.send_signal(signal.SIGHUP)
    wait_until(lambda: facts(server)["version"] == "3", "the last version serves")


@pytest.mark.parametrize("threads", ["1", "4"])
def test_graceful_reload_loses_nothing(bask: Bask, threads: str) -> None:
    server = bask.app("workers", "--threads", threads, workers=2)
    with Load(server, "/slow") as load:
        for version in ("2", "3"):
            old = server.workers() + [server.zygote()]
            (server.folder / "version").write_text(version)
            server.send_signal(signal.SIGHUP)
            wait_until(replaced(server, old), "all processes are new")
        load.wait_more(20)
    assert load.failures == []
    assert facts(server)["version"] == "3"


def test_request_in_flight_survives_a_graceful_reload(server: Server) -> None:
    old = server.workers()
    with server.connect() as connection:
        connection.send(make_request("GET", "/gate"))
        wait_until((server.folder / "in-gate").exists, "the request runs")
        server.send_signal(signal.SIGHUP)
        server.wait_log("reloading")
        (server.folder / "go").touch()
        answer = connection.answer()
    assert json.loads(answer.body)["pid"] in old
    wait_until(replaced(server, old), "all processes are new")


@pytest.mark.null
@pytest.mark.parametrize("threads", ["1", "4"])
@pytest.mark.parametrize("kept", [True, False])
def test_request_that_came_before_the_reload_is_answered(
        bask: Bask, kept: bool, threads: str) -> None:
    """The worker finds the request and the order to leave at the same moment."""
    server = bask.null("--threads", threads, workers=1)
    worker = server.workers()[0]
    idle = len(processes.descriptors(worker))
    with server.connect() as connection:
        if kept:
            connection.request("GET", "/")
        wait_until(lambda: len(processes.descriptors(worker)) > idle, "it is accepted")
        processes.stop(worker)
        connection.send(make_request("GET", "/"))
        server.send_signal(signal.SIGHUP)
        wait_until(lambda: processes.is_pending(worker, signal.SIGHUP), "the worker is told to go")
        os.kill(worker, signal.SIGCONT)
        assert connection.answer().status == 200
    wait_until(lambda: not processes.is_alive(worker), "the worker has left")
    wait_until(lambda: len(server.roster()) == 1, "its successor is there")


def test_idle_kept_connections_do_not_hold_up_a_reload(server: Server) -> None:
    old = server.workers()
    with server.connect() as connection:
        connection.request("GET", "/")
        server.send_signal(signal.SIGHUP)
        wait_until(replaced(server, old), "all processes are new", 10)
        assert connection.rest() == b""


def test_broken_version_never_replaces_a_working_one(server: Server) -> None:
    workers = server.workers()
    (server.folder / "broken").touch()
    with Load(server) as load:
        server.send_signal(signal.SIGHUP)
        server.complained("generation 2 did not load; generation 1 goes on serving")
        load.wait_more(20)
    assert load.failures == []
    assert server.workers() == workers
    server.complained("the new version is broken")
    (server.folder / "broken").unlink()
    server.send_signal(signal.SIGHUP)
    wait_until(replaced(server, workers), "the mended version serves")


@pytest.mark.null
def test_worker_that_crashes_again_and_again_is_not_replaced_at_once(bask: Bask) -> None:
    """Each crash comes within a second of the worker's start: its successor has to wait."""
    server = bask.null(workers=1)
    with server.connect() as connection:
        connection.send(make_request("GET", "/crash"))
        assert connection.rest() == b""
    server.complained("died, killed by signal 6")
    before = processes.cpu_seconds(server.pid)
    for _ in range(2):
        with server.connect() as connection:
            connection.send(make_request("GET", "/crash"))
            assert connection.rest() == b""
    assert processes.cpu_seconds(server.pid) - before < 0.5
    assert server.log().count("] spawned Bask worker 1 ") <= 3
    assert server.get("/").status == 200


@pytest.mark.null
def test_crash_of_one_worker_leaves_the_other_serving(bask: Bask) -> None:
    server = bask.null(workers=2)
    with server.connect() as connection:
        connection.send(make_request("GET", "/crash"))
        assert connection.rest() == b""
    assert all(server.get("/").status == 200 for _ in range(20))
    server.complained("killed by signal 6")
    wait_until(lambda: len(server.roster()) == 2, "the worker is replaced")


@pytest.mark.null
def test_master_sleeps(bask: Bask) -> None:
    """A master whose workers all run has nothing to do."""
    server = bask.null(workers=2)
    server.get("/")
    before = processes.cpu_seconds(server.pid)
    with Load(server) as load:
        load.wait_more(500)
    assert processes.cpu_seconds(server.pid) - before < 0.1
