"""Which PyPy is used, and what is said where there is none."""
import json
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest

from support.server import APPS, Bask, Server
from support.wait import wait_until

PYPY = "/usr/bin/pypy3"
STDLIB = "/usr/lib/pypy3.9"
MARKED = "only_in_this_place"
# Root may write anywhere.
AS_NOBODY = ["--uid", "nobody", "--gid", "nogroup"] if os.geteuid() == 0 else []


def facts(server: Server) -> Dict[str, Any]:
    found: Dict[str, Any] = json.loads(server.get("/").body)
    return found


@pytest.fixture
def virtualenv(bask: Bask) -> Path:
    """A virtualenv whose site-packages has a module of its own."""
    folder = bask.folder / "venv"
    subprocess.run([PYPY, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=60)
    (packages,) = folder.glob("lib/pypy*/site-packages")
    (packages / (MARKED + ".py")).write_text("MARK = 'virtualenv'\n")
    return folder


def library() -> str:
    """Where the loader finds PyPy's library."""
    listed = subprocess.run(["/sbin/ldconfig", "-p"], stdout=subprocess.PIPE, encoding="utf-8",
                            check=True).stdout
    return next(line.split()[-1] for line in listed.splitlines() if "libpypy3" in line)


def test_default(bask: Bask) -> None:
    found = facts(bask.app("interpreter"))
    assert found["implementation"] == "pypy"
    assert found["prefix"] == "/usr"
    assert found["executable"].startswith("/usr/bin/pypy3")


@pytest.mark.parametrize("home", ["/usr", "/usr/", "/usr/bin", STDLIB, "/usr/lib"])
@pytest.mark.parametrize("option", ["--pypy-home", "-H"])
def test_home(bask: Bask, option: str, home: str) -> None:
    assert facts(bask.app("interpreter", option, home))["prefix"] == "/usr"


def test_home_from_the_environment(bask: Bask) -> None:
    server = bask.app("interpreter", env={"PYPY_HOME": "/usr"})
    assert facts(server)["prefix"] == "/usr"


@pytest.mark.parametrize("folder", ["", "bin"])
def test_virtualenv(bask: Bask, virtualenv: Path, folder: str) -> None:
    found = facts(bask.app("interpreter", "--virtualenv", str(virtualenv / folder)))
    assert found["marker"] == "virtualenv"
    assert found["prefix"] == str(virtualenv)
    assert found["base_prefix"] == "/usr"
    assert Path(found["executable"]).parent == virtualenv / "bin"


def test_relative_virtualenv(bask: Bask, virtualenv: Path) -> None:
    assert facts(bask.app("interpreter", "-H", "./venv"))["prefix"] == str(virtualenv)


def test_active_virtualenv(bask: Bask, virtualenv: Path) -> None:
    server = bask.app("interpreter", env={"VIRTUAL_ENV": str(virtualenv)})
    assert facts(server)["marker"] == "virtualenv"


def test_active_virtualenv_of_another_python_is_left_alone(bask: Bask) -> None:
    other = bask.folder / "other"
    (other / "bin").mkdir(parents=True)
    (other / "pyvenv.cfg").write_text("home = /usr/bin\n")
    assert facts(bask.app("interpreter", env={"VIRTUAL_ENV": str(other)}))["prefix"] == "/usr"


def test_option_is_stronger_than_the_environment(bask: Bask, virtualenv: Path) -> None:
    server = bask.app("interpreter", "-H", "/usr", env={"VIRTUAL_ENV": str(virtualenv)})
    assert facts(server)["prefix"] == "/usr"


def clear(said: str) -> str:
    """An explanation: what was tried and what to do, and no traceback."""
    assert "Traceback" not in said
    assert "PyPy cannot be used" in said
    assert "apt-get install pypy3" in said
    assert "--pypy-home" in said
    return said


def test_home_that_does_not_exist(bask: Bask) -> None:
    assert "/nonexistent" in clear(bask.refused("--pypy-home", "/nonexistent", "-w", "hello"))


def test_home_that_is_empty(bask: Bask) -> None:
    (bask.folder / "empty").mkdir()
    assert "empty" in clear(bask.refused("--pypy-home", "empty", "-w", "hello"))


def test_home_that_is_a_file(bask: Bask) -> None:
    (bask.folder / "file").write_text("")
    assert "is not a folder" in clear(bask.refused("--pypy-home", "file", "-w", "hello"))


def test_wrong_home_from_the_environment_is_named(bask: Bask) -> None:
    said = bask.refused("-w", "hello", env={"PYPY_HOME": "/nonexistent"})
    assert "$PYPY_HOME" in clear(said)


def test_empty_home_beside_a_library(bask: Bask) -> None:
    """The library is good and the home is not: PyPy must not silently use another one."""
    (bask.folder / "empty").mkdir()
    said = bask.refused("--pypy-home", "empty", "--pypy-lib", library(), "-w", "hello")
    assert "empty" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("how", ["absolute", "relative", "bare name"])
def test_library(bask: Bask, how: str) -> None:
    path = Path(library())
    (bask.folder / "linked.so").symlink_to(path)
    named = {"absolute": str(path), "relative": "./linked.so", "bare name": path.name}[how]
    server = bask.app("interpreter", "--pypy-lib", named, "--pypy-home", "/usr")
    assert facts(server)["implementation"] == "pypy"


@pytest.mark.parametrize("how", [[], ["--pypy-home", "/usr"]])
@pytest.mark.parametrize("named", ["/nonexistent", "./nonexistent.so", "libnonexistent.so"])
def test_library_that_does_not_exist(bask: Bask, named: str, how: List[str]) -> None:
    assert "nonexistent" in clear(bask.refused("--pypy-lib", named, *how, "-w", "hello"))


def test_library_that_is_something_else(bask: Bask) -> None:
    assert "not PyPy" in clear(bask.refused("--pypy-lib", "libm.so.6", "-w", "hello"))


def test_missing_pypy_stops_a_master_too(bask: Bask) -> None:
    clear(bask.refused("--master", "--processes", "2", "--pypy-lib", "/nonexistent", "-w", "hello"))


def test_name_of_the_arguments(bask: Bask) -> None:
    found = facts(bask.app("interpreter"))
    assert len(found["argv"]) == 1
    assert found["argv"][0].endswith("interpreter.py")
    assert found["main"] == "__main__"
    assert found["at_import"]["__file__"].endswith("/interpreter.py")
    assert found["encodings"] == ["utf-8", "utf-8"]


def test_python_path_of_the_environment(bask: Bask) -> None:
    place = bask.folder / "place"
    place.mkdir()
    (place / (MARKED + ".py")).write_text("MARK = 'PYTHONPATH'\n")
    server = bask.app("interpreter", env={"PYTHONPATH": str(place)})
    assert facts(server)["marker"] == "PYTHONPATH"


def compiled(folder: Path, name: str, source: str) -> Path:
    path = folder / name
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-o", str(path), "-"], input=source,
                   encoding="utf-8", check=True)
    return path


