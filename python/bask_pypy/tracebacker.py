"""--py-tracebacker: what the threads of a worker are doing, for whoever connects to its socket.

The socket is the path with the worker's id. A successor takes the path over before its predecessor
has ended, so a path is removed only by whose it still is.
"""
import os
import socket
import threading
from typing import Any, Optional

from bask_pypy import stacks
from bask_pypy.applications import ERROR

BACKLOG = 8


class Tracebacker:
    """One thread, which waits for connections."""

    def __init__(self, host: Any) -> None:
        self.host = host
        self.prefix = "".join(host.option("py-tracebacker"))
        self.path = ""
        self.inode = 0
        self.socket: Optional[socket.socket] = None

    def start(self, worker_id: int) -> None:
        """A worker begins. That it cannot be asked is no reason not to serve."""
        if not self.prefix:
            return
        self.path = "%s%d" % (self.prefix, worker_id)
        try:
            self.socket = self._listen()
        except OSError as error:
            text = error.strerror or str(error)
            self.host.log(ERROR, "--py-tracebacker: cannot listen on %s: %s" % (self.path, text))
            return
        threading.Thread(target=self._serve, name="tracebacker", daemon=True).start()

    def _listen(self) -> socket.socket:
        opened = socket.socket(socket.AF_UNIX)
        if self.path.startswith("@"):  # two workers cannot have one; the new one gets none
            opened.bind("\0" + self.path[1:])
            opened.listen(BACKLOG)
            return opened
        fresh = "%s.%d" % (self.path, os.getpid())
        opened.bind(fresh)
        os.chmod(fresh, 0o600)  # stacks are nobody else's business
        opened.listen(BACKLOG)
        self.inode = os.stat(fresh).st_ino
        os.rename(fresh, self.path)
        return opened

    def _serve(self) -> None:
        assert self.socket is not None
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return  # closed: the worker ends
            with client:
                try:
                    client.settimeout(5)
                    client.sendall(self._answer())
                except OSError:
                    pass  # who does not read does not want to know

    def _answer(self) -> bytes:
        head = "worker %d (pid %d): what the threads are doing" % (
            self.host.worker_id(), os.getpid()
        )  # fmt: skip
        return ("%s\n\n%s\n" % (head, stacks.describe())).encode("utf-8", "backslashreplace")

    def stop(self) -> None:
        """The worker ends."""
        if self.socket is None:
            return
        self.socket.close()
        try:
            if self.inode and os.stat(self.path).st_ino == self.inode:
                os.unlink(self.path)
        except OSError:
            pass
