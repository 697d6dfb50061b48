"""Signals of applications: who gets them, what raises them, what is left of them."""
import os
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any, List

import pytest

from support import processes
from support.client import Address, Connection
from support.faults import Faults
from support.server import Bask, Server
from support.uwsgi import packet
from support.wait import wait_until


def start(bask: Bask, defined: str, *options: str, workers: int = 2, **how: Any) -> Server:
    (bask.folder / "defined.py").write_text(defined)
    return bask.app("services", *options, workers=workers, **how)


def ask(server: Server, expression: str) -> str:
    return server.post("/", expression.encode()).text


def seen(server: Server) -> List[str]:
    file = server.folder / "seen"
    return file.read_text().split("\n")[:-1] if file.exists() else []


def wait_seen(server: Server, *wanted: str) -> None:
    wait_until(lambda: not Counter(wanted) - Counter(seen(server)), "handlers ran: %s" % (wanted,))


def test_one_worker_gets_a_signal(bask: Bask) -> None:
    server = start(bask, "uwsgi.register_signal(7, '', handle)")
    assert ask(server, "uwsgi.signal(7)") == "None"
    wait_until(lambda: seen(server), "the handler ran")
    assert ask(server, "uwsgi.signal(7)") == "None"
    wait_until(lambda: len(seen(server)) == 2, "the handler ran again")
    assert {line.split()[1] for line in seen(server)} == {"7"}


@pytest.mark.parametrize("target, workers", [
    ("workers", [1, 2, 3]), ("active-workers", [1, 2, 3]), ("worker2", [2]), ("worker3", [3])])
def test_targets(bask: Bask, target: str, workers: List[int]) -> None:
    server = start(bask, "uwsgi.register_signal(255, %r, handle)\n"
                         "uwsgi.register_signal(0, 'workers', handle)" % target, workers=3)
    ask(server, "uwsgi.signal(255)")
    wait_seen(server, *("%d 255" % worker for worker in workers))
    ask(server, "uwsgi.signal(0)")
    wait_seen(server, "1 0", "2 0", "3 0")
    assert len(seen(server)) == len(workers) + 3


def test_busy_worker_is_left_out(bask: Bask) -> None:
    """The one that raises the signal is busy until the other one has handled it."""
    server = start(bask, "uwsgi.register_signal(7, 'worker', handle)\n"
                         "def raise_and_wait(count):\n"
                         "    uwsgi.signal(7)\n"
                         "    while lines() < count:\n"
                         "        time.sleep(0.005)\n"
                         "    return uwsgi.worker_id()\n")
    busy = [ask(server, "raise_and_wait(%d)" % count) for count in range(1, 7)]
    assert all(line.split()[0] != worker for line, worker in zip(seen(server), busy))


def test_handler_runs_in_an_application_thread(bask: Bask) -> None:
    server = start(bask, "where = []\n"
                         "uwsgi.register_signal(1, 'workers', lambda n: note("
                         "uwsgi.worker_id() and type(threading.current_thread()).__name__))",
                   "--threads", "3", workers=1)
    ask(server, "uwsgi.signal(1)")
    wait_until(lambda: seen(server), "the handler ran")
    assert "[1]" == ask(server, "[w['signals'] for w in uwsgi.workers()]")


def test_signals_of_busy_workers_wait(bask: Bask) -> None:
    server = start(bask, "uwsgi.register_signal(7, '', handle)", workers=1)
    assert ask(server, "[uwsgi.signal(7) for _ in range(20)] and time.sleep(0.3)") == "None"
    wait_until(lambda: seen(server) == ["1 7"] * 20, "all handlers ran")


def test_more_than_can_wait_is_lost_and_said(bask: Bask) -> None:
    server = start(bask, "uwsgi.register_signal(7, '', handle)", workers=1)
    ask(server, "[uwsgi.signal(7) for _ in range(500)] and time.sleep(0.5)")
    server.wait_log("wait(ing)? already")
    wait_until(lambda: len(seen(server)) >= 64, "many handlers ran")
    ask(server, "uwsgi.signal(7)")  # as well as ever


