"""Commands at their times. The clock of these servers stands at the first second of a minute when
they start, and goes to the next minute when the test says so."""
import json
import os
import re
import signal
import socket
import time
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest

from support import processes
from support.faults import Faults
from support.server import Bask, Server
from support.wait import wait_until

ALWAYS = "-1 -1 -1 -1 -1 "
CONTROL = ("--control-socket", "control")
BORN = "echo $$ >> born; "
STAYS = BORN + "exec sleep 1000"
IGNORES = BORN + "trap '' TERM; sleep 1000 & echo $! >> child; wait; wait"


class Clock:
    """2001-09-09 03:00:01 in UTC, a Sunday, and what the test makes of it."""

    def __init__(self, folder: Path) -> None:
        self._faults = Faults(folder)
        self._ahead = 0
        self.set(1000004401)

    def set(self, moment: int) -> None:
        self._ahead = moment - int(time.time())
        self._faults.clock(self._ahead)

    def move(self, seconds: int = 60) -> None:
        self._ahead += seconds
        self._faults.clock(self._ahead)

    @property
    def env(self) -> Dict[str, str]:
        return {**self._faults.environment, "TZ": "UTC0"}


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path / "faults")


def numbers(path: Path) -> List[int]:
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def born(bask: Bask) -> List[int]:
    """Everyone who has written a pid so far, the oldest first."""
    return numbers(bask.folder / "born")


def wait_born(bask: Bask, count: int) -> int:
    wait_until(lambda: len(born(bask)) >= count, "command %d was started" % count)
    return born(bask)[count - 1]


def wait_gone(pid: int) -> None:
    wait_until(lambda: not processes.is_alive(pid), "process %d is gone" % pid)


# By this cron the test sees that the master has seen what its clock says.
LOOKED = ("--cron", ALWAYS + "echo 1 >> looked")


def move(bask: Bask, clock: Clock, seconds: int = 60) -> None:
    path = bask.folder / "looked"
    before = len(numbers(path))
    clock.move(seconds)
    wait_until(lambda: len(numbers(path)) > before, "the master has looked at its clock")


def crons(server: Server) -> List[Dict[str, Any]]:
    found: List[Dict[str, Any]] = json.loads(server.ctl("status", "--json").stdout)["crons"]
    return found


@pytest.mark.null
def test_command_runs_each_minute_as_the_server(bask: Bask, clock: Clock) -> None:
    command = "echo a cron says $COLOUR >&2; id -u > who; exec readlink /proc/self/fd/0 > stdin"
    server = bask.null("--cron", ALWAYS + STAYS, "--cron", "1 3 -1 9 7 " + command,
                       workers=1, env={**clock.env, "COLOUR": "blue"})
    assert born(bask) == []  # the minute in which it was started has begun before
    clock.move()
    first = wait_born(bask, 1)
    assert os.getsid(first) == first
    server.wait_log(r'cron "echo a cron says .*" started \(pid: \d+\)')
    server.wait_log(r'cron "echo a cron says .*" \(pid: \d+\) ended after \S+ s \(status 0\)')
    assert "a cron says blue\n" in server.log()
    assert numbers(bask.folder / "who") == [os.geteuid()]
    assert (bask.folder / "stdin").read_text() == "/dev/null\n"
    clock.move()
    wait_born(bask, 2)
    assert server.log().count("started (pid") == 3


