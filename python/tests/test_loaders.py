"""Finding an application by its name or in its file."""

import pickle
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any, Iterator

import pytest

from bask_pypy import loaders

APPLICATION = "def application(environ, start_response):\n    return [b'here']\n"


@pytest.fixture(autouse=True)
def _modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Imports begin in a folder of the test's own and leave nothing behind."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def write(path: str, text: str = APPLICATION, encoding: str = "utf-8") -> str:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    "target, parts",
    [
        ("a", ("a", "application")),
        ("a.b:c", ("a.b", "c")),
        ("a:", ("a", "application")),
        ("a:b.c()", ("a", "b.c()")),
    ],
)
def test_split_target(target: str, parts: Any) -> None:
    assert loaders.split_target(target, "application") == parts


class TestModules:
    """--module, package.module:callable."""

    def test_plain(self) -> None:
        write("one.py")
        assert loaders.load_module("one", "application")({}, None) == [b"here"]
        assert loaders.load_module("one:application", "other") is sys.modules["one"].application

    def test_in_a_package(self) -> None:
        write("pack/__init__.py", "")
        write("pack/sub/app.py")
        assert callable(loaders.load_module("pack.sub.app:application", "x"))

    def test_dotted_callable(self) -> None:
        write(
            "one.py",
            "class Site:\n    def app(self, e, s):\n        return [b'x']\nsite = Site()\n",
        )
        assert loaders.load_module("one:site.app", "")({}, None) == [b"x"]

    def test_factories(self) -> None:
        write("one.py", "class Site:\n    @staticmethod\n    def make():\n        return len\n")
        assert loaders.load_module("one:Site.make()", "") is len

    def test_a_factory_that_raises(self) -> None:
        write("one.py", "def make():\n    raise KeyError('in make')\n")
        with pytest.raises(KeyError, match="in make"):
            loaders.load_module("one:make()", "")

    def test_a_factory_of_something_else(self) -> None:
        write("one.py", "def make():\n    return 5\n")
        with pytest.raises(loaders.LoadError, match="is not callable, it is a int"):
            loaders.load_module("one:make()", "")

    def test_no_such_module(self) -> None:
        with pytest.raises(
            loaders.LoadError, match="there is no module 'nowhere' .looked in "
        ) as e:
            loaders.load_module("nowhere.sub:app", "")
        assert str(Path.cwd()) in str(e.value) and "\n" not in str(e.value)

    def test_no_such_submodule(self) -> None:
        write("pack/__init__.py", "")
        with pytest.raises(loaders.LoadError, match="no module 'pack.sub'"):
            loaders.load_module("pack.sub", "x")

    def test_a_module_that_it_imports_is_missing(self) -> None:
        write("one.py", "import nowhere_at_all\n")
        with pytest.raises(ModuleNotFoundError, match="nowhere_at_all"):
            loaders.load_module("one", "x")

    @pytest.mark.parametrize("text", ["def (:\n", "1 / 0\n", "raise SystemExit(3)\n"])
    def test_what_its_code_raises_passes(self, text: str) -> None:
        write("one.py", text)
        with pytest.raises((SyntaxError, ZeroDivisionError, SystemExit)):
            loaders.load_module("one", "x")

    def test_no_such_callable(self) -> None:
        write("one.py", "")
        with pytest.raises(loaders.LoadError, match="^module one has no 'application'$"):
            loaders.load_module("one", "application")

    @pytest.mark.parametrize("name", ["app", "wsgi", "application", "create_app()"])
    def test_suggests_what_there_is(self, name: str) -> None:
        write("one.py", "def %s(*arguments):\n    return []\n" % name.rstrip("()"))
        with pytest.raises(loaders.LoadError) as caught:
            loaders.load_module("one:other", "")
        assert str(caught.value).endswith(
            "has no 'other'; it has %r: try --callable '%s'" % (name, name)
        )

    def test_not_callable(self) -> None:
        write("one.py", "application = 'text'\n")
        with pytest.raises(loaders.LoadError, match="'application' of module one is not callable"):
            loaders.load_module("one", "application")


class TestFiles:
    """--wsgi-file."""

    def test_any_ending(self) -> None:
        for name in ("x.py", "x.wsgi", "with-dash.v2.wsgi", "noending"):
            assert loaders.load_file(write(name), "application")({}, None) == [b"here"]

    def test_the_module(self, tmp_path: Path) -> None:
        write("dir/my-app.py", "def application(e, s):\n    return [__name__, __file__]\n")
        name, file = loaders.load_file("dir/my-app.py", "application")({}, None)
        assert name == "uwsgi_file_dir_my_app" and file == str(tmp_path / "dir" / "my-app.py")
        assert isinstance(sys.modules[name], ModuleType)

    def test_what_it_defines_can_be_pickled(self) -> None:
        write("x.py", "class Thing:\n    pass\n" + APPLICATION)
        loaders.load_file("x.py", "application")
        thing = sys.modules["uwsgi_file_x"].Thing()
        assert type(pickle.loads(pickle.dumps(thing))) is type(thing)

    def test_it_is_not_main(self) -> None:
        write("x.py", APPLICATION + "if __name__ == '__main__':\n    raise SystemExit\n")
        assert callable(loaders.load_file("x.py", "application"))

    @pytest.mark.parametrize("declared, used", [("latin-1", "latin-1"), ("cp1251", "cp1251")])
    def test_declared_encodings(self, declared: str, used: str) -> None:
        text = "# -*- coding: %s -*-\nword = '%s'\n" % (
            declared,
            "\xe9" if used == "latin-1" else "\u0416",
        )
        write("x.py", text + APPLICATION, used)
        loaders.load_file("x.py", "application")
        assert sys.modules["uwsgi_file_x"].word in ("\xe9", "\u0416")

    def test_a_byte_order_mark(self) -> None:
        write("x.py", "word = '\u0416'\n" + APPLICATION, "utf-8-sig")
        loaders.load_file("x.py", "application")
        assert sys.modules["uwsgi_file_x"].word == "\u0416"

    def test_wrong_encodings(self) -> None:
        write("x.py", "word = '\xe9'\n", "latin-1")
        with pytest.raises(SyntaxError):
            loaders.load_file("x.py", "application")

    def test_crlf(self) -> None:
        write("x.py", APPLICATION.replace("\n", "\r\n"))
        assert callable(loaders.load_file("x.py", "application"))

    def test_tracebacks_show_lines_after_a_chdir(self, monkeypatch: pytest.MonkeyPatch) -> None:
        write("x.py", "def application(e, s):\n    raise KeyError('there')\n")
        application = loaders.load_file("x.py", "application")
        monkeypatch.chdir("/")
        monkeypatch.setattr(sys, "path", [])  # linecache looks there, too
        try:
            application({}, None)
        except KeyError:
            assert "raise KeyError('there')" in traceback.format_exc()

    def test_no_such_file(self) -> None:
        with pytest.raises(loaders.LoadError, match="^cannot read no.py: No such file"):
            loaders.load_file("no.py", "application")

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(loaders.LoadError, match="cannot read .*: Is a directory"):
            loaders.load_file(str(tmp_path), "application")

    def test_no_such_callable(self) -> None:
        write("x.py", "app = len\n")
        with pytest.raises(loaders.LoadError, match="^x.py has no 'application'; it has 'app'"):
            loaders.load_file("x.py", "application")
