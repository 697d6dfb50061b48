"""The services that share things between processes, as methods; host_services.py adds them to its own.

Each method is one call of include/bask/service_*.h; results are 0 or a negative bask_err unless said
otherwise.
"""
from typing import Callable, Iterator, Optional

from _bask import ffi, lib  # type: ignore[import-not-found]

KEY_MAX = 65535
NOTFOUND = -5


class Shared:
    """May be used from any thread. What waits lets other threads go on."""

    def lock_count(self) -> int:
        return lib.glue_lock_count()

    def lock(self, number: int) -> int:
        """Waits."""
        return lib.glue_lock(number)

    def unlock(self, number: int) -> int:
        return lib.glue_unlock(number)

    def is_locked(self, number: int) -> int:
        """1 or 0."""
        return lib.glue_is_locked(number)

    # Caches: a name of none is the first

    def cache_get(self, cache: bytes, key: bytes) -> Optional[bytes]:
        value = ffi.new("bask_str *")
        if lib.glue_cache_get(cache, len(cache), key, len(key), value):
            return None
        found = ffi.unpack(value.ptr, value.len) if value.len else b""
        lib.glue_cache_release(value)
        return found

    def cache_exists(self, cache: bytes, key: bytes) -> int:
        return lib.glue_cache_exists(cache, len(cache), key, len(key))

    def cache_set(
        self, cache: bytes, key: bytes, value: bytes, expires: int, update: bool
    ) -> int:
        return lib.glue_cache_set(
            cache, len(cache), key, len(key), value, len(value), expires, update
        )

    def cache_calculate(
        self, cache: bytes, key: bytes, operation: int, operand: int, expires: int
    ) -> int:
        """`operation`: enum bask_cache_operation."""
        return lib.glue_cache_calculate(
            cache, len(cache), key, len(key), operation, operand, expires
        )

    def cache_remove(self, cache: bytes, key: bytes) -> int:
        return lib.glue_cache_remove(cache, len(cache), key, len(key))

    def cache_clear(self, cache: bytes) -> int:
        return lib.glue_cache_clear(cache, len(cache))

    def cache_keys(self, cache: bytes) -> Iterator[bytes]:
        """KeyError: there is no such cache."""
        cursor, length = ffi.new("uint32_t *"), ffi.new("size_t *")
        key = ffi.new("char[]", KEY_MAX)
        size = len(cache)
        while True:
            error = lib.glue_cache_next_key(cache, size, cursor, key, KEY_MAX, length)
            if error == NOTFOUND:
                return
            if error:
                raise KeyError(cache)
            yield ffi.unpack(key, length[0])

    # The queue

    def queue_count(self) -> int:
        return lib.glue_queue_count()

    def queue_push(self, message: bytes) -> int:
        return lib.glue_queue_push(message, len(message))

    def _message(self, function: Callable[..., int], *args: int) -> Optional[bytes]:
        message = ffi.new("bask_str *")
        if function(*args, message):
            return None
        found: bytes = ffi.unpack(message.ptr, message.len)
        lib.glue_queue_release(message)
        return found

    def queue_pull(self) -> Optional[bytes]:
        return self._message(lib.glue_queue_pull)

    def queue_pop(self) -> Optional[bytes]:
        return self._message(lib.glue_queue_pop)

    def queue_get(self, slot: int) -> Optional[bytes]:
        return self._message(lib.glue_queue_get, slot)

    def queue_set(self, slot: int, message: bytes) -> int:
        return lib.glue_queue_set(slot, message, len(message))

    def queue_push_slot(self) -> int:
        return lib.glue_queue_push_slot()

    def queue_pull_slot(self) -> int:
        return lib.glue_queue_pull_slot()

    # Shared areas

    def area_count(self) -> int:
        return lib.glue_area_count()

    def area(self, number: int) -> memoryview:
        """The memory of one, which is there as long as the process."""
        size = ffi.new("size_t *")
        memory = lib.glue_area_memory(number, size)
        return memoryview(ffi.buffer(memory, size[0]))

    def area_lock(self, number: int) -> int:
        return lib.glue_area_lock(number)

    def area_unlock(self, number: int) -> int:
        return lib.glue_area_unlock(number)

    # Metrics

    def metric_get(self, name: bytes) -> int:
        """0: there is no such metric."""
        value = ffi.new("int64_t *")
        return 0 if lib.glue_metric_get(name, len(name), value) else value[0]

    def metric_change(self, name: bytes, operation: int, operand: int) -> int:
        """`operation`: enum bask_metric_operation."""
        return lib.glue_metric_change(name, len(name), operation, operand)
