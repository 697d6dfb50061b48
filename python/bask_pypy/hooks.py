"""The hooks: what the server does with Python, each under a name that a setup file can set anew.

`pypy_setup` sets all of them. A setup file of the user's (--pypy-setup) imports it and sets some of
them to functions of its own, or sets all itself. Nothing here knows what a hook does.
"""
from typing import Any, Callable, Dict, List, Union

Application = Callable[..., Any]
Loaded = Union[None, Application, Dict[str, Application]]


class Hooks:
    """The slots are the names: a misspelt one is an AttributeError."""

    __slots__ = (
        "pythonpath", "execute_source", "execute_file", "importer", "alias", "loader",
        "file_loader", "source_loader", "paste_loader", "pecan_loader", "application",
        "no_application", "request", "post_fork", "signal", "rpc", "shell", "log_threads",
    )  # fmt: skip

    # Puts folders, which may be patterns, before the others in sys.path.
    pythonpath: Callable[[List[str]], None]
    # --pypy-eval: runs a text; the second argument is its name in tracebacks.
    execute_source: Callable[[str, str], None]
    # --pypy-exec: runs a file.
    execute_file: Callable[[str], None]
    # --import: a module, or a file.
    importer: Callable[[str], Any]
    # --pymodule-alias: NAME=MODULE
    alias: Callable[[str], None]
    # --module: "module:callable", and the callable's name where that does not say. One application,
    # or a dict of several by mountpoint.
    loader: Callable[[str, str], Loaded]
    # --wsgi-file: a path, and the callable's name.
    file_loader: Callable[[str, str], Loaded]
    # --eval: a text that defines the application, and the callable's name.
    source_loader: Callable[[str, str], Application]
    # --paste: "config:FILE" or a file; whether its sections on logging count.
    paste_loader: Callable[[str, bool], Application]
    # --pecan: a file.
    pecan_loader: Callable[[str], Application]
    # Gets every application and its mountpoint, however it was named; what shall be served.
    application: Callable[[Application, str], Application]
    # Serves where there is no application.
    no_application: Application
    # Makes what answers requests from (host, application); see bask_pypy.wsgi.Server.
    request: Callable[[Any, Application], Any]
    # Called in each worker before its first request with the function that logs tracebacks.
    post_fork: Callable[[Callable[[str], None]], None]
    # uwsgi.signal: runs the handler of a signal in a worker; its number.
    signal: Callable[[Callable[[int], Any], int], None]
    # uwsgi.rpc: runs a function for a caller, here or elsewhere; its name and its arguments. What
    # it returns is the answer, bytes, text or None.
    rpc: Callable[[Callable[..., Any], bytes, List[bytes]], Any]
    # --pypy-shell: a shell on the terminal, or a text that is one. Returns when it was left.
    shell: Callable[[str], None]
    # What all threads are doing, as text.
    log_threads: Callable[[], str]

    def missing(self) -> List[str]:
        """The names that were not set."""
        return [name for name in self.__slots__ if not hasattr(self, name)]


hooks = Hooks()
