"""uWSGI's shared areas on memory of this process."""

from types import SimpleNamespace
from typing import Any, Callable, List

import pytest

from bask_pypy import areas
from fake import Host


class Services:
    """A server with areas of such sizes; `depth`: how often each lock is taken."""

    def __init__(self, *sizes: int) -> None:
        self.memory = [bytearray(size) for size in sizes]
        self.depth: List[int] = [0 for _ in sizes]
        self.taken = 0

    def area_count(self) -> int:
        return len(self.memory)

    def area(self, number: int) -> memoryview:
        return memoryview(self.memory[number])

    def area_lock(self, number: int) -> int:
        self.depth[number] += 1
        self.taken += 1
        return 0

    def area_unlock(self, number: int) -> int:
        if not self.depth[number]:
            return areas.STATE
        self.depth[number] -= 1
        return 0


def make(*sizes: int) -> Any:
    host, services, uwsgi = Host(), Services(*sizes), SimpleNamespace()
    areas.install(uwsgi, host, services)
    return SimpleNamespace(host=host, services=services, uwsgi=uwsgi)


def test_names() -> None:
    assert vars(make().uwsgi) == {}
    names = {name.partition("_")[2] for name in vars(make(1).uwsgi)}
    assert names == {
        "read", "write", "read8", "read16", "read32", "read64", "write8", "write16", "write32",
        "write64", "readbyte", "writebyte", "readlong", "writelong", "inc64", "dec64", "inc32",
        "dec32", "inclong", "rlock", "wlock", "unlock", "memoryview", "object",
    }  # fmt: skip


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
def test_numbers(bits: int) -> None:
    world = make(bits // 8 + 1)
    read = getattr(world.uwsgi, "sharedarea_read%d" % bits)
    write = getattr(world.uwsgi, "sharedarea_write%d" % bits)
    for number in (0, 1, -1, (1 << bits - 1) - 1, -(1 << bits - 1)):
        assert write(0, 1, number) is None
        assert read(0, 1) == number
    write(0, 1, (1 << bits) - 1)
    assert read(0, 1) == -1
    assert write(0, 1) is None and read(0, 1) == 0
    for number in (1 << bits, -(1 << bits - 1) - 1):
        with pytest.raises(OverflowError):
            write(0, 1, number)
    for position in (-1, 2, 1 << 70):
        with pytest.raises(ValueError):
            read(0, position)
        with pytest.raises(ValueError):
            write(0, position, 1)
    assert world.services.depth == [0]


def test_adding() -> None:
    world = make(8, 4)
    for name, area, after in (
        ("inc64", 0, 1), ("inclong", 0, 2), ("dec64", 0, 1), ("inc32", 1, 1), ("dec32", 1, 0),
    ):  # fmt: skip
        assert getattr(world.uwsgi, "sharedarea_" + name)(area, 0) is None
        assert world.uwsgi.sharedarea_read32(area, 0) == after
    world.uwsgi.sharedarea_dec32(1, 0, 5)
    assert world.uwsgi.sharedarea_read32(1, 0) == -5
    world.uwsgi.sharedarea_inc64(0, 0, (1 << 63) - 1)
    assert world.uwsgi.sharedarea_read64(0, 0) == -(1 << 63)
    with pytest.raises(ValueError):
        world.uwsgi.sharedarea_inc64(1, 0)
    assert world.services.depth == [0, 0]


def test_bytes() -> None:
    world = make(10)
    uwsgi = world.uwsgi
    assert uwsgi.sharedarea_write(0, 2, "\xe9") is None
    assert uwsgi.sharedarea_read(0, 1, 4) == b"\0\xc3\xa9\0"
    assert uwsgi.sharedarea_read(0, 3) == b"\xa9" + bytes(6)
    assert uwsgi.sharedarea_read(0, 10) == b""
    assert world.services.taken == 4
    uwsgi.sharedarea_memoryview(0)[9] = 7
    assert world.services.memory[0][9] == 7
    calls: List[Callable[[], Any]] = [
        lambda: uwsgi.sharedarea_read(0, 11),
        lambda: uwsgi.sharedarea_read(0, -1, 2),
        lambda: uwsgi.sharedarea_read(0, 0, -1),
        lambda: uwsgi.sharedarea_write(0, 10, b"x"),
        lambda: uwsgi.sharedarea_write(1, 0, b"x"),
        lambda: uwsgi.sharedarea_memoryview(1),
        lambda: uwsgi.sharedarea_object(0),
    ]
    for call in calls:
        with pytest.raises(ValueError):
            call()
    with pytest.raises(TypeError):
        uwsgi.sharedarea_write(0, 0, 5)


def test_locks() -> None:
    world = make(1)
    uwsgi = world.uwsgi
    assert (uwsgi.sharedarea_rlock(0), uwsgi.sharedarea_wlock(0)) == (None, None)
    assert world.services.depth == [2]
    assert (uwsgi.sharedarea_unlock(0), uwsgi.sharedarea_unlock(0)) == (None, None)
    assert world.host.logged == []
    uwsgi.sharedarea_unlock(0)
    assert "does not have its lock" in world.host.log_text
    for call in (uwsgi.sharedarea_rlock, uwsgi.sharedarea_wlock, uwsgi.sharedarea_unlock):
        with pytest.raises(ValueError):
            call(1)
