"""uWSGI's locks: by number, shared by all processes of the server."""
from typing import Any

WARN = 1
STATE = -10


class Locks:
    """What a thread or a process leaves locked when it ends is free again."""

    def __init__(self, host: Any, services: Any) -> None:
        self._host = host
        self._services = services

    def _number(self, number: Any) -> int:
        count = self._services.lock_count()
        if not 0 <= number < count:
            what = (count - 1, number)
            raise ValueError("locks have the numbers 0 to %d (--locks), not %d" % what)
        return int(number)

    def lock(self, number: int = 0) -> None:
        """Waits for a lock. RuntimeError: this thread has it, and would wait for ever."""
        if self._services.lock(self._number(number)) == STATE:
            raise RuntimeError("this thread has lock %d already" % number)

    def unlock(self, number: int = 0) -> None:
        """Gives a lock back."""
        if self._services.unlock(self._number(number)) == STATE:
            self._host.log(WARN, "lock %d was unlocked by a thread that does not have it" % number)

    def is_locked(self, number: int = 0) -> bool:
        """Somebody has the lock."""
        return bool(self._services.is_locked(self._number(number)))


def install(uwsgi: Any, host: Any, services: Any) -> None:
    """Gives the module its functions."""
    locks = Locks(host, services)
    for function in (locks.lock, locks.unlock, locks.is_locked):
        setattr(uwsgi, function.__name__, function)
