"""Finding an application: in a module, or in a file as mod_wsgi has it."""
import importlib
import os
import sys
from types import ModuleType
from typing import Any, Callable, Tuple


class LoadError(Exception):
    """The application cannot be loaded; the text is one clear line."""


def split_target(target: str, default: str) -> Tuple[str, str]:
    """"package.module:callable" as its two parts."""
    module, _, name = target.partition(":")
    return module, name or default


def find_callable(module: ModuleType, name: str, where: str) -> Callable[..., Any]:
    """`name` may be dotted, and may end in "()": then it makes the application."""
    factory = name.endswith("()")
    found: Any = module
    for part in name[:-2].split(".") if factory else name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise LoadError(
                "%s has no %r%s" % (where, name, _suggest(module))
            ) from None
    if factory:
        found = found()
    if not callable(found):
        kind = type(found).__name__
        raise LoadError("%r of %s is not callable, it is a %s" % (name, where, kind))
    return found


def _suggest(module: ModuleType) -> str:
    """What a module offers instead, by the names that frameworks use."""
    for name in ("application", "app", "wsgi", "create_app()"):
        if callable(getattr(module, name.rstrip("()"), None)):
            return "; it has %r: try --callable '%s'" % (name, name)
    return ""


def load_module(target: str, default: str) -> Callable[..., Any]:
    """The application named by "package.module:callable"."""
    name, callable_name = split_target(target, default)
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if name == missing or name.startswith(missing + "."):
            looked = ", ".join(filter(None, sys.path))
            raise LoadError("there is no module %r (looked in %s)" % (missing, looked)) from None
        raise  # a module that it imports is missing: the traceback says which
    return find_callable(module, callable_name, "module %s" % name)


def load_file(path: str, callable_name: str) -> Callable[..., Any]:
    """The application in a file; the file's code runs as a module named after it."""
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        raise LoadError("cannot read %s: %s" % (path, error.strerror)) from None
    name = "uwsgi_file_" + "".join(c if c.isalnum() else "_" for c in os.path.splitext(path)[0])
    module = ModuleType(name)
    module.__file__ = os.path.abspath(path)
    sys.modules[name] = module
    exec(compile(source, module.__file__, "exec", dont_inherit=True), module.__dict__)
    return find_callable(module, callable_name, path)
