"""Clients that go on asking while something happens to the server."""
import threading
from typing import List, Set

from support.server import Server
from support.wait import wait_until


class Load:
    """Requests on new connections from several threads while something happens to the server."""

    def __init__(self, server: Server, path: str = "/", clients: int = 4) -> None:
        self.failures: List[str] = []
        self.answered: Set[str] = set()
        self.count = 0
        self._server = server
        self._path = path
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                answer = self._server.get(self._path)
                if answer.status != 200 or not answer.complete:
                    self.failures.append("status %d" % answer.status)
                self.answered.add(answer.text)
                self.count += 1
            except Exception as error:  # any of them is a request that was lost
                self.failures.append(repr(error))

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
