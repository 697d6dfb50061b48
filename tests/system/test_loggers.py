"""Loggers: lines go where they are for, none is lost, and the process that keeps the log is the last."""
import json
import os
import re
import shutil
import signal
import socket
import tempfile
import threading
from pathlib import Path
from typing import List

import pytest

from support import processes
from support.server import APPS, LIBRARY, Bask, Server
from support.wait import wait_until

null = pytest.mark.null
REQUEST = re.compile(r"^\[pid: \d+\|app: .*\] GET (/\S*) => generated ")


def logged(bask: Bask, *arguments: str, log: str = "log", workers: int = 1) -> Server:
    """A server that has said in a file that its workers are there."""
    server = bask.launch("--plugin", "null", "--control-socket", "control", *arguments, workers=workers)
    server.idle = False  # what it has open is looked up in a log that it does not have
    wait_said(server, log, "spawned Bask worker ", workers)
    return server


def said(server: Server, log: str = "log") -> str:
    file = server.folder / log
    return file.read_text() if file.exists() else ""


def wait_said(server: Server, log: str, what: str, count: int = 1) -> None:
    def is_said() -> bool:
        assert server.process.poll() is None or what in said(server, log), server.log()
        return said(server, log).count(what) >= count

    wait_until(is_said, "%s says %r" % (log, what))


def keeper(server: Server) -> int:
    """The child of the master that is no zygote: its standard error is not the pipe."""
    pipe = processes.descriptors(server.pid)[2]
    found = [pid for pid in processes.children(server.pid)
             if processes.descriptors(pid).get(2) not in (None, pipe)]
    assert len(found) == 1, found
    return found[0]


class Receiver:
    """Takes datagrams, on a UDP port or on a unix socket."""

    def __init__(self, bask: Bask, path: str = "") -> None:
        self.socket = socket.socket(socket.AF_UNIX if path else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(str(bask.folder / path) if path else ("127.0.0.1", 0))
        self.socket.settimeout(10)
        self.name = str(bask.folder / path) if path else "127.0.0.1:%d" % self.socket.getsockname()[1]

    def wait(self, pattern: bytes) -> "re.Match[bytes]":
        while True:
            found = re.search(pattern, self.socket.recv(65536), re.DOTALL)
            if found:
                return found


@null
def test_lines_and_requests_go_to_files_of_their_own(bask: Bask) -> None:
    server = logged(bask, "--logger", "file:log", "--req-logger", "file:requests")
    for number in range(3):
        assert server.get("/%d" % number).status == 200
    assert server.stop() == 0
    assert [found.group(1) for found in map(REQUEST.match, said(server, "requests").splitlines()) if found] \
        == ["/0", "/1", "/2"]
    assert said(server).splitlines()[-1].endswith("goodbye to Bask.")
    assert "listening on" in said(server) and "GET" not in said(server)
    assert server.log() == ""


@null
def test_requests_are_beside_the_others_and_the_others_stay(bask: Bask) -> None:
    one = logged(bask, "--logger", "file:log")
    one.get("/beside")
    assert one.stop() == 0
    assert "GET /beside" in said(one)
    two = bask.null("--req-logger", "file:requests", workers=1)
    two.get("/apart")
    assert two.stop() == 0
    assert "GET /apart" in said(two, "requests") and "GET /apart" not in two.log()
    assert "goodbye to Bask." in two.log()


@null
def test_every_line_goes_to_all_loggers_that_have_no_name(bask: Bask) -> None:
    server = logged(bask, "--logger", "file:log", "--logger", "file:two", "--logger", "unused file:three",
                    "--logger", "stdio")
    assert server.stop() == 0
    assert said(server) == said(server, "two") == server.log()
    assert said(server, "three") == ""


@null
@pytest.mark.parametrize("path", ["", "socket"])
def test_datagrams(bask: Bask, path: str) -> None:
    receiver = Receiver(bask, path)
    server = logged(bask, "--logger", "file:log", "--logger", "socket:%s,[here] " % receiver.name,
                    "--log-socket", receiver.name)
    receiver.wait(rb"^\[here\] [^\n]*spawned Bask worker 1[^\n]*\n$")
    receiver.wait(rb"^\d{4}-\d\d-\d\d [^\n]*spawned Bask worker 1[^\n]*\n$")
    server.get("/asked")
    receiver.wait(rb"^\[here\] \[pid: [^\n]*GET /asked [^\n]*\n$")


@null
@pytest.mark.parametrize("logger, packet", [
    ("syslog:app,local6,{socket}", rb"^<182>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d app: [^\n]*zygote 1 is ready"),
    ("rsyslog:{udp},app", rb"^<29>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d app: [^\n]*zygote 1 is ready[^\n]*$"),
    ("rsyslog:{udp}", rb"^<29>.{15} \S+ bask: [^\n]*zygote 1 is ready"),
    ("systemd:{socket}", rb"^PRIORITY=6\nSYSLOG_IDENTIFIER=bask\nMESSAGE=[^\n]*zygote 1 is ready[^\n]*\n$"),
])
def test_packets_of_other_logs(bask: Bask, logger: str, packet: bytes) -> None:
    receiver = Receiver(bask, "" if "udp" in logger else "socket")
    logged(bask, "--logger", logger.format(udp=receiver.name, socket=receiver.name), "--logger", "file:log")
    assert receiver.wait(packet)


@null
def test_a_command_is_started_again(bask: Bask) -> None:
    command = "echo begins $$ >> began; exec cat >> piped"
    server = logged(bask, "--logger", "file:log", "--logger", "pipe:" + command)
    wait_said(server, "piped", "spawned Bask worker 1")
    (first,) = map(int, re.findall(r"begins (\d+)", said(server, "began")))
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: "the command ended (signal 9)" in server.log(), "its end was noticed")
    server.get("/later")
    wait_said(server, "piped", "GET /later")
    assert server.stop() == 0
    assert said(server, "began").count("begins") == 2
    assert said(server, "piped").splitlines()[-1].endswith("goodbye to Bask.")


