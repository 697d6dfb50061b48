"""Alarms: who is told what, how often, and what a flood of them does."""
import os
import re
import signal
import socket
import time
from pathlib import Path
from typing import Any, List
from urllib.parse import quote

import pytest

from support import processes
from support.server import BINARY, Bask, Server
from support.wait import wait_until

pytestmark = pytest.mark.null


def start(bask: Bask, *options: str, workers: int = 1, **how: Any) -> Server:
    return bask.null("--disable-logging", *options, workers=workers, **how)


def alarm(server: Server, name: str, message: str) -> int:
    return server.get("/alarm/%s?%s" % (name, quote(message))).status


def told(server: Server) -> List[str]:
    return re.findall(r"ALARM: (.*)", server.log())


def text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def listener() -> socket.socket:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    udp.settimeout(10)
    return udp


def test_log(bask: Bask) -> None:
    server = start(bask, "--alarm", "a log:", "--alarm", "b log:it says", workers=2)
    assert alarm(server, "a", "one") == 200
    wait_until(lambda: told(server) == ["one"], "one")
    assert alarm(server, "b", "two") == 200
    wait_until(lambda: told(server) == ["one", "it says two"], "two")
    assert alarm(server, "c", "three") == 500
    assert len(told(server)) == 2


def test_all_alarms_of_a_name_are_told(bask: Bask) -> None:
    server = start(bask, "--alarm", "a log:1", "--alarm", "b log:", "--alarm", "a log:2",
                   "--alarm", "a cmd:cat > out")
    alarm(server, "a", "x")
    wait_until(lambda: told(server) == ["1 x", "2 x"], "both")
    wait_until(lambda: text(bask.folder / "out") == quote("x"), "and the command")


def test_command_reads_the_message(bask: Bask) -> None:
    server = start(bask, "--alarm", "a cmd:cat > part; mv part out")
    alarm(server, "a", "$(touch no); `touch no` ; touch no | \" '")
    wait_until(lambda: (bask.folder / "out").exists(), "the command ended")
    assert text(bask.folder / "out") == quote("$(touch no); `touch no` ; touch no | \" '")
    assert not (bask.folder / "no").exists()


def test_command_that_fails_is_told_of(bask: Bask) -> None:
    server = start(bask, "--alarm", "a cmd:exit 3")
    alarm(server, "a", "x")
    server.wait_log(r"\[warn\] the command of the alarm a ended with status 3")


def test_command_that_takes_too_long_is_killed(bask: Bask) -> None:
    """With what it has started: a process that was left would fail the test."""
    server = start(bask, "--alarm", "a cmd:sleep 1000 & echo $! > pid; sleep 1000",
                   "--alarm-timeout", "500ms")
    alarm(server, "a", "x")
    server.wait_log(r"the command of the alarm a .* runs for too long")
    wait_until(lambda: not processes.is_alive(int(text(bask.folder / "pid"))), "it is killed")


def test_few_commands_run_at_a_time(bask: Bask) -> None:
    server = start(bask, "--alarm", "a cmd:echo $$ >> pids; exec sleep 1000",
                   "--alarm", "b cmd:touch b")
    for number in range(10):
        assert alarm(server, "a", str(number)) == 200
    server.wait_log(r"\[warn\] 6 alarms were not told: the commands of those before still run")
    assert len(text(bask.folder / "pids").split()) == 4
    alarm(server, "b", "x")  # another alarm's turn
    wait_until(lambda: (bask.folder / "b").exists(), "the other command")
    for pid in text(bask.folder / "pids").split():
        os.kill(int(pid), signal.SIGKILL)


def test_stopping_does_not_wait_for_commands_for_long(bask: Bask) -> None:
    server = start(bask, "--alarm", "a cmd:touch began; sleep 1000")
    alarm(server, "a", "x")
    wait_until(lambda: (bask.folder / "began").exists(), "it runs")
    server.send_signal(signal.SIGINT)
    assert server.wait_end() == 0
    server.ended = True
    assert "runs for too long" in server.log()


