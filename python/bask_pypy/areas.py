"""uWSGI's shared areas: plain memory, with numbers in it or whatever the application likes.

Each call is done under the area's lock, which a thread may have already (sharedarea_wlock).
"""
import sys
from typing import Any, Callable, List

from bask_pypy.arguments import to_bytes

WARN = 1
STATE = -10


class Areas:
    """Functions that are there only with --sharedarea."""

    def __init__(self, host: Any, services: Any) -> None:
        self._host = host
        self._services = services
        self._views: List[Any] = [services.area(n) for n in range(services.area_count())]

    def _view(self, area: int, position: int, length: int) -> Any:
        if not 0 <= area < len(self._views):
            last = len(self._views) - 1
            raise ValueError("shared areas have the numbers 0 to %d, not %d" % (last, area))
        view = self._views[area]
        if position < 0 or length < 0 or position + length > len(view):
            what = (area, len(view), length, position)
            raise ValueError("shared area %d has %d bytes: there are no %d at %d" % what)
        return view[position : position + length]

    def _locked(self, area: int, act: Callable[[], Any]) -> Any:
        self._services.area_lock(area)
        try:
            return act()
        finally:
            self._services.area_unlock(area)

    def sharedarea_read(self, area: int, position: int, length: int = 0) -> bytes:
        """Bytes; without a length all to the end."""
        if not length:
            length = len(self.sharedarea_memoryview(area)) - position
        view = self._view(area, position, length)
        data: bytes = self._locked(area, view.tobytes)
        return data

    def sharedarea_write(self, area: int, position: int, data: Any) -> None:
        """Writes bytes; text as UTF-8."""
        data = to_bytes(data, "what is written")
        self._put(area, self._view(area, position, len(data)), data)

    def _put(self, area: int, view: Any, data: bytes) -> None:
        def put() -> None:
            view[:] = data

        self._locked(area, put)

    def sharedarea_rlock(self, area: int) -> None:
        """Waits for the area's lock; there is one, for those who read and those who write."""
        self._view(area, 0, 0)
        self._services.area_lock(area)

    def sharedarea_wlock(self, area: int) -> None:
        """Waits for the area's lock."""
        self.sharedarea_rlock(area)

    def sharedarea_unlock(self, area: int) -> None:
        """Gives the lock back."""
        self._view(area, 0, 0)
        if self._services.area_unlock(area) == STATE:
            text = "shared area %d was unlocked by a thread that does not have its lock"
            self._host.log(WARN, text % area)

    def sharedarea_memoryview(self, area: int) -> Any:
        """The memory itself. Who uses it sees to the lock."""
        self._view(area, 0, 0)
        return self._views[area]

    def sharedarea_object(self, area: int) -> Any:
        """What an area was made from: uWSGI's are from options or from objects, these are not."""
        self._view(area, 0, 0)
        raise ValueError("shared area %d is not an object's" % area)

    # Numbers, in this machine's order of bytes; too large ones start again at the other end.

    def read_number(self, area: int, position: int, size: int) -> int:
        """A number with a sign."""
        view = self._view(area, position, size)
        return int.from_bytes(self._locked(area, view.tobytes), sys.byteorder, signed=True)

    def write_number(self, area: int, position: int, size: int, number: int) -> None:
        """A number, with a sign or without."""
        if not -(1 << 8 * size - 1) <= number < 1 << 8 * size:
            raise OverflowError("%d has more than %d bits" % (number, 8 * size))
        data = (number % (1 << 8 * size)).to_bytes(size, sys.byteorder)
        self._put(area, self._view(area, position, size), data)

    def add(self, area: int, position: int, size: int, amount: int) -> None:
        """Adds to a number."""
        view = self._view(area, position, size)

        def add() -> None:
            number = int.from_bytes(view, sys.byteorder) + amount
            view[:] = (number % (1 << 8 * size)).to_bytes(size, sys.byteorder)

        self._locked(area, add)


def _reader(areas: Areas, size: int) -> Callable[..., int]:
    return lambda area, position: areas.read_number(area, position, size)


def _writer(areas: Areas, size: int) -> Callable[..., None]:
    return lambda area, position, number=0: areas.write_number(area, position, size, number)


def _adder(areas: Areas, size: int, sign: int) -> Callable[..., None]:
    return lambda area, position, amount=1: areas.add(area, position, size, sign * amount)


def install(uwsgi: Any, host: Any, services: Any) -> None:
    """Gives the module its functions, if there are areas."""
    if not services.area_count():
        return
    areas = Areas(host, services)
    for function in (
        areas.sharedarea_read, areas.sharedarea_write, areas.sharedarea_rlock,
        areas.sharedarea_wlock, areas.sharedarea_unlock, areas.sharedarea_memoryview,
        areas.sharedarea_object,
    ):  # fmt: skip
        setattr(uwsgi, function.__name__, function)
    for size, others in ((1, "byte"), (2, ""), (4, ""), (8, "long")):
        for name in ("%d" % (8 * size), others):
            if name:
                setattr(uwsgi, "sharedarea_read" + name, _reader(areas, size))
                setattr(uwsgi, "sharedarea_write" + name, _writer(areas, size))
    for name, size, sign in (
        ("inc64", 8, 1), ("inclong", 8, 1), ("inc32", 4, 1), ("dec64", 8, -1), ("dec32", 4, -1),
    ):  # fmt: skip
        setattr(uwsgi, "sharedarea_" + name, _adder(areas, size, sign))