@null
def test_the_last_lines_do_not_wait_for_a_command(bask: Bask) -> None:
    server = logged(bask, "--logger", "file:log", "--logger", "pipe:mkdir ran && exit; exec cat > piped")
    wait_until(lambda: "the command ended" in server.log(), "it waits for its next start")
    assert server.stop() == 0
    assert said(server, "piped").endswith("goodbye to Bask.\n")


@null
def test_a_command_that_stands_still_holds_up_nobody(bask: Bask) -> None:
    server = logged(bask, "--logger", "file:log", "--logger",
                    "pipe:echo $$ > held; kill -STOP $$; exec cat > piped")
    wait_until(lambda: said(server, "held"), "it stands still")

    def is_lost() -> bool:
        for _ in range(200):
            assert server.get("/" + 500 * "x").status == 200
        return "lines are lost: nobody reads them" in server.log()

    wait_until(is_lost, "the pipe is full")
    os.kill(int(said(server, "held")), signal.SIGCONT)
    wait_until(lambda: server.get("/").status == 200 and re.search(
        r"\[warn\] \d+ lines were lost here: nothing could be written for", said(server, "piped")),
        "it is told of it")
    assert server.stop() == 0
    assert all(re.match(r"^(\[pid: \d+|\d{4}-\d\d-\d\d ).*(\)|[^x])$", line)
               for line in said(server, "piped").splitlines())


@null
def test_routes_filters_and_encoders(bask: Bask) -> None:
    server = logged(
        bask, "--logger", "file:log", "--logger", "slow file:routed", "--log-route", r"slow GET /a\d",
        "--log-drain", "GET /health", "--log-encoder", 'json:slow {"at":${unix},"m":"${msg}"}',
        "--log-encoder", "suffix  (end)")
    for path in ("/a1", "/health", "/b1", '/a2?q="'):
        server.get(path)
    assert server.stop() == 0
    assert [found.group(1) for found in map(REQUEST.match, said(server).splitlines()) if found] == ["/b1"]
    assert all(line.endswith(" (end)") for line in said(server).splitlines())
    lines = [line for line in said(server, "routed").splitlines()]
    assert all(line.endswith(" (end)") for line in lines) and len(lines) == 2
    found = [json.loads(line[:-len(" (end)")]) for line in lines]
    assert "GET /a1 " in found[0]["m"] and found[0]["at"] > 1700000000
    assert "GET /a2?q=\\x22 " in found[1]["m"]