@pytest.mark.null
def test_statistics_have_the_commands(bask: Bask, clock: Clock) -> None:
    where = ("127.0.0.1", bask.ports.take())
    server = bask.null("--stats", "%s:%d" % where, "--cron", '59 -2 31 12 7 echo "\t"',
                       "--unique-cron", ALWAYS + STAYS, workers=1, env=clock.env)

    def read() -> List[Dict[str, Any]]:
        with socket.create_connection(where, timeout=10) as connection:
            found: List[Dict[str, Any]] = json.load(connection.makefile())["crons"]
            return found

    resting = {"minute": 59, "hour": -2, "day": 31, "month": 12, "week": 7, "command": 'echo "\t"',
               "unique": 0, "legion": "", "pid": -1, "started_at": 0}
    one = {"minute": -1, "hour": -1, "day": -1, "month": -1, "week": -1, "command": STAYS,
           "unique": 1, "legion": "", "pid": -1, "started_at": 0}
    assert read() == [resting, one]
    clock.move()
    pid = wait_born(bask, 1)
    wait_until(lambda: read()[1]["pid"] == pid, "the statistics have the command")
    assert 1000004401 < read()[1]["started_at"] < 1000004401 + 600
    os.kill(pid, signal.SIGKILL)
    server.wait_log(r"ended after \S+ s \(signal 9\)")
    assert read() == [resting, one]


@pytest.mark.null
def test_command_that_fails_is_told_of(bask: Bask, clock: Clock) -> None:
    server = bask.null("--cron2", "exit 3", "--cron2", "minute=-2 true", workers=1, env=clock.env)
    clock.move()
    server.wait_log(r'cron "exit 3" \(pid: \d+\) ended after \S+ s \(status 3\)')
    assert '"true"' not in server.log()
    clock.move()
    server.wait_log(r'cron "true" \(pid: \d+\) ended after \S+ s \(status 0\)')


@pytest.mark.parametrize("option", [("--unique-cron", ALWAYS), ("--cron2", "unique=1 ")])
@pytest.mark.null
def test_unique_one_does_not_run_twice_at_a_time(bask: Bask, clock: Clock, option: List[str]
                                                  ) -> None:
    server = bask.null(option[0], option[1] + STAYS, *LOOKED, workers=1, env=clock.env)
    move(bask, clock)
    first = wait_born(bask, 1)
    for _ in range(2):
        move(bask, clock)
    assert born(bask) == [first]
    assert len(re.findall(r"is due, and still runs \(1 of it\)", server.log())) == 1
    os.kill(first, signal.SIGKILL)
    server.wait_log(r'"echo .* ended after \S+ s \(signal 9\)')
    move(bask, clock)
    wait_born(bask, 2)


@pytest.mark.null
def test_harakiri_ends_a_command_with_all_that_it_has_started(bask: Bask, clock: Clock) -> None:
    server = bask.null("--cron-harakiri", "1", "--cron", ALWAYS + IGNORES,
                       "--cron2", "harakiri=0 exec sleep 1001",
                       "--cron2", "harakiri=2 exec sleep 1002", workers=1, env=clock.env)
    clock.move()
    wait_born(bask, 1)
    server.wait_log(r"runs for too long, \S+ s: it is killed")
    server.wait_log(r"ended after \S+ s \(signal 9\)")
    wait_gone(numbers(bask.folder / "child")[0])
    server.wait_log(r'"exec sleep 1002" \(pid: \d+\) runs for too long, \S+ s')
    server.wait_log(r'"exec sleep 1002" \(pid: \d+\) ended')
    assert not re.search(r'"exec sleep 1001".*(ended|too long)', server.log())
    assert server.get("/").status == 200


@pytest.mark.null
def test_commands_end_with_the_server(bask: Bask, clock: Clock) -> None:
    server = bask.null("--cron", ALWAYS + STAYS, "--cron", ALWAYS + IGNORES,
                       "--reload-mercy", "300ms", workers=1, env=clock.env)
    clock.move()
    wait_born(bask, 2)
    assert server.stop() == 0
    assert not any(processes.is_alive(pid) for pid in born(bask))
    assert len(re.findall("does not end after .*: it is killed", server.log())) == 1


@pytest.mark.null
def test_reload_leaves_commands_alone(bask: Bask, clock: Clock) -> None:
    server = bask.null("--unique-cron", ALWAYS + STAYS, *LOOKED, *CONTROL, workers=1,
                       env=clock.env)
    server.idle = False
    move(bask, clock)
    first = wait_born(bask, 1)
    assert server.ctl("reload").stdout == "generation 2 serves\n"
    move(bask, clock)
    assert born(bask) == [first] and processes.is_alive(first)
    assert len(numbers(bask.folder / "looked")) == 2


