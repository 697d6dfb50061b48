"""Mules and spoolers: what the module has of them, and when such a process ends."""

import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import pytest

import apart
from bask_pypy import aides, mules, roles, spooler
from fake import Host

HERE = Path(__file__).resolve().parent


class Own:
    """The server's side. `during`: what happens while the process waits."""

    def __init__(self, role: int = roles.NONE) -> None:
        self.kind = role
        self.messages: List[bytes] = []
        self.tasks: List[Any] = []
        self.sent: List[Tuple[Any, ...]] = []
        self.outcome: Tuple[int, str] = (0, "")
        self.during: List[Callable[[], None]] = []
        self.notes: List[Any] = []
        self.orphan = False
        self.signals: List[int] = []

    def role(self) -> int:
        return self.kind

    def id(self) -> int:
        return 1

    def work(self) -> bytes:
        return b"" if self.kind == roles.MULE else b"/spool"

    def receive(self, sources: int, wake: int, timeout_ms: int, size: int) -> Optional[bytes]:
        if self.messages:
            return self.messages.pop(0)
        if self.during:
            self.during.pop(0)()
        return None

    def begin(self) -> None:
        self.notes.append("begin")

    def done(self) -> None:
        self.notes.append("done")

    def limit(self, ms: int) -> bool:
        self.notes.append(ms)
        return self.kind != roles.NONE

    def look(self) -> bool:
        return self.orphan

    def take_signal(self) -> int:
        return self.signals.pop(0) if self.signals else -5

    def wait_signal(self, wake: int) -> int:
        return self.signals.pop(0)

    def mules(self) -> int:
        return 3

    def largest(self) -> int:
        return 1000

    def send(self, mule: int, message: bytes) -> Tuple[int, str]:
        self.sent.append((mule, message))
        return self.outcome

    def send_to_farm(self, farm: bytes, message: bytes) -> Tuple[int, str]:
        self.sent.append((farm, message))
        return self.outcome

    def is_in_farm(self, farm: Optional[bytes]) -> bool:
        return farm in (None, b"f")

    def folders(self) -> List[Any]:
        return [SimpleNamespace(path=b"/spool", ours=True)]

    def spoolers(self) -> List[Tuple[int, bytes]]:
        return [(7, b"/spool")]

    def put(self, *order: Any) -> Tuple[bytes, str]:
        self.sent.append(order)
        return b"/spool/one", ""

    def take(self) -> Any:
        return self.tasks.pop(0) if self.tasks else None

    def finish(self, remove: bool) -> None:
        self.notes.append(remove)

    def wait_ms(self) -> int:
        return 1000

    def is_quiet(self) -> bool:
        return True

    def max_tasks(self) -> int:
        return 0


def task(name: bytes = b"uwsgi_spoolfile_on_x", body: bytes = b"", **items: bytes) -> Any:
    return SimpleNamespace(path=b"/spool/" + name, body=body,
                           items={key.encode(): value for key, value in items.items()})  # fmt: skip


def make(role: int) -> Any:
    host: Any = Host()
    own = Own(role)
    host.is_stopping = lambda: False
    host.option = lambda name: iter(())
    life = aides.Life(host, own, lambda number: own.notes.append("signal %d" % number))
    uwsgi = SimpleNamespace(set_user_harakiri=lambda seconds: own.notes.append("request"))
    logged: List[str] = []
    return SimpleNamespace(
        host=host, own=own, life=life, uwsgi=uwsgi, logged=logged,
        mules=mules.install(uwsgi, host, own, life),
        spooler=spooler.install(uwsgi, host, own, life),
    )  # fmt: skip


@pytest.fixture
def signals() -> Iterator[None]:
    """What such a process does with signals is taken back."""
    numbers = (aides.GENTLY, *aides.AT_ONCE, signal.SIGTSTP, signal.SIGURG, signal.SIGUSR1)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    signal.set_wakeup_fd(-1)
    signal.alarm(0)
    for number, handler in before.items():
        signal.signal(number, handler)


