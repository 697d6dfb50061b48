"""The setup file: shown, replaced, and the two in the guide."""
import re
import subprocess
from pathlib import Path
from typing import List

import pytest

from support.server import APPS, BINARY, ROOT, Bask
from support.wait import wait_until

GUIDE = ROOT / "docs" / "guide" / "setup-file.md"
PYTHON = ROOT / "python"
HELLO = ["--wsgi-file", str(APPS / "hello.py")]
NO_PYPY = ["--pypy-lib", "/nonexistent"]


def embedded(bask: Bask, name: str, option: str = "--print-sym") -> str:
    shown = bask.run(option, name, env={"PATH": "/nonexistent"})
    assert shown.returncode == 0 and shown.stderr == ""
    return shown.stdout


@pytest.mark.parametrize("option", ["--print-sym", "--print-symbol"])
@pytest.mark.parametrize("name", ["pypy_setup", "uwsgi_pypy_setup", "_uwsgi_pypy_setup"])
def test_print_setup_file(bask: Bask, option: str, name: str) -> None:
    assert embedded(bask, name, option) == (PYTHON / "pypy_setup.py").read_text()


def test_print_every_module(bask: Bask) -> None:
    """Byte for byte, and none is left out."""
    refused = bask.run("--print-sym", "nonesuch")
    assert refused.returncode == 1 and refused.stdout == ""
    assert 'no text named "nonesuch"' in refused.stderr
    names = set(re.findall("^  (.*)$", refused.stderr, re.MULTILINE))
    files = [*PYTHON.glob("*.py"), *PYTHON.glob("bask_pypy/*.py")]
    assert names == {path.stem for path in files}
    for path in files:
        assert embedded(bask, path.stem) == path.read_text()
    assert embedded(bask, "bask_pypy.wsgi") == (PYTHON / "bask_pypy" / "wsgi.py").read_text()


def test_printed_file_works_as_a_setup_file(bask: Bask) -> None:
    (bask.folder / "setup.py").write_text(embedded(bask, "pypy_setup"))
    assert bask.start(*HELLO, "--pypy-setup", "setup.py").get("/").status == 200


@pytest.mark.parametrize("workers", [0, 1])
def test_hook_of_ones_own(bask: Bask, workers: int) -> None:
    (bask.folder / "setup.py").write_text(
        "import pypy_setup\nfrom bask_pypy.hooks import hooks\n"
        "def load(target, name):\n    text = ('%s and %s' % (target, name)).encode()\n"
        "    return lambda environ, start: start('200 OK', []) and [] or [text]\n"
        "hooks.loader = load\n")
    server = bask.start("--pypy-setup", "setup.py", "--module", "any", "--callable", "word",
                        workers=workers)
    assert server.get("/").text == "any and word"


@pytest.mark.parametrize("written, said", [
    ("def wrong():\n    1 / 0\nwrong()\n", r'setup\.py", line 2, in wrong(.|\n)*ZeroDivisionError'),
    ("def (:\n", r'setup\.py", line 1(.|\n)*SyntaxError'),
    ("import sys; sys.exit()\n", r"setup\.py cannot be used(.|\n)*SystemExit"),
    ("import pypy_setup\nfrom bask_pypy.hooks import hooks\nhooks.laoder = len\n",
     r'setup\.py", line 3(.|\n)*AttributeError: .*laoder'),
    ("pass\n", r"setup\.py does not set: pythonpath, execute_source, "),
])
@pytest.mark.parametrize("master", [[], ["--master"]])
def test_setup_file_that_is_wrong(bask: Bask, master: List[str], written: str, said: str) -> None:
    (bask.folder / "setup.py").write_text(written)
    assert re.search(said, bask.refused(*HELLO, *master, "--pypy-setup", "setup.py"))


def test_setup_file_says_how_functions_and_handlers_run(bask: Bask) -> None:
    (bask.folder / "setup.py").write_text(
        "import pypy_setup\n"
        "from bask_pypy.hooks import hooks\n"
        "hooks.rpc = lambda function, name, arguments: name + b':' + function(*arguments)\n"
        "hooks.signal = lambda handler, number: handler(number + 1)\n")
    (bask.folder / "called.py").write_text(
        "import uwsgi\n"
        "seen = []\n"
        "uwsgi.register_rpc('hi', lambda who: b'hi ' + who)\n"
        "uwsgi.register_signal(4, '', seen.append)\n"
        "def application(environ, start_response):\n"
        "    start_response('200 OK', [])\n"
        "    if environ['PATH_INFO'] == '/raise':\n"
        "        uwsgi.signal(4)\n"
        "    return [uwsgi.call('hi', b'you') + b' %r' % seen]\n")
    server = bask.start("--wsgi-file", "called.py", "--pypy-setup", "setup.py", workers=1)
    assert server.get("/raise").text.startswith("hi:hi you")
    wait_until(lambda: server.get("/").text == "hi:hi you [5]", "the signal was handled")


def test_setup_file_that_is_missing(bask: Bask) -> None:
    assert "none.py cannot be used" in bask.refused(*HELLO, "--pypy-setup", "none.py")


def test_setup_file_is_read_again_at_a_reload(bask: Bask) -> None:
    setup = bask.folder / "setup.py"
    setup.write_text("import pypy_setup\n")
    server = bask.start(*HELLO, "--control-socket", "control", "--pypy-setup", "setup.py",
                        workers=1)
    setup.write_text("1 / 0\n")
    assert "ZeroDivisionError" in server.ctl("reload", expect=1).stderr
    server.complained("ZeroDivisionError")
    assert server.get("/").status == 200


# The guide

@pytest.fixture
def examples(bask: Bask) -> List[Path]:
    found = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    paths = [bask.folder / ("example%d.py" % n) for n in range(len(found))]
    for path, text in zip(paths, found):
        path.write_text(text)
    return paths


@pytest.mark.parametrize("words", [
    ["--wsgi-file", "site.py"], ["--module", "scheme"], ["--mount", "/=scheme"]])
def test_guide_wraps_every_application(
        bask: Bask, examples: List[Path], words: List[str]) -> None:
    (bask.folder / "scheme.py").write_text(
        "def application(environ, start_response):\n    start_response('200 OK', [])\n"
        "    return [environ['wsgi.url_scheme'].encode()]\n")
    (bask.folder / "site.py").write_text("from scheme import application\n")
    server = bask.start(*words, "--pypy-setup", str(examples[0]))
    assert server.get("/", {"X-Forwarded-Proto": "https"}).text == "https"


def test_guide_begins_workers(bask: Bask, examples: List[Path]) -> None:
    (bask.folder / "workers.py").write_text(
        "def begin_worker(number):\n    print('begun', number)\n")
    server = bask.start("--pypy-eval", "uwsgi.post_fork_hook = lambda: print('after')",
                        "--pypy-setup", str(examples[1]), workers=2)
    server.wait_log("begun 1\n(.|\n)*after")
    server.wait_log("begun 2\n(.|\n)*after")
    answer = server.get("/")
    assert (answer.status, answer.text) == (503, "We are moving in.\n")


def test_binary_without_arguments_of_pypy_prints(bask: Bask) -> None:
    """On a machine without PyPy, too: nothing of it is even looked for."""
    traced = subprocess.run([BINARY, *NO_PYPY, "--print-sym", "pypy_setup"], check=False,
                            cwd=bask.folder, stdin=subprocess.DEVNULL, capture_output=True,
                            encoding="utf-8", timeout=30)
    assert traced.returncode == 0 and "hooks.loader" in traced.stdout
