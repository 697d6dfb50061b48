"""The server as Python objects: the one module that touches cffi.

Requests stay C structs. Their fields are read where they are needed, which costs a nanosecond under
the JIT; bytes are turned into text by `text`, as latin-1 (PEP 3333, "Unicode Issues").
"""
import os
from typing import Any, Iterator, List, NamedTuple, Optional, Tuple

from _bask import ffi, lib  # type: ignore[import-not-found]

ERROR, WARN, INFO, DEBUG = range(4)

_unpack = ffi.unpack
_respond = lib.glue_respond

OK = 0
SYNTAX = -3
CLOSED = -7
TIMEOUT = -8

READ_SIZE = 65536
_new_buffer = ffi.new_allocator(should_clear_after_alloc=False)


class Settings(NamedTuple):
    """What the command line says of the application."""

    home: str
    library: str
    module: str
    file: str
    callable: str
    jit: str
    warmup_jit: str
    python_path: List[str]
    stacks_signal: int
    gc_idle: bool


class Listener(NamedTuple):
    """A listening socket: its name as the user wrote it, and the port ("" on a unix socket)."""

    name: str
    port: str
    fd: int


class WorkerInfo(NamedTuple):
    """What the scoreboard says of one worker; times in microseconds, sizes in bytes."""

    id: int
    pid: int
    requests: int
    exceptions: int
    respawns: int
    tx_bytes: int
    busy_us: int
    rss_bytes: int
    started_at: int
    threads_busy: int
    accepting: bool
    harakiris: int
    signals: int
    vsz_bytes: int
    paused: bool


class AppInfo(NamedTuple):
    """What the scoreboard says of one application of a worker; names as bytes."""

    id: int
    requests: int
    exceptions: int
    loaded_at: int
    load_ms: int
    mountpoint: bytes
    folder: bytes


class WarmupInfo(NamedTuple):
    """What the last warm-up did; processor time of a request in nanoseconds."""

    requests: int
    elapsed_us: int
    first_ns: int
    last_ns: int
    traces: int
    settled: bool
    failures: int
    statuses: List[int]


