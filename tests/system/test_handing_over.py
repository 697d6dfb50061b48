"""Reloads that get half-way, reloads that are stops, and what an upgrade takes along."""
import json
import os
import signal
import time
from pathlib import Path
from typing import Any, Dict, List, Set

import pytest

from support import processes
from support.client import make_request
from support.faults import Faults
from support.load import Load
from support.server import Bask, Server
from support.wait import wait_until

pytestmark = pytest.mark.null

CONTROL = ("--control-socket", "control")
# The first new worker of a version makes the folder and serves, all others fail.
ONE_SERVES = "[bask]\nhook-post-fork = exec:mkdir one\n"


def status(server: Server) -> Dict[str, Any]:
    found: Dict[str, Any] = json.loads(server.ctl("status", "--json").stdout)
    return found


def generations(server: Server) -> Set[int]:
    return {each["generation"] for each in status(server)["workers"]
            if each["state"] == "serving"}


def upgraded(server: Server, *ways: str) -> None:
    before = server.pid
    said = server.ctl("upgrade").stdout
    successor = int(said.split()[1])
    assert successor != before and server.succeeded_by(successor) == 0
    server.idle = False


# A version of which only some workers serve


def configured(bask: Bask, *arguments: str, workers: int = 2, **how: Any) -> Server:
    options = bask.folder / "options.ini"
    options.write_text("[bask]\n")
    server = bask.null("--ini", str(options), *CONTROL, "--forkbomb-delay", "200ms", *arguments,
                       workers=workers, **how)
    server.idle = False
    return server


@pytest.mark.parametrize("options", [[], ["--brutal"]])
def test_version_whose_second_worker_fails_is_taken_back(bask: Bask, options: List[str]) -> None:
    server = configured(bask)
    (bask.folder / "options.ini").write_text(ONE_SERVES)
    with Load(server) as load:
        said = server.ctl("reload", *options, "--timeout", "20", expect=1).stderr
        assert "hook-post-fork" in said or "did not start" in said
        # Of two that are forked at once the one that fails may do so before the other one serves.
        server.complained("(%s) worker.* of generation 2 g.t as far as serving; generation 1 takes "
                          "over again" % ("not all" if not options else "not all|no"))
        wait_until(lambda: generations(server) == {1}, "the old version serves alone")
        load.wait_more(20)
    if not options:
        assert load.failures == []
    wait_until(lambda: len(server.workers()) == 2, "all that is new has ended")
    (bask.folder / "options.ini").write_text("[bask]\n")
    assert server.ctl("reload", "--timeout", "20").stdout == "generation 3 serves\n"


def test_version_that_stumbles_once_is_not_given_up(bask: Bask) -> None:
    server = configured(bask)
    (bask.folder / "options.ini").write_text(
        "[bask]\nhook-post-fork = exec:mkdir one || ! mkdir two\n")
    assert server.ctl("reload", "--timeout", "20").stdout == "generation 2 serves\n"
    server.complained("ended with status 1")
    assert generations(server) == {2}


def test_version_that_can_fork_only_once_is_taken_back(bask: Bask, tmp_path: Path) -> None:
    faults = Faults(tmp_path / "faults")
    server = configured(bask, env=faults.environment)
    (bask.folder / "options.ini").write_text(
        "[bask]\nhook-post-fork = exec:printf fail > faults/fork-in-zygote\n")
    server.ctl("reload", "--timeout", "20", expect=1)
    server.complained("cannot fork worker .*")
    server.complained("generation 1 takes over again")
    faults.fork_works()
    wait_until(lambda: generations(server) == {1}, "the old version serves alone")


def test_version_without_a_way_back_ends_its_reload(bask: Bask) -> None:
    """The zygote of the version before is gone: the workers are tried again, but nobody waits."""
    server = configured(bask)
    old = server.zygote()
    (bask.folder / "options.ini").write_text(
        "[bask]\nhook-post-fork = exec:mkdir one || ! while test -e hold; do sleep 0.02; done\n")
    (bask.folder / "hold").touch()
    server.ctl("reload", "--no-wait")
    wait_until(lambda: 2 in generations(server), "one worker is new")
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: not processes.is_alive(old), "the way back is gone")
    (bask.folder / "hold").unlink()
    wait_until(lambda: status(server)["state"] == "serving", "the reload has ended")
    server.complained("ended with status 1")
    assert server.get().status == 200
    (bask.folder / "options.ini").write_text("[bask]\n")
    said = server.ctl("reload", "--timeout", "20").stdout
    assert said == "generation 3 serves\n"


