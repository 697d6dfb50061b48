"""Mules and spoolers as the server has them, as Python objects; with host.py and host_services.py
all that has cffi. Names and values are bytes here."""
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from _bask import ffi, lib  # type: ignore[import-not-found]

ERROR_SIZE = 512
PATH_SIZE = 4096
RECEIVE_SIZE = 65536

_new_buffer = ffi.new_allocator(should_clear_after_alloc=False)


class Folder(NamedTuple):
    """Where tasks can be put; `ours`: spoolers of this server look into it."""

    path: bytes
    ours: bool


class Task(NamedTuple):
    """A task, read."""

    path: bytes
    items: Dict[bytes, bytes]
    body: bytes


def _bytes(view: Any) -> bytes:
    return ffi.unpack(view.ptr, view.len) if view.len else b""


def _items(view: Any) -> Dict[bytes, bytes]:
    """What the server has checked: (u16le n, key, u16le m, value)*."""
    data, parts, at = _bytes(view), [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "little")
        parts.append(data[at + 2 : end])
        at = end
    return dict(zip(parts[::2], parts[1::2]))


def _task(task: Any) -> Task:
    return Task(ffi.string(task.path), _items(task.items), _bytes(task.body))


class Aides:
    """The calls of include/bask/service_aide.h, service_mule.h and service_spool.h."""

    def __init__(self) -> None:
        self._present = ffi.new("struct bask_spool_task *")

    # What this process is

    def role(self) -> int:
        return lib.glue_aide_role()

    def id(self) -> int:
        return lib.glue_aide_id()

    def work(self) -> bytes:
        """A mule's program, or a spooler's folder."""
        return _bytes(lib.glue_aide_work())

    def receive(self, sources: int, wake: int, timeout_ms: int, size: int = 0) -> Optional[bytes]:
        """A message, or None: time is up, or `wake` is readable, or a signal came."""
        room = min(size or max(RECEIVE_SIZE, lib.glue_mule_largest()), 1 << 24)
        buffer, length = _new_buffer("char[]", room), ffi.new("size_t *")
        if lib.glue_aide_receive(sources, wake, timeout_ms, buffer, room, length):
            return None
        return ffi.unpack(buffer, length[0])

    def begin(self) -> None:
        lib.glue_aide_begin()

    def done(self) -> None:
        lib.glue_aide_done()

    def limit(self, ms: int) -> bool:
        """False: this process is no mule and no spooler."""
        return lib.glue_aide_limit(ms) == 0

    def look(self) -> bool:
        """True: this process shall end."""
        return bool(lib.glue_aide_look())

    def take_signal(self) -> int:
        """A signal of the application that is for this process; negative: there is none."""
        return lib.glue_aide_take_signal()

    def wait_signal(self, wake: int) -> int:
        """The same, but it waits until there is one, or `wake` is readable."""
        return lib.glue_aide_wait_signal(wake)

    # Mules

    def mules(self) -> int:
        return lib.glue_mule_count()

    def largest(self) -> int:
        """Bytes of a message, at most."""
        return lib.glue_mule_largest()

    def send(self, mule: int, message: bytes) -> Tuple[int, str]:
        """(0, ""), or (an error, a sentence)."""
        error = ffi.new("char[]", ERROR_SIZE)
        failed = lib.glue_mule_send(mule, message, len(message), error, ERROR_SIZE)
        return failed, ffi.string(error).decode("utf-8", "replace") if failed else ""

    def send_to_farm(self, farm: bytes, message: bytes) -> Tuple[int, str]:
        error = ffi.new("char[]", ERROR_SIZE)
        failed = lib.glue_mule_send_to_farm(
            farm, len(farm), message, len(message), error, ERROR_SIZE
        )
        return failed, ffi.string(error).decode("utf-8", "replace") if failed else ""

    def is_in_farm(self, farm: Optional[bytes]) -> bool:
        """None: in any."""
        name = ffi.NULL if farm is None else farm
        return bool(lib.glue_mule_is_in_farm(name, len(farm or b"")))

    # Tasks

    def folders(self) -> List[Folder]:
        ours = ffi.new("int *")
        found: List[Folder] = []
        while True:
            view = lib.glue_spool_folder(len(found), ours)
            if not view.ptr:
                return found
            found.append(Folder(_bytes(view), bool(ours[0])))

    def spoolers(self) -> List[Tuple[int, bytes]]:
        """The process of each, 0 if it does not run now, and its folder."""
        folder = ffi.new("bask_str *")
        found: List[Tuple[int, bytes]] = []
        while True:
            pid = lib.glue_spool_spooler(len(found), folder)
            if pid < 0:
                return found
            found.append((pid, _bytes(folder)))

    def put(
        self, folder: bytes, priority: bytes, at: int, items: bytes, body: bytes
    ) -> Tuple[bytes, str]:
        """(the path of the task, ""), or (b"", why not)."""
        path, error = ffi.new("char[]", PATH_SIZE), ffi.new("char[]", ERROR_SIZE)
        failed = lib.glue_spool_put(
            folder, len(folder), priority, len(priority), at, items, len(items), body, len(body),
            path, error, ERROR_SIZE,
        )  # fmt: skip
        if failed:
            return b"", ffi.string(error).decode("utf-8", "replace") or "error %d" % failed
        return ffi.string(path), ""

    def read(self, path: bytes) -> Optional[Task]:
        """A task that may be anybody's; None: it is none."""
        task = ffi.new("struct bask_spool_task *")
        if lib.glue_spool_read(path, len(path), task):
            return None
        try:
            return _task(task)
        finally:
            lib.glue_spool_release(task)

    def take(self) -> Optional[Task]:
        """The next task of this spooler, which has it until `finish`."""
        if lib.glue_spool_take(self._present):
            return None
        return _task(self._present)

    def finish(self, remove: bool) -> None:
        lib.glue_spool_finish(self._present, remove)

    def wait_ms(self) -> int:
        """Until when nothing has to be looked at that nobody tells of."""
        return lib.glue_spool_wait_ms()

    def set_frequency_ms(self, ms: int) -> None:
        lib.glue_spool_set_frequency_ms(ms)

    def is_quiet(self) -> bool:
        return bool(lib.glue_spool_is_quiet())

    def max_tasks(self) -> int:
        return lib.glue_spool_max_tasks()
