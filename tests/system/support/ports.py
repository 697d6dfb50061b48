"""Free ports for tests that run at the same time, also in several pytest processes.

A port belongs to whoever holds the lock on its file. The range lies below the kernel's ephemeral
ports, so no outgoing connection takes one meanwhile.
"""
import fcntl
import os
import socket
import tempfile
from contextlib import contextmanager
from typing import IO, Iterator, List

FOLDER = os.path.join(tempfile.gettempdir(), "bask-test-ports")
FIRST, LAST = 20000, 29999


def _lock_file(port: int) -> IO[str]:
    os.makedirs(FOLDER, exist_ok=True)
    return open(os.path.join(FOLDER, "%d.lock" % port), "w")


def is_free(port: int) -> bool:
    """Nothing listens on any address with this port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
        return True


@contextmanager
def hold(port: int) -> Iterator[None]:
    """Waits for a port that several tests want, and keeps it."""
    with _lock_file(port) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Ports:
    """The ports of one test; released together."""

    def __init__(self) -> None:
        self._locks: List[IO[str]] = []

    def take(self) -> int:
        start = FIRST + os.getpid() * 37 % (LAST - FIRST)
        for port in [*range(start, LAST), *range(FIRST, start)]:
            lock = _lock_file(port)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
                continue
            if is_free(port):
                self._locks.append(lock)
                return port
            lock.close()
        raise AssertionError("no port is free")

    def release(self) -> None:
        for lock in self._locks:
            lock.close()
        self._locks.clear()
