"""Code that options name: texts and files that run in __main__, and modules that are imported."""
import importlib
import linecache
import os
import sys
from types import ModuleType
from typing import Any, Dict


def main_namespace() -> Dict[str, Any]:
    """All texts and files share one __main__."""
    return sys.modules["__main__"].__dict__


def _run(source: Any, name: str) -> None:
    """A script may end by sys.exit(); only a status other than 0 is a failure."""
    try:
        exec(compile(source, name, "exec", dont_inherit=True), main_namespace())
    except SystemExit as error:
        if error.code not in (None, 0):
            raise


def remember(source: str, name: str) -> None:
    """Has tracebacks show the lines of a text that is no file."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)


def execute_source(source: str, name: str) -> None:
    """Runs a text; `name` is what tracebacks call it."""
    remember(source, name)
    _run(source, name)


def execute_file(path: str) -> None:
    """Runs a file, as `pypy3 FILE` would, but in the one __main__ that all of them share."""
    with open(path, "rb") as file:
        source = file.read()
    main = main_namespace()
    before = main.get("__file__")
    main["__file__"] = os.path.abspath(path)
    try:
        _run(source, main["__file__"])
    finally:
        main.pop("__file__", None)
        if before is not None:
            main["__file__"] = before


def module_of_file(path: str, name: str) -> ModuleType:
    """Runs a file as a module of this name."""
    with open(path, "rb") as file:
        source = file.read()
    module = ModuleType(name)
    module.__file__ = os.path.abspath(path)
    sys.modules[name] = module
    try:
        exec(compile(source, module.__file__, "exec", dont_inherit=True), module.__dict__)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def import_name(name: str) -> ModuleType:
    """A module by its name, or a file by its path, under the name of the file."""
    if "/" in name or name.endswith(".py"):
        stem = os.path.splitext(os.path.basename(name))[0]
        return module_of_file(name, stem)
    return importlib.import_module(name)


def alias(rule: str) -> None:
    """NAME=MODULE or NAME=FILE: `import NAME` finds that one."""
    name, equals, target = rule.partition("=")
    if not equals or not name or not target:
        raise ValueError("expected NAME=MODULE, not %r" % rule)
    sys.modules[name] = import_name(target)
