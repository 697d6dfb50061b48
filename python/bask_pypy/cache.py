"""uWSGI's cache: values by key, shared by all processes of the server.

True, a value or a number says that it went well, None that it did not, for whatever reason. Who
passes what no cache could ever take (another type) gets an exception.
"""
import sys
from typing import Any, List, Optional

from bask_pypy.arguments import to_bytes

ADD, SUBTRACT, MULTIPLY, DIVIDE = range(1, 5)  # enum bask_cache_operation
INT64 = 1 << 63
LONGEST = 1 << 40  # seconds; more is no different


def _name(cache: Any) -> bytes:
    return b"" if cache is None else to_bytes(cache, "the name of a cache")


def _key(key: Any) -> bytes:
    return to_bytes(key, "a key")


def _seconds(expires: int) -> int:
    return max(-LONGEST, min(int(expires), LONGEST))


def _good(error: int) -> Optional[bool]:
    return None if error else True


class Cache:
    """Caches by name; None or an empty name is the first one."""

    def __init__(self, services: Any) -> None:
        self._services = services

    def cache_get(self, key: Any, cache: Any = None) -> Optional[bytes]:
        """The value of a key."""
        value: Optional[bytes] = self._services.cache_get(_name(cache), _key(key))
        return value

    def cache_exists(self, key: Any, cache: Any = None) -> Optional[bool]:
        """There is a value of this key."""
        return _good(self._services.cache_exists(_name(cache), _key(key)))

    def _set(self, key: Any, value: Any, expires: int, cache: Any, update: bool) -> Optional[bool]:
        data = to_bytes(value, "a value")
        return _good(
            self._services.cache_set(_name(cache), _key(key), data, _seconds(expires), update)
        )

    def cache_set(
        self, key: Any, value: Any, expires: int = 0, cache: Any = None
    ) -> Optional[bool]:
        """Adds a value, for so many seconds (0: for ever). None: there is one of this key."""
        return self._set(key, value, expires, cache, False)

    def cache_update(
        self, key: Any, value: Any, expires: int = 0, cache: Any = None
    ) -> Optional[bool]:
        """Adds or replaces a value."""
        return self._set(key, value, expires, cache, True)

    def cache_del(self, key: Any, cache: Any = None) -> Optional[bool]:
        """Takes a value out."""
        return _good(self._services.cache_remove(_name(cache), _key(key)))

    def cache_clear(self, cache: Any = None) -> Optional[bool]:
        """Takes everything out."""
        return _good(self._services.cache_clear(_name(cache)))

    def _calculate(
        self, key: Any, operation: int, operand: int, expires: int, cache: Any
    ) -> Optional[bool]:
        operand = int(operand)
        if not -INT64 <= operand < INT64:
            raise OverflowError("numbers of a cache have 64 bits")
        seconds = _seconds(expires)
        return _good(
            self._services.cache_calculate(_name(cache), _key(key), operation, operand, seconds)
        )

    def cache_inc(
        self, key: Any, value: int = 1, expires: int = 0, cache: Any = None
    ) -> Optional[bool]:
        """Adds to a number (8 bytes); one that is not there begins with math_initial."""
        return self._calculate(key, ADD, value, expires, cache)

    def cache_dec(
        self, key: Any, value: int = 1, expires: int = 0, cache: Any = None
    ) -> Optional[bool]:
        """Subtracts from a number."""
        return self._calculate(key, SUBTRACT, value, expires, cache)

    def cache_mul(
        self, key: Any, value: int = 2, expires: int = 0, cache: Any = None
    ) -> Optional[bool]:
        """Multiplies a number."""
        return self._calculate(key, MULTIPLY, value, expires, cache)

    def cache_div(
        self, key: Any, value: int = 2, expires: int = 0, cache: Any = None
    ) -> Optional[bool]:
        """Divides a number; by 0 it is 0."""
        return self._calculate(key, DIVIDE, value, expires, cache)

    def cache_num(self, key: Any, cache: Any = None) -> int:
        """A number; 0: there is none of this key."""
        value = self.cache_get(key, cache)
        is_number = value is not None and len(value) == 8
        return int.from_bytes(value, sys.byteorder, signed=True) if value and is_number else 0

    def cache_keys(self, cache: Any = None) -> List[bytes]:
        """All keys. ValueError: there is no such cache."""
        try:
            return list(self._services.cache_keys(_name(cache)))
        except KeyError:
            raise ValueError("no local uWSGI cache available") from None  # uWSGI's words


def install(uwsgi: Any, services: Any) -> None:
    """Gives the module its functions."""
    cache = Cache(services)
    for function in (
        cache.cache_get, cache.cache_exists, cache.cache_set, cache.cache_update, cache.cache_del,
        cache.cache_clear, cache.cache_inc, cache.cache_dec, cache.cache_mul, cache.cache_div,
        cache.cache_num, cache.cache_keys,
    ):  # fmt: skip
        setattr(uwsgi, function.__name__, function)
