"""What PyPy's own main would do. Where it changes the interpreter, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict

import pytest

from bask_pypy import runtime

FOLDER = Path(runtime.__file__).resolve().parent.parent
PYPY = sys.implementation.name == "pypy"


def run(code: str, cwd: Any = None, status: int = 0, **environ: str) -> str:
    """What the code prints on both streams; it finds runtime, os and sys imported."""
    prelude = "import os, sys; sys.path.insert(0, %r); from bask_pypy import runtime\n" % str(
        FOLDER
    )
    variables: Dict[str, str] = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [sys.executable, "-E", "-c", prelude + code],
        cwd=cwd,
        env={**variables, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
    )
    output = done.stdout.decode("utf-8", "surrogateescape")
    assert done.returncode == status, output
    return output


class TestVersion:
    """check_version."""

    def test_this_one_will_do(self) -> None:
        runtime.check_version()

    def test_too_old(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "version_info", (3, 8, 1, "final", 0))
        with pytest.raises(runtime.RuntimeProblem, match="3.8; 3.9 or newer"):
            runtime.check_version()


class TestHome:
    """check_home."""

    def test_none_was_asked_for(self) -> None:
        runtime.check_home("")

    def test_the_one_that_was_asked_for(self) -> None:
        runtime.check_home(os.path.join(sys.prefix, "bin"))

    def test_another(self, tmp_path: Path) -> None:
        with pytest.raises(runtime.RuntimeProblem) as caught:
            runtime.check_home(str(tmp_path))
        assert str(tmp_path) in str(caught.value) and "\n" not in str(caught.value)

    def test_through_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(sys.prefix)
        runtime.check_home(str(tmp_path / "link" / "bin"))


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
        assert runtime.find_executable() == str(path)

    def test_none(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "pypy3").touch(mode=0o644)
        monkeypatch.setattr(sys, "prefix", str(tmp_path))
        monkeypatch.setattr(sys, "base_prefix", str(tmp_path))
        assert runtime.find_executable() == ""


class TestInterpreter:
    """set_up_interpreter."""

    def test_arguments_and_main(self) -> None:
        code = "sys.argv = []; sys.executable = '*'; runtime.set_up_interpreter('app.py')\n"
        code += (
            "import __main__; print(sys.argv, __main__.__name__, len(__main__.__builtins__.__dict__"
        )
        code += " if hasattr(__main__.__builtins__, '__dict__') else __main__.__builtins__) > 50)\n"
        code += "exec('x = len([1])', __main__.__dict__)\n"
        code += "print(__main__.x, os.path.exists(sys.executable))"
        assert run(code) == "['app.py'] __main__ True\n1 True\n"

    def test_pythonpath(self) -> None:
        code = "sys.path.remove('/c') if '/c' in sys.path else None\n"
        code += "runtime.set_up_interpreter(''); print(sys.path[:2])"
        assert run(code, PYTHONPATH="/a::/b") == "['/a', '/b']\n"

    def test_bytecode(self, tmp_path: Path) -> None:
        code = "sys.dont_write_bytecode = False; runtime.set_up_interpreter('')\n"
        code += "print(sys.dont_write_bytecode, sys.pycache_prefix)"
        assert run(code) == "False None\n"
        output = run(code, PYTHONDONTWRITEBYTECODE="1", PYTHONPYCACHEPREFIX="/cache")
        assert output == "True /cache\n"

    def test_warnings(self) -> None:
        code = "runtime.set_up_interpreter('')\nimport warnings\n"
        code += (
            "try:\n    warnings.warn('x', UserWarning)\nexcept UserWarning:\n    print('raised')"
        )
        assert run(code, PYTHONWARNINGS="ignore, error::UserWarning") == "raised\n"

    def test_wrong_warnings(self) -> None:
        output = run("runtime.set_up_interpreter('')", PYTHONWARNINGS="nonsense")
        assert output.startswith("Invalid PYTHONWARNINGS rule 'nonsense': ")

    def test_threads_get_a_stack(self) -> None:
        code = "import resource, threading\n"
        code += "_, hard = resource.getrlimit(resource.RLIMIT_STACK)\n"
        code += "resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, hard))\n"
        code += "runtime.set_up_interpreter(''); print(threading.stack_size())"
        assert run(code) == "%d\n" % runtime.THREAD_STACK


class TestStreams:
    """set_up_streams."""

    @pytest.mark.parametrize("locale", ["C", "C.UTF-8", "nonsense"])
    def test_utf_8_whatever_the_locale(self, locale: str) -> None:
        code = "runtime.set_up_streams(); print('\\xe9\\u20ac'); print('\\udc80', file=sys.stderr)"
        assert run(code, LC_ALL=locale) == "\xe9\u20ac\n\\udc80\n"

    def test_a_line_is_out_at_once(self) -> None:
        code = "runtime.set_up_streams(); print('line'); print('rest', end=''); os._exit(0)"
        assert run(code) == "line\n"

    def test_the_originals_too(self) -> None:
        code = "runtime.set_up_streams()\n"
        code += "print(sys.stdout is sys.__stdout__, sys.stderr is sys.__stderr__)"
        assert run(code) == "True True\n"

    def test_closed_before_the_start(self) -> None:
        code = "os.close(2); runtime.set_up_streams(); print(sys.stderr)"
        assert run(code) == "None\n"


class TestPaths:
    """add_paths."""

    def test_order(self, tmp_path: Path) -> None:
        code = "sys.path.append('/b'); runtime.add_paths(['/a', '/b']); "
        code += "print(sys.path[:3], sys.path.count('/b'))"
        assert run(code, cwd=tmp_path) == repr(["/a", "/b", str(tmp_path)]) + " 1\n"

    def test_the_folder_we_are_in(self, tmp_path: Path) -> None:
        code = "runtime.add_paths([]); print(sys.path[0])"
        assert run(code, cwd=tmp_path) == "%s\n" % tmp_path


class TestEnd:
    """end."""

    def test_order(self) -> None:
        code = "import atexit, threading, time\nruntime.set_up_streams()\n"
        code += "atexit.register(print, 'atexit')\n"
        code += "threading.Thread(target=lambda: (time.sleep(.2), print('thread'))).start()\n"
        code += "runtime.end(); print('end'); sys.stdout.flush(); os._exit(0)"
        assert run(code) == "thread\natexit\nend\n"

    def test_handlers_that_raise(self) -> None:
        code = "import atexit\nruntime.set_up_streams()\n"
        code += "atexit.register(lambda: print('first'))\natexit.register(sys.exit, 3)\n"
        code += "atexit.register(lambda: 1 / 0)\nprint('unfinished', end=' ')\n"
        code += "runtime.end(); os._exit(0)"
        output = run(code)
        assert "unfinished" in output and "first\n" in output and "ZeroDivisionError" in output

    def test_streams_that_are_gone(self) -> None:
        code = "sys.stdout = None; sys.stderr.close(); runtime.end(); os._exit(0)"
        assert run(code) == ""


@pytest.mark.skipif(not PYPY, reason="for PyPy")
def test_pypy_finds_itself() -> None:
    output = run("print(runtime.find_executable())").strip()
    assert os.access(output, os.X_OK)
