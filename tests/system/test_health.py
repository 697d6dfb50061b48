"""The server as a service: what the service manager is told, probes, process 1 of a container."""
import json
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Callable, Dict, Iterator, List

import pytest

from support import processes
from support.client import Answer, Connection, make_request
from support.server import BINARY, Bask, Server
from support.wait import wait_until

pytestmark = pytest.mark.null


class Manager:
    """Listens as systemd would."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self._socket.setblocking(False)
        self._heard: List[Dict[str, str]] = []

    def heard(self) -> List[Dict[str, str]]:
        try:
            while True:
                text = self._socket.recv(4096).decode()
                self._heard.append(dict(line.split("=", 1) for line in text.split("\n")))
        except BlockingIOError:
            return self._heard

    def said(self, name: str) -> List[str]:
        return [message[name] for message in self.heard() if name in message]

    def wait(self, name: str, count: int = 1) -> List[str]:
        wait_until(lambda: len(self.said(name)) >= count, "%s is told %d times" % (name, count))
        return self.said(name)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    name = "@bask-test-%d" % os.getpid() if request.param == "abstract" else str(tmp_path / "n")
    listening = Manager(name)
    yield listening
    listening.close()


def managed(bask: Bask, manager: Manager, *arguments: str, workers: int = 2,
            **env: str) -> Server:
    return bask.null(*arguments, workers=workers, env={"NOTIFY_SOCKET": manager.address, **env})


def test_manager_is_told_of_start_reload_and_stop(bask: Bask, manager: Manager) -> None:
    server = managed(bask, manager)
    manager.wait("READY")
    wait_until(lambda: "generation 1: 2 of 2 workers serve" in manager.said("STATUS"), "a status")
    assert "RELOADING" not in str(manager.heard())
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    server.send_signal(signal.SIGHUP)
    manager.wait("READY", 2)
    assert manager.said("RELOADING") == ["1"]
    assert int(manager.said("MONOTONIC_USEC")[0]) >= before
    server.stop()
    assert manager.wait("STOPPING") == ["1"]
    order = [key for message in manager.heard() for key in message
             if key in ("READY", "RELOADING", "STOPPING")]
    assert order == ["READY", "RELOADING", "READY", "STOPPING"]


def test_manager_is_told_by_a_server_without_a_master(bask: Bask, manager: Manager) -> None:
    server = managed(bask, manager, workers=0)
    manager.wait("READY")
    server.stop()
    manager.wait("STOPPING")


def test_children_do_not_speak_for_the_server(bask: Bask, manager: Manager) -> None:
    server = managed(bask, manager, "--attach-daemon", "env > seen; exec sleep 1000")
    wait_until((bask.folder / "seen").exists, "the daemon runs")
    wait_until(lambda: "PATH=" in (bask.folder / "seen").read_text(), "it has written all")
    assert "NOTIFY_SOCKET" not in (bask.folder / "seen").read_text()
    server.stop()


def test_watchdog_is_fed_until_all_workers_are_stuck(bask: Bask, manager: Manager) -> None:
    server = managed(bask, manager, "--health-stuck", "400ms", workers=1, WATCHDOG_USEC="200000")
    manager.wait("WATCHDOG", 3)
    with server.connect() as connection:
        connection.send(make_request("GET", "/sleep/3000"))
        server.complained("no sign of life to the service manager: stuck")
        fed = len(manager.said("WATCHDOG"))
        assert connection.answer().status == 200
    manager.wait("WATCHDOG", fed + 2)


def test_watchdog_of_another_process_is_not_fed(bask: Bask, manager: Manager) -> None:
    server = managed(bask, manager, workers=1, WATCHDOG_USEC="10000", WATCHDOG_PID="1")
    manager.wait("READY")
    server.get("/sleep/100")
    assert manager.said("WATCHDOG") == []


@pytest.mark.parametrize("address", ["", "nonsense", "/no/such/place", "@nobody", "/" + "x" * 200])
def test_manager_that_is_not_there_does_not_matter(bask: Bask, address: str) -> None:
    server = bask.null(workers=1, env={"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "x"})
    assert server.get("/").status == 200


# Probes

@pytest.fixture
def probe(bask: Bask) -> Callable[..., Answer]:
    where = ("127.0.0.1", bask.ports.take())

    def ask(path: str, accept: str = "*/*") -> Answer:
        with Connection(where) as connection:
            return connection.request("GET", path, {"Accept": accept})

    ask.option = ("--health-socket", "%s:%d" % where)  # type: ignore
    ask.address = where  # type: ignore
    return ask


def test_probes_of_a_server_that_is_well(bask: Bask, probe: Callable[..., Answer]) -> None:
    bask.null(*probe.option, workers=2)
    ready = probe("/ready")
    assert (ready.status, ready.text.split("\n")[0]) == (200, "ok")
    assert "generation 1\nworkers 2\nserving 2\nstuck 0\n" in ready.text
    assert probe("/live").status == 200
    facts = json.loads(probe("/ready", "application/json").text)
    assert (facts["status"], facts["serving"], facts["busy"]) == ("ok", 2, 0)
    assert probe("/").status == 404


def test_probe_tells_of_a_stuck_application(bask: Bask, probe: Callable[..., Answer]) -> None:
    server = bask.null(*probe.option, "--health-stuck", "300ms", workers=1)
    with server.connect() as connection:
        connection.send(make_request("GET", "/sleep/2500"))
        wait_until(lambda: probe("/ready").status == 503, "it is not ready")
        assert probe("/ready").text.startswith("stuck\n")
        assert probe("/live").status == 200
        assert connection.answer().status == 200
    wait_until(lambda: probe("/ready").status == 200, "it is ready again")


def test_probe_tells_of_a_pause(bask: Bask, probe: Callable[..., Answer]) -> None:
    server = bask.null(*probe.option, workers=1)
    for expected in (503, 200):
        server.send_signal(signal.SIGTSTP)
        wait_until(lambda: probe("/ready").status == expected, "the probe says %d" % expected)


def test_server_is_ready_all_through_a_reload(bask: Bask, probe: Callable[..., Answer]) -> None:
    server = bask.null(*probe.option, workers=1)
    server.send_signal(signal.SIGHUP)
    while "reloaded: generation 2 serves" not in server.log():
        assert probe("/ready").status == 200
    assert "generation 2" in probe("/ready").text


def test_cheap_server_is_ready(bask: Bask, probe: Callable[..., Answer]) -> None:
    server = bask.launch("--plugin", "null", "--cheap", *probe.option, workers=1)
    server.wait_log("zygote 1 is ready")
    server.idle = False
    assert probe("/ready").status == 200
    assert server.roster() == {}


def test_probes_of_hostile_clients(bask: Bask, probe: Callable[..., Answer]) -> None:
    """Silent ones, floods and rubbish keep nobody out for long, and leave nothing behind."""
    server = bask.null(*probe.option, workers=1)
    before = len(processes.descriptors(server.pid))
    silent = [Connection(probe.address) for _ in range(40)]
    assert probe("/live").status == 200
    for data in (b"\0" * 10000, b"GET /" + b"x" * 10000, b"\x16\x03\x01", b"GET / HTTP/9.9\r\n\r\n"):
        with Connection(probe.address) as connection:
            try:
                connection.send(data)
                connection.socket.shutdown(socket.SHUT_WR)
                assert connection.rest()[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 404", b"")
            except (ConnectionResetError, BrokenPipeError):
                pass
    assert probe("/live").status == 200
    for connection in silent:
        connection.close()
    wait_until(lambda: len(processes.descriptors(server.pid)) == before, "all are gone")


def test_probe_socket_belongs_to_the_master_alone(bask: Bask, tmp_path: Path) -> None:
    path = tmp_path / "health.sock"
    server = bask.null("--health-socket", str(path), workers=1)
    with open("/proc/net/unix", encoding="ascii") as table:
        inode = next(line.split()[6] for line in table if line.endswith(" %s\n" % path))
    holders = [pid for pid in processes.marked(bask.mark)
               if "socket:[%s]" % inode in processes.descriptors(pid).values()]
    assert holders == [server.pid]
    server.stop()
    assert not path.exists()


def test_probe_socket_that_is_taken_is_refused(bask: Bask) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        said = bask.refused("--plugin", "null", "--health-socket", address)
    assert "--health-socket %s: bind: Address already in use" % address in said


def test_upgrade_keeps_manager_probes_and_daemons(bask: Bask, successors: None, manager: Manager,
                                                  probe: Callable[..., Answer]) -> None:
    command = "echo $$ >> born; exec sleep 1000"
    server = managed(bask, manager, "--master-fifo", "fifo", "--attach-daemon", command,
                     *probe.option, workers=1)
    manager.wait("READY")
    (bask.folder / "fifo").write_text("f")
    successor = int(server.wait_log(r"upgraded: master (\d+) serves").group(1))
    assert manager.wait("MAINPID") == [str(successor)]
    assert server.succeeded_by(successor) == 0
    assert manager.said("STOPPING") == []
    wait_until(lambda: len((bask.folder / "born").read_text().split()) == 2, "its own daemon")
    server.wait_log("listening for probes again")
    assert probe("/ready").status == 200
    server.stop()
    assert manager.wait("STOPPING") == ["1"]


def test_successor_that_fails_does_not_speak_for_the_server(bask: Bask, manager: Manager) -> None:
    """It would tell of its own end."""
    options = bask.folder / "options.ini"
    options.write_text("[bask]\n")
    server = managed(bask, manager, "--ini", str(options), "--master-fifo", "fifo", workers=1)
    manager.wait("READY")
    options.write_text("[bask]\nhook-post-fork = exec:exit 1\n"
                       "ready-timeout = 2\n")
    (bask.folder / "fifo").write_text("f")
    server.complained("cannot|status 1")
    server.complained("the upgrade failed")
    assert manager.said("STOPPING") == []
    manager.wait("READY", 2)
    assert len(manager.said("READY")) == 2


def test_upgraded_server_is_ready_while_the_one_before_drains(
        bask: Bask, successors: None, manager: Manager, probe: Callable[..., Answer]) -> None:
    server = managed(bask, manager, "--master-fifo", "fifo", *probe.option, workers=1)
    with server.connect() as connection:
        connection.send(make_request("GET", "/sleep/3000"))
        wait_until(lambda: "busy 1" in probe("/ready").text, "it is busy")
        (bask.folder / "fifo").write_text("f")
        successor = int(server.wait_log(r"upgraded: master (\d+) serves").group(1))
        server.wait_log("listening for probes again")
        assert probe("/ready").status == 200
        assert processes.is_alive(server.pid)
        # What tells who speaks ends the reload too: the manager may hear only who it knows.
        last = [m for m in manager.heard() if "MAINPID" in m]
        assert last and last[0].get("READY") == "1"
        assert connection.answer().status == 200
    assert server.succeeded_by(successor) == 0


# Containers

def can_unshare() -> bool:
    return subprocess.run(["unshare", "-p", "-f", "--mount-proc", "true"], check=False,
                          stderr=subprocess.DEVNULL).returncode == 0


@pytest.mark.skipif(not can_unshare(), reason="no PID namespace can be made here")
@pytest.mark.parametrize("option, stops", [("--graceful-on-term", True), ("--die-on-term", True),
                                           (None, False)])
def test_process_1_reaps_and_stops(bask: Bask, option: "str | None", stops: bool) -> None:
    address = ("127.0.0.1", bask.ports.take())
    log = bask.folder / "log"
    # The daemon leaves an orphan that ends while nobody waits for it.
    arguments = ["--http-socket", "%s:%d" % address, "--plugin", "null", "--processes", "2",
                 "--attach-daemon", "(sleep 0.2 & echo $! > orphan); exec sleep 1000"]
    arguments += [option] if option else []
    with open(log, "wb") as out:
        outer = subprocess.Popen(
            ["unshare", "-p", "-f", "--mount-proc", "--kill-child", BINARY, *arguments],
            cwd=bask.folder, env=bask.environment(), stdout=out, stderr=out)
    try:
        wait_until(lambda: log.read_text().count("spawned Bask worker") == 2, "it serves")
        assert ("this is process 1, and SIGTERM reloads" in log.read_text()) == (not stops)
        with open("/proc/%d/task/%d/children" % (outer.pid, outer.pid), encoding="ascii") as file:
            first = int(file.read().split()[0])
        wait_until((bask.folder / "orphan").exists, "there is an orphan")

        def zombies() -> List[str]:
            found = []
            for name in filter(str.isdigit, os.listdir("/proc")):
                try:
                    text = Path("/proc", name, "status").read_text()
                except OSError:
                    continue
                if re.search(r"^State:\tZ", text, re.M) and "PPid:\t%d\n" % first in text:
                    found.append(name)
            return found

        wait_until(lambda: processes.is_alive(first) and not zombies(), "orphans are reaped")
        os.kill(first, signal.SIGTERM)
        if stops:
            assert outer.wait(15) == 0
        else:
            wait_until(lambda: "reloaded: generation 2 serves" in log.read_text(), "it reloads")
            os.kill(first, signal.SIGINT)
            assert outer.wait(15) == 0
    finally:
        outer.kill()
        outer.wait()