def send(number: int) -> Callable[[], None]:
    return lambda: os.kill(os.getpid(), number)


# Messages


def test_messages_go_where_they_shall() -> None:
    world = make(roles.NONE)
    uwsgi, own = world.uwsgi, world.own
    assert uwsgi.mule_msg("a") and uwsgi.mule_msg(b"b", 3)
    assert uwsgi.mule_msg(memoryview(b"c"), "f") and uwsgi.mule_msg("d", b"f")
    assert uwsgi.farm_msg("f", "e") is None
    assert own.sent == [(0, b"a"), (3, b"b"), (b"f", b"c"), (b"f", b"d"), (b"f", b"e")]
    for target in (-1, 4, 1 << 40, 1.5, None):
        with pytest.raises(ValueError):
            uwsgi.mule_msg("x", target)
    own.outcome = (roles.AGAIN, "")
    assert uwsgi.mule_msg("x") is False
    own.outcome = (-9, "too large")
    with pytest.raises(ValueError, match="too large"):
        uwsgi.farm_msg("f", "x")


def test_only_mules_receive() -> None:
    world = make(roles.NONE)
    assert world.uwsgi.mule_id() == 0
    for receive in (world.uwsgi.mule_get_msg, world.uwsgi.farm_get_msg):
        with pytest.raises(ValueError):
            receive()


def test_mule_handles_messages_one_after_the_other(signals: None) -> None:
    world = make(roles.MULE)
    seen: List[bytes] = []

    def hook(message: bytes) -> None:
        seen.append(message)
        int(message) / int(message)

    world.uwsgi.mule_msg_hook = hook
    world.uwsgi.install_mule_msg_hook(lambda message: seen.append(b"extra " + message))
    world.own.messages = [b"0", b"1"]
    world.own.during = [send(aides.GENTLY)]
    world.life.begin()
    with pytest.raises(SystemExit):
        world.mules.run(None, world.logged.append)
    assert seen == [b"0", b"extra 0", b"1", b"extra 1"]
    assert world.logged == ["uwsgi.mule_msg_hook raised"]
    assert world.own.notes == ["begin", "done"] * 2


def test_signals_and_messages_take_turns(signals: None) -> None:
    world = make(roles.MULE)
    world.uwsgi.mule_msg_hook = lambda message: world.own.notes.append(message)
    world.own.signals, world.own.messages = [7, 8], [b"one", b"two", b"three"]
    world.own.during = [send(aides.GENTLY)]
    world.life.begin()
    with pytest.raises(SystemExit):
        world.mules.run(None, world.logged.append)
    happened = [note for note in world.own.notes if note not in ("begin", "done")]
    assert happened == ["signal 7", b"one", "signal 8", b"two", b"three"]
    assert world.own.notes.count("begin") == world.own.notes.count("done") == 5


def test_mule_that_shall_end_takes_no_signal(signals: None) -> None:
    world = make(roles.MULE)
    world.uwsgi.mule_msg_hook = lambda message: send(aides.GENTLY)()
    world.own.messages = [b"one"]
    world.life.begin()
    world.own.during = [lambda: None]
    world.own.receive = lambda *args: world.own.signals.append(7) or b"one"
    with pytest.raises(SystemExit):
        world.mules.run(None, world.logged.append)
    assert world.own.signals == [7]


def test_messages_without_signals(signals: None) -> None:
    world = make(roles.MULE)
    world.own.signals, world.own.messages = [7], [b"one"]
    assert world.uwsgi.mule_get_msg(signals=False) == b"one"
    assert world.own.signals == [7]


