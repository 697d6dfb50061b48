"""What pypy_embed.h promises, asked of the real PyPy by the driver (driver.c).

Each step of the driver prints "kind value" or "error CODE" and a text. Codes: enum pypy_embed_err.
"""
import ctypes.util
import glob
import subprocess
from pathlib import Path

import pytest

from conftest import BUILD, LANGUAGES, ROOT, WARNINGS, Run, run

PYPY = "/usr/bin/pypy3"
NOTFOUND, UNUSABLE, STATE, RAISED, EXITED = -2, -3, -4, -5, -6
START = ("start", "again")
STARTED = "str\n"


def text(value: str) -> str:
    """A str as the driver prints it."""
    return "str %s\n" % value.encode().hex() if value else "str\n"


def pypy_library() -> str:
    listed = subprocess.run(["/sbin/ldconfig", "-p"], stdout=subprocess.PIPE, encoding="utf-8",
                            check=True).stdout
    return next(line.split()[-1] for line in listed.splitlines() if "libpypy3" in line)


def libpython() -> str:
    """CPython as a library."""
    found = glob.glob("/usr/lib/*/libpython3*.so.1*") or [ctypes.util.find_library("python3") or ""]
    assert found[0], "the test needs libpython (on Debian: apt-get install libpython3.11)"
    return found[0]


class TestMain:
    """What pypy3's own main does."""

    def test_arguments_and_main(self, drive: Run) -> None:
        expression = "(sys.argv, __name__, sys.modules['__main__'].__dict__ is globals())"
        said = drive(*START, "exec", "import sys", "eval", "repr(%s)" % expression)
        assert said.endswith(text("(['program', '-x'], '__main__', True)"))

    def test_executable(self, drive: Run) -> None:
        code = "import sys, subprocess\nprint(subprocess.check_output([sys.executable, '-c', " \
               "'import sys; print(sys.implementation.name)']).decode(), end='')"
        assert "pypy\n" in drive(*START, "exec", code)
        assert "/my/own\n" in drive("executable=/my/own", *START, "exec",
                                    "import sys; print(sys.executable)")

    def test_multiprocessing_spawn(self, drive: Run, tmp_path: Path) -> None:
        (tmp_path / "spawned.py").write_text("def double(x): return 2 * x\n")
        (tmp_path / "program.py").write_text(
            "import sys; sys.path.insert(0, '')\nimport multiprocessing, spawned\n"
            "if __name__ == '__main__':\n"
            "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
            "        print(pool.map(spawned.double, [1, 2]))\n")
        assert "[2, 4]\n" in drive(*START, "file", "program.py")

    @pytest.mark.parametrize("locale", ["C", "nonsense"])
    def test_streams_are_utf_8(self, drive: Run, locale: str) -> None:
        assert "é€\n" in drive(*START, "exec", "print('\\xe9\\u20ac')", env={"LC_ALL": locale})

    def test_environment(self, drive: Run) -> None:
        code = "import sys; print(sys.flags.optimize, '/a' in sys.path)"
        env = {"PYTHONOPTIMIZE": "2", "PYTHONPATH": "/a"}
        assert "2 True\n" in drive(*START, "exec", code, env=env)
        assert "0 False\n" in drive("flags=1", *START, "exec", code, env=env)

    def test_streams_are_kept(self, drive: Run) -> None:
        code = "import sys; print(sys.stdout.encoding)"
        assert "latin" in drive(*START, "exec", code, env={"PYTHONIOENCODING": "latin-1"})
        assert "latin" not in drive("flags=2", *START, "exec", code,
                                    env={"PYTHONIOENCODING": "latin-1"})

    @pytest.mark.parametrize("nursery, used", [(None, 4), ("8M", 8)])
    def test_nursery(self, drive: Run, nursery: str, used: int) -> None:
        words = ["nursery=" + nursery] if nursery else []
        code = "import os; print(os.environ['PYPY_GC_NURSERY'])"
        assert "%dM\n" % used in drive(*words, *START, "exec", code)
        assert "2M\n" in drive(*words, *START, "exec", code, env={"PYPY_GC_NURSERY": "2M"})