@null
def test_a_filter_needs_no_logger(bask: Bask) -> None:
    server = bask.launch("--plugin", "null", "--log-filter", "goodbye|GET /a", workers=1)
    server.idle = False
    wait_until(lambda: len(processes.children(server.pid)) == 2, "it starts")
    wait_until(lambda: _answers(server), "it serves")
    assert server.stop() == 0
    assert server.log().splitlines()[-1].endswith("goodbye to Bask.")
    assert "spawned" not in server.log() and "GET /a" in server.log() and "GET /b" not in server.log()


def _answers(server: Server) -> bool:
    try:
        return all(server.get(path).status == 200 for path in ("/a", "/b"))
    except OSError:
        return False


@null
def test_what_is_in_the_pipe_outlives_who_reads_it(bask: Bask) -> None:
    server = logged(bask, "--logger", "file:log", "--req-logger", "file:requests")
    first = keeper(server)
    os.kill(first, signal.SIGSTOP)
    for number in range(1000):
        server.get("/%d" % number)
    assert "GET /0" not in said(server, "requests")
    os.kill(first, signal.SIGKILL)
    wait_said(server, "log", "ended (signal 9); another one goes on")
    assert server.stop() == 0
    asked = [found.group(1) for found in map(REQUEST.match, said(server, "requests").splitlines()) if found]
    assert asked == ["/%d" % number for number in range(1000)]


@null
def test_signals_for_servers_do_not_end_it(bask: Bask) -> None:
    server = logged(bask, "--logger", "file:log")
    pid = keeper(server)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        os.kill(pid, number)
    server.get("/still")
    wait_said(server, "log", "GET /still")
    assert keeper(server) == pid
    os.killpg(server.pid, signal.SIGINT)  # a terminal's Ctrl-C
    assert server.wait_end() == 0
    assert "goodbye to Bask." in said(server)


@null
def test_it_ends_when_the_master_was_killed(bask: Bask) -> None:
    server = logged(bask, "--logger", "file:log", "--no-orphans")
    pid = keeper(server)
    server.process.kill()
    assert server.wait_end() == -signal.SIGKILL
    wait_until(lambda: not processes.is_alive(pid), "it is gone")


@null
def test_no_line_is_lost_or_torn_under_load(bask: Bask) -> None:
    server = logged(bask, "--logger", "file:logfile=log,maxsize=100k", "--req-logger",
                    "file:logfile=requests,maxsize=200k", workers=2)
    lock, asked = threading.Lock(), [0]

    def ask(client: int) -> None:
        connection = server.connect()
        for number in range(2000):
            answer = connection.request("GET", "/%d-%d" % (client, number))
            assert answer.status == 200
            with lock:
                asked[0] += 1
            if answer.headers["Connection"] == "close":
                connection.close()
                connection = server.connect()
        connection.close()

    threads = [threading.Thread(target=ask, args=(client,)) for client in range(4)]
    for thread in threads:
        thread.start()
    wait_until(lambda: asked[0] > 1000, "there is load")
    server.ctl("log-rotate")
    server.send_signal(signal.SIGHUP)
    for thread in threads:
        thread.join()
    assert server.stop() == 0
    rotated = sorted(server.folder.glob("requests*"))
    lines = [line for file in rotated for line in file.read_text().splitlines()]
    assert len(rotated) > 3 and len(lines) == 8000
    found = {match.group(1) for match in map(REQUEST.match, lines) if match}
    assert found == {"/%d-%d" % (client, number) for client in range(4) for number in range(2000)}


