"""Clients that keep asking while something happens to the server."""
import threading
import time
from typing import List, Protocol, Set

from support.client import Answer, Connection, make_request
from support.wait import wait_until


class HasConnect(Protocol):
    """A server, or an nginx before it."""

    def connect(self) -> Connection: ...


class Load:
    """Several clients that want what they ask for: any failure is a request that was lost.

    `kept`: each stays on its connection until an answer says that it is the last one. A client that
    is refused, or cut off before its answer, does not try again.
    """

    def __init__(self, server: HasConnect, path: str = "/", clients: int = 4, kept: bool = False
                 ) -> None:
        self.failures: List[str] = []
        self.answered: Set[str] = set()
        self.count = 0
        self._server = server
        self._path = path
        self._ending = threading.Event()
        self._kept = kept
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self._use_connection()
            except Exception as error:  # any of them is a request that was lost
                self.failures.append(repr(error))

    def _use_connection(self) -> None:
        before = time.monotonic()
        with self._server.connect() as connection:
            last = False
            while not last and not self._ending.is_set():
                answer = self._ask(connection, before)
                before = time.monotonic()
                if answer.status != 200 or not answer.complete:
                    self.failures.append("status %d" % answer.status)
                self.answered.add(answer.text)
                self.count += 1
                last = not self._kept or answer.headers["Connection"] == "close"

    def _ask(self, connection: Connection, before: float) -> Answer:
        """`before`: when the connection was opened, or had its last answer."""
        connection.send(make_request("GET", self._path))
        sent = time.monotonic()
        try:
            return connection.answer()
        except Exception as error:
            raise AssertionError("%r; it was sent after %.0f ms, and failed after %.0f ms more" % (
                error, (sent - before) * 1000, (time.monotonic() - sent) * 1000)) from error

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        self.wait_more(20)
        return self

    def wait_more(self, count: int) -> None:
        """Some more requests have been answered."""
        wanted = self.count + count
        wait_until(lambda: self.count >= wanted or self.failures, "requests are answered")

    def __exit__(self, *error: object) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()