def test_handler_that_takes_long_keeps_the_server_serving(bask: Bask) -> None:
    server = start(bask, "uwsgi.register_signal(7, 'worker1', lambda n: ("
                         "note('begins'), [time.sleep(0.01) for _ in range(3000)"
                         " if not os.path.exists('go')], note('ends')))", "--threads", "2",
                   workers=1)
    ask(server, "uwsgi.signal(7)")
    wait_seen(server, "begins")
    assert [ask(server, "1 + 1") for _ in range(10)] == ["2"] * 10
    (server.folder / "go").touch()
    wait_seen(server, "ends")


def test_unknown_signal_is_nobodys(bask: Bask) -> None:
    server = start(bask, "uwsgi.register_signal(7, 'workers', handle)")
    ask(server, "uwsgi.signal(9)")
    ask(server, "uwsgi.signal(7)")
    wait_seen(server, "1 7", "2 7")
    assert "9" not in "".join(seen(server))


def test_timer(bask: Bask) -> None:
    server = start(bask, "uwsgi.register_signal(7, '', lambda n: note(time.time()))\n"
                         "uwsgi.add_ms_timer(7, 100)", workers=1)
    wait_until(lambda: len(seen(server)) >= 11, "the timer was due often")
    times = [float(line) for line in seen(server)[:11]]
    assert 0.9 <= times[10] - times[0] < 5


def test_timer_that_ends(bask: Bask) -> None:
    server = start(bask, "uwsgi.register_signal(7, '', handle)\n"
                         "uwsgi.register_signal(8, '', handle)\n"
                         "uwsgi.add_rb_timer(7, 1, 1)\n"
                         "uwsgi.add_timer(8, 1)", workers=1)
    wait_until(lambda: seen(server).count("1 8") >= 3, "the other timer goes on")
    assert seen(server).count("1 7") == 1


def test_timer_that_is_added_in_a_request(bask: Bask) -> None:
    server = start(bask, "uwsgi.register_signal(7, '', handle)", workers=1)
    ask(server, "uwsgi.add_ms_timer(7, 20)")
    wait_seen(server, "1 7", "1 7")


@pytest.mark.parametrize("lazy", [(), ("--lazy-apps",)])
def test_timer_is_one_however_many_load_it(bask: Bask, lazy: List[str]) -> None:
    server = start(bask, "uwsgi.register_signal(7, '', handle)\n"
                         "uwsgi.register_signal(8, '', handle)\n"
                         "uwsgi.add_rb_timer(7, 1, 2)\nuwsgi.add_rb_timer(8, 1, 4)", *lazy,
                   workers=3)
    wait_until(lambda: sum(line.endswith(" 8") for line in seen(server)) == 4, "both are over")
    assert sum(line.endswith(" 7") for line in seen(server)) == 2


def test_cron(bask: Bask, tmp_path: Path) -> None:
    """At the second minute that begins, which is 3:02 on a Sunday, and by one of two crons."""
    faults, ahead = Faults(tmp_path / "faults"), 1000004401 - int(time.time())
    faults.clock(ahead)
    server = start(bask, "uwsgi.register_signal(7, '', handle)\n"
                         "uwsgi.register_signal(8, '', handle)\n"
                         "uwsgi.add_cron(7, -2, 3, -1, -1, 7)\nuwsgi.add_cron(8, -1, -1, -1, -1, -1)",
                   workers=1, env={**faults.environment, "TZ": "UTC0"})
    for bad in ("60, -1, -1, -1, -1", "-1, 24, -1, -1, -1", "-1, -1, 0, -1, -1"):
        assert ask(server, "uwsgi.add_cron(7, %s)" % bad).startswith("ValueError")
    assert ask(server, "uwsgi.add_cron(7, -2, -1, 31, 12, 7)") == "True"
    faults.clock(ahead + 60)
    wait_until(lambda: seen(server) == ["1 8"], "3:01")
    faults.clock(ahead + 120)
    wait_until(lambda: sorted(seen(server)) == ["1 7", "1 8", "1 8"], "3:02")


