"""The `uwsgi` module that applications import.

Names, types and results are those of uWSGI's CPython plugin: what is bytes there is bytes here.
"""
import os
import signal
import sys
import time
from types import ModuleType
from typing import Any, Dict, Optional, Tuple


def _app_dicts(host: Any, worker_id: int) -> Tuple[Dict[str, Any], ...]:
    """The applications of a worker, as uwsgi.workers() has them."""
    return tuple(
        {
            "id": app.id,
            "modifier1": 0,
            "mountpoint": app.mountpoint,
            "startup_time": app.load_ms // 1000,
            "interpreter": 0,  # an address in uWSGI: of no use to anybody
            "callable": 0,
            "requests": app.requests,
            "exceptions": app.exceptions,
            "chdir": app.folder,
        }
        for app in host.apps(worker_id)
    )


def _worker_dict(host: Any, worker_id: int) -> Optional[Dict[str, Any]]:
    """One row of uwsgi.workers()."""
    info = host.worker_info(worker_id)
    if info is None:
        return None
    now = time.time()
    status = b"pause" if info.paused else b"busy" if info.threads_busy else b"idle"
    return {
        "id": info.id,
        "pid": info.pid,
        "requests": info.requests,
        "delta_requests": info.requests,
        "signals": info.signals,
        "exceptions": info.exceptions,
        "status": status if info.accepting else b"cheap",
        "rss": info.rss_bytes,
        "vsz": info.vsz_bytes,
        "running_time": info.busy_us,
        "last_spawn": info.started_at,
        "respawn_count": info.respawns,
        "harakiri_count": info.harakiris,
        "tx": info.tx_bytes,
        "avg_rt": info.busy_us // info.requests if info.requests else 0,
        "accepting": int(info.accepting),
        "uptime": int(now - info.started_at) if info.started_at else 0,
        "apps": _app_dicts(host, worker_id),
    }


def _option_values(host: Any) -> Dict[str, Any]:
    """uwsgi.opt: what was given, as bytes; True without a value, a list if it was repeated."""
    opt: Dict[str, Any] = {}
    for name in host.given_options():
        values = [True if v == "true" else os.fsencode(v) for v in host.option(name)]
        opt[name] = values[0] if len(values) == 1 else values
    return opt


def make_module(host: Any) -> ModuleType:
    """Builds the module and enters it into sys.modules."""
    info = host.server_info()
    uwsgi = ModuleType("uwsgi", "The application's interface to the server.")
    version = host.string(info.version)

    def workers() -> Tuple[Dict[str, Any], ...]:
        """A dict for each worker."""
        rows = (_worker_dict(host, i + 1) for i in range(info.workers))
        return tuple(row for row in rows if row is not None)

    def total_requests() -> int:
        """Requests that all workers have answered."""
        return sum(row["requests"] for row in workers())

    def worker_id() -> int:
        """The id of this worker, from 1; 0 before the workers were forked."""
        return host.worker_id()

    def masterpid() -> int:
        """The process id of the master, 0 without one."""
        return info.master_pid

    def tell(number: int) -> bool:
        """Sends a signal to the master or, without one, to this process."""
        os.kill(info.master_pid or os.getpid(), number)
        return True

    def reload() -> bool:
        """Reloads the server gracefully, as SIGHUP does; without a master it ends."""
        return tell(signal.SIGHUP)

    def stop() -> bool:
        """Stops the server, as SIGINT does: requests, this one too, get a second to end."""
        return tell(signal.SIGINT)

    def mem() -> Tuple[int, int]:
        """(resident bytes, virtual bytes) of this process."""
        with open("/proc/self/statm") as file:
            virtual, resident = file.read().split()[:2]
        page = os.sysconf("SC_PAGESIZE")
        return int(resident) * page, int(virtual) * page

    def log(message: Any) -> bool:
        """Writes a line to the server's log."""
        text = message.decode("utf-8", "replace") if isinstance(message, bytes) else str(message)
        host.log(2, text)
        return True

    def warmup_info() -> Optional[Dict[str, Any]]:
        """What the last warm-up did; None if there was none. Bask's own."""
        info = host.warmup_info()
        if info is None:
            return None
        return {
            "requests": info.requests,
            "seconds": info.elapsed_us / 1e6,
            "first_us": info.first_ns / 1e3,
            "last_us": info.last_ns / 1e3,
            "traces": info.traces,
            "settled": info.settled,
            "failures": info.failures,
            "statuses": {"%dxx" % i: n for i, n in enumerate(info.statuses) if i and n},
        }

    def set_user_harakiri(seconds: int) -> None:
        """The present request is cut off after so many seconds more; 0: as any other request."""
        if not host.set_user_harakiri(int(seconds * 1000)):
            log("set_user_harakiri(%r): this thread has no request" % (seconds,))

    functions = (
        workers, total_requests, warmup_info, worker_id, masterpid, reload, stop, mem, log,
        set_user_harakiri,
    )  # fmt: skip
    for function in functions:
        setattr(uwsgi, function.__name__, function)
    uwsgi.__dict__.update(
        version=version.encode(),
        version_info=tuple(int(part) for part in version.split(".")) + (0, b""),  # uWSGI: 5 items
        hostname=host.string(info.hostname).encode(),
        numproc=info.workers,
        cores=info.threads,
        has_threads=1,
        started_on=info.started_at,
        sockets=[listener.fd for listener in host.listeners()],
        opt=_option_values(host),
        applications=None,
        loop=None,
        unbit=None,
        is_a_reload=bool(info.is_reload),
        post_fork_hook=None,
        warming=False,
        atexit=None,
    )
    sys.modules["uwsgi"] = uwsgi
    return uwsgi
