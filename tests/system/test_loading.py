"""Finding and loading an application, and what is said of one that cannot be loaded."""
import re
import shutil
from pathlib import Path
from typing import List

import pytest

from support.client import Connection
from support.ports import hold, is_free
from support.server import APPS, Bask

DEFAULT_PORT = 8000


@pytest.fixture
def folder(bask: Bask) -> Path:
    """The server's working folder, with an application in it."""
    shutil.copy(APPS / "hello.py", bask.folder / "hello.py")
    shutil.copy(APPS / "hello.py", bask.folder / "app.py")
    return bask.folder


@pytest.mark.parametrize("words", [
    ["--module", "hello"], ["-w", "hello"], ["--wsgi", "hello:application"],
    ["--module", "hello:create()"], ["--module", "hello", "--callable", "create()"],
    ["--module", "hello:Site.wsgi"], ["--wsgi-file", "hello.py"], ["--file", "hello.py"],
    ["--wsgi-file", "hello.py", "--callable", "create()"], ["hello:application"], ["hello.py"],
])
def test_ways_to_name_an_application(bask: Bask, folder: Path, words: List[str]) -> None:
    assert bask.start(*words).get("/").text.startswith("Hello from")


@pytest.mark.parametrize("word", ["app:application", "app.py"])
def test_short_form_serves_on_port_8000(bask: Bask, folder: Path, word: str) -> None:
    """Where something else has the port, the refusal shows as well which one it was."""
    with hold(DEFAULT_PORT):
        if not is_free(DEFAULT_PORT):
            assert "cannot listen on 127.0.0.1:8000: " in bask.run(word).stderr
            return
        server = bask.start(word, address=("127.0.0.1", DEFAULT_PORT))
        assert server.get("/").text.startswith("Hello from")
        server.stop()


def test_python_path(bask: Bask) -> None:
    server = bask.start("--pypy-pp", str(APPS), "--pythonpath", "/nonexistent", "-w", "hello")
    assert server.get("/").status == 200


def test_python_paths_are_searched_in_order(bask: Bask) -> None:
    for name in ("first", "second"):
        (bask.folder / name).mkdir()
        (bask.folder / name / "only_in_this_place.py").write_text("MARK = %r\n" % name)
    server = bask.app("interpreter", "--pypy-pp", "first", "--pypy-pp", "second")
    assert '"marker": "first"' in server.get("/").text


def test_chdir_is_where_modules_are_found(bask: Bask) -> None:
    server = bask.start("--chdir", str(APPS), "--module", "hello")
    assert server.get("/").status == 200


def test_relative_file_is_found_after_chdir(bask: Bask) -> None:
    assert bask.start("--chdir", str(APPS), "--wsgi-file", "hello.py").get("/").status == 200


@pytest.mark.parametrize("workers", [0, 2])
def test_module_that_does_not_exist(bask: Bask, workers: int) -> None:
    master = ["--master", "--processes", str(workers)] if workers else []
    said = bask.refused(*master, "--module", "no_such_module", status=22)
    assert "there is no module 'no_such_module'" in said
    assert "Traceback" not in said


def test_package_that_has_no_such_module(bask: Bask) -> None:
    said = bask.refused("--module", "email.nonesuch", status=22)
    assert "there is no module 'email.nonesuch'" in said


@pytest.mark.parametrize("written, offered", [
    ("app = lambda environ, start_response: []", r"--callable '?app'?$"),
    ("def create_app(): pass", r"--callable '?create_app\(\)'?$"),
])
def test_module_without_the_callable(bask: Bask, written: str, offered: str) -> None:
    (bask.folder / "site_module.py").write_text(written + "\n")
    said = bask.refused("--module", "site_module", status=22)
    assert "module site_module has no 'application'" in said
    assert re.search(offered, said, re.MULTILINE), said
    assert "Traceback" not in said


def test_module_without_anything_callable(bask: Bask) -> None:
    (bask.folder / "site_module.py").write_text("nothing = 1\n")
    said = bask.refused("--module", "site_module", status=22)
    assert "module site_module has no 'application'" in said
    assert "--callable" not in said


def test_callable_that_is_none(bask: Bask, folder: Path) -> None:
    said = bask.refused("--module", "hello:not_callable", status=22)
    assert "is not callable, it is a int" in said


def test_file_that_does_not_exist(bask: Bask) -> None:
    said = bask.refused("--wsgi-file", "missing.py", status=22)
    assert "cannot read missing.py: No such file or directory" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("way", [["--wsgi-file", "broken.py"], ["--module", "broken"]])
@pytest.mark.parametrize("written, expected", [
    ("def broken(:\n", r"broken\.py\"?, line 1(.|\n)*SyntaxError"),
    ("import no_such_dependency\n", r"broken\.py\"?, line 1(.|\n)*no_such_dependency"),
    ("1 / 0\n", r"broken\.py\"?, line 1(.|\n)*ZeroDivisionError"),
    ("import sys; sys.exit(3)\n", r"broken\.py\"?, line 1(.|\n)*SystemExit: 3"),
])
def test_application_that_raises_at_import(
        bask: Bask, way: List[str], written: str, expected: str) -> None:
    (bask.folder / "broken.py").write_text(written)
    said = bask.refused(*way, status=22)
    assert re.search(expected, said), said
    assert "the application cannot be loaded" in said
    assert "no application was loaded" in said


def test_factory_that_raises(bask: Bask) -> None:
    (bask.folder / "factory.py").write_text("def create():\n    raise ValueError('no luck')\n")
    assert "ValueError: no luck" in bask.refused("--module", "factory:create()", status=22)


@pytest.mark.parametrize("words", [
    ["--need-app=false"], ["--no-need-app"],
])
def test_without_need_app_a_500_is_served(bask: Bask, words: List[str]) -> None:
    server = bask.start(*words, "--module", "no_such_module")
    server.complained("no_such_module")
    assert server.get("/").status == 500
    assert server.get("/").status == 500


def test_two_applications_in_two_servers(bask: Bask, folder: Path) -> None:
    """Each has a folder, a port and an interpreter of its own."""
    one, two = bask.start("hello.py"), bask.start("app.py")
    assert one.get("/").text != two.get("/").text


def test_application_on_a_unix_socket(bask: Bask, folder: Path) -> None:
    path = str(folder / "app.sock")
    bask.start("hello.py", "--http-socket", path, address=path)
    with Connection(path) as connection:
        assert connection.request("GET", "/").status == 200