def test_command_may_end_while_the_server_stops(bask: Bask) -> None:
    server = start(bask, "--alarm",
                   "a cmd:touch began; while ! test -e go; do sleep 0.01; done; touch done")
    alarm(server, "a", "x")
    wait_until(lambda: (bask.folder / "began").exists(), "it runs")
    server.send_signal(signal.SIGINT)
    server.wait_log("stopping")
    (bask.folder / "go").touch()
    assert server.wait_end() == 0
    server.ended = True
    assert (bask.folder / "done").exists()


def test_signal(bask: Bask) -> None:
    server = start(bask, "--alarm", "a signal:2", workers=2)
    alarm(server, "a", "x")
    wait_until(lambda: len(re.findall("null: signal 2", server.log())) == 2, "both workers have it")


def test_mule(bask: Bask) -> None:
    server = start(bask, "--mules", "2", "--alarm", "a mule:2", "--alarm", "b mule:",
                   "--mule-msg-size", "20")
    alarm(server, "a", "hello")
    server.wait_log("null: mule 2: hello\\n")
    alarm(server, "b", "x" * 50)
    server.wait_log("null: mule [12]: x{20}\\n")


@pytest.mark.parametrize("mules", [0, 2])
def test_mule_that_is_not_there(bask: Bask, mules: int) -> None:
    """What uWSGI would give to another one."""
    said = bask.refused("--plugin", "null", "--mules", str(mules), "--alarm", "a mule:3")
    assert "the alarm a is for a mule that is not there: there are %d" % mules in said


def test_udp(bask: Bask) -> None:
    with listener() as udp:
        server = start(bask, "--alarm", "a udp:127.0.0.1:%d" % udp.getsockname()[1],
                       "--alarm-msg-size", "20")
        alarm(server, "a", "hello")
        assert udp.recv(100) == b"hello"
        alarm(server, "a", "x" * 50)
        assert udp.recv(100) == b"x" * 20
        alarm(server, "a", "")
        assert udp.recv(100) == b""


def test_udp_that_nobody_reads(bask: Bask) -> None:
    with listener() as udp:
        port = udp.getsockname()[1]
    server = start(bask, "--alarm", "a udp:127.0.0.1:%d" % port, "--alarm-freq", "0")

    def is_told_of() -> bool:
        alarm(server, "a", "x")
        return "alarms were not told: they could not be handed over" in server.log()

    wait_until(is_told_of, "the log says so")


def test_same_message_is_told_once(bask: Bask) -> None:
    server = start(bask, "--alarm", "a log:", "--alarm", "b log:", "--alarm-freq", "1000")
    for name, message in [("a", "x"), ("a", "y"), ("a", "x"), ("b", "x"), ("a", "y"), ("a", "z")]:
        alarm(server, name, message)
    wait_until(lambda: told(server)[-1:] == ["z"], "the last one")
    assert told(server) == ["x", "y", "x", "z"]


def test_same_message_is_told_again_later(bask: Bask) -> None:
    server = start(bask, "--alarm", "a log:", "--alarm-freq", "200ms")

    def is_told_again() -> bool:
        alarm(server, "a", "x")
        return len(told(server)) >= 2

    before = time.monotonic()
    wait_until(is_told_again, "told again")
    assert time.monotonic() - before >= 0.15


def test_flood(bask: Bask) -> None:
    """Messages of the log wait while the master stands still; whoever raises them does not."""
    server = start(bask, "--alarm", "a log:", "--alarm-freq", "0")
    os.kill(server.pid, signal.SIGSTOP)
    try:
        with server.connect() as connection:
            for number in range(2000):
                assert connection.request("GET", "/alarm/a?%d" % number).status in (200, 500)
    finally:
        os.kill(server.pid, signal.SIGCONT)
    found = server.wait_log(r"\[warn\] (\d+) alarms were not told: they came faster")
    assert len(told(server)) + int(found.group(1)) == 2000


