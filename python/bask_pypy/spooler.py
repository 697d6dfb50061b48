"""uWSGI's spooler: tasks in files, which a process of their own does one after the other."""
import os
import time
from typing import Any, Callable, Dict, List, Mapping, Optional

from bask_pypy import roles
from bask_pypy.aides import DONE_STATUS, ERROR, INFO, WARN, Life, functions_into, run_own
from bask_pypy.arguments import to_bytes
from bask_pypy.hooks import Hooks
from bask_pypy.orders import options

OK, RETRY, IGNORE = -2, -1, 0  # uwsgi.SPOOL_OK and its like: what becomes of a task
ITEM_MAX = 65535
PREFIX = b"uwsgi_spoolfile_on_"

Log = Callable[[str], None]
Env = Dict[Any, bytes]


def _bytes(value: Any, what: str) -> bytes:
    try:
        return to_bytes(value, what)
    except TypeError as error:
        raise ValueError(str(error)) from None  # as uWSGI has it


def _number(value: Any, what: str) -> int:
    """A number, or one in text; a fraction is cut."""
    try:
        return int(float(value))
    except (TypeError, ValueError, OverflowError):
        raise ValueError("%s is a number, not %r" % (what, value)) from None


def pack(items: Mapping[bytes, bytes]) -> bytes:
    """Items as a dictionary of the uwsgi protocol."""
    parts = [part for item in items.items() for part in item]
    if not all(items) or any(len(part) > ITEM_MAX for part in parts):
        raise ValueError("a key or a value of a task is empty, or longer than 64 KiB (use body)")
    return b"".join(len(part).to_bytes(2, "little") + part for part in parts)


def _env(task: Any) -> Env:
    """What uWSGI's CPython plugin gives to a handler."""
    env: Env = dict(task.items)
    env["spooler_task_name"] = os.path.basename(task.path)
    if task.body:
        env["body"] = task.body
    return env