def one_line(said: str) -> str:
    """The complaint, which is one line among those that say what can be done."""
    (line,) = [line for line in clear(said).splitlines() if line.startswith("  ")]
    return line


SYMBOLS = ["rpython_startup_code", "pypy_setup_home", "pypy_init_threads"]


@pytest.mark.parametrize("count", range(len(SYMBOLS) + 1))
def test_pypy_that_is_too_old(bask: Bask, count: int) -> None:
    """Without the function by which the server's module gets into it, or without others."""
    source = "\n".join("int %s(void) { return 0; }" % name for name in SYMBOLS[:count])
    old = compiled(bask.folder, "libpypy-c.so", source)
    said = one_line(bask.refused("--pypy-lib", str(old), "-w", "hello"))
    assert (SYMBOLS + ["pypy_init_embedded_cffi_module"])[count] in said
    assert "too old" in said


def test_pypy_without_a_shared_library(bask: Bask) -> None:
    """As some distributors build it: the interpreter alone."""
    folder = bask.folder / "static"
    (folder / "bin").mkdir(parents=True)
    (folder / "lib" / "pypy3.10").mkdir(parents=True)
    (folder / "lib" / "pypy3.10" / "site.py").write_text("")
    (folder / "bin" / "pypy3").symlink_to("/bin/true")
    assert "no libpypy3*-c.so" in clear(bask.refused("--pypy-home", str(folder), "-w", "hello"))


