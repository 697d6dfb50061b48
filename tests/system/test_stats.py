"""uWSGI's stats server: the document, who may have it, and the tools that read it."""
import http.client
import json
import os
import re
import resource
import signal
import socket
import stat
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Tuple

import pytest

from support import processes, venv
from support.client import make_request
from support.leavers import RESET
from support.server import Bask
from support.terminal import Terminal
from support.wait import wait_until

# What the stats server of uWSGI 2.0.21 says, with everything on: names, and the kinds of values.
CORE = {"id": int, "requests": int, "static_requests": int, "routed_requests": int,
        "offloaded_requests": int, "write_errors": int, "read_errors": int, "in_request": int,
        "vars": list, "req_info": dict}
APP = {"id": int, "modifier1": int, "mountpoint": str, "startup_time": int, "requests": int,
       "exceptions": int, "chdir": str}
WORKER = {"id": int, "pid": int, "accepting": int, "requests": int, "delta_requests": int,
          "exceptions": int, "harakiri_count": int, "signals": int, "signal_queue": int,
          "status": str, "rss": int, "vsz": int, "running_time": int, "last_spawn": int,
          "respawn_count": int, "tx": int, "avg_rt": int, "apps": [APP], "cores": [CORE]}
DOCUMENT = {
    "version": str, "listen_queue": int, "listen_queue_errors": int, "signal_queue": int,
    "load": int, "pid": int, "uid": int, "gid": int, "cwd": str,
    "daemons": [{"cmd": str, "pid": int, "respawns": int}],
    "locks": [{"user 0": int}],
    "caches": [{"name": str, "hash": str, "hashsize": int, "keysize": int, "max_items": int,
                "blocks": int, "blocksize": int, "items": int, "hits": int, "miss": int,
                "full": int, "last_modified_at": int}],
    "sockets": [{"name": str, "proto": str, "queue": int, "max_queue": int, "shared": int,
                 "can_offload": int}],
    "workers": [WORKER],
    "spoolers": [{"dir": str, "pid": int, "tasks": int, "respawns": int, "running": int}],
    "crons": [{"minute": int, "hour": int, "day": int, "month": int, "week": int, "command": str,
               "unique": int, "legion": str, "pid": int, "started_at": int}],
}

# Its metrics, with two workers, two threads each, and a socket: name -> type, OID.
WORKER_METRICS = {"requests": (0, "1"), "delta_requests": (2, "2"), "failed_requests": (0, "13"),
                  "respawns": (0, "14"), "avg_response_time": (1, "8"), "total_tx": (0, "9"),
                  "rss_size": (1, "11"), "vsz_size": (1, "12"), "running_time": (0, "13")}
CORE_METRICS = {"requests": (0, "1"), "write_errors": (0, "3"), "routed_requests": (0, "4"),
                "static_requests": (0, "5"), "offloaded_requests": (0, "6"),
                "exceptions": (0, "7"), "read_errors": (0, "8")}
OTHER_METRICS = {
    "core.routed_signals": (0, "5.1"), "core.unrouted_signals": (0, "5.2"),
    "core.busy_workers": (1, "5.3"), "core.idle_workers": (1, "5.4"),
    "core.overloaded": (0, "5.5"), "core.total_tx": (0, "5.100"), "core.total_rss": (1, "5.101"),
    "core.total_vsz": (1, "5.102"), "core.avg_response_time": (1, "5.103"),
    "core.total_running_time": (0, "5.104"), "socket.0.listen_queue": (1, "7.0.1"),
    "rss_size": (3, "5.101"), "vsz_size": (3, "5.102")}

Address = Tuple[str, int]


def read_all(address: Any, question: bytes = b"") -> bytes:
    family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(10)
        connection.connect(address)
        connection.sendall(question)
        data = b""
        while True:
            piece = connection.recv(65536)
            if not piece:
                return data
            data += piece


def read(address: Any) -> Dict[str, Any]:
    return dict(json.loads(read_all(address)))


@pytest.fixture
def where(bask: Bask) -> Address:
    return ("127.0.0.1", bask.ports.take())


