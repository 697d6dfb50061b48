"""What pypy3's own main does and an embedded PyPy does not.

Arguments, the interpreter's path, __main__, the environment variables of the interpreter, standard
streams, signals, the check that the home is the one that was asked for, and the orderly end.
"""
import atexit
import io
import os
import signal
import sys
import threading
import types
import warnings
from typing import Any, Dict, List, Optional

THREAD_STACK = 4 << 20

# Variables of pypy3's main, and the flag that each of them raises.
FLAGS = {
    "PYTHONDEBUG": "debug",
    "PYTHONDONTWRITEBYTECODE": "dont_write_bytecode",
    "PYTHONNOUSERSITE": "no_user_site",
    "PYTHONOPTIMIZE": "optimize",
    "PYTHONSAFEPATH": "safe_path",
    "PYTHONUNBUFFERED": "unbuffered",
    "PYTHONVERBOSE": "verbose",
    "PYTHONDEVMODE": "dev_mode",
}


class Problem(Exception):
    """This PyPy cannot be used; the text is one clear line."""


def set_up(argv: List[str], executable: str, environment: bool, streams: bool) -> None:
    """All of it but the home and the signals."""
    sys.argv[:] = argv
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[:] = argv
    sys.executable = executable or find_executable()
    main = types.ModuleType("__main__")
    main.__dict__["__builtins__"] = __builtins__
    sys.modules["__main__"] = main
    if streams:
        variable = os.environ.get("PYTHONIOENCODING", "") if environment else ""
        unbuffered = environment and bool(os.environ.get("PYTHONUNBUFFERED"))
        set_up_streams(variable, unbuffered)
    if environment:
        read_environment()
    set_thread_stack()


def _real_prefix() -> str:
    """Where the standard library really is: on a merged /usr, sys.prefix may say "/" for "/usr"."""
    if sys.prefix != sys.base_prefix:
        return os.path.realpath(sys.prefix)  # a virtualenv
    library = os.path.realpath(os.path.dirname(os.__file__))
    return os.path.dirname(os.path.dirname(library))  # of lib/pypyX.Y, or of lib-python/3


def check_home(home: str, label: str) -> None:
    """PyPy walks up from its home until it finds a standard library, and may end up elsewhere."""
    if not home:
        return
    prefix = _real_prefix()
    if os.path.commonpath([os.path.realpath(home), prefix]) != prefix:
        raise Problem(
            "PyPy's home (%s) is to be %s, but the standard library was found in %s"
            % (label, home, prefix)
        )
    packages = os.path.join(sys.prefix, "lib", "pypy%d.%d" % sys.version_info[:2])
    if sys.prefix != sys.base_prefix and not os.path.isdir(packages):
        raise Problem("%s (%s) is a virtualenv of another Python" % (sys.prefix, label))


def find_executable() -> str:
    """The pypy3 that belongs to this library, for subprocess and multiprocessing."""
    version = "pypy%d.%d" % sys.version_info[:2]
    for folder in (os.path.join(sys.prefix, "bin"), os.path.join(sys.base_prefix, "bin")):
        for name in ("pypy3", version, "pypy", "python3"):
            path = os.path.join(folder, name)
            if os.access(path, os.X_OK):
                return path
    return ""


def read_environment() -> None:
    """The variables that pypy3's main reads; others (PYTHONHASHSEED, PYTHONBREAKPOINT, ...) are
    read where they are used."""
    environ = os.environ
    for folder in reversed(environ.get("PYTHONPATH", "").split(os.pathsep)):
        if folder and folder not in sys.path:
            sys.path.insert(0, folder)
    if environ.get("PYTHONPYCACHEPREFIX"):
        sys.pycache_prefix = environ["PYTHONPYCACHEPREFIX"]
    set_flags({flag: _level(environ[name]) for name, flag in FLAGS.items() if environ.get(name)})
    for rule in environ.get("PYTHONWARNINGS", "").split(","):
        if rule.strip():
            _add_warning_filter(rule.strip())
    if environ.get("PYTHONFAULTHANDLER"):
        import faulthandler

        faulthandler.enable()


def _level(text: str) -> int:
    """"2" counts, and any other text is 1."""
    return max(int(text), 1) if text.isdecimal() else 1


def set_flags(raised: Dict[str, int]) -> None:
    """sys.flags with some of them raised, and what hangs on them; the compiler looks there, too."""
    values: List[Any] = list(sys.flags)
    for name, level in raised.items():
        position = getattr(getattr(type(sys.flags), name, None), "index", None)
        if position is not None:
            values[position] = type(values[position])(level)
            # Not by calling the type: the pypy3 of PyPy 8 forbids that, as CPython does.
            setattr(sys, "flags", tuple.__new__(type(sys.flags), values))
    if "dont_write_bytecode" in raised:
        sys.dont_write_bytecode = True
    if "no_user_site" in raised:
        _forget_user_site()


def _forget_user_site() -> None:
    """It is on sys.path before the variable is read, because PyPy imports site first."""
    import site

    folder = site.getusersitepackages()
    site.ENABLE_USER_SITE = False
    sys.path[:] = [path for path in sys.path if path != folder]


def _add_warning_filter(rule: str) -> None:
    """One rule of PYTHONWARNINGS; the module that parses them is private, but it is the parser."""
    try:
        warnings._setoption(rule)  # type: ignore[attr-defined]
    except Exception as error:  # as pypy3 does: say so and go on
        print("Invalid PYTHONWARNINGS rule %r: %s" % (rule, error), file=sys.stderr)


def set_thread_stack() -> None:
    """PyPy assumes a stack that is not there if the system's default is small (musl: 128 KiB)."""
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_STACK)
    if soft == resource.RLIM_INFINITY or soft < THREAD_STACK:
        threading.stack_size(THREAD_STACK)


def set_up_streams(variable: str = "", unbuffered: bool = False) -> None:
    """Buffered text streams in UTF-8, whatever the locale: a print is one write and never fails.

    `variable` is PYTHONIOENCODING: "encoding:errors", both optional.
    """
    encoding, _, errors = variable.partition(":")
    for name, fd, mode, handler in (
        ("stdin", 0, "rb", errors or "surrogateescape"),
        ("stdout", 1, "wb", errors or "backslashreplace"),
        ("stderr", 2, "wb", "backslashreplace"),
    ):
        stream = _text_stream(fd, mode, encoding or "utf-8", handler, unbuffered)
        setattr(sys, name, stream)
        setattr(sys, "__%s__" % name, stream)


def _text_stream(
    fd: int, mode: str, encoding: str, errors: str, unbuffered: bool
) -> Optional[io.TextIOWrapper]:
    try:
        raw = io.FileIO(fd, mode, closefd=False)
    except OSError:
        return None  # closed before we were started
    writes = mode == "wb"
    stream = io.TextIOWrapper(
        raw if writes and unbuffered else io.BufferedWriter(raw) if writes else io.BufferedReader(raw),
        encoding=encoding,
        errors=errors,
        line_buffering=writes,
        write_through=writes and unbuffered,
    )
    raw.name = "<%s>" % ("stdin", "stdout", "stderr")[fd]
    return stream


def set_up_signals() -> None:
    """The handlers that pypy3 installs: Ctrl-C raises, and writing to nobody is an error."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_IGN)


def flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            try:
                stream.flush()
            except (OSError, ValueError):
                pass


def end() -> None:
    """What happens at the end of every Python program, in its order."""
    threading._shutdown()  # type: ignore[attr-defined]
    try:
        atexit._run_exitfuncs()
    except BaseException:  # noqa: B902: the last that a handler raised; it was printed
        pass
    flush()
