"""The functions of the program that embeds this Python, and the Python half of the library.

What the program registers is an attribute of this module. Everything else but Error is private: one
function for each operation that C may ask for, and the conversion of values at the border.
"""
import importlib
import itertools
import os
import sys
import threading
import traceback
from typing import Any, Callable, Dict, List, Optional, Tuple

import pypy_embed_main as _main
from _pypy_embed import ffi as _ffi  # type: ignore[import-not-found]
from _pypy_embed import lib as _lib


class Error(Exception):
    """A function of the program failed."""


_NONE, _BOOL, _INT, _FLOAT, _BYTES, _STR, _OBJECT = range(7)  # enum pypy_embed_kind
_NOMEM, _UNUSABLE, _STATE, _RAISED, _EXITED = -1, -3, -4, -5, -6  # enum pypy_embed_err
_IGNORE_ENVIRONMENT, _KEEP_STREAMS, _SIGNALS = 1, 2, 4  # enum pypy_embed_flags

_objects: Dict[int, Any] = {}  # what C holds references of
_numbers = itertools.count(1)
_sources: Dict[str, str] = {}  # what was executed under a name, for tracebacks
_adopted = False  # the interpreter was running before us, and somebody else ends it


class _State(Exception):
    """Something that may not be done here or now."""


def _text(pointer: Any) -> str:
    return _ffi.string(pointer).decode("utf-8", "surrogateescape") if pointer else ""


def _from_c(value: Any) -> Any:
    """A value of C, by its kind."""
    kind = value.kind
    if kind == _NONE:
        return None
    if kind == _BOOL:
        return bool(value.integer)
    if kind == _INT:
        return value.integer
    if kind == _FLOAT:
        return value.number
    if kind == _OBJECT:
        return _objects[value.integer]
    data = _ffi.buffer(value.data, value.len)[:] if value.len else b""
    return data if kind == _BYTES else data.decode("utf-8", "surrogateescape")


def _describe(obj: Any, keep: Callable[[Any], int]) -> Tuple[int, Any]:
    """The kind of an object and what of it goes to C: a number, bytes or None."""
    if obj is None:
        return _NONE, None
    if obj is True or obj is False:
        return _BOOL, int(obj)
    if isinstance(obj, int) and -(1 << 63) <= obj < 1 << 63:
        return _INT, int(obj)
    if isinstance(obj, float):
        return _FLOAT, float(obj)
    if isinstance(obj, str):
        try:
            return _STR, obj.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return _STR, obj.encode("utf-8", "backslashreplace")
    if isinstance(obj, (bytes, bytearray, memoryview)):
        return _BYTES, bytes(obj)
    return _OBJECT, keep(obj)


def _keep(obj: Any) -> int:
    number = next(_numbers)
    _objects[number] = obj
    return number


def _to_c(obj: Any, value: Any) -> None:
    """Fills a result; C owns what is in it."""
    kind, what = _describe(obj, _keep)
    if kind in (_BYTES, _STR):
        if _lib.embed_set_data(value, kind, what, len(what)):
            raise MemoryError("no memory for a result of %d bytes" % len(what))
        return
    value.kind = kind
    if kind == _FLOAT:
        value.number = what
    elif kind != _NONE:
        value.integer = what


def _host_function(name: str, pointer: Any) -> Callable[..., Any]:
    """A function of C as one of Python."""

    def function(*args: Any) -> Any:
        values = _ffi.new("struct pypy_embed_value[]", len(args))
        result = _ffi.new("struct pypy_embed_value *")
        lent: List[int] = []
        alive: List[Any] = []

        def lend(obj: Any) -> int:
            lent.append(_keep(obj))
            return lent[-1]

        try:
            for value, arg in zip(values, args):
                value.kind, what = _describe(arg, lend)
                if isinstance(what, bytes):
                    alive.append(_ffi.from_buffer(what))
                    value.data, value.len = alive[-1], len(what)
                elif isinstance(what, float):
                    value.number = what
                elif what is not None:
                    value.integer = what
            failed = _lib.embed_call_host(pointer, values, len(args), result)
            returned = _from_c(result)
        finally:
            for number in lent:
                _objects.pop(number, None)
            _lib.pypy_embed_clear(result)
        if failed:
            raise Error(returned if isinstance(returned, str) else "%s failed: %d" % (name, failed))
        return returned

    function.__name__ = function.__qualname__ = name
    return function


def _resolve(name: str) -> Any:
    """The object that "module:attribute.attribute" names, or "attribute" of __main__, builtins."""
    module, colon, path = name.rpartition(":")
    if colon:
        found = importlib.import_module(module)
    else:
        found = sys.modules["__main__"]
        first = path.partition(".")[0]
        if not hasattr(found, first):
            import builtins

            if hasattr(builtins, first):
                found = builtins
    for attribute in path.split("."):
        found = getattr(found, attribute)
    return found


def _args(call: Any) -> List[Any]:
    return [_from_c(call.args[index]) for index in range(call.count)]


