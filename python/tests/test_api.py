"""The `uwsgi` module."""

import os
import signal
import sys
import time
from types import ModuleType, SimpleNamespace
from typing import Any, Iterator

import pytest

from bask_pypy import api
from fake import Host


@pytest.fixture(autouse=True)
def _no_module() -> Iterator[None]:
    sys.modules.pop("uwsgi", None)
    yield
    sys.modules.pop("uwsgi", None)


def row(**changes: Any) -> SimpleNamespace:
    values = dict(
        id=1, pid=100, requests=4, exceptions=1, respawns=2, tx_bytes=1000, busy_us=20,
        rss_bytes=4096, started_at=int(time.time()) - 60, threads_busy=0, accepting=True,
        harakiris=3, signals=9, vsz_bytes=8192, paused=False,
    )  # fmt: skip
    return SimpleNamespace(**{**values, **changes})


def make(**host: Any) -> Any:
    return api.make_module(Host(**host))


def test_can_be_imported() -> None:
    module = make()
    import uwsgi

    assert uwsgi is module and isinstance(module, ModuleType) and module.__name__ == "uwsgi"


def test_attributes() -> None:
    uwsgi = make(threads=3, workers=2)
    assert uwsgi.version == b"0.1.0" and uwsgi.version_info == (0, 1, 0, 0, b"")
    assert uwsgi.hostname == b"node"
    assert (uwsgi.numproc, uwsgi.cores, uwsgi.has_threads, uwsgi.started_on) == (2, 3, 1, 1000)
    assert uwsgi.sockets == [3, 4]
    assert uwsgi.is_a_reload is False
    for name in ("applications", "loop", "unbit", "post_fork_hook", "atexit"):
        assert getattr(uwsgi, name) is None


def test_options() -> None:
    options = {
        "master": ["true"],
        "http-socket": [":80", ":81"],
        "callable": ["app"],
        "chdir": [os.fsdecode(b"/\xff")],
    }
    assert make(options=options).opt == {
        "master": True,
        "http-socket": [b":80", b":81"],
        "callable": b"app",
        "chdir": b"/\xff",
    }
    assert make().opt == {}


def test_workers() -> None:
    host = Host(workers=3)
    host.worker_rows = {1: row(), 2: row(id=2, threads_busy=1, requests=0), 3: row(accepting=False)}
    workers = api.make_module(host).workers()
    assert type(workers) is tuple and [w["status"] for w in workers] == [b"idle", b"busy", b"cheap"]
    first, second, _ = workers
    wanted = {"id": 1, "pid": 100, "requests": 4, "delta_requests": 4, "exceptions": 1, "tx": 1000}
    wanted.update(signals=9, respawn_count=2, running_time=20, avg_rt=5, rss=4096, vsz=8192, accepting=1)
    wanted.update(harakiri_count=3)
    assert {key: first[key] for key in wanted} == wanted
    assert second["avg_rt"] == 0
    assert 59 <= first["uptime"] <= 90


def test_workers_of_a_paused_server() -> None:
    host = Host(workers=2)
    host.worker_rows = {1: row(paused=True), 2: row(id=2, paused=True, accepting=False)}
    workers = api.make_module(host).workers()
    assert [worker["status"] for worker in workers] == [b"pause", b"cheap"]


def test_workers_that_are_not_known() -> None:
    host = Host(workers=3)
    host.worker_rows = {2: row(id=2, started_at=0)}
    workers = api.make_module(host).workers()
    assert [(worker["id"], worker["uptime"]) for worker in workers] == [(2, 0)]


def test_numbers() -> None:
    host = Host(workers=2)
    host.worker_rows = {1: row(), 2: row(id=2, requests=7)}
    uwsgi: Any = api.make_module(host)
    assert uwsgi.total_requests() == 11
    assert uwsgi.masterpid() == 77
    assert uwsgi.worker_id() == 0
    host.present_worker = 2  # after the fork
    assert uwsgi.worker_id() == 2


def test_mem() -> None:
    resident, virtual = make().mem()
    assert 1 << 20 < resident < virtual


@pytest.mark.parametrize(
    "message, line", [("text", "text"), (b"bytes \xff", "bytes \ufffd"), (17, "17"), (None, "None")]
)
def test_log(message: Any, line: str) -> None:
    host = Host()
    uwsgi: Any = api.make_module(host)
    assert uwsgi.log(message) is True
    assert host.logged == [(2, line)]


@pytest.mark.parametrize("master, told", [(77, 77), (0, os.getpid())])
def test_reload_and_stop_are_signals(
    monkeypatch: pytest.MonkeyPatch, master: int, told: int
) -> None:
    sent = []
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append((pid, number)))
    host = Host()
    host.info.master_pid = master
    uwsgi: Any = api.make_module(host)
    assert uwsgi.reload() is True and uwsgi.stop() is True
    assert sent == [(told, signal.SIGHUP), (told, signal.SIGINT)]
