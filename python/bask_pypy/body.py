"""`wsgi.input`: the body of a request as a file (PEP 3333, "Input and Error Streams").

What the server has already received is a view, or a file where that was too much for memory; the
rest is read from the client when the application asks for it. Reading never goes past the body.
"""
import io
import os
from typing import Any, Iterator, List, Optional

CLOSED = -7
TIMEOUT = -8
LIMIT = -9
NEWLINE = 10
PIECE, PIECE_MAX = 1 << 16, 1 << 20

_REASONS = {
    CLOSED: "the client left before the end of the request body",
    TIMEOUT: "timeout during read of the request body",
    LIMIT: "the request body is over limit-post",
}


class Body:
    """One request's body. Once the response is complete, what was not read is gone."""

    # No more than five: PyPy keeps a sixth in a list of its own, which each request would pay for.
    __slots__ = ("_host", "_request", "_buffer", "_at", "_from")

    def __init__(self, host: Any, request: Any) -> None:
        self._host = host
        self._request = request
        self._buffer: Optional[bytes] = None  # taken from the request with the first read
        self._at = 0  # of _buffer: bytes that were read
        # 0: _buffer is all that there was, from the beginning. -1: what was before it is lost.
        # Else: of a file, _buffer begins one byte before.
        self._from = 0

    def detach(self) -> None:
        """The request is answered: its memory is no longer ours to look at."""
        self._request = None

    def _start(self) -> bytes:
        buffer = self._buffer
        if buffer is None:
            request = self._request
            buffer = b"" if request is None else self._host.copy(request.body)
            self._buffer = buffer
        return buffer

    def _receive(self, position: int, wanted: int) -> bytes:
        """Some more bytes, which stand at this position of the body; b"" at its end."""
        request = self._request
        if request is None or not request.body_left:
            return b""
        if request.body_fd:
            return os.pread(request.body_fd, max(PIECE, min(wanted, PIECE_MAX)), position)
        error, data = self._host.read_body(request, PIECE)
        if error:
            raise OSError(_REASONS.get(error, "the request body is malformed"))
        return data

    def _fill(self, size: int) -> bytes:
        """At least `size` unread bytes in the buffer, or all there are; size < 0: all."""
        buffer = self._start()
        have = len(buffer) - self._at
        if 0 <= size <= have or self._request is None or not self._request.body_left:
            return buffer
        begin = self._begin()
        position = begin + len(buffer)
        parts = [buffer[self._at :]]
        try:
            while size < 0 or have < size:
                data = self._receive(position, PIECE_MAX if size < 0 else size - have)
                if not data:
                    break
                parts.append(data)
                have += len(data)
                position += len(data)
        finally:  # after an error, too: what came before it is not lost
            self._buffer = buffer = b"".join(parts)
            self._from = begin + self._at + 1 if self._in_file() else -1
            self._at = 0
        return buffer

    def read(self, size: Optional[int] = -1) -> bytes:
        """Exactly `size` bytes unless the body ends before; all of it if None or negative."""
        wanted = -1 if size is None or size < 0 else size
        buffer = self._fill(wanted)
        start = self._at
        end = len(buffer) if wanted < 0 else min(start + wanted, len(buffer))
        self._at = end
        return buffer[start:end]

    def read1(self, size: Optional[int] = -1) -> bytes:
        """At most `size` bytes, as many as are there; waits only where none are."""
        buffer = self._fill(1)
        start = self._at
        end = len(buffer) if size is None or size < 0 else min(start + size, len(buffer))
        self._at = end
        return buffer[start:end]

    def readinto(self, target: Any) -> int:
        """As read() of as many bytes as the target holds; how many there were."""
        view = memoryview(target).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def readline(self, size: Optional[int] = -1) -> bytes:
        """Up to and with the next newline, but at most `size` bytes if that is given."""
        left = -1 if size is None or size < 0 else size
        parts: List[bytes] = []  # so that a line without an end is not copied with each arrival
        while left:
            buffer = self._fill(1)
            start = self._at
            end = buffer.find(b"\n", start) + 1 or len(buffer)
            if 0 < left < end - start:
                end = start + left
            if end == start:
                break
            self._at = end
            parts.append(buffer[start:end])
            if buffer[end - 1] == NEWLINE:
                break
            if left > 0:
                left -= end - start
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def readlines(self, hint: Optional[int] = -1) -> List[bytes]:
        """All lines, or whole lines until `hint` bytes are reached."""
        lines: List[bytes] = []
        total = 0
        for line in self:
            lines.append(line)
            total += len(line)
            if hint is not None and 0 < hint <= total:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    @property
    def closed(self) -> bool:
        return False

    def _in_file(self) -> bool:
        return self._request is not None and bool(self._request.body_fd)

    def _begin(self) -> int:
        """Where in a body that is not lost _buffer begins."""
        return max(self._from - 1, 0)

    def seekable(self) -> bool:
        """Whether all of the body was here when the application was called (--post-buffering)."""
        self._start()
        request = self._request
        return self._in_file() or (
            self._from == 0 and (request is None or not request.body_left)
        )

    def tell(self) -> int:
        self._check_seekable("tell")
        return self._begin() + self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """The new position, which is never beyond the end."""
        self._check_seekable("seek")
        buffer = self._start()
        begin = self._begin()
        end = self._request.body_left if self._in_file() else len(buffer)
        start = {io.SEEK_SET: 0, io.SEEK_CUR: begin + self._at, io.SEEK_END: end}
        if whence not in start:
            raise ValueError("invalid whence (%r, should be 0, 1 or 2)" % (whence,))
        position = start[whence] + offset
        if position < 0:
            raise ValueError("negative seek value %d" % position)
        position = min(position, end)
        if not begin <= position <= begin + len(buffer):
            self._buffer, self._from, begin = b"", position + 1, position
        self._at = position - begin
        return position

    def _check_seekable(self, what: str) -> None:
        if not self.seekable():
            raise io.UnsupportedOperation(
                what + ": the request body is not here as a whole (post-buffering)"
            )

    def fileno(self) -> int:
        """Of the file that holds the body, where one does. It is the server's: not to be closed."""
        if self._in_file():
            return int(self._request.body_fd)
        raise io.UnsupportedOperation("fileno: the request body has no descriptor")

    def close(self) -> None:
        """Nothing to do: the connection is the server's."""
