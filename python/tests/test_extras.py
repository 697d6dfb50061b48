"""Names of the module beside its subsystems; signals that are waited for."""

import os
from types import SimpleNamespace
from typing import Any, Dict, List

import pytest

from bask_pypy import aides, extras, jobs, mules, present, roles, signals, stock
from fake import Host, Request, serve_one
from test_aides import Own


class Services:
    """The server's side of a worker; `numbers`: what waiting gives."""

    def __init__(self) -> None:
        self.request = 3
        self.numbers: List[int] = []
        self.error = 0
        self.calls: List[Any] = []

    def request_number(self) -> int:
        return self.request

    def request_wait_signal(self) -> int:
        return self.numbers.pop(0)

    def request_log_this(self) -> int:
        return self.error

    def request_add_variable(self, name: bytes, value: bytes) -> int:
        self.calls.append((name, value))
        return self.error

    def request_note(self, name: bytes, value: bytes) -> int:
        self.calls.append((name, value))
        return self.error

    def set_warning(self, text: bytes) -> None:
        self.calls.append(text)

    def signal_define(self, number: int, target: bytes) -> Any:
        return 0, ""


def make(role: int = roles.NONE) -> Any:
    """A module with signals, and what is behind it."""
    host, services, own = Host(), Services(), Own(role)
    uwsgi = SimpleNamespace()
    given = signals.install(uwsgi, host, services, jobs.Jobs(services), stock.run_signal_handler)
    life = aides.Life(host, own, lambda number: None)
    life._wake, life._bell = os.pipe()
    for end in (life._wake, life._bell):
        os.set_blocking(end, False)
    logged: List[str] = []
    given.serve_aide(life, logged.append)
    present.install(uwsgi, host, services)
    return SimpleNamespace(uwsgi=uwsgi, services=services, own=own, life=life, host=host,
                           logged=logged)


def test_first_signal_that_comes() -> None:
    world = make()
    seen: List[int] = []
    world.uwsgi.register_signal(7, "", seen.append)
    world.services.numbers = [7]
    assert world.uwsgi.signal_received() == -1
    assert world.uwsgi.signal_wait() == b""
    assert world.uwsgi.signal_received() == 7 and seen == [7]
    world.services.request = 4
    assert world.uwsgi.signal_received() == -1


def test_others_are_handled_until_it_comes() -> None:
    world = make()
    seen: List[int] = []

    def handler(number: int) -> None:
        seen.append(number)
        raise ZeroDivisionError

    world.uwsgi.register_signal(7, "", handler)
    world.services.numbers = [7, 8, 9, 10]
    assert world.uwsgi.signal_wait(9) == b""
    assert world.uwsgi.signal_received() == 9 and seen == [7]
    assert "ZeroDivisionError" in world.host.log_text and world.services.numbers == [10]


@pytest.mark.parametrize("error, words", [
    (-10, "only from the main callable"), (-5, "there is no master"), (-7, "shall end"),
    (-8, "cut off"), (-2, "-2")])
def test_wait_that_fails(error: int, words: str) -> None:
    world = make()
    world.services.numbers = [error]
    with pytest.raises(SystemError, match=words):
        world.uwsgi.signal_wait()


def test_numbers_are_checked() -> None:
    with pytest.raises(ValueError):
        make().uwsgi.signal_wait(256)


def test_thread_without_a_request_received_none() -> None:
    world = make()
    world.services.request = -10
    with pytest.raises(SystemError):
        world.uwsgi.signal_received()


@pytest.mark.parametrize("role", [roles.MULE, roles.SPOOLER])
@pytest.mark.parametrize("in_hand", [False, True])
def test_aides_wait(role: int, in_hand: bool) -> None:
    world = make(role)
    seen: List[int] = []
    world.services.request = -10
    world.uwsgi.register_signal(7, "", seen.append)
    world.own.signals = [-6, 8, 7]
    if in_hand:
        world.life.start()
        world.own.notes.clear()
    assert world.uwsgi.signal_wait(7) == b""
    assert world.uwsgi.signal_received() == 7 and seen == [7]
    assert world.own.notes == ([] if in_hand else ["begin", "done"] * 2)


