"""uwsgi.sendfile and uwsgi.logsize."""
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable

import pytest

from bask_pypy import present, sendfile, wsgi
from fake import Host, Request, serve_one

CONTENT = bytes(range(256)) * 1000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    return path


def application(send: Callable[[Any], Any], before: bytes = b"", after: Any = ()) -> Any:
    """Calls `send` with the function, after start_response."""
    uwsgi = SimpleNamespace()

    def call(environ: Any, start_response: Any) -> Any:
        write = start_response("200 OK", [("X-Test", "1")])
        if before:
            write(before)
        call.result = send(uwsgi.sendfile)  # type: ignore[attr-defined]
        return after

    setattr(call, "prepare", lambda host: sendfile.install(uwsgi, host))
    return call


def answer(call: Any, host: Host) -> Request:
    """What becomes of a request to it."""
    call.prepare(host)
    request = Request()
    host.queue.append(request)
    wsgi.Server(host, call).serve(None, lambda: None)
    assert request.violations == [] and request.ended
    return request


@pytest.mark.parametrize("given, part", [
    ((), CONTENT), ((0, 0, 0), CONTENT), ((4096, 100), CONTENT[100:]),
    ((0, 100, 50), CONTENT[100:150]), ((0, 255900, 1000), CONTENT[255900:]),
    ((0, 256000), b""), ((0, 1 << 40), b"")])
def test_parts(file: Path, given: Any, part: bytes) -> None:
    call = application(lambda send: send(str(file), *given))
    request = answer(call, Host())
    assert call.result is True and request.ended == "respond_file"
    assert request.sent == part and request.status == 200


def test_ways_to_name_a_file(file: Path) -> None:
    with open(file, "rb") as opened:
        opened.read(10)  # its position is of no interest
        for what in (str(file), bytes(file), file, opened, opened.fileno()):
            request = answer(application(lambda send: send(what)), Host())
            assert request.ended == "respond_file" and request.sent == CONTENT
        assert not opened.closed and opened.read(1) == CONTENT[10:11]


@pytest.mark.parametrize("after", [[], (), b"", [b""], [b"late"], iter([b"late"])])
def test_what_comes_later_is_not_sent(file: Path, after: Any) -> None:
    request = answer(application(lambda send: send(str(file)), after=after), Host())
    assert request.sent == CONTENT


def test_piece_of_an_answer(file: Path) -> None:
    host = Host()
    call = application(lambda send: send(str(file), 0, 10, 20) and send(str(file), 0, 1),
                       b"before", [b"after"])
    request = answer(call, host)
    assert request.sent == b"before" + CONTENT[10:30] + CONTENT[1:] + b"after"
    assert request.ended == "finish" and host.logged == []


def test_kernel_cannot(file: Path) -> None:
    host = Host()
    host.file_error = wsgi.SYSTEM
    request = answer(application(lambda send: send(str(file), 0, 5, 70000)), host)
    assert request.sent == CONTENT[5:70005] and request.ended == "finish"


def test_pipe() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"some bytes")
    os.close(writer)
    request = answer(application(lambda send: send(reader, 0, 0, 4) and send(reader)), Host())
    os.close(reader)
    assert request.sent == b"some bytes"


def test_missing_file(tmp_path: Path) -> None:
    host = Host()
    call = application(lambda send: send(str(tmp_path / "none")), after=[b"instead"])
    assert answer(call, host).sent == b"instead"
    assert call.result is None and "No such file" in host.log_text


def test_name_with_a_nul() -> None:
    call = application(lambda send: send("a\0b"), after=[b"instead"])
    assert answer(call, Host()).sent == b"instead"
    assert call.result is None


@pytest.mark.parametrize("given", [(0, -1), (0, 0, -1)])
def test_no_part(file: Path, given: Any) -> None:
    host = Host()
    assert answer(application(lambda send: send(str(file), *given)), host).status == 500
    assert "ValueError" in host.log_text


def test_before_start_response(file: Path) -> None:
    uwsgi = SimpleNamespace()
    host = Host()
    sendfile.install(uwsgi, host)

    def early(environ: Any, start_response: Any) -> Any:
        uwsgi.sendfile(str(file))
        return []

    host.queue.append(Request())
    request = host.queue[0]
    wsgi.Server(host, early).serve(None, lambda: None)
    assert request.status == 500 and "did not call start_response" in host.log_text


def test_outside_of_a_request(file: Path) -> None:
    uwsgi = SimpleNamespace()
    sendfile.install(uwsgi, Host())
    with pytest.raises(SystemError, match="only from the main callable"):
        uwsgi.sendfile(str(file))


def test_logsize(tmp_path: Path, monkeypatch: Any) -> None:
    uwsgi = SimpleNamespace()
    present.install(uwsgi, Host(), SimpleNamespace())
    real = os.fstat
    (tmp_path / "log").write_bytes(b"12345")
    with open(tmp_path / "log", "rb") as log:
        monkeypatch.setattr(os, "fstat", lambda fd: real(log.fileno()))
        assert uwsgi.logsize() == 5
    ends = os.pipe()
    monkeypatch.setattr(os, "fstat", lambda fd: real(ends[0]))
    assert uwsgi.logsize() == 0
    monkeypatch.undo()
    os.close(ends[0])
    os.close(ends[1])


def test_serving_costs_nothing_for_it() -> None:
    """Nothing of the request is kept for it: what is on the stack is looked up by this name."""
    assert "response" in wsgi.Server.handle.__code__.co_varnames
    assert serve_one(lambda environ, start: start("200 OK", []) and [b"x"] or [b"x"]).sent == b"x"
