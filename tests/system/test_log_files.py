"""The file that the log goes to: it begins anew when it is large, when somebody says so, at a start or
a reload; and no line is lost or torn on the way."""
import os
import re
import signal
import threading
from pathlib import Path
from typing import List

import pytest

from support import processes
from support.server import Bask, Server
from support.wait import wait_until

pytestmark = pytest.mark.null

REQUEST = re.compile(r"^\[pid: \d+\|app: .*\] GET /(\d+-\d+) => generated \d+ bytes in .* on core \d+\)$")
OTHER = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[\d+\] ")


def logged(bask: Bask, *arguments: str, workers: int = 1) -> Server:
    """A server with its log in the.log, that serves."""
    log = bask.folder / "the.log"
    server = bask.launch("--plugin", "null", "--logto", str(log), *arguments, workers=workers)
    wait_until(lambda: log.exists() and log.read_text().count("spawned Bask worker ") >= workers,
               "it serves")
    return server


def files(bask: Bask) -> List[Path]:
    return sorted(bask.folder.glob("the.log*"))


def ask(server: Server, client: int, count: int) -> None:
    with server.connect() as connection:
        for number in range(count):
            assert connection.request("GET", "/%d-%d" % (client, number)).status == 200


def test_no_line_is_lost_or_torn_while_the_log_is_rotated(bask: Bask) -> None:
    server = logged(bask, "--log-maxsize", "200k", workers=2)
    clients, each = 4, 0
    while len(files(bask)) < 4:
        threads = [threading.Thread(target=ask, args=(server, client + each, 2000))
                   for client in range(0, clients * 1000, 1000)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        each += 1
    assert server.stop() == 0
    lines = [line for file in files(bask) for line in file.read_text().splitlines()]
    requests = [found.group(1) for found in map(REQUEST.match, lines) if found]
    wanted = {"%d-%d" % (client + turn, number) for turn in range(each)
              for client in range(0, clients * 1000, 1000) for number in range(2000)}
    assert len(requests) == len(wanted) and set(requests) == wanted
    torn = [line for line in lines if not REQUEST.match(line) and not OTHER.match(line)]
    assert not torn
    assert all(re.search(r"the\.log\.\d{10}(\.\d+)?$", file.name) for file in files(bask)[1:])


def test_the_old_file_has_the_name_that_was_asked_for(bask: Bask) -> None:
    (bask.folder / "old").write_text("older\n")
    server = logged(bask, "--log-maxsize", "100", "--log-backupname", str(bask.folder / "old"))
    wait_until(lambda: "goes on in a new file; this one is" in (bask.folder / "old").read_text(),
               "it was rotated")
    assert server.stop() == 0
    assert files(bask) == [bask.folder / "the.log"]


def test_a_file_that_is_not_large_stays(bask: Bask) -> None:
    server = logged(bask, "--log-maxsize", "1m", "--touch-exec", "it echo > %s" % (bask.folder / "ran"))
    (bask.folder / "it").touch()
    wait_until((bask.folder / "ran").exists, "the master looked at files")
    assert server.stop() == 0
    assert files(bask) == [bask.folder / "the.log"]


def test_a_file_that_cannot_be_moved_stays_for_a_while(bask: Bask) -> None:
    (bask.folder / "it").touch()
    server = logged(bask, "--log-maxsize", "100", "--log-backupname", "/nonexistent/old",
                    "--touch-exec", "it echo >> %s" % (bask.folder / "ran"))
    server_says = (bask.folder / "the.log").read_text
    wait_until(lambda: "cannot move the log to /nonexistent/old: No such file" in server_says(), "it is told")
    for turn in range(1, 4):  # the file is looked at as often as these
        os.utime(bask.folder / "it", (turn, turn))
        wait_until(lambda: (bask.folder / "ran").exists()
                   and (bask.folder / "ran").read_text().count("\n") == turn, "the master looked at files")
    assert server.stop() == 0
    assert server_says().count("cannot move") == 1 and "opened again" not in server_says()


def test_rotations_of_one_second_have_names_of_their_own(bask: Bask) -> None:
    server = logged(bask, "--control-socket", "control")
    for _ in range(5):
        server.ctl("log-rotate")
    assert server.stop() == 0
    assert len(files(bask)) == 6
    assert sum("spawned Bask worker 1" in file.read_text() for file in files(bask)) == 1


@pytest.mark.parametrize("option", ["--logto", "--logto2"])
def test_the_log_is_empty_at_the_start(bask: Bask, option: str) -> None:
    log = bask.folder / "log"
    for truncate in (False, True):
        log.write_text("of before\n")
        server = bask.launch("--plugin", "null", option, "log", *["--log-truncate"] * truncate, workers=1)
        wait_until(lambda: "spawned Bask worker 1" in log.read_text(), "it serves")
        assert ("of before" in log.read_text()) != truncate
        server.send_signal(signal.SIGHUP)
        wait_until(lambda: "generation 2 serves" in log.read_text(), "it has reloaded")
        assert "zygote 1 is ready" in log.read_text(), "a reload is no start"
        assert server.stop() == 0


def test_a_log_in_the_background_is_empty_at_the_start(bask: Bask, successors: None) -> None:
    log = bask.folder / "log"
    log.write_text("of before\n")
    started = bask.run("--plugin", "null", "--http-socket", "127.0.0.1:%d" % bask.ports.take(), "--master",
                       "--daemonize2", "log", "--log-truncate", "--pidfile", "pid")
    assert started.returncode == 0, started.stderr
    wait_until(lambda: "spawned Bask worker 1" in log.read_text(), "it serves")
    assert "of before" not in log.read_text() and "zygote 1 is ready" in log.read_text()
    master = processes.Adopted(int((bask.folder / "pid").read_text()))
    master.send_signal(signal.SIGINT)
    assert master.wait(15) == 0


def test_a_reload_opens_the_log_again(bask: Bask) -> None:
    log = bask.folder / "the.log"
    for reopen in (False, True):
        server = logged(bask, *["--log-reopen"] * reopen)
        log.rename(bask.folder / "moved")
        server.send_signal(signal.SIGHUP)
        now = log if reopen else bask.folder / "moved"
        wait_until(lambda: now.exists() and "generation 2 serves" in now.read_text(), "it has reloaded")
        assert log.exists() == reopen
        assert server.stop() == 0


def test_the_log_has_the_mode_that_was_asked_for(bask: Bask) -> None:
    server = logged(bask, "--logfile-chmod", "604", "--control-socket", "control", "--umask", "077")
    server.ctl("log-rotate")
    wait_until(lambda: "opened again" in (bask.folder / "the.log").read_text(), "it was rotated")
    assert [file.stat().st_mode & 0o777 for file in files(bask)] == [0o604, 0o604]
    assert server.stop() == 0


@pytest.mark.parametrize("mode", ["999", "", "64x", "1777", "400"])
def test_modes_that_are_none(bask: Bask, mode: str) -> None:
    assert "--logfile-chmod: \"%s\", expected permissions" % mode in bask.refused(
        "--plugin", "null", "--logfile-chmod=" + mode)
