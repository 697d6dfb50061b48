"""--lazy-apps and --lazy: every worker loads the application itself. And loading that never ends."""
import json
import os
import signal
from typing import Any, Dict

import pytest

from support import processes
from support.load import Load
from support.server import APPS, Bask, Server
from support.wait import wait_until

LAZY = ["--lazy-apps", "--lazy"]


def facts(server: Server) -> Dict[str, Any]:
    found: Dict[str, Any] = json.loads(server.get("/uwsgi").body)
    return found


def reload_to(server: Server, version: str) -> None:
    old = server.workers()
    (server.folder / "version").write_text(version)
    server.send_signal(signal.SIGHUP)
    wait_until(lambda: not any(map(processes.is_alive, old))
               and len(server.roster()) == server.worker_count, "all workers are new")
    wait_until(lambda: facts(server)["version"] == version, "the new version serves")


@pytest.mark.parametrize("option", LAZY)
def test_each_worker_loads_the_application(bask: Bask, option: str) -> None:
    server = bask.app("workers", option, workers=2)
    found = facts(server)
    assert found["at_import"] == found["worker"]
    assert server.log().count("WSGI app 0") == 2


@pytest.mark.parametrize("option", LAZY)
@pytest.mark.parametrize("workers", [0, 2])
def test_first_version_that_does_not_load_ends_the_server(
        bask: Bask, option: str, workers: int) -> None:
    (bask.folder / "broken").touch()
    server = bask.launch("--wsgi-file", str(APPS / "workers.py"), "--pypy-pp", str(APPS),
                         option, "--need-app", workers=workers)
    assert server.wait_end() == 22
    server.complained("the new version is broken")


@pytest.mark.parametrize("option, zygote_stays", [("--lazy-apps", False), ("--lazy", True)])
def test_reload_loses_nothing(bask: Bask, option: str, zygote_stays: bool) -> None:
    server = bask.app("workers", option, workers=2)
    zygote = server.zygote()
    with Load(server) as load:
        reload_to(server, "2")
        reload_to(server, "3")
    assert load.failures == []
    assert (server.zygote() == zygote) == zygote_stays


@pytest.mark.parametrize("option, verdict", [
    ("--lazy-apps", "generation 1 takes over again"),
    ("--lazy", "a new worker did not get as far as serving; the present ones go on")])
@pytest.mark.parametrize("workers", [1, 2])
def test_reload_that_fails_in_the_worker_is_rolled_back(
        bask: Bask, option: str, verdict: str, workers: int) -> None:
    server = bask.app("workers", option, workers=workers)
    before = server.workers()
    (server.folder / "broken").touch()
    with Load(server) as load:
        server.send_signal(signal.SIGHUP)
        server.complained(verdict)
        server.complained("the new version is broken")
        load.wait_more(20)
    assert load.failures == []
    assert server.workers() == before
    (server.folder / "broken").unlink()
    reload_to(server, "2")


@pytest.mark.parametrize("options", [[], ["--lazy-apps"], ["--lazy"]])
def test_version_that_hangs_is_given_up_and_says_where(bask: Bask, options: "list[str]") -> None:
    server = bask.app("faulty", "--ready-timeout", "2", *options, workers=1)
    before = server.workers()
    (server.folder / "fault").write_text("import-hang")
    with Load(server) as load:
        server.send_signal(signal.SIGHUP)
        server.complained("generation 1 goes on serving|takes over again|the present ones go on")
        load.wait_more(20)
    assert load.failures == []
    assert server.workers() == before
    server.complained('faulty.py", line .* in act')
    (server.folder / "fault").unlink()
    reload_quietly(server)


def reload_quietly(server: Server) -> None:
    old = server.workers()
    server.send_signal(signal.SIGHUP)
    wait_until(lambda: not any(map(processes.is_alive, old)) and server.roster(), "it has reloaded")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("option", LAZY)
def test_worker_that_hangs_does_not_outlive_the_server(
        bask: Bask, option: str, number: signal.Signals) -> None:
    (bask.folder / "fault").write_text("import-hang")
    server = bask.launch("--wsgi-file", str(APPS / "faulty.py"), "--pypy-pp", str(APPS), option,
                         workers=1)
    wait_until((bask.folder / "in-import").exists, "the worker loads")
    os.kill(server.pid, number)
    assert server.wait_end() == (0 if number == signal.SIGINT else -number)
    wait_until(lambda: not processes.marked(bask.mark), "all processes end", 5.0)
    assert "NO MERCY" not in server.log()
