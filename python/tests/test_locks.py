"""uwsgi.lock, unlock, is_locked."""

from types import SimpleNamespace
from typing import Any, List, Tuple

import pytest

from bask_pypy import locks
from fake import Host


class Services:
    """The server's side. `answer`: what the next call says."""

    def __init__(self) -> None:
        self.calls: List[Tuple[str, int]] = []
        self.answer = 0

    def lock_count(self) -> int:
        return 3

    def __getattr__(self, name: str) -> Any:
        def call(number: int) -> int:
            self.calls.append((name, number))
            return self.answer

        return call


@pytest.fixture
def world() -> Any:
    host, services, uwsgi = Host(), Services(), SimpleNamespace()
    locks.install(uwsgi, host, services)
    return SimpleNamespace(host=host, services=services, uwsgi=uwsgi)


def test_results(world: Any) -> None:
    assert world.uwsgi.lock() is None
    assert world.uwsgi.unlock(2) is None
    assert world.uwsgi.is_locked(True) is False
    world.services.answer = 1
    assert world.uwsgi.is_locked(1) is True
    assert world.services.calls == [
        ("lock", 0), ("unlock", 2), ("is_locked", 1), ("is_locked", 1),
    ]  # fmt: skip
    assert world.host.logged == []


@pytest.mark.parametrize("name", ["lock", "unlock", "is_locked"])
def test_what_is_no_lock(world: Any, name: str) -> None:
    for number in (-1, 3, 1 << 40):
        with pytest.raises(ValueError, match="0 to 2"):
            getattr(world.uwsgi, name)(number)
    with pytest.raises(TypeError):
        getattr(world.uwsgi, name)("0")
    assert world.services.calls == []


def test_who_waits_for_himself(world: Any) -> None:
    world.services.answer = locks.STATE
    with pytest.raises(RuntimeError, match="lock 1 already"):
        world.uwsgi.lock(1)
    assert world.uwsgi.unlock(1) is None
    assert "does not have it" in world.host.log_text
