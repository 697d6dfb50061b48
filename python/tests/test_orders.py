"""What options ask to be run and loaded: order, names, and what an error means."""

import sys
import types
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
from fake import Host

from bask_pypy import orders, scripts
from bask_pypy.hooks import Hooks
from bask_pypy.orders import Orders, describe_exception, is_on, option


@pytest.fixture(autouse=True)
def main(monkeypatch: pytest.MonkeyPatch) -> Iterator[Dict[str, Any]]:
    """A __main__ of the test's own."""
    module = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", module)
    yield module.__dict__


class Recorder:
    """Hooks that note their calls; `fails` names one that raises."""

    def __init__(self, fails: str = "") -> None:
        self.calls: List[Any] = []
        self.hooks = Hooks()
        for name in Hooks.__slots__:
            setattr(self.hooks, name, self._make(name, name == fails))

    def _make(self, name: str, fails: bool) -> Any:
        def hook(*arguments: Any) -> str:
            self.calls.append((name, *arguments))
            if fails:
                raise ValueError("on purpose")
            return name

        return hook


def make(options: Dict[str, List[str]], fails: str = "") -> "tuple[Orders, Recorder, List[str]]":
    recorder = Recorder(fails)
    said: List[str] = []
    return Orders(Host(options=options), recorder.hooks, said.append), recorder, said


class TestOptions:
    """Values by name."""

    def test_last_value_counts(self) -> None:
        assert option(Host(options={"x": ["a", "b"]}), "x") == "b"
        assert option(Host(), "x") == ""

    @pytest.mark.parametrize(
        "text, expected",
        [("true", True), ("yes", True), ("", False), ("false", False), ("Off", False),
         ("no", False), ("0", False)],
    )  # fmt: skip
    def test_flags(self, text: str, expected: bool) -> None:
        assert is_on(Host(options={"x": [text]}), "x") is expected
        assert not is_on(Host(), "x")


class TestRun:
    """What comes before the application."""

    def test_order_and_names(self) -> None:
        made, recorder, _ = make(
            {"pypy-exec": ["f", "g"], "pypy-eval": ["1", "2"], "import": ["m"]}
        )
        assert made.run()
        assert recorder.calls == [
            ("importer", "m"),
            ("execute_source", "1", "<pypy-eval>"),
            ("execute_source", "2", "<pypy-eval 2>"),
            ("execute_file", "f"),
            ("execute_file", "g"),
        ]

    def test_imports_are_no_code(self) -> None:
        assert not make({"import": ["m"]})[0].run()
        assert not make({})[0].run()

    def test_code_that_fails_is_named(self) -> None:
        made, _, said = make({"pypy-exec": ["f"]}, "execute_file")
        with pytest.raises(ValueError):
            made.run()
        assert made.doing == "f raised" and said == []

    def test_import_that_fails_is_said(self) -> None:
        made, recorder, said = make({"import": ["m", "n"]}, "importer")
        assert not made.run()
        assert said == ["import m failed", "import n failed"]
        assert len(recorder.calls) == 2

    def test_before_and_after(self) -> None:
        made, recorder, _ = make(
            {"pymodule-alias": ["a=b"], "shared-import": ["m"], "post-pymodule-alias": ["c=d"]}
        )
        made.prepare()
        assert recorder.calls == [("alias", "a=b"), ("importer", "m")]
        made.loaded()
        assert recorder.calls[2:] == [("alias", "c=d")]

    def test_workers(self) -> None:
        made, recorder, said = make(
            {"pypy-eval-post-fork": ["1"], "pypy-exec-post-fork": ["f"]}, "execute_source"
        )
        made.begin_worker()
        assert recorder.calls[0] == ("execute_source", "1", "<pypy-eval-post-fork>")
        assert recorder.calls[1] == ("execute_file", "f")
        assert said == ["<pypy-eval-post-fork> raised"]