def _set_up(call: Any) -> None:
    global _adopted
    settings = _lib.embed_settings()
    os.register_at_fork(after_in_child=_lib.embed_forked)
    _adopted = bool(settings.adopted)
    if _adopted:
        return
    _main.check_home(_text(settings.home), _text(settings.home_label))
    _main.set_up(
        [os.fsdecode(_ffi.string(settings.argv[index])) for index in range(settings.argc)],
        _text(settings.executable),
        not settings.flags & _IGNORE_ENVIRONMENT,
        not settings.flags & _KEEP_STREAMS,
    )
    if settings.flags & _SIGNALS:
        _main.set_up_signals()


def _exec(call: Any) -> None:
    source, name = _text(call.text), _text(call.name)
    _sources[name] = source
    exec(compile(source, name, "exec"), sys.modules["__main__"].__dict__)


def _exec_file(call: Any) -> None:
    path = _text(call.name)
    with open(path, "rb") as file:
        source = file.read()
    namespace = sys.modules["__main__"].__dict__
    namespace["__file__"] = path
    exec(compile(source, path, "exec"), namespace)


def _eval(call: Any) -> Any:
    return eval(compile(_text(call.text), "<embedded>", "eval"), sys.modules["__main__"].__dict__)


def _import(call: Any) -> Any:
    return importlib.import_module(_text(call.name))


def _call(call: Any) -> Any:
    return _resolve(_text(call.name))(*_args(call))


def _call_object(call: Any) -> Any:
    target = _from_c(call.object)
    if call.name:
        target = getattr(target, _text(call.name))
    return target(*_args(call))


def _release(call: Any) -> None:
    _objects.pop(call.object.integer, None)


def _register(call: Any) -> None:
    name = _text(call.name)
    if not name.isidentifier() or name.startswith("_") or name == "Error":
        raise ValueError("not a name for a function: %r" % name)
    globals()[name] = _host_function(name, call.function)


def _run_module(call: Any) -> None:
    name = _text(call.name)
    source, path = _text(call.text), "<%s>" % name
    _sources[path] = source
    exec(compile(source, path, "exec"), {"__name__": name + "_bootstrap", "__file__": path})


def _fork(call: Any) -> int:
    _main.flush()
    return os.fork()


def _check_signals(call: Any) -> None:
    """Entering Python is what runs the handlers; a few turns make sure of it."""
    for _ in range(100):
        pass


def _end(call: Any) -> None:
    if threading.current_thread() is not threading.main_thread():
        raise _State("PyPy has to be ended on the thread that started it")
    if _adopted:
        _main.flush()
    else:
        _main.end()


_OPERATIONS: List[Callable[[Any], Any]] = [  # enum operation
    _set_up,
    _exec,
    _exec_file,
    _eval,
    _import,
    _call,
    _call_object,
    _release,
    _register,
    _run_module,
    _fork,
    _check_signals,
    _end,
]


def _without_our_frames(error: BaseException) -> Any:
    """The traceback from the first frame that is not this module's; all of it if there is none."""
    found = error.__traceback__
    while found is not None and found.tb_frame.f_code.co_filename == __file__:
        found = found.tb_next
    return found


def _remember_sources() -> None:
    """Lines of what was executed as text, for tracebacks."""
    import linecache

    for name, source in list(_sources.items()):
        lines = source.splitlines(True)
        linecache.cache[name] = (len(source), None, lines, name)


def _traceback(error: BaseException) -> str:
    """The exception as text; exceptions that fail to print are named at least."""
    try:
        _remember_sources()
        lines = traceback.format_exception(type(error), error, _without_our_frames(error))
        return "".join(lines).rstrip("\n")
    except Exception:
        return "%s (it cannot be printed)" % type(error).__name__


def _status(error: SystemExit) -> int:
    """What the process would exit with."""
    if error.code is None:
        return 0
    return error.code & 0xFF if isinstance(error.code, int) else 1


def _fail(call: Any, error: Optional[BaseException]) -> int:
    """Tells C what happened: its code and its text."""
    result, text = _RAISED, "unknown"
    if isinstance(error, (_main.Problem, _State)):
        result, text = _UNUSABLE if isinstance(error, _main.Problem) else _STATE, str(error)
    elif isinstance(error, SystemExit):
        result, text = _EXITED, "SystemExit: %s" % (error.code,)
        _to_c(_status(error), _ffi.addressof(call, "result"))
    elif isinstance(error, MemoryError):
        result, text = _NOMEM, "MemoryError"
    if result == _RAISED and error is not None:
        text = _traceback(error)
    data = text.encode("utf-8", "backslashreplace")
    _lib.embed_fail(call, data, len(data))
    return result


def _outside(kind: Any, error: Any, trace: Any) -> int:
    """An exception that left embed_enter: a signal's handler raised where nothing catches it."""
    call = trace.tb_frame.f_locals.get("call") if trace is not None else None
    return _fail(call, error) if call is not None else _RAISED


@_ffi.def_extern(error=_RAISED, onerror=_outside)
def embed_enter(call: Any) -> int:
    """Does what C asks for: 0, or an enum pypy_embed_err."""
    try:
        _to_c(_OPERATIONS[call.operation](call), _ffi.addressof(call, "result"))
        return 0
    except BaseException as error:  # noqa: B902: everything goes to C
        return _fail(call, error)