# Lines of the log

def test_lines_of_the_log(bask: Bask) -> None:
    server = bask.null("--alarm", "a log:seen", "--alarm", "b log:also", "--log-alarm",
                       "a,b signal [2-9]$", "--log-alarm", "a GET /bytes/7", "--not-log-alarm",
                       "b null:", "--alarm", "s signal:2", "--alarm-freq", "0", workers=1)
    alarm(server, "s", "x")
    wait_until(lambda: told(server), "an alarm about a line of a worker")
    assert re.match(r"seen .* \[\d+\] null: signal 2$", told(server)[0])
    server.get("/bytes/7")  # the log of requests
    wait_until(lambda: len(told(server)) >= 2, "another one")
    assert "GET /bytes/7 =>" in told(server)[1] and told(server)[1].startswith("seen [pid: ")
    server.send_signal(signal.SIGHUP)  # and in later generations
    wait_until(lambda: "zygote 2 is ready" in server.log() and server.roster(), "a reload")
    wait_until(lambda: server.get("/").status == 200, "it serves")
    alarm(server, "s", "y")
    wait_until(lambda: len(told(server)) >= 3, "a third one")
    assert len(told(server)) == 3


def test_lines_of_the_master(bask: Bask) -> None:
    server = start(bask, "--alarm", "a cmd:cat > part; mv part out", "--log-alarm", "a DAMN !")
    os.kill(server.workers()[0], signal.SIGKILL)
    server.complained("DAMN !")
    wait_until(lambda: (bask.folder / "out").exists(), "the command")
    assert re.search(r"\[alert\] DAMN ! worker 1 .* killed by signal 9", text(bask.folder / "out"))


def test_alarm_about_an_alarm(bask: Bask) -> None:
    """All that is logged matches, the alarm's own line and the failure of its command too."""
    server = start(bask, "--alarm", "a log:", "--alarm", "a cmd:exit 1", "--log-alarm", "a .",
                   "--alarm-freq", "0")
    wait_until(lambda: "spawned Bask worker 1" in " ".join(told(server)), "the start is told")
    wait_until(lambda: "ended with status 1" in server.log(), "the command failed")
    wait_until(lambda: "alarms were not told" in server.log()
               or server.log().count("ended with status 1") == len(told(server)), "all is done")
    server.idle = False  # commands were running when its descriptors were counted
    assert not any("ALARM" in line or "ended with" in line or "not told" in line
                   for line in told(server))


@pytest.mark.parametrize("date", [[], ["--log-date"], ["--log-date=at %H:%M:%S, mine"]])
def test_same_line_of_the_log_is_told_once(bask: Bask, date: List[str]) -> None:
    """The date in it, and the process that wrote it, make no difference."""
    server = start(bask, "--alarm", "a log:seen", "--log-alarm", "a null: signal 2", "--alarm",
                   "s signal:2", "--alarm-freq", "1000", *date, workers=2)
    alarm(server, "s", "1")
    wait_until(lambda: len(re.findall(r"\d\] null: signal 2", server.log())) >= 3, "two lines, told")
    second = int(time.time())
    wait_until(lambda: int(time.time()) > second, "the next second")
    alarm(server, "s", "2")
    wait_until(lambda: len(re.findall(r"\d\] null: signal 2", server.log())) >= 5, "again")
    assert len(told(server)) == 1


# What the master watches

def test_crash(bask: Bask) -> None:
    server = start(bask, "--alarm", "a log:", "--alarm-segfault", "a", workers=2)
    before = server.workers()
    os.kill(before[0], signal.SIGKILL)  # that is no crash
    wait_until(lambda: server.roster() and before[0] not in server.workers(), "a new worker")
    os.kill(before[1], signal.SIGABRT)  # sanitizers take SIGSEGV for their own
    server.complained(r"killed by signal 6")
    server.wait_log(r"ALARM: worker \d \(pid: %d\) crashed: Aborted" % before[1])
    assert len(told(server)) == 1


