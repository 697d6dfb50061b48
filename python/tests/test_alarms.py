"""uwsgi.alarm, and streams whose lines raise alarms."""
import io
import os
import sys
from types import SimpleNamespace
from typing import Any, Iterator, List, Tuple

import pytest

from bask_pypy import alarms
from fake import Host


class Services:
    """The server's side, which knows the alarm "known"."""

    def __init__(self) -> None:
        self.raised: List[Tuple[bytes, bytes]] = []
        self.exist = True
        self.watches = False
        self.seen: List[bytes] = []

    def alarm_raise(self, name: bytes, message: bytes) -> int:
        assert type(name) is bytes and type(message) is bytes
        if name != b"known":
            return alarms.NOTFOUND
        self.raised.append((name, message))
        return 0

    def alarm_exist(self) -> bool:
        return self.exist

    def alarm_watches(self) -> bool:
        return self.watches

    def alarm_see(self, lines: bytes) -> None:
        self.seen.append(lines)


@pytest.fixture
def world() -> Any:
    host, services, uwsgi = Host(), Services(), SimpleNamespace()
    alarms.install(uwsgi, host, services)
    return SimpleNamespace(host=host, services=services, uwsgi=uwsgi)


def test_text_and_bytes(world: Any) -> None:
    for name, message in [("known", "ä"), (b"known", b"\xff"), (bytearray(b"known"), "")]:
        assert world.uwsgi.alarm(name, message) is None
    assert [message for _, message in world.services.raised] == ["ä".encode(), b"\xff", b""]
    assert world.host.logged == []


@pytest.mark.parametrize("given", [(None, "x"), ("known", None), ("known", 1), (1, "x")])
def test_what_is_no_text(world: Any, given: Tuple[Any, Any]) -> None:
    with pytest.raises(TypeError):
        world.uwsgi.alarm(*given)
    assert world.services.raised == []


def test_unknown_name_is_told_of_once(world: Any) -> None:
    for _ in range(3):
        assert world.uwsgi.alarm("other", "x") is None
    assert world.host.log_text.count("there is no alarm 'other'") == 1
    for number in range(1000):
        world.uwsgi.alarm("other %d" % number, "x")
    assert len(world.host.logged) == alarms.COMPLAINTS


def test_server_without_alarms_says_nothing(world: Any) -> None:
    """The same application in development."""
    world.services.exist = False
    assert world.uwsgi.alarm("other", "x") is None
    assert world.host.logged == []


@pytest.fixture
def pipe() -> Iterator[Tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_stream_is_seen(pipe: Tuple[int, int]) -> None:
    seen: List[bytes] = []
    stream = open(pipe[1], "w", encoding="utf-8", errors="backslashreplace", buffering=1,
                  closefd=False)
    stream.write("before\n")
    shown = alarms.show(stream, pipe[1], seen.append)
    assert shown is not stream and shown.fileno() == pipe[1] and shown.mode == "w"
    assert (shown.encoding, shown.errors, shown.line_buffering) == ("utf-8", "backslashreplace", True)
    print("one", "ä", file=shown)
    shown.buffer.write(b"two")
    assert b"".join(seen) == "one ä\n".encode()
    shown.flush()
    assert b"".join(seen) == "one ä\ntwo".encode()
    assert os.read(pipe[0], 100) == "before\none ä\ntwo".encode()


def test_stream_that_leads_elsewhere(pipe: Tuple[int, int]) -> None:
    stream = open(pipe[1], "w", encoding="utf-8", closefd=False)
    closed = open(pipe[1], "w", encoding="utf-8", closefd=False)
    closed.close()
    for other in (None, io.StringIO(), stream, closed):
        assert alarms.show(other, 2, print) is other
    stream.close()


def test_streams_of_the_process_stay_without_rules(world: Any) -> None:
    assert not isinstance(getattr(sys.stderr, "buffer", None), alarms.Seen)
    assert world.services.seen == []
