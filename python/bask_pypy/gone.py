"""What ends a request that needs no answer any more, or another one than the application's."""
from typing import Optional, Tuple

Answer = Tuple[bytes, int, bytes]  # the head, its lines, the body


class ClientGone(OSError):
    """The client left, or took too long to read; raised by the write callable.

    An application that lets one through has not failed: nothing is logged.
    """

    answer: Optional[Answer] = None  # what the client gets, if it can still get something
