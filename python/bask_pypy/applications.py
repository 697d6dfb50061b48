"""The applications of this process: what the options name, where each is mounted, the list of them.

One application without a mountpoint is called as it is; where there are several, `dispatch` finds
the one that a request is for.
"""
import os
import sys
import time
import traceback
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple, Union

from bask_pypy import loaders

Callback = Callable[..., Any]
Loaded = Union[None, Callback, Dict[str, Callback]]
ERROR, WARN, INFO = range(3)
LIMIT = -9
FILE_ENDINGS = (".py", ".wsgi")


class App(NamedTuple):
    """One application; `id` is -1 where there is none that could be called."""

    id: int
    mountpoint: str
    call: Callback
    folder: str = ""


def no_application(environ: Any, start_response: Any) -> List[bytes]:
    """What is served for an application that could not be loaded, or that nobody named."""
    start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
    return [b"no python application found, check your startup logs for errors\n"]


def is_set(host: Any, option: str) -> bool:
    """Whether a flag is on."""
    return "true" in host.option(option)


def mounts(host: Any) -> Iterator[Tuple[str, str]]:
    """What --mount says: (mountpoint, target)."""
    for text in host.option("mount"):
        mountpoint, _, target = text.partition("=")
        yield mountpoint.strip(), target.strip()


def load_target(target: str, default: str) -> Callback:
    """The application of "module", "module:callable", "file.py" or "file.py:callable"."""
    place, _, name = target.partition(":")
    if place.endswith(FILE_ENDINGS) or "/" in place:
        return loaders.load_file(place, name or default)
    return loaders.load_module(target, default)


def _as_it_is(call: Callback, mountpoint: str) -> Callback:
    return call


class Applications:
    """The list; it grows where requests may name applications (`dynamic`).

    `admit` gets every application and its mountpoint, and gives what is called in its place.
    """

    def __init__(self, host: Any, admit: Callable[[Callback, str], Callback] = _as_it_is) -> None:
        self.host = host
        self.admit = admit
        self.items: List[App] = []
        self.failed: List[App] = []  # mountpoints whose application could not be loaded
        self.may_grow = is_set(host, "dynamic-apps")

    def load(self, what: str, mountpoint: str, load: Callable[[], Loaded]) -> bool:
        """Adds what `load` gives; False: it failed, and the log says why."""
        began = time.monotonic()
        try:
            loaded = load()
            if isinstance(loaded, dict):
                for each, call in loaded.items():
                    self.add(each, call, began)
            elif loaded is not None:
                self.add(mountpoint, loaded, began)
            return True
        except loaders.LoadError as error:
            self.host.log(ERROR, str(error))
        except BaseException:  # noqa: B902: an application may call sys.exit() while it is imported
            text = traceback.format_exc().rstrip("\n")
            self.host.log(ERROR, "the application%s cannot be loaded:\n%s" % (what, text))
        self.failed.append(App(-1, mountpoint, no_application))
        return False

    def add(self, mountpoint: str, call: Callback, began: float, folder: str = "") -> App:
        """Enters an application into the list, which the server keeps, too."""
        if any(app.mountpoint == mountpoint for app in self.items):
            raise loaders.LoadError(
                "there is an application at mountpoint '%s' already" % mountpoint
            )
        took = time.monotonic() - began
        number = self.host.add_app(mountpoint, folder, int(took * 1000))
        if number < 0:
            reason = "more than --max-apps" if number == LIMIT else "out of memory"
            raise loaders.LoadError(
                "the application at mountpoint '%s' finds no place: %s" % (mountpoint, reason)
            )
        app = App(number, mountpoint, self.admit(call, mountpoint), folder)
        default = " (default app)" if mountpoint in ("", "/") else ""
        self.items.append(app)
        self.host.log(
            INFO,
            "WSGI app %d (mountpoint='%s') is ready in %.1f seconds on %s%s"
            % (number, mountpoint, took, _interpreter(), default),
        )
        return app

    def load_all(self, main: Callable[[], Loaded], default: str) -> bool:
        """The application that has no mountpoint, then those that --mount names, in order."""
        good = self.load("", "", main)
        for mountpoint, target in mounts(self.host):
            what = " %s of mountpoint '%s'" % (target, mountpoint)
            good &= self.load(what, mountpoint, lambda: load_target(target, default))  # noqa: B023
        return good


def _interpreter() -> str:
    version = getattr(sys, "pypy_version_info", sys.version_info)
    return "PyPy %d.%d.%d (Python %d.%d.%d)" % (tuple(version[:3]) + tuple(sys.version_info[:3]))


def os_text(value: str) -> str:
    """A variable of a request, which is latin-1, as a name of a file or a module."""
    return os.fsdecode(value.encode("latin-1"))


def request_text(value: str) -> str:
    """The other way: what an option says, as it would be in the environ of a request."""
    return os.fsencode(value).decode("latin-1")
