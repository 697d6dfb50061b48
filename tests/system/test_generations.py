"""Generations, workers and masters that follow each other while something else goes wrong."""
import os
import signal
import socket
import time

import pytest

from support import processes
from support.aides import wait_born, wait_gone
from support.server import Bask
from support.wait import wait_until

pytestmark = pytest.mark.null

CONTROL = ("--control-socket", "control")
# New workers fail while there is a file "broken", and wait while there is one "hold".
HOOK = ("--hook-post-fork", "exec:while test -e hold; do sleep 0.02; done; test ! -e broken")


def child_of(pid: int) -> int:
    return int(wait_until(lambda: processes.children(pid), "%d has a child" % pid)[0])


def test_new_zygote_and_its_worker_die_before_the_master_has_heard_of_either(bask: Bask) -> None:
    server = bask.null(*HOOK, *CONTROL, workers=1)
    first = server.roster()[1]
    (server.folder / "hold").touch()
    server.ctl("reload", "--no-wait")
    server.wait_log("generation 2 takes over")
    zygote = server.zygote()
    worker = child_of(zygote)
    wait_until(lambda: '"starting"' in server.ctl("status", "--json").stdout
               or processes.children(worker), "it is in its hook")
    (server.folder / "hold").unlink()  # for others
    processes.stop(server.pid)
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: not processes.children(zygote), "the zygote has told of it")
    os.kill(zygote, signal.SIGKILL)
    wait_until(lambda: not processes.is_alive(zygote), "the zygote is dead")
    os.kill(server.pid, signal.SIGCONT)
    server.complained("generation 1 takes over again")
    assert server.get().status == 200 and processes.is_alive(first)
    assert server.ctl("reload").stdout == "generation 3 serves\n"
    assert server.get().status == 200


def test_successor_that_fails_once_is_tried_again(bask: Bask) -> None:
    """Nothing else happens that would wake the master."""
    server = bask.null(*HOOK, "--max-requests", "3", "--min-worker-lifetime", "0", workers=1)
    first = server.roster()[1]
    (server.folder / "broken").touch()
    for _ in range(3):
        server.get()
    server.complained("worker 1 .* ended with status 1")
    (server.folder / "broken").unlink()
    wait_until(lambda: not processes.is_alive(first), "the successor takes over")


def test_reload_of_workers_fails_also_after_the_zygote_died(bask: Bask) -> None:
    server = bask.null(*HOOK, *CONTROL, workers=2)
    workers = server.workers()
    os.kill(server.zygote(), signal.SIGKILL)
    server.wait_log("generation 2 takes over")
    (server.folder / "broken").touch()
    assert server.ctl("reload", "--workers", "--timeout", "10", expect=1).stderr
    server.complained("the present ones go on")
    assert server.workers() == workers


def test_brutal_reload_to_a_broken_version_is_taken_back(bask: Bask) -> None:
    server = bask.null(*HOOK, *CONTROL, workers=2)
    server.idle = False
    (server.folder / "broken").touch()
    (server.folder / "hold").touch()
    server.ctl("reload", "--brutal", "--no-wait")
    server.wait_log("generation 2 takes over")
    wait_until(lambda: not server.workers(), "the old workers are gone")
    time.sleep(0.6)
    (server.folder / "hold").unlink()
    server.complained("generation 1 takes over again")
    (server.folder / "broken").unlink()
    assert server.get().status == 200
    assert server.ctl("reload", "--timeout", "10").stdout == "generation 3 serves\n"


def test_stop_has_ended_when_it_is_told(bask: Bask) -> None:
    """Who waits for it starts another server then, on the same sockets."""
    server = bask.null(*CONTROL, "--hook-as-user-atexit", "exec:sleep 0.7; touch ended", workers=1)
    server.ctl("stop")
    assert (bask.folder / "ended").exists()
    with socket.create_server(server.address):
        assert server.wait_end() == 0


