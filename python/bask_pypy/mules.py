"""uWSGI's mules: processes that get messages, or run a program of their own."""
import importlib
import os
import time
from typing import Any, Callable, List, Optional, Union

from bask_pypy import roles
from bask_pypy.aides import WARN, Life, functions_into, run_own
from bask_pypy.arguments import BytesLike, to_bytes
from bask_pypy.hooks import Hooks

Log = Callable[[str], None]
Name = Union[str, bytes]

COMPLAIN_SECONDS = 10


class Mules:
    """What the `uwsgi` module has of them, and what a mule does."""

    def __init__(self, uwsgi: Any, host: Any, own: Any, life: Life) -> None:
        self._uwsgi = uwsgi
        self._host = host
        self._own = own
        self._life = life
        self._complained = float("-inf")  # when the log was told of lost messages

    # For everybody

    def mule_id(self) -> int:
        """The number of this mule, from 1; 0 in other processes."""
        return self._own.id() if self._own.role() == roles.MULE else 0

    def mule_msg(self, message: Any, target: Any = 0) -> bool:
        """Sends a message to a mule by its number (0: to any), or to a farm by its name. False: too
        many wait already."""
        data = _bytes(message, "a message")
        if isinstance(target, (str, *BytesLike)):
            return self._outcome(*self._own.send_to_farm(to_bytes(target, "a farm"), data))
        if not isinstance(target, int):
            raise ValueError("a mule has a number, a farm has a name")
        if not 0 <= target <= self._own.mules():
            raise ValueError("there are mules 1 to %d, and no mule %d"
                             % (self._own.mules(), target))  # fmt: skip
        return self._outcome(*self._own.send(target, data))

    def farm_msg(self, farm: Name, message: Any) -> None:
        """Sends a message to a farm."""
        self._outcome(*self._own.send_to_farm(_bytes(farm, "a farm"), _bytes(message, "a message")))

    def _outcome(self, error: int, why: str) -> bool:
        if error == roles.AGAIN:
            self._complain()
            return False
        if error:
            raise ValueError(why)
        return True

    def _complain(self) -> None:
        """Now and then: where a message is lost, many are."""
        now = time.monotonic()
        if now - self._complained >= COMPLAIN_SECONDS:
            self._complained = now
            self._host.log(WARN, "a message to a mule is lost: too many wait already")

    def in_farm(self, name: Optional[Name] = None) -> Optional[bool]:
        """True in a mule of this farm, or of any, else None."""
        farm = None if name is None else _bytes(name, "a farm")
        return True if self._own.is_in_farm(farm) else None

    def mule_msg_recv_size(self) -> int:
        """The longest message that a mule receives, in bytes."""
        return int(self._own.largest())

    def mule_file(self, number: Optional[int] = None) -> Optional[bytes]:
        """The program of a mule, of this one if none is named; None: it waits for messages."""
        mule = self.mule_id() if number is None else number
        if not 1 <= mule <= self._own.mules():
            raise ValueError("The id you provided doesn't correspond to any mule")  # uWSGI's words
        programs = list(self._host.option("mule"))
        program = programs[mule - 1] if mule <= len(programs) else ""
        return os.fsencode(program) if program not in ("", "true") else None

    # For mules

    def mule_get_msg(
        self, signals: bool = True, farms: bool = True, buffer_size: int = 65536,
        timeout: float = -1,
    ) -> Optional[bytes]:  # fmt: skip
        """Waits for a message, at most `timeout` seconds, and handles signals meanwhile. A message
        that is longer than `buffer_size` is cut."""
        sources = roles.OWN | (roles.FARMS if farms else 0)
        return self._receive(sources, timeout, buffer_size, signals)

    def farm_get_msg(self) -> Optional[bytes]:
        """Waits for a message to a farm of this mule."""
        return self._receive(roles.FARMS, -1, 0, True)

    def _receive(
        self, sources: int, seconds: float, size: int, signals: bool
    ) -> Optional[bytes]:
        if not self.mule_id():
            raise ValueError("you can receive mule messages only in a mule !!!")  # uWSGI's words
        return self._life.wait_message(sources, seconds, size, signals)

    def install_mule_msg_hook(self, hook: Callable[[bytes], Any]) -> None:
        """One more function that gets messages, beside uwsgi.mule_msg_hook."""
        self._uwsgi.mule_msg_extra_hooks.append(hook)

    # A mule

    def run(self, hooks: Hooks, log_traceback: Log) -> None:
        """Its program, to its end; or one message after the other."""
        program = self._own.work().decode("utf-8", "surrogateescape")
        if program:
            _run_program(program, hooks)
            return
        while True:
            message = self._life.receive(roles.OWN | roles.FARMS, -1)
            if message is not None:
                self._handle(message, log_traceback)

    def _handle(self, message: bytes, log_traceback: Log) -> None:
        hook = self._uwsgi.mule_msg_hook
        functions: List[Callable[[bytes], Any]] = [hook] if hook else []
        functions += self._uwsgi.mule_msg_extra_hooks
        if not functions:
            self._host.log(WARN, "mule %d got a message, and uwsgi.mule_msg_hook is not set"
                           % self.mule_id())  # fmt: skip
        for function in functions:
            run_own(log_traceback, "uwsgi.mule_msg_hook", function, message)


def _bytes(value: Any, what: str) -> bytes:
    try:
        return to_bytes(value, what)
    except TypeError as error:
        raise ValueError(str(error)) from None  # as uWSGI has it


def _run_program(program: str, hooks: Hooks) -> None:
    """A file, which is __main__; or "module", or "module:function"."""
    if program.endswith(".py") or "/" in program:
        hooks.execute_file(program)
        return
    module, _, function = program.partition(":")
    imported = importlib.import_module(module)
    if function:
        getattr(imported, function)()


def install(uwsgi: Any, host: Any, own: Any, life: Life) -> Mules:
    """Gives the module its functions."""
    mules = Mules(uwsgi, host, own, life)
    uwsgi.mule_msg_hook = None
    uwsgi.mule_msg_extra_hooks = []
    functions_into(uwsgi, [
        mules.mule_id, mules.mule_msg, mules.farm_msg, mules.in_farm, mules.mule_get_msg,
        mules.farm_get_msg, mules.install_mule_msg_hook, mules.mule_msg_recv_size,
        mules.mule_file,
    ])  # fmt: skip
    for_requests = uwsgi.set_user_harakiri

    def set_user_harakiri(seconds: float) -> None:
        """What is being done has to be done in so many seconds; 0: there is no limit."""
        if not own.role() or not own.limit(int(seconds * 1000)):
            for_requests(seconds)

    uwsgi.set_user_harakiri = set_user_harakiri
    return mules