@pytest.mark.null
def test_upgrade_doubles_nothing_and_ends_nothing(bask: Bask, clock: Clock, successors: None
                                                  ) -> None:
    server = bask.null("--cron", ALWAYS + STAYS, *LOOKED, *CONTROL, workers=1, env=clock.env)
    server.idle = False
    move(bask, clock)
    first = wait_born(bask, 1)
    before, successor = server.process, int(server.ctl("upgrade").stdout.split()[1])
    move(bask, clock)
    second = wait_born(bask, 2)
    assert born(bask) == [first, second]
    assert first in processes.children(before.pid) and second in processes.children(successor)
    os.kill(first, signal.SIGKILL)
    server.wait_log("goodbye to Bask")  # nothing holds the former master any more
    assert server.succeeded_by(successor) == 0
    assert len(numbers(bask.folder / "looked")) == 2


@pytest.mark.null
def test_minutes_are_not_the_successors_while_it_gets_ready(bask: Bask, clock: Clock,
                                                            successors: None) -> None:
    options = bask.folder / "options.ini"
    options.write_text("[bask]\n")
    server = bask.null(*LOOKED, "--cron", ALWAYS + BORN + "echo $PPID >> parents",
                       "--master-fifo", "fifo", "--ini", str(options), workers=1, env=clock.env)
    server.idle = False
    options.write_text("[bask]\nhook-pre-app = exec:touch waits; until test -e go; do sleep 0.05; "
                       "done\n")
    (bask.folder / "fifo").write_text("f")
    wait_until((bask.folder / "waits").exists, "the successor gets ready")
    for _ in range(2):
        move(bask, clock)
    (bask.folder / "go").touch()
    found = server.wait_log(r"upgraded: master (\d+) serves")
    assert server.succeeded_by(int(found[1])) == 0
    move(bask, clock)
    wait_born(bask, 3)
    before, successor = numbers(bask.folder / "parents")[0], int(found[1])
    wait_until(lambda: numbers(bask.folder / "parents") == [before, before, successor],
               "each minute was one master's")
    assert len(born(bask)) == 3 and len(numbers(bask.folder / "looked")) == 3


@pytest.mark.null
def test_what_the_former_master_runs_ends_with_its_successor(bask: Bask, clock: Clock) -> None:
    server = bask.null("--cron", ALWAYS + STAYS, *CONTROL, workers=1, env=clock.env)
    server.idle = False
    clock.move()
    first = wait_born(bask, 1)
    successor = int(server.ctl("upgrade").stdout.split()[1])
    os.kill(successor, signal.SIGINT)
    wait_gone(first)
    assert server.wait_end() == 0


def upgraded_twice(bask: Bask, clock: Clock) -> Tuple[Server, int, int, int]:
    """What the first master runs, and the next two masters; the third one looks at its clock."""
    server = bask.null("--cron", "1 3 -1 -1 -1 " + STAYS, *LOOKED, *CONTROL, workers=1,
                       env=clock.env)
    server.idle = False
    clock.move()
    first = wait_born(bask, 1)
    second, third = (int(server.ctl("upgrade").stdout.split()[1]) for _ in range(2))
    wait_until(lambda: processes.children(second) in ([third], []), "all else of the second is gone")
    move(bask, clock)
    return server, first, second, third


@pytest.mark.null
def test_two_upgrades_end_nothing(bask: Bask, clock: Clock, successors: None) -> None:
    server, first, second, third = upgraded_twice(bask, clock)
    assert processes.is_alive(first) and "stopping cron" not in server.log()
    os.kill(first, signal.SIGKILL)
    assert server.succeeded_by(third) == 0
    wait_gone(second)  # nothing holds it any more either
    assert server.get("/").status == 200


@pytest.mark.null
def test_what_the_first_master_runs_ends_with_the_third(bask: Bask, clock: Clock) -> None:
    server, first, second, third = upgraded_twice(bask, clock)
    assert processes.is_alive(first)
    os.kill(third, signal.SIGINT)
    wait_gone(first)
    wait_gone(second)
    assert server.wait_end() == 0


