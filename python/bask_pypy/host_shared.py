"""The services that share things between processes, as methods; host_services.py adds them to its own.

Each method is one call of include/bask/service_*.h; results are 0 or a negative bask_err unless said
otherwise.
"""
from _bask import lib  # type: ignore[import-not-found]


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
