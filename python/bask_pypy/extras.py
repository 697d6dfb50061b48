"""What else uWSGI's module has: facts about the server, the request by other names, a hook."""
import os
from typing import Any, Callable, Optional

from bask_pypy import caller


def embedded_data(name: str) -> bytes:
    """What the linker made of a file (ld -r -b binary): the bytes between two symbols."""
    import ctypes  # which would be work for every start

    try:
        everything = ctypes.CDLL(None)
        first, behind = (
            ctypes.addressof(ctypes.c_char.in_dll(everything, "_binary_%s_%s" % (name, end)))
            for end in ("start", "end")
        )
    except (ValueError, OSError, UnicodeError):
        raise ValueError("unable to find symbol %s" % name) from None  # uWSGI's words
    return ctypes.string_at(first, behind - first)


def offload(*args: Any) -> bytes:
    """Nothing, as in uWSGI: files and slow clients hold no thread anyway."""
    return b""


def _of_request(name: str) -> Any:
    """Attributes that are there while the calling thread answers a request."""
    found: Any = None
    if name == "env":
        found = caller.variable("environ")
    elif name == "start_response":
        response = caller.variable("response")
        found = None if response is None else response.start
    if found is None:
        raise AttributeError("module 'uwsgi' has no attribute %r" % name)
    return found


def _first(host: Any, name: str) -> Optional[bytes]:
    for value in host.option(name):
        return os.fsencode(value)
    return None


def wrap(handle: Callable[[Any], None], hook: Any, log_traceback: Callable[[str], None],
         name: str = "uwsgi.after_req_hook") -> Callable[[Any], None]:  # fmt: skip
    """What answers a request, with such a hook behind it."""

    def handle_and_tell(request: Any) -> None:
        handle(request)
        try:
            hook()
        except BaseException:  # noqa: B902: the request is answered, SystemExit would end nothing
            log_traceback("%s raised" % name)

    return handle_and_tell


def reap() -> None:
    """--reaper: no child that has ended stays behind; whoever waits for one itself misses it."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def install(uwsgi: Any, host: Any) -> None:
    """Gives the module its functions and facts."""
    uwsgi.embedded_data = embedded_data
    uwsgi.offload = offload
    uwsgi.after_req_hook = None
    uwsgi.buffer_size = host.server_info().buffer_size
    for name in ("mode", "pidfile"):
        value = _first(host, name)
        if value is not None:
            setattr(uwsgi, name, value)
    setattr(uwsgi, "__getattr__", _of_request)  # PEP 562