@pytest.mark.null
def test_clock_that_is_set_back_repeats_nothing(bask: Bask, clock: Clock) -> None:
    bask.null("--cron", "2 3 -1 -1 -1 " + STAYS, "--cron", "5 4 -1 -1 -1 echo 1 >> skipped", *LOOKED,
              workers=1, env=clock.env)
    move(bask, clock, 120)
    wait_born(bask, 1)  # at 3:02
    move(bask, clock, 3600)
    move(bask, clock, -3600)
    assert len(born(bask)) == 1
    clock.move(7200)
    wait_until(lambda: numbers(bask.folder / "skipped") == [1], "5:02: a minute that was skipped")
    assert len(born(bask)) == 1


@pytest.mark.null
def test_status_shows_them(bask: Bask, clock: Clock) -> None:
    server = bask.null("--unique-cron", ALWAYS + STAYS, "--cron2", 'minute=1,hour=3 echo "\t\\x"; exit 2',
                       "--cron", "0 -2 -1 -1 -1 never", *CONTROL, workers=1, env=clock.env)
    server.idle = False
    assert [(each["times"], each["pid"]) for each in crons(server)] == [(0, 0)] * 3
    clock.move()
    first = wait_born(bask, 1)
    server.wait_log(r"ended after \S+ s \(status 2\)")
    plain, unique, described = crons(server)
    assert (plain["times"], plain["minute"], plain["hour"], plain["unique"]) == (0, 0, -2, False)
    assert (unique["pid"], unique["running"], unique["unique"]) == (first, 1, True)
    assert abs(unique["started"] - 1000004461) < 50
    assert described["command"] == 'echo "\t\\x"; exit 2' and described["times"] == 1
    table = server.ctl("status").stdout
    assert re.search(r"^-1 -1 -1 -1 -1 +%d +1 +1 +-  echo \$\$ >> born" % first, table, re.M)
    assert re.search(r'^1 3 -1 -1 -1 +0 +0 +1 +status 2  echo " \\x"; exit 2$', table, re.M)


@pytest.mark.null
def test_configuration_file_of_uwsgi(bask: Bask, clock: Clock) -> None:
    (bask.folder / "uwsgi.ini").write_text(
        "[uwsgi]\nplugin = null\ncron = 59 2 -1 -1 -1 /usr/bin/backup --recursive\n"
        "cron = 1 3 -1 -1 -1 echo %% >> looked\nunique-cron = -1 -1 -1 -1 -1 sleep 1000\n"
        "cron2 = minute=-2,unique=1 sleep 130\ncron2 = my command\ncron-harakiri = 10\n")
    server = bask.start("--ini", "uwsgi.ini", *CONTROL, workers=1, env=clock.env)
    server.idle = False
    assert len(crons(server)) == 5
    clock.move()
    wait_until((bask.folder / "looked").exists, "the command was started")
    assert (bask.folder / "looked").read_text() == "%\n"


@pytest.mark.parametrize("words, says", [
    (("--cron", "0 3 * * * backup"), 'cron "0 3 * * * backup": day "*": expected 1 to 31, -1 for any'),
    (("--cron", "0 3 -1 -1 -1"), "there is no command"),
    (("--unique-cron", "61 3 -1 -1 -1 x"), 'minute "61": expected 0 to 59'),
    (("--cron2", "minutes=3 x"), 'there is no key "minutes"'),
    (("--cron2", "legion=mine x"), "legion"),
    (("--cron-harakiri", "soon"), "soon"),
    (("--legion-cron", "mine 0 0 -1 -1 -1 x"), "legion-cron")])
@pytest.mark.null
def test_malformed_ones_are_refused(bask: Bask, words: List[str], says: str) -> None:
    said = bask.refused("--plugin", "null", *words)
    assert says in said and said.count("\n") == 1
    assert "command line, argument" in said