def option(where: Address) -> str:
    return "%s:%d" % where


def has_shape(value: Any, shape: Any, at: str = "stats") -> None:
    if isinstance(shape, dict):
        assert list(value) == list(shape), at
        for key, inner in shape.items():
            has_shape(value[key], inner, "%s.%s" % (at, key))
    elif isinstance(shape, list):
        assert value, at
        has_shape(value[0], shape[0], at + "[0]")
    else:
        assert type(value) is shape, (at, value)


def test_document_has_the_names_of_uwsgi(bask: Bask, where: Address) -> None:
    """With what Bask has beyond it behind."""
    (bask.folder / "spool").mkdir()
    server = bask.app("hello", "--stats", option(where), "--cache2", "name=c,items=10",
                      "--spooler", "spool", "--attach-daemon", "exec sleep 1000", "--mule",
                      "--cron", "59 23 31 12 -1 true", "--threads", "2", workers=2)
    found = read(where)
    mules = found.pop("mules")
    has_shape(found, DOCUMENT)
    assert [mule["id"] for mule in mules] == [1]
    assert (found["pid"], found["cwd"]) == (server.pid, str(bask.folder))
    assert [worker["pid"] for worker in found["workers"]] == [
        server.roster()[number] for number in (1, 2)]
    assert [core["id"] for core in found["workers"][0]["cores"]] == [0, 1]


@pytest.mark.null
def test_numbers_are_true(bask: Bask, where: Address) -> None:
    (bask.folder / "files").mkdir()
    (bask.folder / "files" / "a.txt").write_text("x" * 1000)
    server = bask.null("--stats-server", option(where), "--check-static", "files", workers=1)
    for _ in range(5):
        server.get("/")
    for _ in range(3):
        server.get("/a.txt")
    wait_until(lambda: read(where)["workers"][0]["requests"] == 8, "all are counted")
    found = read(where)
    worker, core = found["workers"][0], found["workers"][0]["cores"][0]
    assert (core["requests"], core["static_requests"], core["in_request"]) == (8, 3, 0)
    assert (worker["delta_requests"], worker["status"], worker["respawn_count"]) == (8, "idle", 1)
    assert 3000 < worker["tx"] < 6000
    assert worker["rss"] > 1 << 20
    assert found["sockets"][0]["name"] == "127.0.0.1:%d" % server.address[1]
    assert (found["sockets"][0]["proto"], found["sockets"][0]["max_queue"] > 0) == ("http", True)


def metrics_of_uwsgi() -> Dict[str, Tuple[int, str]]:
    found = dict(OTHER_METRICS)
    for worker in range(3):
        for name, (kind, oid) in WORKER_METRICS.items():
            found["worker.%d.%s" % (worker, name)] = (kind, "3.%d.%s" % (worker, oid))
    for worker in (1, 2):
        for core in (0, 1):
            for name, (kind, oid) in CORE_METRICS.items():
                found["worker.%d.core.%d.%s" % (worker, core, name)] = (
                    kind, "3.%d.2.%d.%s" % (worker, core, oid))
    return found


@pytest.mark.null
def test_metrics_of_uwsgi_are_there(bask: Bask, where: Address) -> None:
    server = bask.null("--stats", option(where), "--threads", "2", "--metric",
                       "name=mine,initial_value=-3,type=absolute,oid=1.2.3", workers=2)
    for _ in range(6):
        server.get("/")
    wait_until(lambda: read(where)["metrics"]["worker.0.requests"]["value"] == 6, "counted")
    found = read(where)["metrics"]
    assert found.pop("mine") == {"type": 2, "oid": "1.2.3", "value": -3}
    for worker in range(3):  # which uWSGI has not
        del found["worker.%d.exceptions" % worker]
    assert {name: (one["type"], one["oid"]) for name, one in found.items()} == metrics_of_uwsgi()
    values = {name: one["value"] for name, one in found.items()}
    assert values["worker.1.requests"] + values["worker.2.requests"] == 6
    assert sum(values["worker.%d.core.%d.requests" % (worker, core)]
               for worker in (1, 2) for core in (0, 1)) == 6
    assert values["worker.1.respawns"] == values["worker.2.respawns"] == 1
    assert values["rss_size"] == values["core.total_rss"] > 1 << 20


