"""Code that options name: run, imported, aliased; and what the interpreter is told."""
import json
import re
from typing import List

import pytest

from support.server import APPS, Bask, Server
from support.wait import wait_until

HELLO = ["--wsgi-file", str(APPS / "hello.py")]
NOTES = """import sys
NOTES = sys.modules["__main__"].__dict__.setdefault("NOTES", [])
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [repr(NOTES).encode()]
"""


@pytest.fixture
def notes(bask: Bask) -> List[str]:
    """An application that shows what the list NOTES of __main__ holds."""
    (bask.folder / "notes.py").write_text(NOTES)
    return ["--wsgi-file", "notes.py"]


def write(bask: Bask, name: str, text: str) -> str:
    path = bask.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return name


START = "NOTES = globals().get('NOTES', []); NOTES.append((%r, __name__))"


def test_code_runs_in_order_in_one_main(bask: Bask, notes: List[str]) -> None:
    """Texts first, then files, as in uWSGI; each sees what those before it have left."""
    for name in ("x.py", "y.py"):
        write(bask, name, "NOTES.append((__file__.rpartition('/')[2], __name__))\n")
    server = bask.start(*notes, "--pypy-exec", "x.py", "--pypy-eval", START % "one",
                        "--pypy-exec", "y.py", "--pypy-eval", START % "two")
    assert server.get("/").text == repr([
        (name, "__main__") for name in ("one", "two", "x.py", "y.py")])


@pytest.mark.parametrize("option, what", [("eval", "1 / 0"), ("exec", "bad.py")])
@pytest.mark.parametrize("master", [[], ["--master"]])
def test_code_that_fails_stops_the_start(
        bask: Bask, option: str, what: str, master: List[str]) -> None:
    write(bask, "bad.py", "def wrong():\n    return 1 / 0\nwrong()\n")
    said = bask.refused(*HELLO, *master, "--pypy-" + option, what, status=22)
    where = r'File ".*/bad\.py", line 2' if option == "exec" else r'File "<pypy-eval>", line 1'
    assert re.search(where + "(.|\n)*ZeroDivisionError", said), said
    assert "<bask>" not in said  # nobody wants to see the server's own frames


def test_the_second_text_has_a_name_of_its_own(bask: Bask) -> None:
    said = bask.refused(*HELLO, "--pypy-eval", "1", "--pypy-eval", "1 / 0", status=22)
    assert '"<pypy-eval 2>", line 1' in said
    assert "\n    1 / 0\n" in said  # the line itself


def test_file_to_run_that_is_missing(bask: Bask) -> None:
    assert "missing.py" in bask.refused(*HELLO, "--pypy-exec", "missing.py", status=22)


def test_code_may_end_by_exit(bask: Bask) -> None:
    assert bask.start(*HELLO, "--pypy-eval", "import sys; sys.exit()").get("/").status == 200
    assert "SystemExit: 3" in bask.refused(*HELLO, "--pypy-eval", "raise SystemExit(3)", status=22)


def test_code_that_fails_at_a_reload_is_refused(bask: Bask) -> None:
    write(bask, "start.py", "")
    server = bask.start(*HELLO, "--control-socket", "control", "--pypy-exec", "start.py", workers=1)
    write(bask, "start.py", "1 / 0\n")
    assert "ZeroDivisionError" in server.ctl("reload", expect=1).stderr
    server.complained("ZeroDivisionError")
    assert server.get("/").status == 200


def test_code_alone_needs_no_application(bask: Bask) -> None:
    server = bask.start("--pypy-eval", "print('it ' + 'ran')")
    server.wait_log("it ran")
    assert server.get("/").status == 500
    said = bask.refused("--need-app", "--pypy-eval", "1", status=22)
    assert "no application was loaded" in said


def test_post_fork_code_runs_in_each_worker_and_before_the_hook(
        bask: Bask, notes: List[str]) -> None:
    write(bask, "after.py", "NOTES.append(('file', uwsgi.worker_id()))\n")
    hook = "uwsgi.post_fork_hook = lambda: NOTES.append('hook')"
    server = bask.start(
        *notes, "--pypy-eval", "NOTES = []; " + hook, "--pypy-exec-post-fork", "after.py",
        "--pypy-eval-post-fork", "NOTES.append(('text', uwsgi.worker_id()))", workers=2)
    expected = {repr([("text", n), ("file", n), "hook"]) for n in (1, 2)}
    seen = set()
    wait_until(lambda: seen.add(server.get("/").text) or seen == expected, "both workers answer")


def test_post_fork_code_that_fails_is_logged(bask: Bask) -> None:
    write(bask, "bad.py", "1 / 0\n")
    server = bask.start(*HELLO, "--pypy-eval-post-fork", "import sys; sys.exit(3)",
                        "--pypy-exec-post-fork", "bad.py", workers=1)
    server.complained("<pypy-eval-post-fork> raised:(.|\n)*SystemExit: 3")
    server.complained("bad.py raised:(.|\n)*ZeroDivisionError")
    assert server.get("/").status == 200