def test_cpython_in_the_process(bask: Bask) -> None:
    """Its library, or one that has its symbols, is there before PyPy."""
    python = compiled(bask.folder, "libpython.so", "void Py_Initialize(void) {}")
    said = one_line(bask.refused("-w", "hello", env={"LD_PRELOAD": str(python)}))
    assert "CPython (libpython" in said and "PyPy cannot share one with it" in said


LOADS_CPYTHON = """
import ctypes
def application(environ, start_response):
    library = ctypes.CDLL(%r, mode=ctypes.RTLD_GLOBAL)
    start_response("200 OK", [])
    return [str(library.PyList_Size(0)).encode()]
"""


def other_python(folder: Path) -> str:
    """A library with symbols that PyPy has, too."""
    source = "int PyList_Size(void *list) { return 42; } void Py_Initialize(void) {}"
    return str(compiled(folder, "other.so", source))


@pytest.mark.parametrize("options", [[], ["--master", "--processes", "1"]])
def test_cpython_that_comes_with_the_application(bask: Bask, options: List[str]) -> None:
    """After PyPy: no worker could be forked, so the start is refused."""
    (bask.folder / "loads.py").write_text(
        LOADS_CPYTHON % other_python(bask.folder) + "application({}, lambda *_: None)\n")
    said = bask.refused("--wsgi-file", "loads.py", *options, status=22)
    (line,) = [line for line in said.splitlines() if "CPython" in line]
    assert "PyPy cannot share one with it" in line


def test_cpython_that_comes_with_a_request(bask: Bask) -> None:
    """The library keeps its symbols, PyPy its own; the worker goes on, and so do its successors."""
    (bask.folder / "loads.py").write_text(LOADS_CPYTHON % other_python(bask.folder))
    server = bask.start("--wsgi-file", "loads.py", workers=1)
    server.idle = False
    assert [server.get("/").text for _ in range(3)] == ["42"] * 3
    old = server.workers()
    os.kill(old[0], signal.SIGKILL)
    wait_until(lambda: server.workers() not in ([], old), "there is a new worker")
    assert server.get("/").text == "42"
    server.complained("died")


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A folder that nobody may write; not below pytest's, which only its owner may enter."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(APPS / "interpreter.py", folder)
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)


def test_start_without_a_compiler_in_a_folder_that_cannot_be_written(bask: Bask, read_only: Path
                                                                     ) -> None:
    """Nothing is built or written when a server starts: neither by PyPy nor for it."""
    tools = bask.folder / "tools"
    tools.mkdir()
    (tools / "pypy3").symlink_to(PYPY)
    server = bask.start(
        "--chdir", str(read_only), "--wsgi-file", "interpreter.py", *AS_NOBODY, workers=1,
        env={"PATH": str(tools), "CC": "/nonexistent", "TMPDIR": str(read_only),
             "HOME": str(read_only), "PYTHONPYCACHEPREFIX": str(read_only / "cache")})
    assert facts(server)["implementation"] == "pypy"
    assert facts(server)["path"][0] == str(read_only)
    assert [path.name for path in read_only.iterdir()] == ["interpreter.py"]