@pytest.mark.null
@pytest.mark.parametrize("options, there", [
    ((), ()), (("--enable-metrics", "--stats-no-metrics"), ()),
    (("--metrics-no-cores",), ("worker.1.requests",))])
def test_metrics_are_left_out(bask: Bask, where: Address, options: Tuple[str, ...],
                              there: Tuple[str, ...]) -> None:
    bask.null("--stats", option(where), *options, workers=1)
    found = read(where).get("metrics", {})
    assert not [name for name in found if name.startswith("worker.1.core")]
    assert set(there) <= set(found)
    assert bool(there) == bool(found)


@pytest.mark.null
def test_request_under_way_is_shown(bask: Bask, where: Address) -> None:
    server = bask.null("--stats", option(where), workers=1)
    with server.connect() as connection:
        connection.send(make_request("GET", '/sleep/1500?a="\\b'))
        wait_until(lambda: read(where)["workers"][0]["status"] == "busy", "it is busy")
        core = read(where)["workers"][0]["cores"][0]
        assert core["in_request"] == 1
        assert core["vars"] == ["REQUEST_METHOD=GET", 'REQUEST_URI=/sleep/1500?a="\\b',
                                'QUERY_STRING=a="\\b', ""]
        assert core["req_info"]["request_start"] > 1500000000
        assert connection.answer().status == 200
    wait_until(lambda: read(where)["workers"][0]["status"] == "idle", "it is idle")
    core = read(where)["workers"][0]["cores"][0]
    assert (core["in_request"], core["vars"], core["req_info"]) == (0, [], {})
    assert read(where)["workers"][0]["running_time"] > 1000000


@pytest.mark.null
def test_what_is_left_out_and_how_it_is_written(bask: Bask, where: Address) -> None:
    bask.null("--stats", option(where), "--stats-min", "--stats-no-cores", workers=1)
    text = read_all(where).decode()
    assert "\n" not in text and "\t" not in text
    assert "cores" not in json.loads(text)["workers"][0]


@pytest.mark.null
def test_broken_and_slow_clients_are_counted(bask: Bask, where: Address) -> None:
    server = bask.null("--stats", option(where), workers=1)
    with server.connect() as connection:
        connection.send(make_request("GET", "/sleep/300"))
        wait_until(lambda: read(where)["workers"][0]["status"] == "busy", "it is busy")
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    wait_until(lambda: read(where)["workers"][0]["cores"][0]["write_errors"] == 1, "it is counted")


@pytest.mark.null
def test_stats_say_pause_and_cheap(bask: Bask, where: Address) -> None:
    server = bask.launch("--plugin", "null", "--stats", option(where), "--cheaper", "1", workers=2)
    server.wait_log("spawned Bask worker 1")
    server.idle = False

    def states() -> List[str]:
        return [worker["status"] for worker in read(where)["workers"]]

    wait_until(lambda: states() == ["idle", "cheap"], "one is cheap")
    server.send_signal(signal.SIGTSTP)
    wait_until(lambda: states()[0] == "pause", "it pauses")
    server.send_signal(signal.SIGTSTP)
    wait_until(lambda: states()[0] == "idle", "it goes on")


@pytest.mark.null
def test_http_is_answered_as_http(bask: Bask, where: Address) -> None:
    bask.null("--stats", option(where), "--stats-http", workers=1)
    connection = http.client.HTTPConnection(*where, timeout=10)
    connection.request("GET", "/anything")
    answer = connection.getresponse()
    assert (answer.status, answer.version) == (200, 10)
    assert answer.getheader("Content-Type") == "application/json"
    assert answer.getheader("Access-Control-Allow-Origin") == "*"
    assert len(json.loads(answer.read())["workers"]) == 1
    connection.close()
    assert read_all(where, b"GET /x HTTP/1.0\n\n").startswith(b"HTTP/1.0 200 OK\r\n")