@pytest.mark.parametrize("name", ["watched", b"watched"])
def test_file_monitor(bask: Bask, name: Any) -> None:
    server = start(bask, "uwsgi.register_signal(7, 'workers', handle)\n"
                         "uwsgi.add_file_monitor(7, %r)" % (name,), workers=1)
    file = server.folder / "watched"
    file.write_text("one")  # it was not there when the monitor was added
    wait_until(lambda: seen(server), "it was created")
    (server.folder / "other").write_text("nothing")
    count = len(seen(server))
    (server.folder / "new").write_text("two")
    os.replace(server.folder / "new", file)
    wait_until(lambda: len(seen(server)) > count, "it was replaced")


def test_folder_monitor(bask: Bask) -> None:
    (bask.folder / "inbox").mkdir()
    server = start(bask, "uwsgi.register_signal(7, '', handle)\n"
                         "uwsgi.add_file_monitor(7, 'inbox')", workers=1)
    (server.folder / "inbox" / "letter").write_text("dear")
    wait_until(lambda: seen(server), "something came")


def test_reload_replaces_what_was_registered(bask: Bask) -> None:
    server = start(bask, "uwsgi.register_signal(7, 'workers', lambda n: note('old'))\n"
                         "uwsgi.add_ms_timer(7, 20)")
    wait_seen(server, "old")
    (server.folder / "defined.py").write_text(
        "uwsgi.register_signal(8, 'workers', lambda n: note('new'))\nuwsgi.add_ms_timer(8, 20)")
    server.send_signal(signal.SIGHUP)
    server.wait_log("reloaded: generation 2 serves")
    wait_seen(server, "new")
    wait_until(lambda: len(server.workers()) == 2, "the old workers have left")
    (server.folder / "seen").write_text("")
    wait_seen(server, "new", "new", "new", "new")
    assert "old" not in seen(server)


def test_version_that_does_not_load_leaves_the_timers_alone(bask: Bask) -> None:
    server = start(bask, "uwsgi.register_signal(7, '', lambda n: note('old'))\n"
                         "uwsgi.add_ms_timer(7, 20)")
    (server.folder / "defined.py").write_text(
        "uwsgi.register_signal(7, 'workers', handle)\nraise RuntimeError('broken')")
    for generation in range(2, 7):
        server.send_signal(signal.SIGHUP)
        server.complained("generation %d did not load" % generation)
    (server.folder / "seen").write_text("")
    wait_seen(server, "old", "old", "old")


def test_killed_worker_loses_no_signal_of_others(bask: Bask) -> None:
    """What waits for a worker that dies another one handles."""
    server = start(bask, "uwsgi.register_signal(7, '', handle)")
    victim = server.roster()[1]
    processes.stop(victim)
    for _ in range(10):
        assert ask(server, "uwsgi.signal(7)") == "None"
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: len(seen(server)) == 10, "all handlers ran")
    server.complained(r"worker 1 .* died, killed by signal 9")


def test_signals_need_a_master(bask: Bask) -> None:
    server = start(bask, "", workers=0)
    assert ask(server, "uwsgi.register_signal(7, '', handle)") == \
        "ValueError: signals need a master (--master)"
    assert ask(server, "uwsgi.signal(7)") == "None"
    server.wait_log("signal 7 is lost")


def test_remote_signal(bask: Bask) -> None:
    uwsgi_address: Address = ("127.0.0.1", bask.ports.take())
    server = start(bask, "uwsgi.register_signal(7, '', handle)",
                   "--socket", "%s:%d" % uwsgi_address)
    here = "%s:%d" % uwsgi_address
    assert ask(server, "uwsgi.signal(7, %r)" % here) == "None"
    assert ask(server, "uwsgi.signal(7, %r)" % here.encode()) == "None"
    wait_until(lambda: len(seen(server)) == 2, "both handlers ran")
    assert ask(server, "uwsgi.signal(7, '127.0.0.1:1')").startswith("ConnectionRefusedError") or \
        ask(server, "uwsgi.signal(7, '127.0.0.1:1')").startswith("OSError")


def test_no_handler_in_this_worker_is_said(bask: Bask) -> None:
    server = start(bask, "", workers=2)
    ask(server, "uwsgi.worker_id() and uwsgi.register_signal(7, 'workers', handle)")
    ask(server, "uwsgi.signal(7)")
    wait_until(lambda: seen(server), "the worker that registered it got it")
    assert len(seen(server)) == 1


