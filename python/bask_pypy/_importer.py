"""Imports modules whose sources are part of the server's binary.

Runs first and alone: it may import nothing of its own package. `install` gets a function that gives
the source of a module by its last name, or None.
"""
import sys
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Callable, Optional, Sequence

PACKAGE = "bask_pypy"
TOP = ("pypy_setup", "uwsgidecorators")  # modules outside the package

SourceOf = Callable[[str], Optional[str]]


class EmbeddedFinder(MetaPathFinder, InspectLoader):
    """Finds and loads `bask_pypy`, its modules, and those of TOP."""

    def __init__(self, source_of: SourceOf) -> None:
        self._source_of = source_of

    def _short_name(self, fullname: str) -> Optional[str]:
        if fullname == PACKAGE:
            return "__init__"
        if fullname in TOP:
            return fullname
        package, _, name = fullname.rpartition(".")
        return name if package == PACKAGE else None

    def find_spec(
        self,
        fullname: str,
        path: Optional[Sequence[str]] = None,
        target: Optional[ModuleType] = None,
    ) -> Optional[ModuleSpec]:
        short = self._short_name(fullname)
        if short is None or self._source_of(short) is None:
            return None
        spec = ModuleSpec(fullname, self, origin="<bask>", is_package=fullname == PACKAGE)
        spec.has_location = False
        return spec

    def get_source(self, fullname: str) -> Optional[str]:
        """For tracebacks, too: linecache asks a module's loader."""
        short = self._short_name(fullname)
        return self._source_of(short) if short is not None else None

    def is_package(self, fullname: str) -> bool:
        return fullname == PACKAGE

    def exec_module(self, module: ModuleType) -> None:
        source = self.get_source(module.__name__)
        if source is None:
            raise ImportError("no module named %r in this server" % module.__name__)
        filename = "<bask>/%s.py" % module.__name__.replace(".", "/")
        exec(compile(source, filename, "exec"), module.__dict__)


def install(source_of: SourceOf) -> None:
    """Makes the embedded modules importable, before any of the same name on disk."""
    sys.meta_path.insert(0, EmbeddedFinder(source_of))
