"""Imports modules whose sources are part of the server's binary.

Runs first and alone: it may import nothing of its own package. `install` gets a function that gives
the source of a module by its last name, or None, and one that gives its bytecode, if the binary has
any for this very interpreter: compiling the sources takes longer than starting PyPy.
"""
import marshal
import sys
from _frozen_importlib_external import MAGIC_NUMBER
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import Callable, Optional, Sequence

PACKAGE = "bask_pypy"
TOP = ("pypy_setup", "uwsgidecorators")  # modules outside the package

# Whose bytecode this interpreter can run: that of its version of Python, in its own encoding.
BYTECODE = "%s-%s" % (sys.implementation.cache_tag, MAGIC_NUMBER.hex())

SourceOf = Callable[[str], Optional[str]]
BytecodeOf = Callable[[str], Optional[bytes]]


def no_bytecode(_name: str) -> Optional[bytes]:
    """For a binary that has none."""
    return None


def compile_module(fullname: str, source: str) -> CodeType:
    """The code of a module, whose name in tracebacks says where it came from."""
    filename = "<bask>/%s.py" % fullname.replace(".", "/")
    code: CodeType = compile(source, filename, "exec", dont_inherit=True)
    return code


class EmbeddedFinder(MetaPathFinder, InspectLoader):
    """Finds and loads `bask_pypy`, its modules, and those of TOP."""

    def __init__(self, source_of: SourceOf, bytecode_of: BytecodeOf = no_bytecode) -> None:
        self._source_of = source_of
        self._bytecode_of = bytecode_of

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

    def get_code(self, fullname: str) -> Optional[CodeType]:
        short = self._short_name(fullname)
        if short is None:
            return None
        bytecode = self._bytecode_of(short)
        if bytecode is not None:
            code: CodeType = marshal.loads(bytecode)
            return code
        source = self._source_of(short)
        return compile_module(fullname, source) if source is not None else None

    def exec_module(self, module: ModuleType) -> None:
        code = self.get_code(module.__name__)
        if code is None:
            raise ImportError("no module named %r in this server" % module.__name__)
        exec(code, module.__dict__)


def install(source_of: SourceOf, bytecode_of: BytecodeOf = no_bytecode) -> None:
    """Makes the embedded modules importable, before any of the same name on disk."""
    sys.meta_path.insert(0, EmbeddedFinder(source_of, bytecode_of))
