"""uwsgi.sendfile: the application sends a file, or a part of one, as its answer or a piece of it."""
import os
import stat
import sys
from typing import Any, Optional, Tuple

from bask_pypy import caller
from bask_pypy.wsgi import Response

WARN = 1
PIECE = 65536


def _extent(fd: int, pos: int, size: int) -> Optional[Tuple[int, int, int]]:
    """Descriptor, offset, length of what is asked of a regular file, else None."""
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        return None
    rest = max(status.st_size - pos, 0)
    return fd, pos, min(size, rest) if size else rest


class Sender:
    """The function, with what it needs of the server."""

    def __init__(self, host: Any) -> None:
        self._host = host

    def sendfile(self, what: Any, chunk: int = 0, pos: int = 0, size: int = 0) -> Optional[bool]:
        """Sends a file by its path, its object or its descriptor: `size` bytes from `pos` on; 0: the rest.

        True, or None: the file cannot be opened, and the log says why. `chunk` has no meaning, as
        in uWSGI. After it nothing can be added unless something was written before it.
        """
        response = caller.response()
        if pos < 0 or size < 0:
            raise ValueError("a part of a file begins at 0 or later and has no negative size")
        if not isinstance(what, (str, bytes, os.PathLike)):
            fd = what if isinstance(what, int) else what.fileno()
            return self._send(response, fd, pos, size)
        try:
            fd = os.open(what, os.O_RDONLY | os.O_CLOEXEC)
        except (OSError, ValueError) as error:
            self._host.log(WARN, "uwsgi.sendfile: %s" % error)
            return None
        try:
            return self._send(response, fd, pos, size)
        finally:
            os.close(fd)

    def _send(self, response: Response, fd: int, pos: int, size: int) -> bool:
        extent = _extent(fd, pos, size)
        if extent is not None and not response.begun and response.extent(*extent):
            response.begun = True  # what else the application returns comes too late
            return True
        self._copy(response, fd, pos if extent else -1, size or sys.maxsize)
        return True

    @staticmethod
    def _copy(response: Response, fd: int, pos: int, left: int) -> None:
        """What the kernel cannot send, or not as a whole answer; `pos` -1: what comes next."""
        while left:
            count = min(left, PIECE)
            data = os.read(fd, count) if pos < 0 else os.pread(fd, count, pos)
            if not data:
                break
            pos += len(data) if pos >= 0 else 0
            left -= len(data)
            response.push(data)


def install(uwsgi: Any, host: Any) -> None:
    """Gives the module its function."""
    uwsgi.sendfile = Sender(host).sendfile