class Host:
    """The calls of include/bask/plugin.h that Python uses. All may be called from any thread."""

    def text(self, view: Any) -> str:
        """The bytes of a view as text. The view is of the present request."""
        return _unpack(view.ptr, view.len).decode("latin-1") if view.len else ""

    def copy(self, view: Any) -> bytes:
        """A copy of the bytes of a view."""
        return _unpack(view.ptr, view.len) if view.len else b""

    def next(self, thread: Any) -> Any:
        """Waits for a request; a null pointer when the thread shall end."""
        return lib.glue_next(thread)

    def respond(self, request: Any, head: bytes, count: int, body: bytes) -> int:
        return _respond(request, head, len(head), count, body, len(body))

    def respond_file(
        self, request: Any, head: bytes, count: int, fd: int, offset: int, length: int
    ) -> int:
        return lib.glue_respond_file(request, head, len(head), count, fd, offset, length)

    def begin(self, request: Any, head: bytes, count: int) -> int:
        return lib.glue_begin(request, head, len(head), count)

    def write(self, request: Any, data: bytes) -> int:
        return lib.glue_write(request, data, len(data))

    def finish(self, request: Any) -> int:
        return lib.glue_finish(request)

    def abort(self, request: Any, head: bytes, count: int, body: bytes) -> None:
        lib.glue_abort(request, head, len(head), count, body, len(body))

    def drop(self, request: Any) -> None:
        """Closes the connection of a client that left or is too slow."""
        lib.glue_abort(request, ffi.NULL, 0, 0, ffi.NULL, 0)

    def headers_sent(self, request: Any) -> bool:
        return bool(lib.glue_headers_sent(request))

    def read_body(self, request: Any, size: int) -> Tuple[int, bytes]:
        """(0, bytes): some of the body, b"" at its end; (error, b"") otherwise."""
        buffer = _new_buffer("char[]", min(size, READ_SIZE))
        n = lib.glue_read_body(request, buffer, len(buffer))
        return (0, _unpack(buffer, n)) if n > 0 else (n, b"")

    def log(self, level: int, line: str) -> None:
        data = line.encode("utf-8", "backslashreplace")
        lib.glue_log(level, data, len(data))

    def thread_index(self, thread: Any) -> int:
        return lib.glue_thread_index(thread)

    def stop_worker(self) -> None:
        lib.glue_stop_worker()

    def recycle(self, why: str) -> None:
        """Asks for a successor of this worker; `why` is for the log."""
        data = why.encode("ascii", "backslashreplace")
        lib.glue_recycle(data, len(data))

    def set_user_harakiri(self, milliseconds: int) -> bool:
        """The request of this thread is cut off then; 0: as any other. False: it has none."""
        return bool(lib.glue_set_user_harakiri(milliseconds) == OK)

    def watch_idle(self, after_ms: int, requests: int) -> None:
        """Asks for an idle moment: a null pointer from `next` for which `is_idle` is true."""
        lib.glue_watch_idle(after_ms, requests)

    def is_idle(self, thread: Any) -> bool:
        return bool(lib.glue_is_idle(thread))

    def is_stopping(self) -> bool:
        """The whole server was told to end."""
        return bool(lib.glue_is_stopping())

    def occupied(self) -> None:
        """This worker takes no requests for a while; it may be replaced meanwhile."""
        lib.glue_occupied()

    def current(self, thread: Any) -> Any:
        """The request that `next` gave and nobody has answered yet, else a null pointer."""
        return lib.glue_current(thread)

    def worker_id(self) -> int:
        return lib.glue_worker_id()

    def server_info(self) -> Any:
        """struct bask_server_info; text fields through `string`."""
        return lib.glue_server_info()

    def string(self, pointer: Any) -> str:
        return ffi.string(pointer).decode("utf-8", "surrogateescape") if pointer else ""

    def worker_info(self, worker_id: int) -> Optional[WorkerInfo]:
        info = ffi.new("struct bask_worker_info *")
        info.size = ffi.sizeof(info[0])
        if lib.glue_worker_info(worker_id, info):
            return None
        return WorkerInfo(
            info.id,
            info.pid,
            info.requests,
            info.exceptions,
            info.respawns,
            info.tx_bytes,
            info.busy_us,
            info.rss_bytes,
            info.started_at,
            info.threads_busy,
            bool(info.accepting),
            info.harakiris,
            info.signals,
            info.vsz_bytes,
            bool(info.paused),
        )

    def add_app(self, mountpoint: str, folder: str, load_ms: int) -> int:
        """Tells of an application; its id, or a negative error."""
        names = [os.fsencode(mountpoint), os.fsencode(folder)]
        return lib.glue_add_app(names[0], len(names[0]), names[1], len(names[1]), load_ms)

    def serve_app(self, number: int) -> None:
        """The request of this thread is for that application; -1: for none."""
        lib.glue_serve_app(number)

    def apps(self, worker_id: int) -> List[AppInfo]:
        """The applications of a worker."""
        info = ffi.new("struct bask_app_info *")
        info.size = ffi.sizeof(info[0])
        found: List[AppInfo] = []
        while lib.glue_app_info(worker_id, len(found), info) == 0:
            found.append(
                AppInfo(
                    info.id,
                    info.requests,
                    info.exceptions,
                    info.loaded_at,
                    info.load_ms,
                    ffi.string(info.mountpoint),
                    ffi.string(info.folder),
                )
            )
        return found

    def warmup_info(self) -> Optional[WarmupInfo]:
        """None if there was no warm-up."""
        info = ffi.new("struct bask_warmup_info *")
        info.size = ffi.sizeof(info[0])
        if lib.glue_warmup_info(info):
            return None
        return WarmupInfo(
            info.requests,
            info.elapsed_us,
            info.first_ns,
            info.last_ns,
            info.traces,
            bool(info.settled),
            info.failures,
            list(info.statuses),
        )

    def peer_name(self, fd: int) -> Optional[str]:
        """What a socket is connected to; None for whatever is not connected."""
        text = ffi.new("char[]", 256)
        length = lib.glue_peer_name(fd, text, len(text))
        return None if length < 0 else _unpack(text, min(length, 255)).decode("utf-8", "replace")

    def listeners(self) -> List[Listener]:
        name, port, fd = ffi.new("bask_str *"), ffi.new("bask_str *"), ffi.new("int *")
        found = []
        for index in range(lib.glue_server_info().listeners):
            lib.glue_listener_info(index, name, port, fd)
            found.append(Listener(_os_text(name), _os_text(port), fd[0]))
        return found

    def option(self, name: str) -> Iterator[str]:
        """The values of an option as they were written; none if it was never set."""
        value = ffi.new("bask_str *")
        index = 0
        while lib.glue_option(name.encode(), index, value) == 0:
            yield _os_text(value)
            index += 1

    def given_options(self) -> Iterator[str]:
        """The names of the options that the user has set."""
        name = ffi.new("bask_str *")
        index = 0
        while lib.glue_option_given(index, name) == 0:
            yield _os_text(name)
            index += 1

    def settings(self) -> Settings:
        c = lib.glue_settings()
        paths = (lib.glue_python_path(i) for i in range(c.path_count))
        return Settings(
            _os_text(c.home),
            _os_text(c.library),
            _os_text(c.module),
            _os_text(c.file),
            _os_text(c.callable),
            _os_text(c.jit),
            _os_text(c.warmup_jit),
            [_os_text(path) for path in paths],
            c.stacks_signal,
            bool(c.gc_idle),
        )

    def key_names(self) -> List[str]:
        """The CGI names of bask/environ_keys.h, by number."""
        return list(_names(lib.glue_key_name))

    def method_names(self) -> List[str]:
        return list(_names(lib.glue_method_name))


def _names(name_of: Any) -> Iterator[str]:
    index = 0
    while True:
        view = name_of(index)
        if not view.ptr:
            return
        yield _unpack(view.ptr, view.len).decode()
        index += 1


def _os_text(view: Any) -> str:
    """Text that came from the command line: as os.fsdecode would have it."""
    return _unpack(view.ptr, view.len).decode("utf-8", "surrogateescape") if view.len else ""