@pytest.mark.null
@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_local_sockets(bask: Bask, kind: str) -> None:
    name = "@bask-stats-%d" % os.getpid() if kind == "abstract" else "stats.sock"
    server = bask.null("--stats", name, "--chmod-socket=660", workers=1)
    where = "\0" + name[1:] if kind == "abstract" else str(bask.folder / name)
    assert read(where)["pid"] == server.pid
    if kind == "path":
        assert stat.S_IMODE(os.stat(where).st_mode) == 0o660
        server.stop()
        assert not os.path.exists(where)


@pytest.mark.null
def test_stats_imply_a_master(bask: Bask, where: Address) -> None:
    server = bask.launch("--plugin", "null", "--stats", option(where))
    server.wait_log("spawned Bask worker 1")
    server.worker_count = 1
    server.wait_ready()
    assert read(where)["pid"] == server.pid


@pytest.mark.null
@pytest.mark.parametrize("address, complaint", [
    ("127.0.0.1:http", "--stats 127.0.0.1:http: "), ("/no/such/folder/s", "--stats /no/such/"),
])
def test_address_that_is_none_is_refused(bask: Bask, address: str, complaint: str) -> None:
    assert complaint in bask.refused("--plugin", "null", "--stats", address)


@pytest.fixture
def crowd() -> Iterator[Callable[[Any, int], None]]:
    """Clients that connect and do nothing."""
    silent: List[socket.socket] = []

    def come(where: Any, count: int) -> None:
        for _ in range(count):
            silent.append(socket.socket(socket.AF_UNIX))
            silent[-1].connect(where)

    yield come
    for one in silent:
        one.close()


@pytest.mark.null
@pytest.mark.parametrize("http", [(), ("--stats-http",)])
def test_silent_readers_hold_up_nobody(bask: Bask, crowd: Callable[[Any, int], None],
                                       http: Tuple[str, ...]) -> None:
    """The document is larger than what the system takes for one who does not read."""
    server = bask.null("--stats", "s", "--locks", "30000", *http, workers=1)
    before = len(processes.descriptors(server.pid))
    where = str(bask.folder / "s")
    crowd(where, 40)
    document = read_all(where, b"GET / HTTP/1.0\r\n\r\n" if http else b"")
    assert len(json.loads(document[document.index(b"{"):])["locks"]) == 30001
    assert len(processes.descriptors(server.pid)) <= before + 16
    assert server.get("/").status == 200
    server.send_signal(signal.SIGHUP)
    server.wait_log("reloaded: generation 2 serves")
    wait_until(lambda: len(processes.descriptors(server.pid)) <= before, "all are gone")


@pytest.mark.null
def test_address_survives_an_upgrade(bask: Bask, successors: None, where: Address) -> None:
    server = bask.null("--stats", option(where), "--master-fifo", "fifo", workers=1)
    (bask.folder / "fifo").write_text("f")
    successor = int(server.wait_log(r"upgraded: master (\d+) serves").group(1))
    assert server.succeeded_by(successor) == 0
    server.wait_log("listening for who wants statistics again")
    assert read(where)["pid"] == successor


def test_applications_and_exceptions(bask: Bask, where: Address) -> None:
    server = bask.app("failing:raises", "--stats", option(where), workers=1)
    assert server.get("/").status == 500
    server.complained("Traceback")
    wait_until(lambda: read(where)["workers"][0]["exceptions"] == 1, "it is counted")
    app = read(where)["workers"][0]["apps"][0]
    assert (app["id"], app["requests"], app["exceptions"]) == (0, 1, 1)


def test_caches_and_locks(bask: Bask, where: Address) -> None:
    server = bask.app("services", "--stats", option(where), "--cache2", "name=c,items=10",
                      workers=1)
    server.post("/", b"uwsgi.cache_set('a', b'1', 0, 'c'), uwsgi.cache_get('a', 'c'),"
                     b"uwsgi.cache_get('b', 'c')")
    cache = read(where)["caches"][0]
    assert (cache["items"], cache["hits"], cache["miss"], cache["full"]) == (1, 1, 1, 0)
    assert cache["last_modified_at"] > 1500000000
    with server.connect() as connection:
        body = b"uwsgi.lock(), time.sleep(1.5), uwsgi.unlock()"
        connection.send(make_request("POST", "/", {"Content-Length": str(len(body))}) + body)
        wait_until(lambda: read(where)["locks"][0]["user 0"] == server.workers()[0], "it is held")
        assert connection.answer().status == 200
    assert read(where)["locks"] == [{"user 0": 0}]