def test_aide_that_shall_end_waits_no_longer() -> None:
    world = make(roles.MULE)
    world.life._ends = True
    with pytest.raises(SystemExit):
        world.uwsgi.signal_wait()


def test_variables() -> None:
    world = make()
    assert world.uwsgi.add_var("a", b"b") is True
    assert world.services.calls == [(b"a", b"b")]
    assert world.uwsgi.log_this_request() is None
    world.services.error = -9
    with pytest.raises(ValueError):
        world.uwsgi.add_var("a", "b")
    world.services.error = -10
    for call in (lambda: world.uwsgi.add_var("a", "b"), world.uwsgi.log_this_request):
        with pytest.raises(SystemError):
            call()


def test_log_variables() -> None:
    world = make()
    assert world.uwsgi.set_logvar("a", "b") is None
    assert world.uwsgi.set_logvar(b"a", b"c") is None
    assert world.services.calls == [(b"a", b"b"), (b"a", b"c")]
    assert world.uwsgi.get_logvar("a") == b"c"
    world.services.request += 1
    assert world.uwsgi.get_logvar("a") is None
    world.services.error = -2
    with pytest.raises(MemoryError):
        world.uwsgi.set_logvar("a", "b")


@pytest.mark.parametrize("given, text", [
    ("full", b"full"), (b"\xff", b"\xef\xbf\xbd"), ("x" * 81, b"x" * 80),
    ("\u20ac" * 27, b"\xe2\x82\xac" * 26), ("", b"")])
def test_warnings(given: Any, text: bytes) -> None:
    world = make()
    assert world.uwsgi.set_warning_message(given) is True
    assert world.services.calls == [text]


def install(options: Dict[str, List[str]]) -> Any:
    uwsgi = SimpleNamespace()
    extras.install(uwsgi, Host(options=options))
    return uwsgi


def test_facts() -> None:
    uwsgi = install({"mode": ["m"], "pidfile": ["p"]})
    assert (uwsgi.mode, uwsgi.pidfile, uwsgi.buffer_size) == (b"m", b"p", 65536)
    assert not hasattr(install({}), "mode")


def test_present_request() -> None:
    lookup = install({}).__dict__["__getattr__"]
    found: List[Any] = []

    def application(environ: Any, start_response: Any) -> Any:
        found.append(lookup("env") is environ)
        lookup("start_response")("200 OK", [])
        return [b"done"]

    assert serve_one(application, Request()).sent == b"done"
    assert found == [True]
    for name in ("env", "start_response", "other"):
        with pytest.raises(AttributeError):
            lookup(name)


def test_hook_after_requests() -> None:
    told: List[str] = []
    order: List[str] = []

    def hook() -> None:
        order.append("hook")
        raise SystemExit

    handle = extras.wrap(lambda request: order.append(request), hook, told.append)
    handle("request")
    assert order == ["request", "hook"] and told == ["uwsgi.after_req_hook raised"]


def test_mules_files() -> None:
    uwsgi, own = SimpleNamespace(), Own(roles.MULE)
    host = Host(options={"mule": ["a.py", "true"]})
    mules.install(_with_harakiri(uwsgi), host, own, aides.Life(host, own, lambda number: None))
    assert uwsgi.mule_file() == b"a.py" and uwsgi.mule_file(2) is uwsgi.mule_file(3) is None
    with pytest.raises(ValueError):
        uwsgi.mule_file(4)
    assert uwsgi.mule_msg_recv_size() == 1000


def _with_harakiri(uwsgi: Any) -> Any:
    uwsgi.set_user_harakiri = lambda seconds: None
    return uwsgi

