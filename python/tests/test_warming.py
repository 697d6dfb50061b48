"""Warm-up, and what an application may see of it; connections that workers would share."""

import gc
import importlib
import os
import socket
import sys
import threading
import time
from types import ModuleType
from typing import Any, Dict, Iterator, List

import pytest

from bask_pypy import boundaries, inherited, jit, wsgi
from fake import Host, Request

OK: List[bytes] = [b"ok"]


class Recorder:
    """An application that keeps its environs."""

    def __init__(self) -> None:
        self.environs: List[Dict[str, Any]] = []

    def __call__(self, environ: Dict[str, Any], start_response: Any) -> List[bytes]:
        self.environs.append(environ)
        start_response("200 OK", [])
        return OK


def test_environ_says_so() -> None:
    application = Recorder()
    server = wsgi.Server(Host(), application)
    # The same connection each time: what its fields gave is kept, and must be forgotten.
    for warming in (False, True, False):
        server.warm(warming)
        for _ in range(5):
            server.handle(Request(peer_is_new=False))
    seen = [environ.get("bask.warmup") for environ in application.environs]
    assert seen == [None] * 5 + [True] * 5 + [None] * 5
    assert "bask.warmup" not in application.environs[-1]


def test_one_exception_is_told() -> None:
    def fail(environ: Any, start_response: Any) -> List[bytes]:
        raise ValueError("on purpose")

    host = Host()
    server = wsgi.Server(host, fail)
    for warming, quiet, told in ((True, False, 1), (True, True, 1), (False, False, 4)):
        server.warm(warming, quiet)
        for _ in range(3):
            server.handle(Request())
        assert len(host.logged) == told


def test_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: List[str] = []
    traces = iter([3, 10, 10, 11])
    monkeypatch.setattr(jit, "set_params", calls.append)
    monkeypatch.setattr(jit, "compiled_traces", lambda: next(traces))
    monkeypatch.setattr(boundaries, "is_possible", lambda: False)
    policy = jit.Policy("threshold=7", "threshold=1")
    policy.begin(eager=True)
    assert policy.calm() == 7
    assert calls == ["threshold=7", "threshold=1", "default", "threshold=7"]
    policy.begin(eager=False)
    assert policy.calm() == 1
    assert len(calls) == 4


def test_policy_hurries_once_it_knows_what_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: List[Any] = []
    monkeypatch.setattr(jit, "set_params", calls.append)
    monkeypatch.setattr(boundaries, "is_possible", lambda: True)
    monkeypatch.setattr(boundaries, "mark_all", calls.append)
    policy = jit.Policy("", "threshold=1")
    policy.begin(eager=True)
    assert calls == [""] and sys.getprofile() is not None
    policy.calm()
    assert calls == ["", [], "threshold=1", "default", ""] and sys.getprofile() is None
    policy.begin(eager=True)
    while sys.getprofile() is not None:
        OK.copy().append(str(time.time()).encode())  # calls, none of them new
        quiet()
    assert calls[-1] == "threshold=1"
    policy.calm()


def quiet() -> None:
    pass


def deep(depth: int) -> int:
    return 1 + deep(depth - 1) if depth else 0


def wide(_why: str) -> int:
    return sum([deep(5) for _ in range(20)])


def numbers() -> Iterator[int]:
    yield wide("in a generator")


def test_what_is_large_and_called_from_three_places_is_a_boundary() -> None:
    ended: List[Any] = []
    survey = boundaries.Survey(ended.append)
    survey.start()
    for _ in range(10):
        wide("here")
        wide("there")
        deep(3)
        deep(4)
        deep(5)
        assert list(numbers()) == [100]
        list(numbers())
        list(numbers())
    assert survey.runs and not ended
    survey.stop()
    survey.stop()
    assert [code.co_name for code in ended[0]] == ["wide"] and len(ended) == 1


def test_a_survey_ends_by_itself() -> None:
    ended: List[Any] = []
    survey = boundaries.Survey(ended.append)
    survey.start()
    for _ in range(boundaries.ENOUGH * 2):
        quiet()
    assert ended == [[]] and sys.getprofile() is None
    survey = boundaries.Survey(ended.append, seconds=0.0)
    survey.start()
    for _ in range(boundaries.LOOK_EVERY + 1):
        quiet()
    assert len(ended) == 2 and not survey.runs


def test_a_survey_leaves_an_applications_profiler_alone() -> None:
    def profiler(_frame: Any, _event: str, _arg: Any) -> None:
        pass

    ended: List[Any] = []
    survey = boundaries.Survey(ended.append)
    sys.setprofile(profiler)
    try:
        survey.start()
        assert sys.getprofile() is profiler
        survey.stop()
        assert sys.getprofile() is profiler
    finally:
        sys.setprofile(None)
    assert ended == [[]]


def test_counting_traces_is_safe_at_any_time() -> None:
    assert jit.compiled_traces() >= 0