def test_uwsgitop_shows_the_workers(bask: Bask, where: Address) -> None:
    """The real one, as it is on PyPI."""
    server = bask.app("hello", "--stats", option(where), "--threads", "2", workers=2)
    for _ in range(7):
        assert server.get("/").status == 200
    top = Terminal(["/usr/bin/python3", str(venv.packages() / "bin" / "uwsgitop"), option(where)],
                   str(bask.folder), {**os.environ, "LINES": "40", "COLUMNS": "200"})
    try:
        top.wait(r"req: 7 ")
        top.wait(r"node: 127\.0\.0\.1 - cwd: %s .*masterpid: %d" % (bask.folder, server.pid))
        top.wait(r"WID")
        top.wait(r"idle(.|\n)*idle")
        for pid in server.workers():
            assert str(pid).encode() in top.shown
        top.type("a")  # threads beside their workers
        top.wait(r"[12]:[01]")
        top.type("q")
        assert top.wait_end() == 0
    finally:
        top.close()


# Pushed

@pytest.fixture
def receiver() -> Iterator[Tuple[str, socket.socket]]:
    """An address, and the socket of datagrams that listens there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as heard:
        heard.bind(("127.0.0.1", 0))
        heard.settimeout(10)
        yield "127.0.0.1:%d" % heard.getsockname()[1], heard


def hear(heard: socket.socket, pattern: str) -> "re.Match[str]":
    """The first datagram that matches, of those that come."""
    while True:
        found = re.fullmatch(pattern, heard.recv(4096).decode())
        if found:
            return found


@pytest.mark.null
def test_metrics_are_pushed_to_statsd(bask: Bask, receiver: Tuple[str, socket.socket]) -> None:
    """Counters as what they have grown by: their sum is the total."""
    address, heard = receiver
    server = bask.null("--stats-push", "statsd:%s,my.app" % address,
                       "--stats-pusher-default-freq", "300ms", "--threads", "2", workers=1)
    for _ in range(5):
        server.get("/")
    total = 0
    while total < 5:
        total += int(hear(heard, r"my\.app\.worker\.1\.requests:(\d+)\|c").group(1))
    assert total == 5
    assert hear(heard, r"my\.app\.worker\.1\.requests:(\d+)\|c").group(1) == "0"
    hear(heard, r"my\.app\.core\.idle_workers:1\|g")
    assert int(hear(heard, r"my\.app\.rss_size:(\d+)\|g").group(1)) > 1 << 20
    for _ in range(3):
        server.get("/")
    while total < 8:
        total += int(hear(heard, r"my\.app\.worker\.1\.requests:(\d+)\|c").group(1))
    assert total == 8


@pytest.mark.null
def test_statsd_gets_only_gauges_and_no_workers(bask: Bask,
                                                receiver: Tuple[str, socket.socket]) -> None:
    address, heard = receiver
    bask.null("--stats-push", "statsd:" + address, "--metric", "name=last,initial_value=7",
              "--statsd-no-workers", "--statsd-all-gauges", "--stats-pushers-default-freq",
              "200ms", workers=1)
    seen: List[str] = []
    while "uwsgi.last:7|g" not in seen:
        seen.append(heard.recv(4096).decode())
    assert "uwsgi.core.total_tx:0|g" in seen
    assert not [one for one in seen if "worker." in one or not one.endswith("|g")]


def test_metrics_are_pushed_to_a_socket(bask: Bask, receiver: Tuple[str, socket.socket]) -> None:
    """What resets is sent as it is, and begins anew."""
    address, heard = receiver
    server = bask.app("services", "--stats-push", "socket:" + address, "--metric",
                      "name=fresh,reset_after_push=1", "--metric", "name=kept,type=gauge",
                      "--stats-pusher-default-freq", "500ms", workers=1)
    server.post("/", b"[uwsgi.metric_inc(name, 4) for name in ('fresh', 'kept')]")
    assert hear(heard, r"uwsgi\.fresh 0 ([1-9]\d*)").group(1) == "4"
    assert hear(heard, r"uwsgi\.kept 1 ([1-9]\d*)").group(1) == "4"
    assert hear(heard, r"uwsgi\.fresh 0 (\d+)").group(1) == "0"
    assert hear(heard, r"uwsgi\.kept 1 (\d+)").group(1) == "4"


@pytest.mark.null
def test_receiver_that_is_slow_misses_nothing_of_counters(bask: Bask) -> None:
    """A local socket holds few datagrams: what did not go through comes with a later one."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(bask.folder / "receiver"))
        heard.settimeout(10)
        server = bask.null("--stats-push", "statsd:%s/receiver" % bask.folder,
                           "--stats-pusher-default-freq", "100ms", workers=1)
        server.get("/")
        server.get("/sleep/500")  # nobody reads
        total = 0
        while total < 2:
            total += int(hear(heard, r"uwsgi\.worker\.1\.requests:(\d+)\|c").group(1))
        assert total == 2


