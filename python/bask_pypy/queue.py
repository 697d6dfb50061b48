"""uWSGI's queue: a ring of messages, shared by all processes of the server."""
from typing import Any, List, Optional, Union

from bask_pypy.arguments import to_bytes

LAST_TRIES = 100  # to see the newest messages while nobody pushes


def _message(message: Any) -> bytes:
    return to_bytes(message, "a message")


class Queue:
    """Functions that are there only with --queue."""

    def __init__(self, services: Any) -> None:
        self._services = services
        self._size = services.queue_count()

    def queue_push(self, message: Any) -> Optional[bool]:
        """Adds a message; the oldest goes where there is no room. None: it is empty or too long."""
        return None if self._services.queue_push(_message(message)) else True

    def queue_pull(self) -> Optional[bytes]:
        """Takes out the oldest message."""
        message: Optional[bytes] = self._services.queue_pull()
        return message

    def queue_pop(self) -> Optional[bytes]:
        """Takes out the newest message."""
        message: Optional[bytes] = self._services.queue_pop()
        return message

    def queue_get(self, slot: int) -> Optional[bytes]:
        """The message of a slot, which stays there."""
        if not 0 <= slot < self._size:
            return None
        message: Optional[bytes] = self._services.queue_get(int(slot))
        return message

    def queue_set(self, slot: int, message: Any) -> Optional[bool]:
        """Puts a message into a slot, whatever is there."""
        data = _message(message)
        if not 0 <= slot < self._size or self._services.queue_set(int(slot), data):
            return None
        return True

    def queue_last(self, num: int = 0) -> Union[Optional[bytes], List[Optional[bytes]]]:
        """The newest message; or a list of the newest ones, the newest first."""
        if num < 0:
            raise ValueError("queue_last takes a number of messages, not %d" % num)
        newest: List[Optional[bytes]] = []
        for _ in range(LAST_TRIES):
            slot = self._services.queue_push_slot()
            backwards = range(1, max(1, min(num, self._size)) + 1)
            newest = [self.queue_get((slot - back) % self._size) for back in backwards]
            if self._services.queue_push_slot() == slot:
                break
        return newest if num else newest[0]

    def queue_slot(self) -> int:
        """Where the next message goes."""
        return int(self._services.queue_push_slot())

    def queue_pull_slot(self) -> int:
        """Where the oldest message is."""
        return int(self._services.queue_pull_slot())


def install(uwsgi: Any, services: Any) -> None:
    """Gives the module its functions, if there is a queue."""
    size = services.queue_count()
    if not size:
        return
    queue = Queue(services)
    uwsgi.queue_size = size
    for function in (
        queue.queue_push, queue.queue_pull, queue.queue_pop, queue.queue_get, queue.queue_set,
        queue.queue_last, queue.queue_slot, queue.queue_pull_slot,
    ):  # fmt: skip
        setattr(uwsgi, function.__name__, function)
