"""The embedding library: what PyPy's own main would do. Where it changes the interpreter, in a process of its own."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

import apart
import pypy_embed_main as main

FOLDER = Path(main.__file__).resolve().parent
PYPY = sys.implementation.name == "pypy"
MISSING_LOCALE = pytest.param(
    "nonsense",
    marks=pytest.mark.skipif(
        PYPY and sys.version_info >= (3, 11), reason="pypy3 itself fails to start in one"
    ),
)


def run(code: str, cwd: Any = None, status: int = 0, **environ: str) -> str:
    """What the code prints on both streams; it finds main, os and sys imported."""
    return apart.run(FOLDER, "import pypy_embed_main as main", code, cwd, status, **environ)


class TestHome:
    """check_home."""

    def test_none_was_asked_for(self) -> None:
        main.check_home("", "home")

    def test_the_one_that_was_asked_for(self) -> None:
        main.check_home(os.path.join(sys.prefix, "bin"), "home")

    def test_another(self, tmp_path: Path) -> None:
        with pytest.raises(main.Problem) as caught:
            main.check_home(str(tmp_path), "--home")
        assert str(tmp_path) in str(caught.value) and "\n" not in str(caught.value)

    def test_through_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(sys.prefix)
        main.check_home(str(tmp_path / "link" / "bin"), "home")


class TestExecutable:
    """find_executable."""

    @pytest.mark.parametrize(
        "name", ["pypy3", "pypy%d.%d" % sys.version_info[:2], "pypy", "python3"]
    )
    def test_in_the_home(self, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "bin" / name
        path.parent.mkdir()
        path.touch(mode=0o755)
        monkeypatch.setattr(sys, "prefix", str(tmp_path))
        assert main.find_executable() == str(path)

    def test_none(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "pypy3").touch(mode=0o644)
        monkeypatch.setattr(sys, "prefix", str(tmp_path))
        monkeypatch.setattr(sys, "base_prefix", str(tmp_path))
        assert main.find_executable() == ""


class TestInterpreter:
    """set_up."""

    def test_arguments_and_main(self) -> None:
        code = "sys.argv = []; sys.executable = '*'; main.set_up(['app.py'], '', True, False)\n"
        code += (
            "import __main__; print(sys.argv, __main__.__name__, len(__main__.__builtins__.__dict__"
        )
        code += " if hasattr(__main__.__builtins__, '__dict__') else __main__.__builtins__) > 50)\n"
        code += "exec('x = len([1])', __main__.__dict__)\n"
        code += "print(__main__.x, os.path.exists(sys.executable))"
        assert run(code) == "['app.py'] __main__ True\n1 True\n"

    def test_pythonpath(self) -> None:
        code = "sys.path.remove('/c') if '/c' in sys.path else None\n"
        code += "main.set_up([''], '', True, False); print(sys.path[:2])"
        assert run(code, PYTHONPATH="/a::/b") == "['/a', '/b']\n"

    def test_bytecode(self, tmp_path: Path) -> None:
        code = "sys.dont_write_bytecode = False; main.set_up([''], '', True, False)\n"
        code += "print(sys.dont_write_bytecode, sys.pycache_prefix)"
        assert run(code) == "False None\n"
        output = run(code, PYTHONDONTWRITEBYTECODE="1", PYTHONPYCACHEPREFIX="/cache")
        assert output == "True /cache\n"

    def test_warnings(self) -> None:
        code = "main.set_up([''], '', True, False)\nimport warnings\n"
        code += (
            "try:\n    warnings.warn('x', UserWarning)\nexcept UserWarning:\n    print('raised')"
        )
        assert run(code, PYTHONWARNINGS="ignore, error::UserWarning") == "raised\n"

    def test_wrong_warnings(self) -> None:
        output = run("main.set_up([''], '', True, False)", PYTHONWARNINGS="nonsense")
        assert output.startswith("Invalid PYTHONWARNINGS rule 'nonsense': ")

    def test_threads_get_a_stack(self) -> None:
        code = "import resource, threading\n"
        code += "_, hard = resource.getrlimit(resource.RLIMIT_STACK)\n"
        code += "resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, hard))\n"
        code += "main.set_up([''], '', True, False); print(threading.stack_size())"
        assert run(code) == "%d\n" % main.THREAD_STACK


@pytest.mark.skipif(not PYPY, reason="CPython's flags cannot be set")
class TestFlags:
    """Variables that raise a flag."""

    @pytest.mark.parametrize(
        "name, flag",
        [
            ("PYTHONOPTIMIZE", "optimize"),
            ("PYTHONDONTWRITEBYTECODE", "dont_write_bytecode"),
            ("PYTHONDEVMODE", "dev_mode"),
            ("PYTHONNOUSERSITE", "no_user_site"),
        ],
    )
    def test_flag(self, name: str, flag: str) -> None:
        code = "main.set_up([''], '', True, False); print(int(sys.flags.%s))" % flag
        assert run(code) == "0\n"
        assert run(code, None, 0, **{name: "1"}) == "1\n"

    @pytest.mark.parametrize("value, level", [("2", 2), ("0", 1), ("yes", 1)])
    def test_level(self, value: str, level: int) -> None:
        code = "main.set_up([''], '', True, False); print(sys.flags.optimize)"
        assert run(code, PYTHONOPTIMIZE=value) == "%d\n" % level

    def test_assertions(self) -> None:
        code = "main.set_up([''], '', True, False); exec('assert 0, \\'on\\''); print('off')"
        assert run(code, PYTHONOPTIMIZE="1") == "off\n"
        assert "AssertionError: on" in run(code, status=1)

    def test_user_site(self, tmp_path: Path) -> None:
        code = "import site; folder = site.getusersitepackages(); sys.path.append(folder)\n"
        code += "main.set_up([''], '', True, False); print(folder in sys.path)"
        assert run(code, PYTHONNOUSERSITE="1") == "False\n"
        assert run(code) == "True\n"

    def test_environment_is_ignored(self) -> None:
        code = "main.set_up([''], '', False, False); print(sys.flags.optimize, '/a' in sys.path)"
        assert run(code, PYTHONOPTIMIZE="1", PYTHONPATH="/a") == "0 False\n"


class TestStreams:
    """set_up_streams."""

    def test_encoding_of_the_environment(self) -> None:
        code = "main.set_up([''], '', True, True); print('\\xe9'); print('\\u20ac')"
        assert run(code, PYTHONIOENCODING="latin-1:replace").encode("utf-8", "surrogateescape") == (
            b"\xe9\n?\n"
        )
        assert run(code, PYTHONIOENCODING="") == "\xe9\n\u20ac\n"

    def test_unbuffered(self) -> None:
        code = "main.set_up([''], '', True, True); print('rest', end=''); os._exit(0)"
        assert run(code) == ""
        assert run(code, PYTHONUNBUFFERED="1") == "rest"

    def test_input(self) -> None:
        code = "read, write = os.pipe(); os.dup2(read, 0); os.write(write, b'\\xc3\\xa9\\xff\\n')\n"
        code += "main.set_up_streams(); print(ascii(input()), sys.stdin.name)"
        assert run(code, LC_ALL="C") == "'\\xe9\\udcff' <stdin>\n"

    @pytest.mark.parametrize("locale", ["C", "C.UTF-8", MISSING_LOCALE])
    def test_utf_8_whatever_the_locale(self, locale: str) -> None:
        code = "main.set_up_streams(); print('\\xe9\\u20ac'); print('\\udc80', file=sys.stderr)"
        assert run(code, LC_ALL=locale) == "\xe9\u20ac\n\\udc80\n"

    def test_a_line_is_out_at_once(self) -> None:
        code = "main.set_up_streams(); print('line'); print('rest', end=''); os._exit(0)"
        assert run(code) == "line\n"

    def test_the_originals_too(self) -> None:
        code = "main.set_up_streams()\n"
        code += "print(sys.stdout is sys.__stdout__, sys.stderr is sys.__stderr__)"
        assert run(code) == "True True\n"

    def test_closed_before_the_start(self) -> None:
        code = "os.close(2); main.set_up_streams(); print(sys.stderr)"
        assert run(code) == "None\n"


class TestEnd:
    """end."""

    def test_order(self) -> None:
        code = "import atexit, threading, time\nmain.set_up_streams()\n"
        code += "atexit.register(print, 'atexit')\n"
        code += "threading.Thread(target=lambda: (time.sleep(.2), print('thread'))).start()\n"
        code += "main.end(); print('end'); sys.stdout.flush(); os._exit(0)"
        assert run(code) == "thread\natexit\nend\n"

    def test_handlers_that_raise(self) -> None:
        code = "import atexit\nmain.set_up_streams()\n"
        code += "atexit.register(lambda: print('first'))\natexit.register(sys.exit, 3)\n"
        code += "atexit.register(lambda: 1 / 0)\nprint('unfinished', end=' ')\n"
        code += "main.end(); os._exit(0)"
        output = run(code)
        assert "unfinished" in output and "first\n" in output and "ZeroDivisionError" in output

    def test_streams_that_are_gone(self) -> None:
        code = "sys.stdout = None; sys.stderr.close(); main.end(); os._exit(0)"
        assert run(code) == ""


@pytest.mark.skipif(not PYPY, reason="for PyPy")
def test_pypy_finds_itself() -> None:
    output = run("print(main.find_executable())").strip()
    assert os.access(output, os.X_OK)
