"""uWSGI's signals, timers, cron and file monitors."""

import os
from types import SimpleNamespace
from typing import Any, List, Tuple

import pytest

from bask_pypy import jobs, signals, stock
from fake import Host


class Services:
    """The server's side. `refusal`: what the next call says instead of doing it."""

    def __init__(self) -> None:
        self.calls: List[Tuple[Any, ...]] = []
        self.refusal: Tuple[int, str] = (0, "")
        self.queue: List[Any] = []
        self.ended: List[bool] = []

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any) -> Tuple[int, str]:
            self.calls.append((name,) + args)
            return self.refusal

        return call

    def job(self, thread: Any) -> Any:
        return self.queue.pop(0) if self.queue else None

    def end_job(self, job: Any, failed: bool, answer: bytes) -> None:
        assert answer == b""
        self.ended.append(failed)


@pytest.fixture
def world() -> Any:
    host, services = Host(), Services()
    to_do = jobs.Jobs(services)
    uwsgi = SimpleNamespace()
    signals.install(uwsgi, host, services, to_do, stock.run_signal_handler)
    return SimpleNamespace(host=host, services=services, jobs=to_do, uwsgi=uwsgi)


def come(world: Any, *numbers: int) -> None:
    world.services.queue += [SimpleNamespace(kind=jobs.SIGNAL, number=n) for n in numbers]
    while world.jobs.step(None):
        pass


@pytest.mark.parametrize("target", ["worker", b"worker", bytearray(b"worker")])
def test_handlers_get_the_number(world: Any, target: Any) -> None:
    seen: List[int] = []
    assert world.uwsgi.register_signal(7, target, seen.append) is None
    assert world.services.calls == [("signal_define", 7, b"worker")]
    come(world, 7, 7)
    assert seen == [7, 7] and world.services.ended == [False, False]


def test_registered(world: Any) -> None:
    world.uwsgi.register_signal(0, "", print)
    assert world.uwsgi.signal_registered(0) is True
    assert world.uwsgi.signal_registered(1) is None


def test_what_cannot_be_registered(world: Any) -> None:
    for number in (-1, 256, 1000):
        for call in (world.uwsgi.signal, world.uwsgi.signal_registered):
            with pytest.raises(ValueError):
                call(number)
        with pytest.raises(ValueError):
            world.uwsgi.register_signal(number, "", print)
    with pytest.raises(ValueError):
        world.uwsgi.register_signal(1, "", "no callable")
    with pytest.raises(TypeError):
        world.uwsgi.register_signal(1, 5, print)
    world.services.refusal = (-3, "no mules")
    with pytest.raises(ValueError, match="no mules"):
        world.uwsgi.register_signal(1, "mules", print)
    assert world.uwsgi.signal_registered(1) is None


def test_registered_twice(world: Any) -> None:
    world.uwsgi.register_signal(1, "", print)
    with pytest.raises(ValueError, match="already"):  # before the workers are there
        world.uwsgi.register_signal(1, "", print)
    world.host.present_worker = 1
    world.uwsgi.register_signal(1, "", print)


@pytest.mark.parametrize("error", [ZeroDivisionError, SystemExit])
def test_exceptions_are_logged_and_failures(world: Any, error: Any) -> None:
    def fails(number: int) -> None:
        raise error("in a handler")

    world.uwsgi.register_signal(3, "", fails)
    come(world, 3)
    assert world.services.ended == [True]
    assert "the handler of signal 3 raised:" in world.host.log_text
    assert "in a handler" in world.host.log_text


def test_signal_without_a_handler_is_said(world: Any) -> None:
    come(world, 9)
    assert world.services.ended == [False]
    assert "no handler for signal 9" in world.host.log_text


def test_raising(world: Any) -> None:
    assert world.uwsgi.signal(5) is None
    assert world.uwsgi.signal(5, "h:1") is None
    assert world.uwsgi.signal(5, b"h:1") is None
    assert world.services.calls == [("signal_raise", 5)] + [("signal_raise_at", b"h:1", 5)] * 2
    world.services.refusal = (-9, "64 wait already")
    assert world.uwsgi.signal(5) is None
    assert "signal 5 is lost: 64 wait already" in world.host.log_text
    with pytest.raises(OSError):
        world.uwsgi.signal(5, "h:1")
    world.services.refusal = (-10, "refused")
    with pytest.raises(ValueError):
        world.uwsgi.signal(5, "h:1")


def test_timers(world: Any) -> None:
    uwsgi = world.uwsgi
    uwsgi.add_timer(1, 2)
    uwsgi.add_rb_timer(1, 2)
    uwsgi.add_rb_timer(1, 2, 3)
    uwsgi.add_ms_timer(1, 2)
    uwsgi.add_timer(1, 0.5)
    wanted = [(2000000, 0), (2000000, 0), (2000000, 3), (2000, 0), (500000, 0)]
    assert world.services.calls == [("signal_add_timer", 1) + one for one in wanted]
    for name, args in [
        ("add_timer", (1, -1)), ("add_rb_timer", (1, 1, -1)), ("add_timer", (1, 1 << 40)),
        ("add_timer", (300, 1)),
    ]:  # fmt: skip
        with pytest.raises(ValueError):
            getattr(uwsgi, name)(*args)


def test_cron(world: Any) -> None:
    assert world.uwsgi.add_cron(1, -1, -2, 3, 4, 7) is True
    assert world.services.calls == [("signal_add_cron", 1, (-1, -2, 3, 4, 7))]
    with pytest.raises(ValueError):
        world.uwsgi.add_cron(1, 1 << 40, -1, -1, -1, -1)
    world.services.refusal = (-4, "never")
    with pytest.raises(ValueError, match="never"):
        world.uwsgi.add_cron(1, 70, -1, -1, -1, -1)


def test_file_monitors_are_absolute(world: Any) -> None:
    for name in ("a/../b", b"b"):
        world.uwsgi.add_file_monitor(1, name)
    path = os.fsencode(os.path.abspath("b"))
    assert world.services.calls == [("signal_add_monitor", 1, path)] * 2
