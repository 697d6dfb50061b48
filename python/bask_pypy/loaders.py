"""Finding an application: in a module, or in a file as mod_wsgi has it."""
import importlib
import os
import sys
from types import ModuleType
from typing import Any, Callable, Dict, Optional, Tuple, Union

from bask_pypy import scripts

Application = Callable[..., Any]

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


def find_several(module: ModuleType, where: str) -> Optional[Dict[str, Application]]:
    """The applications of a module that tells them by mountpoint, in `uwsgi.applications` or in
    `applications` of its own; None if it does not."""
    told = getattr(sys.modules.get("uwsgi"), "applications", None)
    if not told:
        told = getattr(module, "applications", None)
    if not told or not isinstance(told, dict):
        return None
    found: Dict[str, Application] = {}
    for mountpoint, application in told.items():
        if isinstance(mountpoint, bytes):
            mountpoint = os.fsdecode(mountpoint)
        if not isinstance(mountpoint, str):
            raise LoadError("a key of applications in %s is no text: %r" % (where, mountpoint))
        if isinstance(application, str):
            named = ":" in application
            application = (
                load_module(application, "")
                if named
                else find_callable(module, application, where)
            )
        if not callable(application):
            raise LoadError("the application for %r of %s is not callable" % (mountpoint, where))
        found[mountpoint] = application
    return found


def load_any(target: str, default: str) -> Union[Application, Dict[str, Application]]:
    """As load_module, or the dict of applications that the module tells where no name is given."""
    module = import_module(target.partition(":")[0])
    several = None if ":" in target else find_several(module, "module %s" % target)
    return several or load_module(target, default)


def load_any_file(path: str, default: str) -> Union[Application, Dict[str, Application]]:
    """The same for a file."""
    module = run_file(path)
    return find_several(module, path) or find_callable(module, default, path)


def load_module(target: str, default: str) -> Application:
    """The application named by "package.module:callable"."""
    name, callable_name = split_target(target, default)
    return find_callable(import_module(name), callable_name, "module %s" % name)


def import_module(name: str) -> ModuleType:
    """The module; a LoadError if it is this one that does not exist."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if name == missing or name.startswith(missing + "."):
            looked = ", ".join(filter(None, sys.path))
            raise LoadError("there is no module %r (looked in %s)" % (missing, looked)) from None
        raise  # a module that it imports is missing: the traceback says which


def load_file(path: str, callable_name: str) -> Application:
    """The application in a file."""
    return find_callable(run_file(path), callable_name, path)


def run_file(path: str) -> ModuleType:
    """A file's code, run as a module named after it."""
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
    return module


def load_source(source: str, callable_name: str) -> Callable[..., Any]:
    """The application that a text defines; it runs in __main__."""
    name = "<eval>"
    scripts.execute_source(source, name)
    return find_callable(sys.modules["__main__"], callable_name, name)


def load_pecan(path: str) -> Callable[..., Any]:
    """The application of a file of Pecan's."""
    try:
        from pecan.deploy import deploy  # type: ignore[import-not-found, unused-ignore]
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "pecan":
            raise
        raise LoadError("--pecan needs the module pecan (pip install pecan)") from None
    application: Callable[..., Any] = deploy(path)
    return application
