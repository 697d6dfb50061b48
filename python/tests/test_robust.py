"""What interrupts the server's own Python, and processes that should not be in it."""

import os
import signal
import sys
from typing import Any, Iterator, List

import pytest

from bask_pypy import os_signals, strays, wsgi
from fake import Host, Request


class TooLate(Exception):
    pass


def hello(environ: Any, start_response: Any) -> List[bytes]:
    start_response("200 OK", [])
    return [b"hello"]


def run(host: Host, application: Any) -> wsgi.Server:
    """As bask_py_run and the loop around it do."""
    server = wsgi.Server(host, application)
    while True:
        try:
            server.serve(None, host.idle_moments.clear)
            return server
        except BaseException as error:
            server.resume(None, error)


def test_request_that_came_with_a_signal_is_served() -> None:
    host = Host()
    host.queue += [Request(), Request()]
    requests = list(host.queue)
    host.interrupts = [TooLate("too late")]
    run(host, hello)
    assert [request.sent for request in requests] == [b"hello"] * 2
    assert "a signal handler raised between two requests" in host.log_text
    assert "TooLate: too late" in host.log_text


def test_request_that_was_begun_is_never_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    host, request, calls = Host(), Request(), []
    host.queue.append(request)

    def application(environ: Any, start_response: Any) -> List[bytes]:
        calls.append(1)
        return hello(environ, start_response)

    def late(*_: Any) -> None:
        monkeypatch.undo()
        raise TooLate

    monkeypatch.setattr(wsgi.Response, "abort", late)
    run(host, application)
    assert calls == [1]
    assert request.status == 200
    host.queue.append(Request())
    request = host.queue[0]
    with monkeypatch.context() as patches:
        patches.setattr(wsgi.Response, "whole", late)
        patches.setattr(wsgi.Response, "abort", late)
        run(host, application)
    assert calls == [1, 1]
    assert request.status == 500


def test_answer_that_is_out_is_not_answered_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The signal came between the server's call and what would have been noted of it."""
    host, request, respond = Host(), Request(), Host.respond
    host.queue.append(request)

    def late(*arguments: Any) -> None:
        respond(*arguments)
        raise TooLate

    monkeypatch.setattr(Host, "respond", late)
    run(host, hello)
    assert request.status == 200
    assert request.sent == b"hello"
    assert request.violations == []


def status_of_child(error: Any) -> int:
    """A child that comes back into the server with this exception."""
    strays.enter()
    pid = os.fork()
    if pid == 0:
        try:
            strays.end_of_one(error)
        finally:
            os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.parametrize(
    "error, status",
    [
        (None, 0),
        (SystemExit(), 0),
        (SystemExit(3), 3),
        (SystemExit(-1), 255),
        (SystemExit(True), 1),
        (SystemExit("text"), 1),
        (ValueError("wrong"), 1),
        (KeyboardInterrupt(), 1),
    ],
)
def test_child_that_comes_back_ends(error: Any, status: int) -> None:
    assert status_of_child(error) == status


def test_the_server_itself_does_not_end() -> None:
    strays.enter()
    strays.end_of_one(ValueError())


@pytest.fixture
def guarded() -> Iterator[List[str]]:
    warnings: List[str] = []
    strays.enter()
    os_signals.guard(warnings.append)
    os_signals.guard(warnings.append)
    yield warnings
    os_signals.unguard()
    assert signal.signal is os_signals.set_handler


def handler(number: int, frame: Any) -> None:
    pass


def test_handlers_of_our_signals_are_remembered_only(guarded: List[str]) -> None:
    before = os_signals._get_handler(signal.SIGTERM)
    assert signal.signal(signal.SIGTERM, handler) == before
    assert signal.getsignal(signal.SIGTERM) is handler
    assert os_signals._get_handler(signal.SIGTERM) == before
    assert signal.signal(signal.SIGTERM, signal.SIG_IGN) is handler
    assert len(guarded) == 1 and "SIGTERM" in guarded[0]


def test_other_signals_are_the_applications(guarded: List[str]) -> None:
    before = signal.signal(signal.SIGUSR2, handler)
    assert os_signals._get_handler(signal.SIGUSR2) is handler
    assert signal.signal(signal.SIGUSR2, before) is handler
    assert guarded == []


def test_what_is_no_handler_is_refused_as_ever(guarded: List[str]) -> None:
    with pytest.raises((TypeError, ValueError)):
        signal.signal(signal.SIGTERM, "no handler")  # type: ignore[arg-type]


def test_other_signals_of_a_child_are_its_own(guarded: List[str]) -> None:
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(5))
        signal.raise_signal(signal.SIGTERM)
        os._exit(99)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5
    assert sys.exc_info() == (None, None, None)
