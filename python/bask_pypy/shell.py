"""--pypy-shell: Python on the terminal, in the first worker.

The shell belongs to the first process that is worker 1. One that comes after it, because of a reload
or of a crash, serves like any other if the terminal is still somebody else's.
"""
import contextlib
import os
import signal
import sys
import threading
from typing import Any, Callable, Iterator, Optional, Tuple

from bask_pypy import scripts, terminal
from bask_pypy.hooks import Hooks

LOOK_SECONDS = 0.1  # at whether the server stops
WARN = 1  # enum bask_log_level


def wanted(host: Any) -> "Tuple[Optional[str], bool]":
    """What to run, "" for a shell, None for nothing; and whether only once."""
    for name in ("pypy-shell-oneshot", "pypy-shell"):
        for text in host.option(name):
            return "" if text in ("true", "1") else text, name.endswith("oneshot")
    return None, False


def interact(text: str) -> None:
    """A text if there is one, else IPython if it can be imported, else what Python has itself."""
    if text:
        scripts.execute_source(text, "<pypy-shell>")
        return
    embed = _ipython()  # nothing is being handled any more when the shell's exceptions come
    if embed is not None:
        embed(user_ns=scripts.main_namespace(), colors="neutral")
    else:
        _interact_plainly(scripts.main_namespace())


def _ipython() -> Any:
    try:
        from IPython import embed  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return None
    return embed


def _interact_plainly(namespace: Any) -> None:
    import code

    with contextlib.suppress(ImportError):
        import readline  # noqa: F401: input() can be edited from then on
    banner = "Python %s in Bask. Ctrl-D leaves; uwsgi.stop() stops the server." % sys.version
    with contextlib.suppress(SystemExit):
        code.interact(banner, local=namespace, exitmsg="")


@contextlib.contextmanager
def _output_to_terminal() -> Iterator[None]:
    """A server whose log is a file has no other way to the terminal than its input."""
    moved = [(fd, os.dup(fd)) for fd in (1, 2) if terminal.is_there() and not os.isatty(fd)]
    for fd, _ in moved:
        os.dup2(terminal.STDIN, fd)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        for fd, kept in moved:
            os.dup2(kept, fd)
            os.close(kept)


@contextlib.contextmanager
def _ends_with(host: Any) -> Iterator[None]:
    """Whatever the shell is doing, it ends with the server."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(LOOK_SECONDS):
            if host.is_stopping():
                os.kill(os.getpid(), signal.SIGTERM)
                return

    watcher = threading.Thread(target=look, name="shell watcher", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _signals(host: Any) -> "list[Tuple[int, Any]]":
    """Ctrl-C interrupts; a stop of the server comes as the same signal. Ctrl-\\ is such a stop."""

    def interrupt(number: int, frame: Any) -> None:
        if host.is_stopping():
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            signal.default_int_handler(number, frame)

    def stop(number: int, frame: Any) -> None:
        sys.modules["uwsgi"].__dict__["stop"]()

    if not host.server_info().master_pid:
        return []
    return [(signal.SIGINT, interrupt), (signal.SIGQUIT, stop)]


def run(host: Any, hooks: Hooks, log_traceback: Callable[[str], None]) -> bool:
    """In a worker, before its first request: the shell, if it is this one's. Shall it serve then?"""
    text, once = wanted(host)
    if text is None or host.worker_id() > 1:
        return True
    info = host.server_info()
    if once and (info.is_reload or host.worker_info(1).respawns):
        return True
    if not terminal.is_free():
        host.log(WARN, "the terminal is another process's: worker 1 has no shell")
        return True
    host.occupied()
    has_master = bool(info.master_pid)
    again = True
    while again:
        with _output_to_terminal(), terminal.attended(_signals(host)), _ends_with(host):
            try:
                hooks.shell(text)
            except (KeyboardInterrupt, SystemExit):
                pass  # one way to leave it
            except Exception:
                log_traceback("the shell ended")
        again = has_master and not once and terminal.is_there()
    return once or has_master