class Spooler:
    """What the `uwsgi` module has of it, and what a spooler does."""

    def __init__(self, uwsgi: Any, host: Any, own: Any, life: Life) -> None:
        self._uwsgi = uwsgi
        self._host = host
        self._own = own
        self._life = life

    # For everybody

    def i_am_the_spooler(self) -> Optional[bool]:
        """True in a spooler, else None."""
        return True if self._own.role() == roles.SPOOLER else None

    def spool(self, *given: Mapping[Any, Any], **named: Any) -> bytes:
        """Puts a task into a folder; the path of its file. The keys spooler, priority, at and body
        are about the task, all others its items; text or bytes."""
        if len(given) > 1:
            raise ValueError("spool takes one dict")
        values: Dict[bytes, Any] = {}
        for source in (*given, named):
            values.update((_bytes(key, "a key of a task"), source[key]) for key in source)
        at = _number(values.pop(b"at", 0) or 0, "at")
        priority = values.pop(b"priority", b"")
        if isinstance(priority, int):
            priority = b"%d" % priority
        folder = _bytes(values.pop(b"spooler", b""), "spooler")
        body = _bytes(values.pop(b"body", b""), "body")
        items = {key: _bytes(value, "the value of %r" % key) for key, value in values.items()}
        path, problem = self._own.put(
            folder, _bytes(priority, "priority"), at, pack(items), body
        )
        if problem:
            raise ValueError("unable to spool job: " + problem)
        return path

    def set_spooler_frequency(self, seconds: int) -> bool:
        """How often all spoolers look for tasks that nobody tells them of."""
        if not 0 < seconds < 1 << 31:
            raise ValueError("a frequency is a number of seconds")
        self._own.set_frequency_ms(int(seconds * 1000))
        return True

    def spooler_jobs(self) -> List[bytes]:
        """The paths of the tasks that wait in the first folder, or are being done."""
        folder = self._own.folders()[0].path
        names = [entry for entry in os.listdir(folder) if entry.isdigit()]
        found: List[bytes] = []
        for place in [os.path.join(folder, name) for name in sorted(names, key=int)] + [folder]:
            if os.path.isdir(place):
                found += [os.path.join(place, name) for name in sorted(os.listdir(place))
                          if name.startswith(PREFIX)]  # fmt: skip
        return found

    def spooler_get_task(self, path: Any) -> Optional[Env]:
        """What is in a task, by its path; None if it is none."""
        task = self._own.read(_bytes(path, "the path of a task"))
        return None if task is None else _env(task)

    def spooler_pid(self) -> int:
        """The process of the first spooler; 0: it does not run."""
        return (self.spooler_pids() or [0])[0]

    def spooler_pids(self) -> List[int]:
        return [pid for pid, _ in self._own.spoolers()]

    def spooler_dir(self) -> Optional[bytes]:
        """The folder of this spooler; None in other processes."""
        return self._own.work() if self.i_am_the_spooler() else None

    # A spooler

    def run(self, hooks: Hooks, log_traceback: Log) -> None:
        """One task after the other."""
        for name in options(self._host, "spooler-import"):
            run_own(log_traceback, "spooler-import " + name, hooks.importer, name)
        done, most = 0, self._own.max_tasks()
        while not most or done < most:
            self._life.hold()
            handled = self._life.handle_signal()
            self._life.check()
            task = self._own.take()
            if task is None:
                self._life.wait_work(0 if handled else self._own.wait_ms())
                continue
            self._life.start()
            self._own.finish(self._do(task, log_traceback) == OK)
            self._life.done()
            done += 1
        self._log("has done %d tasks, and is replaced (--spooler-max-tasks)" % done)
        raise SystemExit(DONE_STATUS)

    def _log(self, what: str) -> None:
        if not self._own.is_quiet():
            folder = os.fsdecode(self._own.work())
            self._host.log(INFO, "[spooler %s pid: %d] %s" % (folder, os.getpid(), what))

    def _do(self, task: Any, log_traceback: Log) -> int:
        """What becomes of it."""
        name = os.fsdecode(os.path.basename(task.path))
        handler = self._uwsgi.spooler
        if handler is None:
            self._host.log(ERROR, "unable to find the spooler function, have you loaded it into the "
                                  "spooler process ?")  # fmt: skip
            return RETRY
        self._log("managing request %s ..." % name)
        began = time.monotonic()
        try:
            result = run_own(log_traceback, "the task %s" % name, handler, _env(task))
        except SystemExit as error:
            if self._life.ends():
                return RETRY
            if error.code == DONE_STATUS:
                raise
            self._host.log(WARN, "the task %s called sys.exit(); it is tried again" % name)
            return RETRY
        result = result if isinstance(result, int) else RETRY
        if result == IGNORE:
            self._host.log(WARN, "nobody wants the task %s; it stays" % name)
        self._log("done with task %s after %d seconds" % (name, time.monotonic() - began))
        return result


def install(uwsgi: Any, host: Any, own: Any, life: Life) -> Spooler:
    """Gives the module its functions; most of them only where there is a folder for tasks."""
    spooler = Spooler(uwsgi, host, own, life)
    uwsgi.SPOOL_OK, uwsgi.SPOOL_RETRY, uwsgi.SPOOL_IGNORE = OK, RETRY, IGNORE
    uwsgi.spooler = None
    functions_into(uwsgi, [spooler.i_am_the_spooler])
    folders = own.folders()
    if not folders:
        return spooler
    functions_into(uwsgi, [
        spooler.spool, spooler.set_spooler_frequency, spooler.spooler_jobs,
        spooler.spooler_get_task, spooler.spooler_pid, spooler.spooler_pids, spooler.spooler_dir,
    ])  # fmt: skip
    uwsgi.send_to_spooler = uwsgi.spool
    uwsgi.spoolers = tuple(folder for _, folder in own.spoolers())
    return spooler
