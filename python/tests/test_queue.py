"""uWSGI's queue API on a ring that is a list."""

from types import SimpleNamespace
from typing import Any, List, Optional

import pytest

from bask_pypy import queue


class Services:
    """A server with a queue of so many slots, whose messages have at most 5 bytes."""

    def __init__(self, size: int) -> None:
        self.slots: List[Optional[bytes]] = [None] * size
        self.at = 0

    def queue_count(self) -> int:
        return len(self.slots)

    def queue_push(self, message: bytes) -> int:
        return self.queue_set(self.at, message) or self._move()

    def _move(self) -> int:
        self.at = (self.at + 1) % len(self.slots)
        return 0

    def queue_pull(self) -> Optional[bytes]:
        return b"oldest"

    def queue_pop(self) -> Optional[bytes]:
        return None

    def queue_get(self, slot: int) -> Optional[bytes]:
        return self.slots[slot]

    def queue_set(self, slot: int, message: bytes) -> int:
        if not 0 < len(message) <= 5:
            return -4
        self.slots[slot] = message
        return 0

    def queue_push_slot(self) -> int:
        return self.at

    def queue_pull_slot(self) -> int:
        return 2


def make(size: int) -> Any:
    uwsgi = SimpleNamespace()
    queue.install(uwsgi, Services(size))
    return uwsgi


def test_without_a_queue() -> None:
    assert vars(make(0)) == {}


def test_results() -> None:
    uwsgi = make(3)
    assert uwsgi.queue_size == 3
    assert [uwsgi.queue_push(m) for m in ("a", b"b", bytearray(b"c"), "", "123456", "d")] == [
        True, True, True, None, None, True,
    ]  # fmt: skip
    assert [uwsgi.queue_get(slot) for slot in (-1, 0, 1, 3)] == [None, b"d", b"b", None]
    assert uwsgi.queue_last() == b"d"
    assert uwsgi.queue_last(2) == [b"d", b"c"]
    assert uwsgi.queue_last(100) == [b"d", b"c", b"b"]
    assert [uwsgi.queue_set(slot, "x") for slot in (-1, 0, 3)] == [None, True, None]
    assert uwsgi.queue_set(0, "123456") is None
    assert (uwsgi.queue_pull(), uwsgi.queue_pop()) == (b"oldest", None)
    assert (uwsgi.queue_slot(), uwsgi.queue_pull_slot()) == (1, 2)


def test_what_is_no_message() -> None:
    uwsgi = make(3)
    for bad in (None, 1, ["a"]):
        with pytest.raises(TypeError):
            uwsgi.queue_push(bad)
        with pytest.raises(TypeError):
            uwsgi.queue_set(0, bad)
    with pytest.raises(ValueError):
        uwsgi.queue_last(-1)


def test_last_while_others_push() -> None:
    """It is what was there at one moment: nothing newer behind something older."""
    services = Services(4)
    uwsgi = SimpleNamespace()
    queue.install(uwsgi, services)
    for message in (b"a", b"b", b"c", b"d"):
        services.queue_push(message)
    to_push = [b"e"]

    def get(slot: int) -> Optional[bytes]:
        message = services.slots[slot]
        if to_push:
            services.queue_push(to_push.pop())
        return message

    services.queue_get = get  # type: ignore[method-assign]
    assert uwsgi.queue_last(4) == [b"e", b"d", b"c", b"b"]
    to_push.append(b"f")
    assert uwsgi.queue_last() == b"f"


def test_last_while_others_never_stop() -> None:
    services = Services(4)
    uwsgi = SimpleNamespace()
    queue.install(uwsgi, services)
    services.queue_get = lambda slot: services.queue_push(b"x") or b"x"  # type: ignore
    assert uwsgi.queue_last(2) == [b"x", b"x"]
