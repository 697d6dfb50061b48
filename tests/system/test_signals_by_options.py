"""Signals that options raise: timers, touched files, watched files."""
import os
import signal
from typing import Any, List

import pytest

from support.server import Bask, Server
from support.wait import wait_until

HANDLERS = "\n".join("uwsgi.register_signal(%d, 'worker1', handle)" % number for number in (7, 8))


def start(bask: Bask, *options: str, defined: str = HANDLERS, **how: Any) -> Server:
    (bask.folder / "defined.py").write_text(defined)
    return bask.app("services", *options, workers=1, **how)


def seen(server: Server) -> List[str]:
    file = server.folder / "seen"
    return file.read_text().split("\n")[:-1] if file.exists() else []


def test_timers(bask: Bask) -> None:
    server = start(bask, "--timer", "7 100ms", "--signal-rbtimer", "8 300ms 4",
                   "--signal-bufsize", "65536")
    wait_until(lambda: seen(server).count("1 7") >= 30, "the timer was due often")
    assert 1 <= seen(server).count("1 8") <= 4  # what was due before the worker was ready is one


def test_timers_go_on_after_a_reload(bask: Bask) -> None:
    server = start(bask, "--rbtimer", "7 50ms", "--signal-timer", "9 100ms")
    server.idle = False
    (bask.folder / "defined.py").write_text("uwsgi.register_signal(9, '', handle)")
    server.send_signal(signal.SIGHUP)
    server.wait_log("reloaded: generation 2 serves")
    wait_until(lambda: "1 9" in seen(server), "the new version has a handler for this one")
    assert "1 7" in seen(server)


def test_touched_file(bask: Bask) -> None:
    touched = bask.folder / "touched"
    touched.touch()
    os.utime(touched, (1, 1))
    server = start(bask, "--touch-signal", "%s 7" % touched, "--touch-signal", "absent 8")
    os.utime(touched)
    wait_until(lambda: seen(server) == ["1 7"], "it was touched")
    server.wait_log("touched was touched: signal 7")
    (bask.folder / "absent").touch()
    wait_until(lambda: seen(server) == ["1 7", "1 8"], "the other one was created")


def test_watched_files(bask: Bask) -> None:
    (bask.folder / "inbox").mkdir()
    server = start(bask, "--fs-signal", "inbox 7", "--fs-signal", "%s/file 8" % bask.folder)
    (bask.folder / "inbox" / "letter").write_text("dear")
    wait_until(lambda: "1 7" in seen(server), "something came")
    assert "1 8" not in seen(server)
    (bask.folder / "file").touch()
    wait_until(lambda: "1 8" in seen(server), "it was created")


# A second worker of a version that finds "upgrading" waits for "go" before it serves.
WAITING = """
def tell(number):
    note("%d %d" % (uwsgi.masterpid(), number))
for number in range(7, 12):
    uwsgi.register_signal(number, "worker1", tell)
uwsgi.add_timer(11, 1)
if uwsgi.worker_id() == 2 and os.path.exists("upgrading"):
    open("waits", "w").close()
    while not os.path.exists("go"):
        time.sleep(0.01)
"""


def masters(server: Server, number: int) -> List[int]:
    """Who has raised this signal, the oldest first."""
    return [int(line.split()[0]) for line in seen(server) if line.endswith(" %d" % number)]


def test_upgrade_doubles_nothing(bask: Bask, successors: None) -> None:
    """While two masters are there, and from when on the new one has taken over."""
    (bask.folder / "inbox").mkdir()
    for name in ("early", "late", "command"):
        (bask.folder / name).touch()
        os.utime(bask.folder / name, (1, 1))
    (bask.folder / "defined.py").write_text(WAITING)
    server = bask.app("services", "--lazy-apps", "--timer", "7 50ms", "--fs-signal", "inbox 8",
                      "--touch-signal", "early 9", "--touch-signal", "late 10", "--touch-exec",
                      "command echo 1 >> ran", "--master-fifo", "fifo", workers=2)
    server.idle = False
    (bask.folder / "upgrading").touch()
    (bask.folder / "fifo").write_text("f")
    wait_until((bask.folder / "waits").exists, "one worker of the successor serves, one does not yet")
    (bask.folder / "inbox" / "letter").touch()
    os.utime(bask.folder / "early")
    os.utime(bask.folder / "command")
    so_far = len(masters(server, 11))
    wait_until(lambda: len(masters(server, 11)) >= so_far + 2, "a time in which all was looked at")
    os.utime(bask.folder / "late")
    (bask.folder / "go").touch()
    found = server.wait_log(r"upgraded: master (\d+) serves")
    before, successor = server.pid, int(found[1])
    assert server.succeeded_by(successor) == 0
    wait_until(lambda: masters(server, 11).count(successor) >= 2, "the same of the new one")
    assert set(masters(server, 8)) == {before}  # a new file may be more than one change
    assert masters(server, 9) == [before]
    assert len(masters(server, 10)) == 1
    assert (bask.folder / "ran").read_text() == "1\n"
    for number in (7, 11):
        told = masters(server, number)
        first = told.index(successor)
        assert set(told[:first]) == {before} and set(told[first:]) == {successor}
    assert masters(server, 7).count(successor) >= 10


@pytest.mark.null
def test_touched_files_do_not_wait_for_a_successor_that_stands_still(bask: Bask, successors: None
                                                                     ) -> None:
    """More of them than the channel to it has room for."""
    options = bask.folder / "options.ini"
    files = [bask.folder / ("touched%d" % number) for number in range(600)]
    text = "[bask]\n" + "".join("hook-touch = %s print:x\n" % file for file in files)
    options.write_text(text)
    for file in files:
        file.touch()
        os.utime(file, (1, 1))
    server = bask.null("--ini", str(options), "--master-fifo", "fifo", "--control-socket", "control",
                       workers=1)
    server.idle = False
    options.write_text(text + "hook-pre-app = exec:touch waits; until test -e go; do sleep 0.05; "
                       "done\n")
    (bask.folder / "fifo").write_text("f")
    wait_until((bask.folder / "waits").exists, "the successor gets ready")
    successor = int(server.wait_log(r"upgrading: .* is started \(pid: (\d+)\)")[1])
    os.kill(successor, signal.SIGSTOP)
    for file in files:
        os.utime(file)
    server.wait_log("touched599 was touched")
    server.ctl("status")
    os.kill(successor, signal.SIGCONT)
    (bask.folder / "go").touch()
    assert server.succeeded_by(successor) == 0
    assert server.log().count("was touched") == len(files)


@pytest.mark.parametrize("words, says", [
    (("--timer", "7"), '--timer "7": expected "SIGNAL SECONDS"'),
    (("--signal-rbtimer", "256 1"), '--rbtimer "256 1": expected "SIGNAL SECONDS [TIMES]"'),
    (("--touch-signal", "x"), '--touch-signal "x": expected "FILE SIGNAL", with a signal from 0 to 255'),
    (("--fs-signal", "x y"), '--fs-signal "x y": expected "PATH SIGNAL"')])
@pytest.mark.null
def test_malformed_ones_are_refused(bask: Bask, words: List[str], says: str) -> None:
    said = bask.refused("--plugin", "null", *words)
    assert says in said and said.count("\n") == 1 and "command line, argument" in said
