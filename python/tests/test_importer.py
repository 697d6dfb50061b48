"""Modules out of the server's binary."""

import importlib
import importlib.util
import linecache
import marshal
import sys
import traceback
from pathlib import Path
from typing import Dict, Iterator

import pytest

from bask_pypy import _importer

FOLDER = Path(_importer.__file__).resolve().parent
SOURCES: Dict[str, str] = {
    "__init__": '"""A package."""\n',
    "wsgi": "from bask_pypy.body import VALUE\n\ndef fail():\n    raise KeyError(VALUE)\n",
    "body": "VALUE = 17\n",
    "pypy_setup": "import bask_pypy.wsgi\nvalue = bask_pypy.wsgi.VALUE\n",
    "broken": "def (:\n",
}


def _is_ours(name: str) -> bool:
    return name.split(".")[0] in ("bask_pypy", "pypy_setup")


@pytest.fixture(autouse=True)
def _modules() -> Iterator[None]:
    """The real package steps aside while the embedded one is imported."""
    real = {name: module for name, module in sys.modules.items() if _is_ours(name)}
    finders = list(sys.meta_path)
    for name in real:
        del sys.modules[name]
    _importer.install(SOURCES.get)
    yield
    sys.meta_path[:] = finders
    for name in [name for name in sys.modules if _is_ours(name)]:
        del sys.modules[name]
    sys.modules.update(real)
    linecache.clearcache()


def test_imports() -> None:
    setup = importlib.import_module("pypy_setup")
    assert setup.value == 17
    assert sys.modules["bask_pypy"].__doc__ == "A package."
    assert sys.modules["bask_pypy.wsgi"].__name__ == "bask_pypy.wsgi"


def test_goes_before_what_is_on_disk() -> None:
    module = importlib.import_module("bask_pypy.body")
    assert not hasattr(module, "Body") and module.VALUE == 17


def test_specs() -> None:
    package, module = importlib.import_module("bask_pypy"), importlib.import_module(
        "bask_pypy.body"
    )
    assert package.__spec__ is not None and package.__spec__.submodule_search_locations == []
    assert module.__spec__ is not None and module.__spec__.submodule_search_locations is None
    assert module.__spec__.origin == "<bask>" and module.__package__ == "bask_pypy"
    assert not hasattr(module, "__file__")


@pytest.mark.parametrize("name", ["bask_pypy.nothing", "bask_pypy.body.x"])
def test_what_is_not_there(name: str) -> None:
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(name)


@pytest.mark.parametrize("name", ["json", "wsgi", "body", "x.bask_pypy.body", "__init__", "other"])
def test_leaves_others_alone(name: str) -> None:
    finder = _importer.EmbeddedFinder(SOURCES.get)
    assert finder.find_spec(name) is None and finder.get_source(name) is None


def test_tracebacks_have_lines() -> None:
    module = importlib.import_module("bask_pypy.wsgi")
    try:
        module.fail()
    except KeyError:
        text = traceback.format_exc()
    assert '"<bask>/bask_pypy/wsgi.py", line 4, in fail' in text
    assert "raise KeyError(VALUE)" in text


def test_errors_in_a_module() -> None:
    with pytest.raises(SyntaxError) as caught:
        importlib.import_module("bask_pypy.broken")
    assert caught.value.filename == "<bask>/bask_pypy/broken.py"
    assert "bask_pypy.broken" not in sys.modules


def test_a_module_that_vanished() -> None:
    finder = _importer.EmbeddedFinder(SOURCES.get)
    module = importlib.import_module("bask_pypy.body")
    module.__name__ = "bask_pypy.gone"
    with pytest.raises(ImportError, match="no module named 'bask_pypy.gone' in this server"):
        finder.exec_module(module)


def test_the_real_package_can_be_imported_so() -> None:
    """Without host, which needs the server; _importer itself imports nothing of its package."""
    sources = {path.stem: path.read_text() for path in FOLDER.glob("*.py")}
    sys.meta_path[:] = sys.meta_path[1:]
    _importer.install(sources.get)
    for name in ("wsgi", "body", "loaders", "runtime", "api", "_importer"):
        module = importlib.import_module("bask_pypy." + name)
        assert type(module.__loader__).__name__ == "EmbeddedFinder"
    assert (
        "import bask_pypy" not in sources["_importer"] and "from bask" not in sources["_importer"]
    )


def _compiled(name: str, source: str) -> bytes:
    return marshal.dumps(_importer.compile_module("bask_pypy." + name, source))


def test_bytecode_goes_before_the_source() -> None:
    """It is what runs; the source is there for tracebacks."""
    bytecode = {"body": _compiled("body", "VALUE = 18\n")}
    sys.meta_path[:] = sys.meta_path[1:]
    _importer.install(SOURCES.get, bytecode.get)
    module = importlib.import_module("bask_pypy.wsgi")
    with pytest.raises(KeyError, match="18"):
        module.fail()
    assert linecache.getline("<bask>/bask_pypy/wsgi.py", 4, vars(module)) == "    raise KeyError(VALUE)\n"


def test_code_is_the_same_either_way() -> None:
    source = SOURCES["wsgi"]
    compiled = _importer.EmbeddedFinder(SOURCES.get)
    stored = _importer.EmbeddedFinder(SOURCES.get, {"wsgi": _compiled("wsgi", source)}.get)
    one, other = compiled.get_code("bask_pypy.wsgi"), stored.get_code("bask_pypy.wsgi")
    assert one is not None and one == other
    assert one.co_filename == other.co_filename == "<bask>/bask_pypy/wsgi.py"
    assert stored.get_code("bask_pypy.nothing") is None and stored.get_code("json") is None


def test_the_interpreter_is_named_by_what_bytecode_depends_on() -> None:
    tag, _, magic = _importer.BYTECODE.rpartition("-")
    assert tag == sys.implementation.cache_tag
    assert bytes.fromhex(magic) == importlib.util.MAGIC_NUMBER


def test_only_host_and_border_need_the_server() -> None:
    folder = FOLDER.parent
    files = [*FOLDER.glob("*.py"), folder / "pypy_setup.py"]
    found = [path.stem for path in files if "from _bask import" in path.read_text()]
    assert sorted(found) == ["border", "host", "host_aides", "host_services", "host_shared"]
