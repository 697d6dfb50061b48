"""The files of paste.deploy: names, and sections on logging."""

import logging
import sys
from pathlib import Path
from typing import Iterator

import pytest
from fake import Host

from bask_pypy import loaders, paste, runtime, shell

LOGGING = """
[loggers]
keys = root
[handlers]
keys = one
[formatters]
keys =
[logger_root]
level = ERROR
handlers = one
[handler_one]
class = FileHandler
args = (r"%(here)s/here.log",)
"""


@pytest.fixture(autouse=True)
def _root_logger() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    for handler in root.handlers:
        if handler not in before[0]:
            handler.close()
    root.handlers[:] = before[0]
    root.setLevel(before[1])


@pytest.mark.parametrize(
    "uri, expected, path",
    [
        ("config:/a/b.ini", "config:/a/b.ini", "/a/b.ini"),
        ("/a/b.ini", "config:/a/b.ini", "/a/b.ini"),
        ("config:/a/b.ini#x", "config:/a/b.ini#x", "/a/b.ini"),
        ("/a/b:c.ini#x", "config:/a/b:c.ini#x", "/a/b:c.ini"),
        ("egg:Some#x", "egg:Some#x", ""),
    ],
)
def test_names(uri: str, expected: str, path: str) -> None:
    assert paste.split_uri(uri) == (expected, path)


def test_relative_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert paste.split_uri("b.ini") == ("config:%s/b.ini" % tmp_path, "%s/b.ini" % tmp_path)


def test_logging(tmp_path: Path) -> None:
    path = tmp_path / "site.ini"
    path.write_text(LOGGING)
    assert paste.set_up_logging(str(path))
    logging.getLogger("any").error("said")
    assert (tmp_path / "here.log").read_text() == "said\n"


@pytest.mark.parametrize("left_out", ["loggers", "handlers", "formatters"])
def test_no_logging_without_all_sections(tmp_path: Path, left_out: str) -> None:
    path = tmp_path / "site.ini"
    path.write_text(LOGGING.replace("[%s]" % left_out, "[other]"))
    assert not paste.set_up_logging(str(path))


def test_a_file_that_is_missing() -> None:
    with pytest.raises(loaders.LoadError, match="cannot read /nonexistent.ini"):
        paste.load("config:/nonexistent.ini", True)


def test_without_the_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "paste", None)
    (tmp_path / "f.ini").write_text("")
    with pytest.raises(loaders.LoadError, match="pip install PasteDeploy"):
        paste.load(str(tmp_path / "f.ini"), False)


@pytest.mark.parametrize("wanted", ["", "%d" % sys.version_info[0], "%d.%d" % sys.version_info[:2]])
def test_wanted_version(wanted: str) -> None:
    runtime.check_wanted_version(wanted)


@pytest.mark.parametrize("wanted", ["2", "2.7", "33", "3.1", "x"])
def test_unwanted_version(wanted: str) -> None:
    with pytest.raises(runtime.RuntimeProblem, match="python-version " + wanted):
        runtime.check_wanted_version(wanted)


@pytest.mark.parametrize(
    "options, expected",
    [
        ({}, (None, False)),
        ({"pypy-shell": [""]}, ("", False)),
        ({"pypy-shell": ["true"]}, ("", False)),
        ({"pypy-shell": ["f()"]}, ("f()", False)),
        ({"pypy-shell-oneshot": [""]}, ("", True)),
        ({"pypy-shell": [""], "pypy-shell-oneshot": ["g()"]}, ("g()", True)),
    ],
)
def test_which_shell(options: "dict[str, list[str]]", expected: object) -> None:
    assert shell.wanted(Host(options=options)) == expected
