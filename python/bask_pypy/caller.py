"""What the request has that the calling thread answers.

No request pays for it: it is looked for on the stack of the caller.
"""
import sys
from typing import Any

from bask_pypy.present import NO_REQUEST
from bask_pypy.wsgi import Response, Server


def variable(name: str) -> Any:
    """A variable of Server.handle; None: the thread is in no request."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code is not Server.handle.__code__:
        frame = frame.f_back  # type: ignore[assignment]
    return None if frame is None else frame.f_locals.get(name)


def response() -> Response:
    """SystemError: the thread is in no request."""
    found = variable("response")
    if not isinstance(found, Response):
        raise SystemError(NO_REQUEST)
    return found