@pytest.mark.parametrize(
    "text, size",
    [("4M", 4 << 20), ("512k", 512 << 10), ("1.5MB", 3 << 19), ("100", 100), ("", 4 << 20),
     ("many", 4 << 20), ("-1M", 4 << 20)],
)  # fmt: skip
def test_nursery(text: str, size: int) -> None:
    assert jit.nursery_bytes(text) == size


def test_fork_is_rehearsed_only_where_no_thread_would_be_lost() -> None:
    event = threading.Event()
    thread = threading.Thread(target=event.wait)
    thread.start()
    jit.rehearse_fork()
    assert thread.is_alive() and thread in threading.enumerate()
    event.set()
    thread.join()
    before = threading._active_limbo_lock  # type: ignore[attr-defined]
    jit.rehearse_fork()
    after = threading._active_limbo_lock  # type: ignore[attr-defined]
    assert (after is not before) == (threading.active_count() == 1)
    assert threading.current_thread() is threading.main_thread()


# Connections


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        yield opened


def peer_name(fd: int) -> Any:
    """What plugins/pypy/peers.c does."""
    try:
        copy = os.dup(fd)
    except OSError:
        return None
    try:
        peer = socket.socket(fileno=copy)
    except OSError:
        os.close(copy)
        return None
    with peer:
        try:
            name = peer.getpeername()
        except OSError:
            return None
    return "%s:%d" % name[:2] if name else None


def test_connection_is_reported_with_its_line(listener: socket.socket) -> None:
    before = socket.socket.connect
    watch = inherited.Watch(peer_name)
    watch.start()
    kept = socket.create_connection(listener.getsockname())
    line = sys._getframe().f_lineno - 1
    dropped = socket.create_connection(listener.getsockname())
    dropped.close()
    watch.stop()
    assert socket.socket.connect is before
    after = socket.create_connection(listener.getsockname())  # nobody's fault any more
    after.close()
    port = listener.getsockname()[1]
    expected = "the connection to 127.0.0.1:%d, opened by %s, line %d" % (port, __file__, line)
    assert list(watch.open_connections()) == [expected]
    kept.close()
    assert list(watch.open_connections()) == []


def test_connection_of_a_library(listener: socket.socket) -> None:
    watch = inherited.Watch(peer_name)
    watch.start()
    watch.stop()  # what it does not see
    hidden = socket.create_connection(listener.getsockname())
    (sentence,) = watch.open_connections()
    assert "descriptor %d), opened by a library" % hidden.fileno() in sentence
    hidden.close()


def test_connections_that_were_there_before(listener: socket.socket) -> None:
    with socket.create_connection(listener.getsockname()):
        watch = inherited.Watch(peer_name)
        watch.start()
        watch.stop()
        assert list(watch.open_connections()) == []


def test_failed_connection_is_none(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    listener.close()
    watch = inherited.Watch(peer_name)
    watch.start()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port))
    with socket.socket() as other:
        assert other.connect_ex(("127.0.0.1", port)) != 0
    watch.stop()
    assert list(watch.open_connections()) == []


def test_sqlite(tmp_path: Any) -> None:
    module = ModuleType("_sqlite3")

    class Connection:
        total_changes = 0

        def __init__(self, name: str) -> None:
            self.name = name

    setattr(module, "connect", Connection)
    watch = inherited.Watch(peer_name)
    watch.start()
    watch.wrap_sqlite(module)
    kept = module.connect("shared.db")
    memory = module.connect(":memory:")
    gone = module.connect("gone.db")
    watch.stop()
    later = module.connect("later.db")
    del gone
    gc.collect()
    found = list(watch.open_connections())
    assert len(found) == 1 and found[0].startswith("the SQLite database shared.db, opened by ")
    assert kept.name and memory.name and later.name


def test_names_cannot_break_a_line() -> None:
    assert "\n" not in inherited.describe_address("/tmp/a\nb")
    assert inherited.describe_address(("::1", 80, 0, 0)) == "::1:80"
    assert inherited.describe_address(b"\0abstract\xff") != ""


# uwsgidecorators


@pytest.fixture
def decorators() -> Iterator[Any]:
    uwsgi = ModuleType("uwsgi")
    uwsgi.__dict__.update(worker_id=lambda: 2, SPOOL_OK=-2, SPOOL_RETRY=-1)
    sys.modules["uwsgi"] = uwsgi
    sys.modules.pop("uwsgidecorators", None)
    yield importlib.import_module("uwsgidecorators")
    del sys.modules["uwsgi"], sys.modules["uwsgidecorators"]


def test_postfork(decorators: Any) -> None:
    called: List[str] = []

    decorators.postfork(lambda: called.append("everywhere"))
    decorators.postfork(2)(lambda: called.append("here"))
    decorators.postfork(1)(lambda: called.append("elsewhere"))
    sys.modules["uwsgi"].post_fork_hook()
    assert called == ["everywhere", "here"]


def test_thread(decorators: Any) -> None:
    seen: List[Any] = []

    run = decorators.thread(lambda v: seen.append((v, threading.current_thread().daemon)))
    run(7).join()
    assert seen == [(7, True)]
