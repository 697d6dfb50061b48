"""What the options ask to be imported, run and loaded, in uWSGI's order.

    once      pymodule-alias, shared-import
    load      import, pypy-eval, pypy-exec, the application, post-pymodule-alias
    worker    pypy-eval-post-fork, pypy-exec-post-fork

What fails before the application is loaded stops the start, or a reload; but as in uWSGI imports
that fail, aliases, and what runs after the fork are logged and the server goes on.
"""
import sys
import traceback
from typing import Any, Callable, Iterator, Tuple

from bask_pypy import terminal
from bask_pypy.hooks import Hooks, Loaded

EMBEDDED = "<bask>/"  # how the names of our own sources begin
FALSE = ("false", "off", "no", "0")


def options(host: Any, name: str) -> "list[str]":
    """All values of an option."""
    return list(host.option(name))


def option(host: Any, name: str) -> str:
    """Its last value, or ""."""
    return (options(host, name) or [""])[-1]


def is_on(host: Any, name: str) -> bool:
    """A flag; in a file any word but these switches one on."""
    return option(host, name).lower() not in ("", *FALSE)


class Orders:
    """`log_traceback` gets a sentence and logs it with the traceback of the present exception."""

    def __init__(self, host: Any, hooks: Hooks, log_traceback: Callable[[str], None]) -> None:
        self.host = host
        self.hooks = hooks
        self.log_traceback = log_traceback
        self.doing = ""  # what to say if it fails

    def prepare(self) -> None:
        """Once, whoever loads the application."""
        self._attempt("pymodule-alias", self.hooks.alias)
        self._attempt("shared-import", self.hooks.importer)

    def run(self) -> bool:
        """What comes before the application. Was there any?"""
        self._attempt("import", self.hooks.importer)
        ran = False
        for what, action in self._code(""):
            self.doing = "%s raised" % what
            action()
            ran = True
        return ran

    def load(self, callable_name: str, module: str, file: str) -> Loaded:
        """The application that the options name, or several of them; None if they name none."""
        hooks, host = self.hooks, self.host
        paste = option(host, "pypy-paste") or option(host, "paste")
        ini = option(host, "pypy-ini-paste") or option(host, "ini-paste")
        if file:
            return hooks.file_loader(file, callable_name)
        if module:
            return hooks.loader(module, callable_name)
        if paste or ini:
            uri = paste or "config:" + ini
            return hooks.paste_loader(uri, is_on(host, "paste-logger"))
        if option(host, "pecan"):
            return hooks.pecan_loader(option(host, "pecan"))
        if option(host, "eval"):
            return hooks.source_loader(option(host, "eval"), callable_name)
        return None

    def loaded(self) -> None:
        """The application is there."""
        self._attempt("post-pymodule-alias", self.hooks.alias)

    def begin_worker(self) -> None:
        """In each worker, before its first request."""
        for what, action in self._code("-post-fork"):
            try:
                action()
            except BaseException:  # noqa: B902: sys.exit() of such a text ends no worker
                self.log_traceback(what + " raised")

    def _attempt(self, name: str, act: Callable[[str], Any]) -> None:
        for value in options(self.host, name):
            try:
                act(value)
            except Exception:
                self.log_traceback("%s %s failed" % (name, value))

    def _code(self, when: str) -> "Iterator[Tuple[str, Callable[[], None]]]":
        """The texts, then the files: what to call each, and how it is run."""
        for number, text in enumerate(options(self.host, "pypy-eval" + when)):
            name = "<pypy-eval%s%s>" % (when, " %d" % (number + 1) if number else "")
            yield name, self._in_terminal(self.hooks.execute_source, text, name)
        for path in options(self.host, "pypy-exec" + when):
            yield path, self._in_terminal(self.hooks.execute_file, path)

    @staticmethod
    def _in_terminal(function: Callable[..., None], *arguments: str) -> Callable[[], None]:
        def run() -> None:
            with terminal.attended():
                function(*arguments)

        return run


def describe_exception() -> str:
    """The traceback of the present exception, without our own frames at its beginning."""
    kind, error, at = sys.exc_info()
    first = at
    while first is not None and first.tb_frame.f_code.co_filename.startswith(EMBEDDED):
        first = first.tb_next
    return "".join(traceback.format_exception(kind, error, first or at)).rstrip("\n")
