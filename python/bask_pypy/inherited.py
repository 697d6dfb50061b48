"""Connections that the application opens while it is loaded, and that all workers would share.

Two processes that talk on one connection get each other's answers, now and then, which is hard to
find. So who connects while the application is loaded is remembered, and what is still open when
workers are about to be forked is reported with its file and line.
"""
import os
import socket
import sys
import weakref
from importlib.machinery import PathFinder
from types import FrameType, ModuleType
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

OWN_FILES = "<bask>"


class Origin(NamedTuple):
    """Who opened a connection, and to what."""

    peer: str
    file: str
    line: int


# Of the standard library. sysconfig would say it, too, and bring a hundred modules along.
STANDARD = os.path.dirname(os.path.realpath(os.__file__)) + os.sep
PACKAGES = ("site-packages", "dist-packages")


def _is_standard(file: str) -> bool:
    if file.startswith(OWN_FILES) or file.startswith("<frozen"):
        return True
    inside = os.path.realpath(file).startswith(STANDARD)
    return inside and not any(name in file for name in PACKAGES)


def find_origin(peer: str, frame: Optional[FrameType]) -> Origin:
    """The innermost line of the application; of a package it uses if there is none of its own."""
    fallback: Optional[Origin] = None
    while frame is not None:
        file = frame.f_code.co_filename
        if not _is_standard(file):
            origin = Origin(peer, file, frame.f_lineno)
            if not any(name in file for name in PACKAGES):
                return origin
            fallback = fallback or origin
        frame = frame.f_back
    return fallback or Origin(peer, "?", 0)


def describe_address(address: Any) -> str:
    """An address as connect() takes it, on one line."""
    if isinstance(address, tuple) and len(address) >= 2:
        return "%s:%s" % (address[0], address[1])
    if isinstance(address, bytes):
        return ascii(address.decode("utf-8", "replace"))[1:-1]
    return ascii(str(address))[1:-1]


class Watch:
    """Remembers connections from start() to stop(); `open_connections` tells what is left."""

    def __init__(self, peer_name: Callable[[int], Optional[str]]) -> None:
        self._peer_name = peer_name
        self._sockets: List[Tuple[Any, Origin]] = []  # weak references
        self._databases: List[Tuple[Any, Origin]] = []
        self._before: Set[int] = set()
        self._restore: List[Callable[[], None]] = []

    def start(self) -> None:
        self._before = set(self._connected())
        for name in ("connect", "connect_ex"):
            self._wrap_socket(name)
        finder = _SqliteFinder(self)
        sys.meta_path.insert(0, finder)
        self._restore.append(lambda: sys.meta_path.remove(finder))

    def stop(self) -> None:
        while self._restore:
            self._restore.pop()()

    def _connected(self) -> Dict[int, str]:
        """The descriptors of this process that have a peer, and its name."""
        try:
            numbers = [int(name) for name in os.listdir("/proc/self/fd")]
        except OSError:
            return {}
        peers = {fd: self._peer_name(fd) for fd in numbers}
        return {fd: describe_address(peer) for fd, peer in peers.items() if peer is not None}

    def _wrap_socket(self, name: str) -> None:
        kind = socket.socket
        own = name in kind.__dict__
        before = getattr(kind, name)
        watch = self

        def connect(self: socket.socket, address: Any) -> Any:
            origin = find_origin(describe_address(address), sys._getframe(1))
            result = before(self, address)
            watch._sockets.append((weakref.ref(self), origin))
            return result

        def restore() -> None:
            if own:
                setattr(kind, name, before)
            else:
                delattr(kind, name)

        connect.__name__ = name
        setattr(kind, name, connect)
        self._restore.append(restore)

    def wrap_sqlite(self, module: ModuleType) -> None:
        """Called for _sqlite3 when the application imports it, before anybody sees it."""
        before = module.connect
        watch = self

        def connect(database: Any, *args: Any, **kwargs: Any) -> Any:
            result = before(database, *args, **kwargs)
            name = describe_address(database)
            if watch._restore and name not in ("", ":memory:"):
                origin = find_origin(name, sys._getframe(1))
                watch._databases.append((weakref.ref(result), origin))
            return result

        def restore() -> None:
            for name in ("_sqlite3", "sqlite3.dbapi2", "sqlite3"):
                holder = sys.modules.get(name)
                if holder is not None and getattr(holder, "connect", None) is connect:
                    setattr(holder, "connect", before)

        setattr(module, "connect", connect)
        self._restore.append(restore)

    def open_connections(self) -> Iterator[str]:
        """A sentence for each connection that workers would share."""
        known: Set[int] = set()
        connected = self._connected()
        seen: Dict[int, Origin] = {}
        for reference, origin in self._sockets:
            opened = reference()
            if opened is not None and opened.fileno() in connected:
                seen[opened.fileno()] = origin  # the last connect() of a socket counts
        for fd, origin in seen.items():
            known.add(fd)
            yield "the connection to %s, opened by %s" % (origin.peer, _place(origin))
        for reference, origin in self._databases:
            opened = reference()
            if opened is not None and _is_open_database(opened):
                yield "the SQLite database %s, opened by %s" % (origin.peer, _place(origin))
        for fd, peer in connected.items():
            if fd not in known and fd not in self._before:
                yield "a connection to %s (descriptor %d), opened by a library" % (peer, fd)


def _place(origin: Origin) -> str:
    return "%s, line %d" % (origin.file, origin.line)


def _is_open_database(connection: Any) -> bool:
    try:
        connection.total_changes
    except Exception:  # closed, or of another thread: then it is open
        return "closed" not in str(sys.exc_info()[1])
    return True


class _SqliteFinder:
    """Lets a watch see _sqlite3 when it is imported; to import it for that would cost too much."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        if fullname != "_sqlite3":
            return None
        spec = PathFinder.find_spec(fullname, path)
        loader = getattr(spec, "loader", None)
        if spec is None or loader is None:
            return spec
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            self._watch.wrap_sqlite(module)

        loader.exec_module = exec_module
        return spec