class TestHome:
    """Finding PyPy and its standard library."""

    def make_venv(self, folder: Path) -> Path:
        subprocess.run([PYPY, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=60)
        return folder

    def test_none(self, drive: Run) -> None:
        said = drive(*START, "exec", "import sys; print(sys.prefix)")
        assert said == STARTED + "/usr\nnone\n"

    def test_virtualenv(self, drive: Run, tmp_path: Path) -> None:
        venv = self.make_venv(tmp_path / "venv")
        code = "import sys; print(sys.prefix, sys.base_prefix, sys.executable, sys.path[-1])"
        (packages,) = venv.glob("lib/pypy*/site-packages")
        expected = "%s /usr %s/bin/pypy3 %s\nnone\n" % (venv, venv, packages)
        home = text(str(venv / "bin"))
        for words, env in (
            (["home=%s" % venv], {}),
            (["home=%s/bin" % venv], {}),
            ([], {"VIRTUAL_ENV": str(venv)}),
            ([], {"PYPY_HOME": str(venv)}),
        ):
            assert drive(*words, *START, "exec", code, env=env) == home + expected

    def test_virtualenv_of_another_python(self, drive: Run, tmp_path: Path) -> None:
        subprocess.run(["/usr/bin/python3", "-m", "venv", "--without-pip", str(tmp_path / "other")],
                       check=True, timeout=60)
        words = ["library=" + pypy_library(), "home=%s/other" % tmp_path]
        assert drive(*words, *START) == (
            "error %d\n%s/other (home) is a virtualenv of another Python\n" % (UNUSABLE, tmp_path))

    def test_homes_in_turn(self, drive: Run, tmp_path: Path) -> None:
        """One that is not there, one without PyPy, a good one, one that is not looked at."""
        (tmp_path / "empty").mkdir()
        words = ["home=/nonexistent", "home=%s/empty" % tmp_path, "home=/usr", "home=/never"]
        assert drive(*words, *START).startswith(text("/usr"))

    def test_no_home_is_good(self, drive: Run) -> None:
        said = drive("home=/nonexistent", "home=/etc/passwd", *START)
        assert said == (
            "error %d\n/nonexistent (home) is not a folder\n/etc/passwd (home) is not a folder\n"
            % NOTFOUND
        )

    def test_empty_home(self, drive: Run, tmp_path: Path) -> None:
        """PyPy would walk up, find some library, and say nothing."""
        (tmp_path / "empty").mkdir()
        said = drive("library=" + pypy_library(), "home=%s/empty" % tmp_path, *START)
        assert said == (
            "error %d\n%s/empty (home) has no standard library of PyPy 3 in it or above it\n"
            % (NOTFOUND, tmp_path)
        )

    def test_standard_library_of_another_version(self, drive: Run, tmp_path: Path) -> None:
        """It looks like a home, and PyPy takes its own."""
        folder = tmp_path / "lib" / "pypy3.2"
        folder.mkdir(parents=True)
        (folder / "site.py").touch()
        said = drive("library=" + pypy_library(), "home=%s" % tmp_path, *START)
        assert said.startswith("error %d\nPyPy's home (home) is to be %s, " % (UNUSABLE, tmp_path))
        assert said.count("\n") == 2

    @pytest.mark.parametrize("library", ["libm.so.6", "/nonexistent.so", "./relative.so"])
    def test_wrong_library(self, drive: Run, library: str) -> None:
        said = drive("library=" + library, *START)
        assert said.startswith("error %d\n" % NOTFOUND)
        assert library in said and said.count("\n") == 2

    def test_nothing_works_before_the_start(self, drive: Run) -> None:
        said = drive("library=/nonexistent.so", *START)
        assert said.startswith("error")


class TestCalls:
    """exec, eval, import, call, objects, functions of C."""

    def test_values(self, drive: Run) -> None:
        said = drive(*START, "exec", "def show(*args): return ascii(args)", "kinds", "show")
        assert said.endswith(text(
            "(None, True, -9223372036854775808, -0.5, b'\\x00', '\\xe9\\udcff', b'')"))

    def test_results(self, drive: Run) -> None:
        steps = []
        expected = ""
        for expression, shown in {
            "None": "none", "2 > 1": "bool 1", "-2**63": "int -9223372036854775808",
            "2**63": "object", "0.25": "float 0.25", "b'a\\0'": "bytes 6100", "''": "str",
            "bytearray(b'x')": "bytes 78", "memoryview(b'y')": "bytes 79", "'\\udcff'": "str ff",
            "'\\ud800'": "str " + b"\\ud800".hex(), "[]": "object",
        }.items():
            steps += ["eval", expression]
            expected += shown + "\n"
        assert drive(*START, *steps) == STARTED + expected

    def test_functions_of_c(self, drive: Run) -> None:
        values = "(None, True, 2**63-1, .5, b'a\\0', '\\xe9\\udcff', [1], 2**70, '')"
        code = "import pypy_embed\nfor value in %s:\n" \
               "    assert pypy_embed.echo(value) == value, value" % values
        assert drive(*START, "exec", code) == STARTED + "none\n"

    def test_function_of_c_that_fails(self, drive: Run) -> None:
        code = "import pypy_embed\ntry: pypy_embed.echo(1, 2)\n" \
               "except pypy_embed.Error as error: print(error)"
        assert "echo failed: 2\n" in drive(*START, "exec", code)

    def test_calls_within_calls(self, drive: Run) -> None:
        nested = "pypy_embed.again('pypy_embed.again(\"6 * 7\")')"
        assert drive(*START, "exec", "import pypy_embed", "eval", nested).endswith("int 42\n")

    @pytest.mark.parametrize("name", ["", "no-name", "_private", "Error", "a.b"])
    def test_wrong_name_of_a_function(self, drive: Run, name: str) -> None:
        assert "error %d\n" % RAISED in drive(*START, "register", name)

    def test_objects(self, drive: Run) -> None:
        said = drive(*START, "object", "{1: 2}", "eval", "len(__import__('pypy_embed')._objects)")
        assert said == STARTED + text("{1: 2}") + "object\nint 0\n"

    def test_names(self, drive: Run) -> None:
        said = drive(*START, "exec", "class A:\n    @staticmethod\n    def f(): return 'A.f'",
                     "call", "A.f", "call", "os:getcwd", "call", "dict", "call", "os.path:nothing",
                     "call", "nothing:f", "call", "nothing", "import", "os.path", "import", "no.no")
        assert text("A.f") in said
        assert "AttributeError" in said
        assert "ModuleNotFoundError: No module named 'nothing'" in said
        assert "'__main__' has no attribute 'nothing'" in said
        assert said.endswith("ModuleNotFoundError: No module named 'no'\n")

    def test_traceback(self, drive: Run) -> None:
        code = "def f():\n    raise ValueError('\\u2603')\n"
        assert drive(*START, "exec", code, "call", "f") == STARTED + (
            'none\nerror %d\nTraceback (most recent call last):\n'
            '  File "driven.py", line 2, in f\n'
            "    raise ValueError('\\u2603')\nValueError: ☃\n" % RAISED)

    def test_syntax_error(self, drive: Run) -> None:
        said = drive(*START, "exec", "x = = 1")
        assert 'File "driven.py", line 1' in said and "SyntaxError" in said

    def test_file(self, drive: Run, tmp_path: Path) -> None:
        (tmp_path / "app.py").write_bytes(
            b"# coding: latin-1\nprint(__name__, __file__, '\xe9')\nraise KeyError\n")
        said = drive(*START, "file", "app.py", "file", "no.py")
        assert "__main__ app.py é\n" in said
        assert 'File "app.py", line 3' in said
        assert "FileNotFoundError" in said

    def test_exception_that_cannot_be_printed(self, drive: Run) -> None:
        code = "class Bad(Exception):\n    def __str__(self): raise self\nraise Bad\n"
        said = drive(*START, "exec", code)
        assert "error %d\n" % RAISED in said and "Bad" in said

    @pytest.mark.parametrize("argument, status", [("", 0), ("3", 3), ("'text'", 1), ("256", 0)])
    def test_exit(self, drive: Run, argument: str, status: int) -> None:
        said = drive(*START, "exec", "import sys; sys.exit(%s)" % argument, "eval", "1")
        assert "error %d\nSystemExit: " % EXITED in said
        assert said.endswith("int %d\nint 1\n" % status)

    def test_recursion(self, drive: Run) -> None:
        steps = ["exec", "def f(): return f()", "call", "f", "eval", "1"]
        said = drive(*START, *steps, "thread", "call", "f", "thread", "eval", "2")
        assert said.count("RecursionError") == 2
        assert said.endswith("int 2\n")


class TestThreads:
    """Threads that PyPy does not know."""

    def test_everything_on_a_thread(self, drive: Run) -> None:
        said = drive(*START, "thread", "exec", "import threading\nx = 1", "thread", "eval", "x",
                     "thread", "call", "gc:collect", "thread", "object", "[]",
                     "thread", "register", "more", "thread", "import", "json",
                     "thread", "fork", "threading.current_thread() is threading.main_thread()")
        assert "error" not in said
        assert said.endswith("bool 1\nint 0\n")

    def test_started_on_another_thread(self, drive: Run) -> None:
        said = drive("thread", *START, "eval", "6 * 7")
        assert said == STARTED + "int 42\n"

    def test_small_stack(self, drive: Run) -> None:
        said = drive("stack=512", *START, "thread", "eval", "1", "eval", "2")
        assert "error %d\nthis thread has " % STATE in said and "PyPy needs 1024" in said
        assert said.endswith("int 2\n")

    def test_smallest_stack(self, drive: Run) -> None:
        said = drive("stack=1024", *START, "exec", "def f(): return f()",
                     "thread", "call", "f", "eval", "2")
        assert "RecursionError" in said
        assert said.endswith("int 2\n")


class TestSignals:
    """pypy_embed_check_signals, PYPY_EMBED_SIGNALS."""

    def test_interrupt(self, drive: Run) -> None:
        said = drive("flags=4", *START, "raise", "2", "signals", "x", "eval", "1")
        assert "KeyboardInterrupt" in said and "error %d\n" % RAISED in said
        assert said.endswith("int 1\n")

    def test_the_programs_own_are_left_alone(self, drive: Run) -> None:
        drive(*START, "raise", "2", status=-2)

    def test_handler(self, drive: Run) -> None:
        code = "import signal\nsignal.signal(10, lambda *args: print('handled'))"
        said = drive(*START, "exec", code, "raise", "10", "signals", "x", "eval", "1")
        assert said == STARTED + "none\nnone\nhandled\nnone\nint 1\n"

    def test_handler_that_raises_is_never_lost(self, drive: Run) -> None:
        """Wherever in the library's own code the handler happens to run."""
        code = "import signal\ndef handler(*args): raise LookupError\nsignal.signal(10, handler)"
        said = drive(*START, "exec", code, *["raise", "10", "eval", "1"] * 20, "eval", "7")
        assert said.count("error %d\n" % RAISED) == 20
        assert said.endswith("int 7\n")


    def test_handler_that_raises_while_an_exception_is_told(self, drive: Run) -> None:
        """As if it had come outside of what the library catches: it is the call's exception then."""
        code = "import pypy_embed\nfail = pypy_embed._fail\n" \
               "def interrupted(*args):\n    pypy_embed._fail = fail\n    raise LookupError('late')\n"
        said = drive(*START, "exec", code, "exec", "pypy_embed._fail = interrupted", "eval", "1 / 0",
                     "eval", "1")
        assert "error %d\nTraceback" % RAISED in said and "LookupError: late" in said
        assert "could not report" not in said
        assert said.endswith("int 1\n")


class TestForks:
    """pypy_embed_fork, os.fork(), fork(2)."""

    def test_child(self, drive: Run) -> None:
        said = drive(*START, "exec", "import os\nparent = os.getpid()\nprint('once', end='')",
                     "fork", "os.getppid() == parent", "eval", "os.getpid() == parent")
        assert said.count("once") == 1
        assert said.endswith("bool 1\nint 0\nbool 1\n")

    def test_fork_in_python(self, drive: Run) -> None:
        """os.fork() in Python, and the child goes on in C."""
        code = "import os\nif os.fork() == 0:\n    again = __import__('pypy_embed').again\n" \
               "    print(again('6 * 7'))\n    os._exit(0)\nos.wait()"
        assert "42\n" in drive(*START, "exec", code)

    def test_raw_fork(self, drive: Run) -> None:
        said = drive(*START, "raw-fork", "1", "eval", "2")
        assert "error %d\nthis process was forked without PyPy" % STATE in said
        assert said.endswith("int 2\n")

    def test_fork_in_a_raw_child_of_a_child(self, drive: Run) -> None:
        """A fork by PyPy clears the mark for its own child only."""
        said = drive(*START, "fork", "1", "raw-fork", "1", "fork", "2")
        assert said.endswith("int 2\nint 0\n")


class TestCPython:
    """libpython in the process."""

    def test_before(self, drive: Run) -> None:
        said = drive(*START, env={"LD_PRELOAD": libpython()})
        assert said.startswith("error %d\nCPython (" % UNUSABLE)
        assert said.count("\n") == 2

    def test_before_for_its_owner_alone(self, drive: Run) -> None:
        said = drive("dlopen", libpython(), *START)
        assert "error %d\nCPython (" % UNUSABLE in said

    def test_afterwards(self, drive: Run) -> None:
        said = drive(*START, "dlopen", libpython(), "eval", "1", "fork", "1", "thread", "eval", "2")
        assert said.count("error %d\nCPython (" % UNUSABLE) == 2
        assert "int 1\n" in said


class TestEnd:
    """pypy_embed_end."""

    def test_order(self, drive: Run) -> None:
        code = "import atexit, threading, time, sys\natexit.register(print, 'atexit')\n" \
               "threading.Thread(target=lambda: (time.sleep(.1), print('thread'))).start()\n" \
               "print('unfinished', end=' ')"
        said = drive(*START, "exec", code, "end", "x", "eval", "1", "end", "x")
        assert said.endswith(
            "unfinished thread\natexit\nnone\n"
            + "error %d\nPyPy was ended\n" % STATE * 2)

    def test_handlers_may_call_c(self, drive: Run) -> None:
        code = "import atexit, pypy_embed\n" \
               "atexit.register(lambda: print(pypy_embed.again('40 + 2')))"
        assert "42\nnone\n" in drive(*START, "exec", code, "end", "x")

    def test_on_another_thread(self, drive: Run) -> None:
        said = drive(*START, "thread", "end", "x", "eval", "1")
        assert "has to be ended on the thread that started it" in said
        assert said.endswith("int 1\n")

    def test_second_start(self, drive: Run) -> None:
        said = drive(*START, "end", "x", *START)
        assert "error %d\nPyPy was started in this process before" % STATE in said


class TestInPyPy:
    """A library that a stock pypy3 loads."""

    @pytest.fixture(scope="class")
    def library(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        output = tmp_path_factory.mktemp("library") / "libdriver.so"
        source = ROOT / "tests" / "embed" / "driver.c"
        subprocess.run(["cc", *LANGUAGES[".c"], *WARNINGS, "-shared", "-fPIC", str(source),
                        "-I%s" % (ROOT / "embed" / "include"),
                        str(BUILD / "embed" / "libpypy-embed.a"), "-ldl", "-pthread",
                        "-o", str(output)], check=True, timeout=60)
        return output

    def drive(self, library: Path, cwd: Path, *words: str) -> str:
        (cwd / "host.py").write_text(
            "import atexit, ctypes, sys\natexit.register(print, 'atexit of the host')\n"
            "mine = 5\nwords = [b'driver'] + [word.encode() for word in sys.argv[1:]]\n"
            "library = ctypes.CDLL(%r)\n"
            "library.drive(len(words), (ctypes.c_char_p * len(words))(*words))\n"
            "print('host goes on', sys.argv[0], __name__)\n" % str(library))
        return run(PYPY, "-u", "host.py", *words, cwd=cwd)

    def test_adopted(self, library: Path, tmp_path: Path) -> None:
        said = self.drive(library, tmp_path, *START, "eval", "mine", "thread", "eval", "mine + 1",
                          "call", "os:getpid", "fork", "mine", "end", "x", "eval", "1")
        assert "int 5\nint 6\n" in said and "int 5\nint 0\n" in said
        assert "PyPy was ended" in said
        assert said.endswith("host goes on host.py __main__\natexit of the host\n")

    def test_another_library_is_refused(self, library: Path, tmp_path: Path) -> None:
        said = self.drive(library, tmp_path, "library=libm.so.6", *START)
        assert "error %d\nlibm.so.6 cannot be used, PyPy is already in this process" % UNUSABLE in said

    def test_the_same_library_is_not(self, library: Path, tmp_path: Path) -> None:
        said = self.drive(library, tmp_path, "library=" + pypy_library(), *START, "eval", "mine")
        assert "int 5\n" in said