@pytest.mark.parametrize("local", [False, True])
def test_full_queue(bask: Bask, local: bool) -> None:
    where = str(bask.folder / "socket") if local else "127.0.0.1:%d" % bask.ports.take()
    server = start(bask, "--alarm", "a log:", "--alarm-backlog", "a", "--listen", "5",
                   "--socket", where)
    os.kill(server.workers()[0], signal.SIGSTOP)
    clients = []
    try:
        for _ in range(6):
            client = socket.socket(socket.AF_UNIX if local else socket.AF_INET)
            client.setblocking(False)
            host, _, port = where.partition(":")
            client.connect_ex(where if local else (host, int(port)))
            clients.append(client)
        found = server.wait_log(r"ALARM: the queue of the listening socket (\S+) is full "
                                r"\((\d+) of 5\)")
        assert found.group(1) == where and int(found.group(2)) >= 5
    finally:
        os.kill(server.workers()[0], signal.SIGCONT)
        for client in clients:
            client.close()
    server.idle = False


def test_descriptor(bask: Bask) -> None:
    """What it says is one line of the log, whatever is in it."""
    os.mkfifo(bask.folder / "fifo")
    writer = os.open(bask.folder / "fifo", os.O_RDWR)
    server = start(bask, "--alarm", "a log:", "--alarm-fd", "a 9:4 it\n\x01\x7f\trang: \u00e4",
                   "--alarm-freq", "0",
                   program=("/bin/sh", "-c", "exec 9<fifo; exec \"$0\" \"$@\"", BINARY))
    os.write(writer, b"1234567890")
    wait_until(lambda: told(server) == ["it\\x0a\\x01\\x7f\trang: \u00e4"] * 3, "three pieces")
    os.close(writer)
    server.wait_log(r"--alarm-fd: descriptor 9 is not looked at any more: it has ended")
    assert server.get("/").status == 200


def test_descriptor_that_is_not_there(bask: Bask) -> None:
    """Or is one that the server has opened itself."""
    server = start(bask, "--alarm", "a log:", "--alarm-fd", "a 999 it rang", "--alarm-fd",
                   "a 3 it rang")
    server.complained(r"--alarm-fd: descriptor 999 is none that was left open for the server")
    server.complained(r"--alarm-fd: descriptor 3 is none that was left open for the server")


# The command line

def test_list(bask: Bask) -> None:
    server = start(bask, "--alarm-list")
    assert "alarms can be told by: cmd, log, mule, signal, udp" in server.log()


def test_alarms_need_a_master_and_get_one(bask: Bask) -> None:
    server = bask.launch("--plugin", "null", "--alarm", "a log:")
    server.worker_count = 1  # there is a master
    server.wait_ready()
    alarm(server, "a", "x")
    wait_until(lambda: told(server) == ["x"], "it is told")


@pytest.mark.parametrize("option, value, why", [
    ("--alarm", "a", "expected \"NAME PLUGIN:ARGUMENT\""),
    ("--alarm", "a xmpp:x", "expected cmd:, log:, mule:, signal: or udp:, not \"xmpp:\""),
    ("--alarm", "a signal:256", "expected signal:NUMBER, from 0 to 255"),
    ("--alarm", "a udp:here", "here"),
    ("--alarm-backlog", "b", "there is no alarm \"b\""),
    ("--log-alarm", "b x", "there is no alarm \"b\""),
    ("--log-alarm", "good (", "nmatched"),
    ("--alarm-fd", "good 1", "expected \"NAME FD[:BYTES] MESSAGE\"")])
def test_refused(bask: Bask, option: str, value: str, why: str) -> None:
    said = bask.refused("--plugin", "null", "--alarm", "good log:", option, value)
    assert "%s \"%s\"" % (option, value) in said and why in said
    assert said.count("\n") == 1