@pytest.mark.null
def test_document_is_pushed_to_a_file(bask: Bask) -> None:
    server = bask.null("--stats-push", "file:path=pushed,freq=1,separator=--\n", "--stats-min",
                       workers=1)
    server.idle = False  # the file is open for a moment, now and then
    pushed = bask.folder / "pushed"
    wait_until(lambda: pushed.exists() and pushed.read_text().count("--\n") >= 2, "two are there")
    first = json.loads(pushed.read_text().split("--\n")[0])
    assert (first["pid"], len(first["workers"])) == (server.pid, 1)
    assert stat.S_IMODE(pushed.stat().st_mode) == 0o640


@pytest.mark.null
def test_receiver_that_is_not_there_is_said_once(bask: Bask) -> None:
    server = bask.null("--stats-push", "socket:%s/nobody" % bask.folder,
                       "--stats-pusher-default-freq", "100ms", "--stats-push",
                       "file:path=/no/such/folder/s,freq=1", workers=1)
    server.wait_log(r"\[warn\].* --stats-push socket: No such file or directory")
    server.wait_log(r"\[warn\].* --stats-push file: No such file or directory")
    server.get("/sleep/500")
    assert server.log().count("--stats-push socket:") == 1


@pytest.mark.null
@pytest.mark.parametrize("text, complaint", [
    ("mongodb:x", 'there is no pusher "mongodb"; there are file, socket and statsd'),
    ("statsd", "expected ADDRESS[,PREFIX]"), ("socket:127.0.0.1:x", '"x" is not a port'),
    ("statsd:127.0.0.1:8125,", "expected ADDRESS[,PREFIX]"),
    ("file:/tmp/x", "expected path=FILE, separator=TEXT or freq=SECONDS"),
    ("file:freq=0", "expected path=FILE, separator=TEXT or freq=SECONDS"),
])
def test_pushers_that_are_none_are_refused(bask: Bask, text: str, complaint: str) -> None:
    said = bask.refused("--plugin", "null", "--stats-push", text)
    assert re.search(r"command line, argument \d+: --stats-push %s: " % re.escape(text), said)
    assert complaint in said


@pytest.mark.null
def test_server_without_descriptors_waits(bask: Bask) -> None:
    """Nobody is there whose descriptor could be taken: the master does not turn round and round."""
    server = bask.null("--stats", "s", workers=1)
    hard = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)[1]
    used = max(processes.descriptors(server.pid)) + 1
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (used, hard))
    with socket.socket(socket.AF_UNIX) as waits:
        waits.connect(str(bask.folder / "s"))
        server.wait_log("no descriptors are left for who wants statistics")
        assert processes.cpu_of_a_second(server.pid) < 0.1
        assert server.get("/").status == 200
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (hard, hard))
        waits.settimeout(10)
        assert json.load(waits.makefile())["pid"] == server.pid