def test_spooler_handles_signals_and_counts_tasks_alone(signals: None) -> None:
    world = make(roles.SPOOLER)
    world.own.signals, world.own.tasks = [7], [task()]
    world.own.messages = [b"!", b"!"]  # it was told of something, twice
    world.own.during = [send(aides.GENTLY)]
    world.uwsgi.spooler = lambda env: spooler.OK
    world.life.begin()
    with pytest.raises(SystemExit):
        world.spooler.run(None, world.logged.append)
    notes = [note for note in world.own.notes if note != 1000]
    assert notes == ["begin", "signal 7", "done", "begin", True, "done"]


def test_mule_with_a_message_ends_when_that_is_done(signals: None) -> None:
    world = make(roles.MULE)
    seen: List[str] = []

    def hook(message: bytes) -> None:
        send(aides.GENTLY)()
        seen.append("after")

    world.uwsgi.mule_msg_hook = hook
    world.own.messages = [b"one", b"two"]
    world.life.begin()
    with pytest.raises(SystemExit):
        world.mules.run(None, world.logged.append)
    assert seen == ["after"] and world.own.messages == [b"two"]


def test_what_waits_is_done_when_the_whole_server_stops(signals: None) -> None:
    world = make(roles.MULE)
    seen: List[bytes] = []

    def hook(message: bytes) -> None:
        seen.append(message)
        send(aides.GENTLY)()

    world.host.is_stopping = lambda: True
    world.uwsgi.mule_msg_hook = hook
    world.own.messages = [b"one", b"two"]
    world.life.begin()
    with pytest.raises(SystemExit):
        world.mules.run(None, world.logged.append)
    assert seen == [b"one", b"two"]


@pytest.mark.parametrize("number", aides.AT_ONCE)
def test_signals_that_do_not_wait(signals: None, number: int) -> None:
    world = make(roles.MULE)
    seen: List[str] = []

    def hook(message: bytes) -> None:
        send(number)()
        seen.append("after")

    world.uwsgi.mule_msg_hook = hook
    world.own.messages = [b"one"]
    world.life.begin()
    with pytest.raises(SystemExit):
        world.mules.run(None, world.logged.append)
    assert not seen and not world.logged


def test_program_that_has_nothing_in_hand_ends_at_once(signals: None) -> None:
    world = make(roles.MULE)
    world.life.begin()
    with pytest.raises(SystemExit):
        send(aides.GENTLY)()
        time.sleep(60)


def test_receiving_has_a_limit(signals: None) -> None:
    world = make(roles.MULE)
    world.life.begin()
    assert world.uwsgi.mule_get_msg(timeout=0.01) is None
    assert world.uwsgi.mule_get_msg(timeout=0) is None
    world.own.messages = [b"x"]
    assert world.uwsgi.mule_get_msg(False, False, 10, 0) == b"x"


def test_thread_that_receives_ends_the_process(tmp_path: Path) -> None:
    imports = "sys.path[:] = %r; import test_aides as tests" % sys.path
    apart.run(HERE, imports, "tests.end_by_a_thread()", tmp_path, aides.DONE_STATUS)


def end_by_a_thread() -> None:
    """For a process of its own: a signal comes whenever it likes."""
    world = make(roles.MULE)
    world.life.begin()
    begun: List[bool] = []

    def tell() -> None:
        while not begun:  # starting a thread is not to be interrupted
            time.sleep(0.01)
        send(aides.GENTLY)()

    world.own.during = [tell]
    threading.Thread(target=world.uwsgi.mule_get_msg, daemon=True).start()
    begun.append(True)
    while True:
        time.sleep(0.01)


