"""What pypy3's own main does and an embedded PyPy does not.

Arguments, the interpreter's path, __main__, the environment variables of the interpreter, standard
streams, the check that the home is the one that was asked for, and the orderly end.
"""
import atexit
import io
import os
import sys
import threading
import types
import warnings
from typing import Optional

MINIMUM = (3, 9)
THREAD_STACK = 4 << 20


class RuntimeProblem(Exception):
    """This PyPy cannot be used; the text is one clear line."""


def check_version() -> None:
    if sys.version_info < MINIMUM:
        raise RuntimeProblem(
            "this is PyPy for Python %d.%d; %d.%d or newer is needed"
            % (sys.version_info[:2] + MINIMUM)
        )


def _real_prefix() -> str:
    """Where the standard library really is: on a merged /usr, sys.prefix may say "/" for "/usr"."""
    if sys.prefix != sys.base_prefix:
        return os.path.realpath(sys.prefix)  # a virtualenv
    library = os.path.realpath(os.path.dirname(os.__file__))
    return os.path.dirname(os.path.dirname(library))  # of lib/pypyX.Y, or of lib-python/3


def check_home(home: str) -> None:
    """PyPy walks up from its home until it finds a standard library, and may end up elsewhere."""
    if not home:
        return
    prefix = _real_prefix()
    if os.path.commonpath([os.path.realpath(home), prefix]) != prefix:
        raise RuntimeProblem(
            "PyPy's home is to be %s, but the standard library was found in %s" % (home, prefix)
        )


def find_executable() -> str:
    """The pypy3 that belongs to this library, for subprocess and multiprocessing."""
    version = "pypy%d.%d" % sys.version_info[:2]
    for folder in (os.path.join(sys.prefix, "bin"), os.path.join(sys.base_prefix, "bin")):
        for name in ("pypy3", version, "pypy", "python3"):
            path = os.path.join(folder, name)
            if os.access(path, os.X_OK):
                return path
    return ""


def set_up_interpreter(argv0: str) -> None:
    """sys.argv, sys.executable, __main__ and the interpreter's environment variables."""
    sys.argv = [argv0]
    sys.executable = find_executable()
    main = types.ModuleType("__main__")
    main.__dict__["__builtins__"] = __builtins__
    sys.modules["__main__"] = main
    environ = os.environ
    for folder in reversed(environ.get("PYTHONPATH", "").split(os.pathsep)):
        if folder and folder not in sys.path:
            sys.path.insert(0, folder)
    if environ.get("PYTHONDONTWRITEBYTECODE"):
        sys.dont_write_bytecode = True
    if environ.get("PYTHONPYCACHEPREFIX"):
        sys.pycache_prefix = environ["PYTHONPYCACHEPREFIX"]
    for rule in environ.get("PYTHONWARNINGS", "").split(","):
        if rule.strip():
            _add_warning_filter(rule.strip())
    _set_thread_stack()


def _add_warning_filter(rule: str) -> None:
    """One rule of PYTHONWARNINGS; the module that parses them is private, but it is the parser."""
    try:
        warnings._setoption(rule)  # type: ignore[attr-defined]
    except Exception as error:  # as pypy3 does: say so and go on
        print("Invalid PYTHONWARNINGS rule %r: %s" % (rule, error), file=sys.stderr)


def _set_thread_stack() -> None:
    """PyPy assumes a stack that is not there if the system's default is small (musl: 128 KiB)."""
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_STACK)
    if soft == resource.RLIM_INFINITY or soft < THREAD_STACK:
        threading.stack_size(THREAD_STACK)


def set_up_streams() -> None:
    """Buffered text streams in UTF-8, whatever the locale: a print is one write and never fails."""
    for name, fd, buffered in (("stdout", 1, True), ("stderr", 2, True)):
        stream = _text_stream(fd, line_buffering=buffered)
        setattr(sys, name, stream)
        setattr(sys, "__%s__" % name, stream)


def _text_stream(fd: int, line_buffering: bool) -> Optional[io.TextIOWrapper]:
    try:
        raw = io.FileIO(fd, "wb", closefd=False)
    except OSError:
        return None  # closed before we were started
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding="utf-8",
        errors="backslashreplace",
        line_buffering=line_buffering,
    )


def add_paths(paths: "list[str]") -> None:
    """The working folder and --pypy-pp, before everything else, in the order given."""
    for folder in reversed(paths + [os.getcwd()]):
        if folder in sys.path:
            sys.path.remove(folder)
        sys.path.insert(0, folder)


def end() -> None:
    """What happens at the end of every Python program, in its order."""
    threading._shutdown()  # type: ignore[attr-defined]
    try:
        atexit._run_exitfuncs()
    except BaseException:  # noqa: B902: the last that a handler raised; it was printed
        pass
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            try:
                stream.flush()
            except (OSError, ValueError):
                pass