@null
def test_long_lines_are_whole(bask: Bask) -> None:
    """They are longer than what a pipe takes in one piece from whoever writes; all of a turn fit in."""
    server = logged(bask, "--logger", "file:log", "--req-logger", "file:requests", "--log-format",
                    "%(uri) %(uri) %(uri)", workers=3)

    def ask(client: int) -> None:
        with server.connect() as connection:
            for _ in range(20):
                assert connection.request("GET", "/" + 1999 * str(client)).status == 200

    for turn in range(1, 21):
        threads = [threading.Thread(target=ask, args=(client,)) for client in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wait_said(server, "requests", "\n", turn * 120)
    assert server.stop() == 0
    lines = said(server, "requests").splitlines()
    assert set(lines) == {" ".join(3 * ["/" + 1999 * str(client)]) for client in range(6)}
    assert len(lines) == 20 * 120


@null
def test_a_file_of_two_loggers_is_moved_when_it_is_large(bask: Bask) -> None:
    file = "file:logfile=log,maxsize=4k"
    server = logged(bask, "--logger", file, "--req-logger", file, "--logger", "file:all")
    for number in range(200):
        assert server.get("/%d" % number).status == 200
        if number % 10 == 0:
            server.ctl("log-reopen")
    assert server.stop() == 0
    rotated = list(server.folder.glob("log.*"))
    assert rotated and all(4096 < file.stat().st_size for file in rotated)


@null
def test_files_that_cannot_be_moved_are_told_of_once(bask: Bask) -> None:
    server = logged(bask, "--logto", "log", "--req-logger", "file:logfile=requests,maxsize=1,backupname=/no/old",
                    "--log-maxsize", "1", "--log-backupname", "/no/older")
    for number in range(20):
        server.get("/%d" % number)
        wait_said(server, "requests", "GET /%d " % number)
    assert server.stop() == 0
    assert said(server).count("cannot move it to /no/old:") == 1
    assert said(server).count("cannot move the log to /no/older:") == 1


@null
def test_files_are_opened_again(bask: Bask) -> None:
    server = logged(bask, "--logger", "file:log")
    (server.folder / "log").rename(server.folder / "moved")
    server.ctl("log-reopen")
    wait_until((server.folder / "log").exists, "there is a new file")
    server.get("/new")
    wait_said(server, "log", "GET /new")
    assert "GET /new" not in said(server, "moved")


@null
def test_the_file_of_the_log_is_for_what_is_nobodys(bask: Bask) -> None:
    """--logto with loggers for requests only; and its size."""
    server = logged(bask, "--logto", "log", "--req-logger", "file:requests", "--log-maxsize", "1500",
                    "--log-backupname", str(bask.folder / "old"))
    for _ in range(50):
        server.ctl("log-reopen")
    wait_until(lambda: "goes on in a new file" in said(server, "old"), "it was moved")
    os.kill(keeper(server), signal.SIGKILL)
    wait_until(lambda: "another one goes on" in said(server, "old") + said(server), "it is there again")
    assert server.stop() == 0
    assert "goodbye" in said(server)
    assert server.log() == ""


@null
def test_an_upgrade_takes_over(bask: Bask, successors: None) -> None:
    server = logged(bask, "--logger", "file:log", "--logger", "stdio", "--pidfile", "pid")
    server.ctl("upgrade")
    wait_until(lambda: int(said(server, "pid")) != server.pid, "there is another master")
    server.succeeded_by(int(said(server, "pid")))
    assert server.get("/after").status == 200
    wait_said(server, "log", "GET /after")
    assert os.readlink("/proc/%d/fd/1" % keeper(server)) == str(server.folder / "server-0.log")
    assert server.stop() == 0


@null
def test_alarms_see_the_lines(bask: Bask) -> None:
    server = logged(bask, "--logger", "file:log", "--req-logger", "file:requests", "--alarm",
                    "a cmd:cat >> told", "--log-alarm", "a GET /bad")
    server.get("/bad")
    wait_said(server, "told", "GET /bad")
    wait_said(server, "requests", "GET /bad")


@null
def test_another_user_keeps_the_log(bask: Bask) -> None:
    if os.geteuid():
        pytest.skip("only root can become somebody else")
    folder = Path(tempfile.mkdtemp(prefix="bask-test-", dir="/tmp"))
    os.chown(folder, 65534, 65534)
    server = bask.launch("--plugin", "null", "--logger", "file:%s/log" % folder, "--uid", "65534", "--gid",
                         "65534", workers=1)
    server.idle = False
    wait_said(server, str(folder / "log"), "spawned Bask worker 1")
    assert (folder / "log").stat().st_uid == 65534
    assert os.stat("/proc/%d" % keeper(server)).st_uid == 65534
    server.get("/x")
    assert server.stop() == 0
    lines = said(server, str(folder / "log"))
    shutil.rmtree(folder)
    assert "listening on" in lines and "GET /x" in lines


@null
def test_a_file_of_root_stays_open_for_another_user(bask: Bask) -> None:
    if os.geteuid():
        pytest.skip("only root can become somebody else")
    server = bask.launch("--plugin", "null", "--logto", str(bask.folder / "log"), "--req-logger", "stdio",
                         "--uid", "65534", workers=1)
    server.idle = False
    wait_said(server, "log", "spawned Bask worker 1")
    assert server.stop() == 0
    assert "goodbye to Bask." in said(server) and "cannot open" not in said(server)


@null
@pytest.mark.parametrize("options, complaint", [
    (["--logger", "redislog:127.0.0.1"], r'--logger "redislog:127.0.0.1": there is no logger "redislog" here; '
                                         r"there are file, fd, stdio, socket, syslog, rsyslog, pipe, systemd"),
    (["--logger", "file:/nonexistent/log"], r"logger file:/nonexistent/log: cannot open /nonexistent/log: No such"),
    (["--log-encoder", "gzip"], r'there is no encoder "gzip" here; there are prefix'),
    (["--log-route", "a b"], r'--log-route "a b": no logger has the name "a"'),
    (["--logger", "stdio", "--no-master"], r"loggers need a master \(--master\)"),
    (["--logger", "file:log", "--http-socket", "192.0.2.1:1"], r"192\.0\.2\.1"),
])
def test_what_cannot_be(bask: Bask, options: List[str], complaint: str) -> None:
    assert re.search(complaint, bask.refused("--plugin", "null", *options))


@null
def test_the_names_of_loggers(bask: Bask) -> None:
    server = bask.null("--logger-list", workers=1)
    server.wait_log("loggers of these kinds: file, fd, stdio, socket, syslog, rsyslog, pipe, systemd")


@null
def test_log_syslog_alone_is_enough(bask: Bask) -> None:
    server = logged(bask, "--log-syslog", "--logger", "file:log")
    assert server.stop() == 0


def test_what_applications_print(bask: Bask) -> None:
    app = bask.folder / "prints.py"
    app.write_text("import sys\n"
                   "def application(environ, start_response):\n"
                   "    print('printed', environ['PATH_INFO'])\n"
                   "    sys.stderr.write('told\\n')\n"
                   "    start_response('200 OK', [])\n"
                   "    return [b'']\n")
    server = bask.launch("--wsgi-file", str(app), "--logger", "file:log", "--req-logger", "file:requests",
                         "--log-encoder", "prefix > ", workers=1)
    server.idle = False
    wait_said(server, "log", "spawned Bask worker 1")
    assert server.get("/it").status == 200
    wait_said(server, "log", "\n> printed /it\n")
    wait_said(server, "log", "\n> told\n")
    wait_said(server, "requests", "GET /it")
    assert server.stop() == 0
    assert "printed" not in said(server, "requests") and server.log() == ""


def test_a_caller_has_its_output_back(bask: Bask) -> None:
    """The server as a library: what the calling program writes afterwards goes where it went before."""
    server = bask.launch("--pypy-wsgi", "__main__:application", "--logger", "file:log", workers=1,
                         program=("/usr/bin/pypy3", str(APPS / "hosting.py"), LIBRARY))
    server.idle = False
    wait_said(server, "log", "spawned Bask worker 1")
    assert server.get("/hosted").status == 200
    pid = keeper(server)
    server.send_signal(signal.SIGINT)
    assert "0" == server.wait_log(r"hosting: the server returned (\d+)").group(1)
    assert not processes.is_alive(pid)
    assert "GET /hosted" in said(server) and "goodbye to Bask." in said(server)
    server.wait_end()
    assert "spawned" not in server.log() and "hosting:" not in said(server)