def test_main_thread_is_ended_once(signals: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it does at its end, atexit for instance, is not broken off by a second exception."""
    world = make(roles.MULE)
    world.life.begin()
    with pytest.raises(SystemExit):
        send(aides.GENTLY)()
        time.sleep(60)
    killed: List[Tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda *what: killed.append(what))
    ended = threading.Event()

    def wait() -> None:
        try:
            world.uwsgi.mule_get_msg()
        except SystemExit:
            ended.set()

    threading.Thread(target=wait, daemon=True).start()
    assert ended.wait(10) and not killed


def test_process_without_a_server_ends(signals: None) -> None:
    world = make(roles.MULE)
    world.own.orphan = True
    with pytest.raises(SystemExit):
        world.life.begin()


def test_limit_is_of_what_is_being_done() -> None:
    make(roles.NONE).uwsgi.set_user_harakiri(1)
    for role, notes in ((roles.NONE, ["request"]), (roles.MULE, [1500])):
        world = make(role)
        world.uwsgi.set_user_harakiri(1.5)
        assert world.own.notes == notes


# Tasks


def test_task_is_packed() -> None:
    world = make(roles.NONE)
    given = {"k": "v", b"body": bytearray(b"B"), "at": "5.9", "priority": 3, "spooler": "/spool"}
    assert world.uwsgi.spool(given, more=b"x") == b"/spool/one"
    assert world.own.sent == [(b"/spool", b"3", 5, b"\1\0k\1\0v\4\0more\1\0x", b"B")]
    assert set(given) == {"k", b"body", "at", "priority", "spooler"}  # it is the caller's


@pytest.mark.parametrize("given", [
    {"k": 1}, {1: "v"}, {"": "v"}, {"k": "x" * 65536}, {"at": "x"}, {"at": float("nan")}, {"body": 1},
    {"k": None}, {"priority": 1.5}, {"at": float("inf")},
])  # fmt: skip
def test_what_is_no_task(given: Dict[Any, Any]) -> None:
    world = make(roles.NONE)
    with pytest.raises(ValueError):
        world.uwsgi.spool(given)
    assert world.own.sent == []


def run_spooler(world: Any, *tasks: Any) -> None:
    world.own.tasks = list(tasks)
    world.own.during = [send(aides.GENTLY)]
    world.life.begin()
    with pytest.raises(SystemExit):
        world.spooler.run(SimpleNamespace(importer=None), world.logged.append)


@pytest.mark.parametrize("result, removed", [
    (-2, True), (-1, False), (0, False), (None, False), ("-2", False), (7, False)])
def test_what_becomes_of_a_task(signals: None, result: Any, removed: bool) -> None:
    world = make(roles.SPOOLER)
    world.uwsgi.spooler = lambda env: result
    run_spooler(world, task())
    assert world.own.notes == ["begin", removed, "done"]


def test_task_that_fails_stays_and_others_are_done(signals: None) -> None:
    world = make(roles.SPOOLER)
    seen: List[Any] = []

    def handler(env: Dict[Any, bytes]) -> int:
        seen.append(env)
        if len(seen) == 1:
            raise LookupError
        if len(seen) == 2:
            raise SystemExit(3)
        return spooler.OK

    world.uwsgi.spooler = handler
    run_spooler(world, task(), task(), task(b"uwsgi_spoolfile_on_y", b"B", k=b"v"))
    assert [note for note in world.own.notes if isinstance(note, bool)] == [False, False, True]
    assert seen[2] == {"spooler_task_name": b"uwsgi_spoolfile_on_y", "body": b"B", b"k": b"v"}
    assert world.logged == ["the task uwsgi_spoolfile_on_x raised"]


def test_spooler_with_a_task_ends_when_that_is_done(signals: None) -> None:
    world = make(roles.SPOOLER)
    world.uwsgi.spooler = lambda env: [send(aides.GENTLY)(), spooler.OK][1]
    run_spooler(world, task(), task())
    assert world.own.notes == ["begin", True, "done"] and len(world.own.tasks) == 1


def test_nobody_wants_it(signals: None) -> None:
    world = make(roles.SPOOLER)
    run_spooler(world, task())
    assert world.own.notes == ["begin", False, "done"]


def test_status() -> None:
    for code, status in ((None, 0), (3, 3), ("text", 1), (256 + 4, 4)):
        assert aides.status_of(SystemExit(code)) == status