def test_upgrade_to_a_program_whose_second_worker_fails_comes_to_nothing(bask: Bask) -> None:
    server = configured(bask)
    (bask.folder / "options.ini").write_text(ONE_SERVES)
    with Load(server) as load:
        server.ctl("upgrade", "--timeout", "20", expect=1)
        server.complained("the upgrade failed")
    assert load.failures == []
    assert status(server)["pid"] == server.pid and generations(server) == {1}


# What a successor takes along


def test_paused_server_is_paused_after_its_upgrade(bask: Bask, successors: None) -> None:
    server = bask.null(*CONTROL, workers=2)
    server.ctl("pause")
    upgraded(server)
    assert status(server)["state"] == "paused"
    with server.connect() as connection:
        connection.send(make_request("GET", "/"))
        time.sleep(0.3)
        assert sum(each["requests"] for each in status(server)["workers"]) == 0
        server.ctl("resume")
        assert connection.answer().status == 200


@pytest.mark.parametrize("paused", [True, False])
def test_pausing_while_the_successor_starts(bask: Bask, successors: None, paused: bool) -> None:
    server = bask.null(*CONTROL, "--hook-asap",
                       "exec:touch begun; while test -e hold; do sleep 0.02; done", workers=1)
    (bask.folder / "begun").unlink()
    (bask.folder / "hold").touch()
    server.ctl("resume" if paused else "pause")
    server.ctl("upgrade", "--no-wait")
    wait_until((bask.folder / "begun").exists, "the successor starts")
    server.ctl("pause" if paused else "resume")
    (bask.folder / "hold").unlink()
    successor = int(server.wait_log(r"upgraded: master (\d+) serves").group(1))
    assert server.succeeded_by(successor) == 0
    server.idle = False
    assert status(server)["state"] == ("paused" if paused else "serving")


def test_upgrade_waits_for_the_next_request_of_idle_connections(bask: Bask, successors: None
                                                                ) -> None:
    """As a reload does: a client that is slower than half a second meets no closed connection."""
    server = bask.null(*CONTROL, workers=1)
    with server.connect() as connection:
        assert connection.request("GET", "/").status == 200
        said = server.ctl("upgrade", "--no-wait").stdout
        assert said == ""
        successor = int(server.wait_log(r"upgraded: master (\d+) serves").group(1))
        time.sleep(1.2)
        answer = connection.request("GET", "/")
        assert answer.status == 200 and answer.headers["Connection"] == "close"
    assert server.succeeded_by(successor) == 0
    server.idle = False


def test_upgrade_takes_along_who_waits_to_be_accepted(bask: Bask, successors: None) -> None:
    server = bask.null(*CONTROL, workers=1)
    with Load(server) as load:
        for _ in range(5):
            upgraded(server)
            load.wait_more(10)
    assert load.failures == []


# Reloads of a server that ends instead


@pytest.mark.parametrize("options", [[], ["--brutal"], ["--workers"], ["--workers", "--brutal"]])
def test_reload_that_is_a_stop_has_been_done(bask: Bask, options: List[str]) -> None:
    server = bask.null(*CONTROL, "--exit-on-reload", workers=1)
    assert server.ctl("reload", *options).stdout == "stopped\n"
    assert server.wait_end() == 0


def test_reload_of_a_server_that_stops_has_failed(bask: Bask) -> None:
    server = bask.null(*CONTROL, workers=1)
    with server.connect() as connection:
        connection.send(make_request("GET", "/sleep/1500"))
        wait_until(lambda: status(server)["workers"][0]["busy"] == 1, "it runs")
        server.ctl("stop", "--no-wait")
        assert "the server stops" in server.ctl("reload", expect=1).stderr
        assert connection.answer().status == 200
    assert server.wait_end() == 0


@pytest.mark.parametrize("letter", "RW")
def test_brutal_reload_that_is_a_stop_cuts_off(bask: Bask, letter: str) -> None:
    server = bask.null(*CONTROL, "--master-fifo", "fifo", "--exit-on-reload", workers=1)
    with server.connect() as connection:
        connection.send(make_request("GET", "/sleep/60000"))
        wait_until(lambda: status(server)["workers"][0]["busy"] == 1, "it runs")
        (bask.folder / "fifo").write_text(letter)
        assert connection.rest() == b""
    assert server.wait_end() == 0