class TestLoad:
    """Which hook loads the application."""

    @pytest.mark.parametrize(
        "options, call",
        [
            ({"paste": ["u"]}, ("paste_loader", "u", False)),
            ({"pypy-paste": ["u"], "paste-logger": ["true"]}, ("paste_loader", "u", True)),
            ({"ini-paste": ["/f"]}, ("paste_loader", "config:/f", False)),
            ({"pypy-ini-paste": ["/f"]}, ("paste_loader", "config:/f", False)),
            ({"pecan": ["f"]}, ("pecan_loader", "f")),
            ({"eval": ["code"]}, ("source_loader", "code", "app")),
        ],
    )
    def test_by_option(self, options: Dict[str, List[str]], call: Any) -> None:
        made, recorder, _ = make(options)
        assert made.load("app", "", "") == call[0]
        assert recorder.calls == [call]

    def test_by_name(self) -> None:
        made, recorder, _ = make({"eval": ["code"]})
        made.load("app", "m", "")
        made.load("app", "m", "f")
        assert recorder.calls == [("loader", "m", "app"), ("file_loader", "f", "app")]

    def test_none(self) -> None:
        assert make({})[0].load("app", "", "") is None


class TestScripts:
    """Texts, files, modules and aliases."""

    def test_one_main(self, main: Dict[str, Any], tmp_path: Path) -> None:
        (tmp_path / "f.py").write_text("y = x + 1, __file__, __name__\n")
        scripts.execute_source("x = 1", "<one>")
        scripts.execute_file(str(tmp_path / "f.py"))
        assert main["y"] == (2, str(tmp_path / "f.py"), "__main__")
        assert "__file__" not in main

    def test_file_of_main_comes_back(self, main: Dict[str, Any], tmp_path: Path) -> None:
        main["__file__"] = "before"
        (tmp_path / "f.py").write_text("1 / 0\n")
        with pytest.raises(ZeroDivisionError):
            scripts.execute_file(str(tmp_path / "f.py"))
        assert main["__file__"] == "before"

    @pytest.mark.parametrize("code", ["raise SystemExit", "raise SystemExit(0)"])
    def test_exit_is_an_end(self, code: str) -> None:
        scripts.execute_source(code, "<x>")

    @pytest.mark.parametrize("code", ["raise SystemExit(1)", "raise SystemExit('why')"])
    def test_exit_with_an_error(self, code: str) -> None:
        with pytest.raises(SystemExit):
            scripts.execute_source(code, "<x>")

    def test_the_line_is_in_the_traceback(self) -> None:
        try:
            scripts.execute_source("a = 1\nb = a / 0", "<some text>")
        except ZeroDivisionError:
            assert '"<some text>", line 2, in <module>\n    b = a / 0' in describe_exception()

    def test_our_own_frames_are_left_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(orders, "EMBEDDED", str(Path(scripts.__file__).parent.parent))
        try:
            scripts.execute_source("1 / 0", "<some text>")
        except ZeroDivisionError:
            said = describe_exception()
        assert said.splitlines()[1].strip().startswith('File "<some text>"')

    def test_modules_by_path_and_by_name(self, tmp_path: Path) -> None:
        (tmp_path / "some_module.py").write_text("NAME = __name__, __file__\n")
        found = scripts.import_name(str(tmp_path / "some_module.py"))
        assert found.NAME == ("some_module", str(tmp_path / "some_module.py"))
        assert sys.modules.pop("some_module") is found
        assert scripts.import_name("email.message").__name__ == "email.message"

    def test_module_that_fails_does_not_stay(self, tmp_path: Path) -> None:
        (tmp_path / "failing_module.py").write_text("1 / 0\n")
        with pytest.raises(ZeroDivisionError):
            scripts.import_name(str(tmp_path / "failing_module.py"))
        assert "failing_module" not in sys.modules

    def test_alias(self) -> None:
        scripts.alias("another_name=email.message")
        assert sys.modules.pop("another_name") is sys.modules["email.message"]

    @pytest.mark.parametrize("rule", ["", "x", "x=", "=x"])
    def test_wrong_alias(self, rule: str) -> None:
        with pytest.raises(ValueError, match="NAME=MODULE"):
            scripts.alias(rule)


def test_hooks_have_no_other_names() -> None:
    hooks = Hooks()
    assert hooks.missing() == list(Hooks.__slots__)
    with pytest.raises(AttributeError):
        hooks.laoder = len  # type: ignore[attr-defined]
    hooks.loader = lambda target, name: None
    assert "loader" not in hooks.missing()


def test_every_hook_is_described() -> None:
    assert set(Hooks.__annotations__) == set(Hooks.__slots__)
