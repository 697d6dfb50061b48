"""A program of PyPy's that called the server as a library.

PyPy is the program's: its arguments, streams and end are left alone. The program's own process only
forks, and that is the embedding library's doing; everything else happens in children. Without a
master it serves, and then goes on as if nothing had been.
"""
import atexit
import faulthandler
import os
import sys
from types import ModuleType
from typing import FrozenSet, Optional

INHERITED = (
    "the calling program has imported the application: a reload gives the same again, an upgrade "
    "(bask-ctl upgrade) starts the program anew"
)

_caller: Optional[int] = None  # the program's process where it serves by itself
_modules: FrozenSet[str] = frozenset()  # what the program had imported
_had_faulthandler = False


def begin(alone: bool) -> None:
    """In the process that will load the application; `alone`: it is the program's own."""
    global _caller, _modules, _had_faulthandler
    _modules = frozenset(sys.modules)
    _had_faulthandler = faulthandler.is_enabled()
    sys.modules.setdefault("__main__", ModuleType("__main__"))  # a program in C has none
    if alone:
        _caller = os.getpid()
    else:
        atexit._clear()  # what the program does at its end is not for every worker to do


def is_caller() -> bool:
    """This is the program's own process."""
    return _caller == os.getpid()


def end(stacks_signal: int, at_once: bool) -> None:
    """A worker ends. Nobody else would end the interpreter in a child of the program, if it shall be ended."""
    if not _modules:
        return
    if not is_caller():
        if not at_once:
            sys.modules["pypy_embed_main"].end()
        return
    faulthandler.unregister(stacks_signal)
    if not _had_faulthandler:
        faulthandler.disable()


def has_imported(module: str) -> bool:
    """The program has this module, so every generation inherits it."""
    return module in _modules
