"""User harakiri, recycling after exceptions, idle moments, and stacks."""
import sys
import threading
from types import SimpleNamespace
from typing import Any, Iterator, List

import pytest
from bask_pypy import api, idle, recycling, stacks, wsgi
from fake import Host, Request, serve


class Failure(Exception):
    pass


class Unprintable(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")

    __repr__ = __str__


@pytest.mark.parametrize(
    "rule, value, error, meets",
    [
        ("type", "Failure", Failure("x"), True),
        ("type", __name__ + ".Failure", Failure("x"), True),
        ("type", "Exception", Failure("x"), False),
        ("type", "builtins.KeyError", KeyError("x"), True),
        ("value", "no such table", Failure("no such table"), True),
        ("value", "no such", Failure("no such table"), False),
        ("repr", "Failure('x')", Failure("x"), True),
        ("repr", "Failure('y')", Failure("x"), False),
        ("value", "", Unprintable(), False),
        ("repr", "", Unprintable(), False),
    ],
)
def test_rules(rule: str, value: str, error: BaseException, meets: bool) -> None:
    rules = recycling.Rules(Host(options={"reload-on-exception-" + rule: ["other", value]}))
    expected = "reload-on-exception-%s %s" % (rule, value)
    assert rules.match(error) == (expected if meets else None)


def test_no_rules() -> None:
    assert recycling.Rules(Host()).match(Failure("x")) is None


def test_exception_that_meets_a_rule_recycles_the_worker() -> None:
    def application(environ: Any, start_response: Any) -> List[bytes]:
        raise Failure("x")

    host = Host(options={"reload-on-exception-type": ["Failure"]})
    serve(host, application, Request(), Request())
    assert host.recycled == ["reload-on-exception-type Failure"] * 2


def test_user_harakiri() -> None:
    host = Host()
    uwsgi = api.make_module(host)
    uwsgi.set_user_harakiri(3)
    assert host.user_harakiri == 3000 and "no request" in host.log_text
    host.present_worker = 1
    uwsgi.set_user_harakiri(0)
    assert host.user_harakiri == 0
    sys.modules.pop("uwsgi", None)


def test_response_that_was_cut_off_is_nobodys_failure() -> None:
    def application(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"late"

    host = Host(begin_error=wsgi.CLOSED)
    serve(host, application, Request())
    assert "raised" not in host.log_text


class Heap:
    """A collector whose collections take three steps."""

    def __init__(self) -> None:
        self.used = 100 << 20
        self.steps = 0

    def _get_stats(self) -> Any:
        return SimpleNamespace(total_gc_memory=self.used)

    def collect_step(self) -> Any:
        self.steps += 1
        return SimpleNamespace(major_is_done=self.steps % 3 == 0)


def test_idle_collections() -> None:
    host, heap = Host(), Heap()
    collector = idle.Collector(host, heap)
    rest, more = (idle.QUIET_MS, idle.REQUESTS), (idle.STEP_MS, 0)
    collector.start()
    collector.step()
    assert heap.steps == 0 and host.idle_moments == [rest, rest]  # the heap has not grown
    heap.used = 130 << 20
    for _ in range(3):
        collector.step()
    assert heap.steps == 3 and host.idle_moments[2:] == [more, more, rest]
    heap.used = 140 << 20
    collector.step()
    assert heap.steps == 3  # less than a quarter more


def test_idle_moment_is_no_request_and_no_end() -> None:
    host = Host()
    server = wsgi.Server(host, lambda environ, start_response: [b""])
    host.watch_idle(1, 0)
    moments: List[int] = []

    def on_idle() -> None:
        moments.append(1)
        host.idle_moments.clear()

    server.serve(None, on_idle)
    assert moments == [1]


def test_stacks() -> None:
    entered, leave = threading.Event(), threading.Event()

    def wait_in_here() -> None:
        stacks.enter(4)
        entered.set()
        leave.wait()

    thread = threading.Thread(target=wait_in_here)
    thread.start()
    entered.wait()
    text = stacks.describe()
    leave.set()
    thread.join()
    assert "application thread 4" in text and "wait_in_here" in text
    assert "test_stacks" not in text  # nobody asks what the asker does
