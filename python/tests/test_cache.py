"""uWSGI's cache API: what goes to the server, and what its answers become."""

import sys
from types import SimpleNamespace
from typing import Any, Iterator, List, Tuple

import pytest

from bask_pypy import cache


class Services:
    """The server's side. `answer`: what the next calls say."""

    def __init__(self) -> None:
        self.calls: List[Tuple[Any, ...]] = []
        self.answer: Any = 0

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any) -> Any:
            self.calls.append((name,) + args)
            return self.answer

        return call

    def cache_keys(self, name: bytes) -> Iterator[bytes]:
        if name == b"none":
            raise KeyError(name)
        yield from (b"a", b"b")


@pytest.fixture
def world() -> Any:
    services, uwsgi = Services(), SimpleNamespace()
    cache.install(uwsgi, services)
    return SimpleNamespace(services=services, uwsgi=uwsgi)


@pytest.mark.parametrize("asked, call", [
    (("exists", "k"), ("exists", b"", b"k")),
    (("exists", b"k", "c"), ("exists", b"c", b"k")),
    (("set", "k", "v"), ("set", b"", b"k", b"v", 0, False)),
    (("set", "\xe9", b"\xff", 7.9, b"c"), ("set", b"c", b"\xc3\xa9", b"\xff", 7, False)),
    (("update", "k", bytearray(b"v"), -3, None), ("set", b"", b"k", b"v", -3, True)),
    (("update", "k", "v", 1 << 70), ("set", b"", b"k", b"v", cache.LONGEST, True)),
    (("del", "k", "c"), ("remove", b"c", b"k")),
    (("clear",), ("clear", b"")),
    (("inc", "k"), ("calculate", b"", b"k", 1, 1, 0)),
    (("dec", "k", 3, 10, "c"), ("calculate", b"c", b"k", 2, 3, 10)),
    (("mul", "k"), ("calculate", b"", b"k", 3, 2, 0)),
    (("div", "k", -1), ("calculate", b"", b"k", 4, -1, 0)),
])  # fmt: skip
def test_calls(world: Any, asked: Tuple[Any, ...], call: Tuple[Any, ...]) -> None:
    function = getattr(world.uwsgi, "cache_" + asked[0])
    assert function(*asked[1:]) is True
    world.services.answer = -9
    assert function(*asked[1:]) is None
    assert world.services.calls == [("cache_" + call[0],) + call[1:]] * 2


def test_values(world: Any) -> None:
    world.services.answer = b""
    assert world.uwsgi.cache_get("k") == b""
    assert world.uwsgi.cache_num("k") == 0
    world.services.answer = (-5).to_bytes(8, sys.byteorder, signed=True)
    assert world.uwsgi.cache_num(b"k", "c") == -5
    world.services.answer = b"1234567"
    assert world.uwsgi.cache_num("k") == 0
    world.services.answer = None
    assert world.uwsgi.cache_get("k", "c") is None
    assert world.uwsgi.cache_num("k") == 0


def test_keys(world: Any) -> None:
    assert world.uwsgi.cache_keys() == [b"a", b"b"]
    with pytest.raises(ValueError):
        world.uwsgi.cache_keys("none")


def test_what_is_no_key_and_no_number(world: Any) -> None:
    for bad in (1, None, object()):
        with pytest.raises(TypeError):
            world.uwsgi.cache_get(bad)
        with pytest.raises(TypeError):
            world.uwsgi.cache_set("k", bad)
        with pytest.raises(TypeError):
            world.uwsgi.cache_set("k", "v", 0, 5)
    for large in (1 << 63, -(1 << 63) - 1):
        with pytest.raises(OverflowError):
            world.uwsgi.cache_inc("k", large)
    assert world.services.calls == []