def test_upgrade_gives_up_what_it_does_not_use(bask: Bask, successors: None) -> None:
    """A socket that the new options do not name is closed: who connects is refused."""
    gone = bask.ports.take()
    options = bask.folder / "options.ini"
    options.write_text("[bask]\nhttp-socket = 127.0.0.1:%d\ncontrol-socket = control\n" % gone)
    server = bask.null("--ini", str(options), workers=1)
    socket.create_connection(("127.0.0.1", gone)).close()
    options.write_text("[bask]\n")
    server.ctl("upgrade")
    successor = int(server.wait_log(r"upgraded: master (\d+) serves").group(1))
    assert server.succeeded_by(successor) == 0
    server.idle = False
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", gone))


def test_upgrade_to_another_control_socket(bask: Bask, successors: None) -> None:
    options = bask.folder / "options.ini"
    options.write_text("[bask]\ncontrol-socket = before\n")
    server = bask.null("--ini", str(options), "--master-fifo", "fifo", workers=1)
    server.idle = False
    options.write_text("[bask]\ncontrol-socket = control\n")
    (bask.folder / "fifo").write_text("f")
    successor = int(server.wait_log(r"upgraded: master (\d+) serves").group(1))
    assert server.succeeded_by(successor) == 0
    assert server.ctl("reload").stdout == "generation 2 serves\n"


def test_upgrade_ends_the_mules_and_spoolers_before(bask: Bask, successors: None) -> None:
    """What waits for a mule of the master before is done; the successor's do what comes then."""
    server = bask.null("--mule", "--spooler", "tasks", "--master-fifo", "fifo", workers=1)
    server.idle = False
    before = [wait_born(server, "mule"), wait_born(server, "spooler")]
    processes.stop(before[0])
    server.get("/mule/1?waits")
    (bask.folder / "fifo").write_text("f")
    successor = int(server.wait_log(r"upgraded: master (\d+) serves").group(1))
    os.kill(before[0], signal.SIGCONT)
    assert server.succeeded_by(successor) == 0
    server.wait_log("null: mule 1: waits")
    for pid, kind in zip(before, ("mule", "spooler")):
        wait_gone(pid)
        wait_born(server, kind, count=2)
    server.get("/mule/1?after")
    server.get("/spool?after")
    server.wait_log("null: mule 1: after")
    server.wait_log("null: spooler 1: after")


def test_upgrade_leaves_a_daemon_with_a_pidfile_alone(bask: Bask, successors: None) -> None:
    """It is the successor's now, which would have to start it again."""
    server = bask.null("--attach-daemon2", "cmd=exec sleep 1000,pidfile=d.pid,daemonize=1,"
                       "notifypid=1", "--master-fifo", "fifo", workers=1)
    server.idle = False
    pidfile = bask.folder / "d.pid"
    wait_until(lambda: pidfile.exists() and pidfile.read_text(), "the daemon runs")
    daemon = int(pidfile.read_text())
    (bask.folder / "fifo").write_text("f")
    successor = int(server.wait_log(r"upgraded: master (\d+) serves").group(1))
    assert server.succeeded_by(successor) == 0
    time.sleep(0.6)  # the successor looks after 0.2 s, and logs nothing if it finds it
    assert processes.is_alive(daemon)
    server.stop()
    wait_until(lambda: not processes.is_alive(daemon), "it is told of the stop")


@pytest.mark.parametrize("word", ["f", "r", "w"])
def test_reload_is_asked_for_while_an_upgrade_is_under_way(bask: Bask, successors: None, word: str
                                                           ) -> None:
    """It is the successor's; the former master begins nothing any more."""
    options = bask.folder / "options.ini"
    options.write_text("[bask]\n")
    server = bask.null("--master-fifo", "fifo", "--ini", str(options), workers=1)
    server.idle = False
    options.write_text("[bask]\nhook-pre-app = exec:touch waits; until test -e go; do sleep 0.05; "
                       "done\n")
    (bask.folder / "fifo").write_text("f")
    wait_until((bask.folder / "waits").exists, "the successor gets ready")
    (bask.folder / "fifo").write_text(word)
    server.wait_log("another one follows it")
    (bask.folder / "go").touch()
    successor = int(server.wait_log(r"upgraded: master (\d+) serves").group(1))
    before = server.pid
    assert server.succeeded_by(successor) == 0
    if word != "f":
        server.wait_log(r"\[%d\] reloaded: generation 2 serves" % successor)
    assert "[%d] reloading" % before not in server.log()
    assert server.log().count("upgrading: ") == 1
    assert server.get("/").status == 200
