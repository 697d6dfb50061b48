"""What the status panel shows: the interpreter, the server and each of its workers.

Under Bask the numbers come from the `uwsgi` module, which every worker can ask about all of them
(they are in memory the workers share). Under another server there is no such module; the panel
then says so and shows the one process that answers.
"""
import os
import platform
import sys
import threading
import time
from typing import Any, Dict, List, Optional

try:
    import uwsgi  # type: ignore
except ImportError:
    uwsgi = None

Facts = Dict[str, Any]

_started = time.time()


class Counter:
    """Counts the requests of this process, for servers that do not tell."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0

    def add(self) -> None:
        with self._lock:
            self._count += 1

    @property
    def count(self) -> int:
        return self._count


requests_here = Counter()


def under_bask() -> bool:
    return uwsgi is not None


def worker_id() -> Optional[int]:
    return int(uwsgi.worker_id()) if uwsgi is not None else None


def interpreter() -> Facts:
    pypy = getattr(sys, "pypy_version_info", None)
    return {
        "implementation": platform.python_implementation(),
        "python": platform.python_version(),
        "pypy": "%d.%d.%d" % tuple(pypy[:3]) if pypy is not None else None,
    }


def process_facts(pid: int) -> Facts:
    """Return memory and number of threads of a process as the kernel tells; None if it does not."""
    facts: Facts = {"rss": None, "threads": None}
    try:
        with open("/proc/%d/status" % pid, encoding="ascii", errors="replace") as lines:
            for line in lines:
                if line.startswith("VmRSS:"):
                    facts["rss"] = int(line.split()[1]) * 1024
                elif line.startswith("Threads:"):
                    facts["threads"] = int(line.split()[1])
    except (OSError, ValueError, IndexError):
        pass
    return facts


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _worker(entry: Dict[str, Any], now: float) -> Facts:
    """Turn one entry of uwsgi.workers() into JSON; a missing number is None, not a failure."""
    pid = int(entry.get("pid") or 0)
    kernel = process_facts(pid) if pid > 0 else {"rss": None, "threads": None}
    spawned = entry.get("last_spawn") or 0
    return {
        "id": entry.get("id"),
        "pid": pid,
        "status": _text(entry.get("status", "")),
        "requests": entry.get("requests"),
        "exceptions": entry.get("exceptions"),
        "rss": entry.get("rss") or kernel["rss"],
        "threads": kernel["threads"],
        "sent": entry.get("tx"),
        "average_us": entry.get("avg_rt"),
        "respawns": max(0, int(entry.get("respawn_count") or 0) - 1),
        "uptime": max(0, int(now - spawned)) if spawned else None,
    }


def snapshot() -> Facts:
    """Return the whole panel as one JSON document."""
    now = time.time()
    pid = os.getpid()
    facts: Facts = {"time": now, "interpreter": interpreter(), "answered_by": {
        "pid": pid, "worker": worker_id()}}
    if uwsgi is None:
        here = process_facts(pid)
        facts["server"] = {
            "bask": False, "version": None, "master_pid": None, "processes": 1,
            "requests": requests_here.count, "uptime": int(now - _started)}
        facts["workers"] = [{
            "id": None, "pid": pid, "status": "busy", "requests": requests_here.count,
            "exceptions": None, "rss": here["rss"],
            "threads": here["threads"] or threading.active_count(), "sent": None,
            "average_us": None, "respawns": None, "uptime": int(now - _started)}]
        return facts
    workers: List[Facts] = [_worker(entry, now) for entry in uwsgi.workers()]
    facts["server"] = {
        "bask": True,
        "version": _text(uwsgi.version),
        "master_pid": int(uwsgi.masterpid()) or None,
        "processes": int(uwsgi.numproc),
        "requests": int(uwsgi.total_requests()),
        "uptime": max(0, int(now - uwsgi.started_on)),
    }
    facts["workers"] = workers
    return facts
