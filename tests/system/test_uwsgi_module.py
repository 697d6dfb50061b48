"""The module that applications import: names, types and values."""
import json
import re
import socket
from typing import Any, Dict

import pytest

from support.server import Bask, Server
from support.wait import wait_until


def facts(server: Server) -> Dict[str, Any]:
    found: Dict[str, Any] = json.loads(server.get("/uwsgi").body)
    return found


@pytest.mark.parametrize("workers", [0, 2])
def test_facts(bask: Bask, workers: int) -> None:
    server = bask.app("workers", "--threads", "3", "--buffer-size", "8k", workers=workers)
    found = facts(server)
    assert found["masterpid"] == (server.pid if workers else 0)
    assert (found["numproc"], found["cores"]) == (max(workers, 1), 3)
    kind, version = found["server"]
    assert kind == "bytes" and re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert found["hostname"] == ["bytes", socket.gethostname()]
    assert all(size > 1000000 for size in found["mem"])


def test_options_are_bytes(bask: Bask) -> None:
    server = bask.app("workers", "--buffer-size", "8k", "--die-on-term", workers=2)
    opt = facts(server)["opt"]
    assert isinstance(server.address, tuple)
    assert opt["http-socket"] == ["bytes", "127.0.0.1:%d" % server.address[1]]
    assert opt["buffer-size"] == ["bytes", "8k"]
    assert opt["processes"] == ["bytes", "2"]
    assert opt["master"] is True
    assert opt["die-on-term"] is True
    assert "limit-post" not in opt  # what nobody set is not there, as in uWSGI


def test_repeated_option_is_a_list(bask: Bask) -> None:
    server = bask.app("workers", "--pypy-pp", "/one")
    assert ["bytes", "/one"] in facts(server)["opt"]["pypy-pp"]


@pytest.mark.parametrize("workers", [0, 2])
def test_worker_id(bask: Bask, workers: int) -> None:
    server = bask.app("workers", workers=workers)
    found = facts(server)
    assert server.roster()[found["worker"]] == found["pid"]
    assert found["at_import"] == 0


def test_workers_and_requests_are_counted(bask: Bask) -> None:
    server = bask.app("workers", workers=2)
    for _ in range(20):
        server.get("/")
    # A request is counted when its client already has the answer.
    wait_until(lambda: facts(server)["total"] >= 20, "all requests are counted")
    found = facts(server)
    assert {row["id"]: row["pid"] for row in found["workers"]} == server.roster()
    assert sum(row["requests"] for row in found["workers"]) >= 20
    assert all(row["tx"] > 0 for row in found["workers"] if row["requests"])
    assert {"id", "pid", "requests", "exceptions", "status", "rss", "vsz", "running_time",
            "last_spawn", "respawn_count", "tx", "avg_rt"} <= set(found["workers"][0])
    busy = next(row for row in found["workers"] if row["pid"] == found["pid"])
    assert busy["status"] == ["bytes", "busy"]


def test_replaced_worker_keeps_its_id_and_its_count(bask: Bask) -> None:
    server = bask.app("workers", workers=1)
    for _ in range(5):
        server.get("/")
    before = server.roster()[1]
    server.send_signal(1)
    wait_until(lambda: server.roster().get(1, before) != before, "the worker is replaced")
    found = facts(server)
    assert found["worker"] == 1
    assert found["total"] == 5


@pytest.mark.parametrize("workers", [0, 2])
def test_post_fork_hook(bask: Bask, workers: int) -> None:
    server = bask.app("workers", workers=workers)
    lines = (server.folder / "forked").read_text().split()
    forked = dict(zip(map(int, lines[::2]), map(int, lines[1::2])))
    assert forked == server.roster()


@pytest.mark.parametrize("workers", [0, 2])
def test_atexit(bask: Bask, workers: int) -> None:
    server = bask.app("workers", workers=workers)
    pids = server.workers()
    server.stop()
    ended = (server.folder / "ended").read_text().split()
    assert sorted(map(int, ended)) == pids


def test_log(bask: Bask) -> None:
    server = bask.app("workers")
    server.get("/log")
    server.wait_log("café from the application")