@pytest.mark.null
def test_signals_over_the_socket(bask: Bask) -> None:
    address: Address = ("127.0.0.1", bask.ports.take())
    server = bask.null("--socket", "%s:%d" % address, workers=2, address=address)
    assert server.raw(packet(b"", 110, 2)) == bytes([255, 0, 0, 1])
    wait_until(lambda: server.log().count("null: signal 2") == 2, "both workers got it")
    for _ in range(50):
        assert server.raw(packet(b"", 110, 1)) == bytes([255, 0, 0, 1])
    wait_until(lambda: server.log().count("null: signal 1") == 50, "one worker got each")


@pytest.mark.null
def test_signals_over_the_socket_without_a_master(bask: Bask) -> None:
    address: Address = ("127.0.0.1", bask.ports.take())
    server = bask.null("--socket", "%s:%d" % address, address=address)
    assert server.raw(packet(b"", 110, 1)) == bytes([255, 0, 0, 0])


@pytest.mark.null
@pytest.mark.parametrize("threads", ["1", "4"])
def test_signals_and_requests_and_reloads(bask: Bask, threads: str) -> None:
    http: Address = ("127.0.0.1", bask.ports.take())
    address: Address = ("127.0.0.1", bask.ports.take())
    server = bask.null("--threads", threads, "--socket", "%s:%d" % address,
                       "--http-socket", "%s:%d" % http, workers=2, address=address)
    for turn in range(3):
        for _ in range(40):
            assert server.raw(packet(b"", 110, 1)) == bytes([255, 0, 0, 1])
        server.send_signal(signal.SIGHUP)
        server.wait_log("reloaded: generation %d serves" % (turn + 2))
    wait_until(lambda: server.log().count("null: signal 1") == 120, "none was lost")


def test_what_waits_for_a_worker_that_dies_waits_for_the_next(bask: Bask) -> None:
    """Only the handler that runs is lost with it."""
    server = start(bask, "uwsgi.register_signal(8, 'worker1', handle)\n"
                         "uwsgi.register_signal(7, 'worker1', lambda n: os.kill(os.getpid(), 9))",
                   workers=1)
    ask(server, "[uwsgi.signal(number) for number in [7] + [8] * 40] and time.sleep(0.2)")
    wait_seen(server, *["1 8"] * 40)
    server.complained("killed by signal 9")


FORKS = """
def fork(number):
    pid = os.fork()
    if pid == 0:
        %s
    note("%d ended" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    return b"from the parent"
uwsgi.register_signal(7, '', fork)
uwsgi.register_signal(8, '', handle)
uwsgi.register_rpc("forks", lambda: fork(0))
"""
ENDS = pytest.mark.parametrize("what, status", [
    ("return b'from the child'", 0), ("raise SystemExit(3)", 3), ("1 / 0", 1), ("os._exit(4)", 4)])


def start_forking(bask: Bask, what: str, *options: str) -> Server:
    return start(bask, FORKS.replace("%s", what), *options, workers=1)


@ENDS
def test_handler_that_forks(bask: Bask, what: str, status: int) -> None:
    """The child ends as what it runs does; and it takes none of the signals that wait."""
    server = start_forking(bask, what)
    ask(server, "[uwsgi.signal(number) for number in [7] + [8] * 40] and time.sleep(0.2)")
    wait_seen(server, "%d ended" % status, *["1 8"] * 40)
    assert len(seen(server)) == 41
    if status == 1:
        server.complained("ZeroDivisionError")


@ENDS
def test_function_that_forks(bask: Bask, what: str, status: int) -> None:
    """The caller hears what the parent says."""
    where = "127.0.0.1:%d" % bask.ports.take()
    server = start_forking(bask, what, "--socket", where)
    host, port = where.split(":")
    for _ in range(2):
        with Connection((host, int(port))) as connection:
            connection.send(packet(b"\5\0forks", 173, 1))
            assert connection.rest() == b"from the parent"
    assert seen(server) == ["%d ended" % status] * 2
    if status == 1:
        server.complained("ZeroDivisionError")