@pytest.mark.parametrize("option", ["import", "pyimport", "py-import", "python-import"])
def test_import(bask: Bask, notes: List[str], option: str) -> None:
    write(bask, "early.py", "import __main__\n__main__.NOTES = [__name__]\n")
    assert bask.start(*notes, "--" + option, "early").get("/").text == "['early']"


def test_import_of_a_file(bask: Bask, notes: List[str]) -> None:
    write(bask, "deep/early.py", "import __main__\n__main__.NOTES = [__name__]\n")
    assert bask.start(*notes, "--import", "deep/early.py").get("/").text == "['early']"


def test_import_that_fails_is_logged(bask: Bask) -> None:
    server = bask.start(*HELLO, "--import", "no_such_module")
    server.complained("import no_such_module failed")
    assert server.get("/").status == 200


@pytest.mark.parametrize("option", [
    "shared-import", "shared-pyimport", "shared-py-import", "shared-python-import"])
def test_shared_import_happens_once_before_the_fork(bask: Bask, option: str) -> None:
    write(bask, "early.py", "print('early', 'import')\n")
    server = bask.start(*HELLO, "--lazy-apps", "--" + option, "early", workers=2)
    assert server.log().count("early import") == 1


def test_import_happens_in_each_worker_with_lazy_apps(bask: Bask) -> None:
    write(bask, "early.py", "print('early', 'import')\n")
    server = bask.start(*HELLO, "--lazy-apps", "--import", "early", workers=2)
    assert server.log().count("early import") == 2


def test_module_aliases(bask: Bask) -> None:
    write(bask, "new.py", "NAME = 'new'\n")
    write(bask, "user.py", "import old\nNAME = old.NAME\n"
          "def application(environ, start_response):\n    import later\n"
          "    start_response('200 OK', [])\n    return [(NAME + later.__name__).encode()]\n")
    server = bask.start("--module", "user", "--pymodule-alias", "old=new",
                        "--post-pymodule-alias", "later=json")
    assert server.get("/").text == "newjson"


def facts(server: Server) -> "dict[str, object]":
    found: "dict[str, object]" = json.loads(server.get("/").body)
    return found


def test_pyargv(bask: Bask) -> None:
    found = facts(bask.app("interpreter", "--pyargv", "  one two=2  three "))
    argv = found["argv"]
    assert isinstance(argv, list) and argv[1:] == ["one", "two=2", "three"]


@pytest.mark.parametrize("option", ["py-executable", "py-sys-executable"])
def test_executable(bask: Bask, option: str) -> None:
    found = facts(bask.app("interpreter", "--" + option, "/opt/python"))
    assert found["executable"] == "/opt/python"


@pytest.mark.parametrize("wanted", ["3", "3.9", "3.9.16"])
def test_python_version_that_fits(bask: Bask, wanted: str) -> None:
    assert bask.start(*HELLO, "--python-version", wanted).get("/").status == 200


@pytest.mark.parametrize("wanted", ["2.7", "3.1", "3.11", "3.90"])
def test_python_version_that_does_not_fit(bask: Bask, wanted: str) -> None:
    said = bask.refused(*HELLO, "--python-version", wanted)
    assert "python-version %s: this is PyPy for Python 3.9.16" % wanted in said
    assert "Traceback" not in said


@pytest.mark.parametrize("option", [
    ["--py-call-osafterfork"], ["--py-call-uwsgi-fork-hooks"], ["--py-program-name", "/x"],
    ["--py-programname", "/x"]])
def test_accepted_and_needless(bask: Bask, option: List[str]) -> None:
    assert bask.start(*HELLO, *option, workers=1).get("/").status == 200


@pytest.mark.parametrize("option", [
    "pypy-pp", "pypy-python-path", "pypy-pythonpath", "pythonpath", "python-path", "pp"])
def test_python_path_patterns(bask: Bask, option: str) -> None:
    """What matches is added in the order of the names; relative to the working folder."""
    for name in ("lib/b", "lib/a"):
        write(bask, name + "/only_in_this_place.py", "MARK = %r\n" % name)
    server = bask.app("interpreter", "--" + option, "lib/*")
    assert facts(server)["marker"] == "lib/a"


def test_eval_is_an_application(bask: Bask) -> None:
    code = ("def application(environ, start_response):\n    start_response('200 OK', [])\n"
            "    return [__name__.encode()]\nother = lambda e, s: (s('200 OK', []), [b'other'])[1]")
    assert bask.start("--eval", code).get("/").text == "__main__"
    assert bask.start("--eval", code, "--callable", "other").get("/").text == "other"
    said = bask.refused("--eval", "app = lambda e, s: []", status=22)
    assert "<eval> has no 'application'; it has 'app'" in said
