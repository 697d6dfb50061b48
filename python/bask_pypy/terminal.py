"""The terminal, where the server has one: --honour-stdin.

While code of the user's runs at a terminal, Ctrl-C is that code's (KeyboardInterrupt), not the
server's. The kernel sends it to a whole group of processes, so the one that runs the code leaves the
group of the others for that time and has the terminal's foreground.
"""
import contextlib
import os
import signal
import termios
from typing import Any, Iterator, List, Optional

STDIN = 0


def is_there() -> bool:
    """The standard input is a terminal."""
    return os.isatty(STDIN)


def _foreground() -> Optional[int]:
    """The group of processes that has the terminal; None if it is not this session's."""
    try:
        return os.tcgetpgrp(STDIN)
    except OSError:
        return None


def _give_to(group: int) -> None:
    """A background process may do this only while it ignores SIGTTOU."""
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        os.tcsetpgrp(STDIN, group)
    except OSError:
        pass  # the group is gone, or the terminal
    finally:
        signal.signal(signal.SIGTTOU, before)


def _is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def is_free() -> bool:
    """No other process than ours has the terminal's foreground, so this one may take it."""
    group = _foreground()
    return group is None or group == os.getpgrp() or not _is_alive(group)


def _wants_group() -> bool:
    """Others would get the terminal's signals, too, and this process may take it from them."""
    return os.getpgrp() != os.getpid() and _foreground() is not None and is_free()


@contextlib.contextmanager
def _own_group() -> Iterator[None]:
    if not _wants_group():
        yield
        return
    before = os.getpgrp()
    os.setpgid(0, 0)
    _give_to(os.getpid())
    try:
        yield
    finally:
        if _foreground() == os.getpid():
            _give_to(before)
        with contextlib.suppress(OSError):  # the last of that group may have gone
            os.setpgid(0, before)


@contextlib.contextmanager
def _signals(wanted: Any) -> Iterator[None]:
    before: List[Any] = [(number, signal.signal(number, action)) for number, action in wanted]
    try:
        yield
    finally:
        for number, action in reversed(before):
            signal.signal(number, action)


def _restore(modes: Any) -> None:
    """Code that is broken off may leave the terminal without echo."""
    with contextlib.suppress(termios.error):
        termios.tcsetattr(STDIN, termios.TCSADRAIN, modes)


@contextlib.contextmanager
def attended(more_signals: Any = ()) -> Iterator[None]:
    """While this lasts the terminal is the running code's; nothing happens where there is none."""
    if not is_there():
        yield
        return
    wanted: List[Any] = [(signal.SIGINT, signal.default_int_handler), *more_signals]
    if _wants_group():
        wanted.append((signal.SIGTSTP, signal.SIG_IGN))  # nobody would wake it
    modes = termios.tcgetattr(STDIN)

    group = os.getpgrp()

    def leave(number: int, frame: Any) -> None:
        """Told to end: as it would otherwise, but for the state of the terminal."""
        _restore(modes)
        if _foreground() == os.getpgrp() != group:
            _give_to(group)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    wanted += [(signal.SIGHUP, leave), (signal.SIGTERM, leave)]
    with _own_group(), _signals(wanted):
        try:
            yield
        finally:
            _restore(modes)
