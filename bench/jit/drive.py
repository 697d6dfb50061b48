"""One experiment, inside the interpreter that it is about: warm up, fork, measure the child.

usage: INTERPRETER drive.py '{"app": "shop", "phases": [...], "children": [...]}'

A phase is {"jit": parameters, "seconds": CPU seconds, "collect": times, "trim": bool}; after each phase every
child of `children` ({"name", "jit", "replay", "collect", "huge",
"requests", "jit_after"}) is forked once per
repetition. Prints one line of JSON. Runs on CPython too, where parameters mean nothing.
"""

import ctypes
import gc
import importlib
import io
import json
import os
import random
import resource
import sys
import threading
import time
from pathlib import Path

try:
    import pypyjit
except ImportError:
    pypyjit = None

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "apps"))

import visits  # noqa: E402  (the path comes first)

BUCKETS = ((0, 100), (100, 1000), (1000, 6000), (6000, 1 << 60))
PASSES = 16
HUGE, MADV_HUGEPAGE, MADV_COLLAPSE = 2 << 20, 14, 25


PATHS = {
    "flask": ["/"],
    "django": ["/"],
    "cpu": ["/planets?3", "/planets?9", "/documents?4", "/documents?30", "/log?0", "/log?2000"],
}
MODULES = {"flask": "flask_hello", "django": "django_hello", "cpu": "cpu"}


def load(name):
    """An application, the requests that visit all of it, and how one becomes an environ."""
    if name in MODULES:
        listed = visits.Visits("shop")
        listed.requests = [visits.Request("GET", path, 200, "", b"") for path in PATHS[name]]
        module = MODULES[name]
    else:
        listed = visits.Visits(name)
        module = name + ".wsgi"
    application = importlib.import_module(module).application
    return application, listed.requests, listed.environ


def set_jit(parameters):
    """Sets parameters; they add to those that are set, as with pypyjit itself."""
    if pypyjit is not None:
        for part in parameters.split(";"):
            if part:
                pypyjit.set_param(part)


class Driver:
    """Calls the application as a server would, without the server."""

    def __init__(self, name):
        self.application, self.requests, self.environ = load(name)
        rng = random.Random(1)
        self.environs = [self.environ(request) for request in self.requests]
        self.order = []
        for _ in range(PASSES if len(self.requests) > 1 else 2):
            order = list(range(len(self.requests)))
            rng.shuffle(order)
            self.order += order
        self.position = 0
        self.status = ""
        self.failed = 0

    def start_response(self, status, headers, exc_info=None):
        self.status = status

    def one(self):
        """One request; its CPU seconds in nanoseconds."""
        index = self.order[self.position]
        self.position += 1
        if self.position == len(self.order):
            self.position = 0
        request = self.requests[index]
        start = time.thread_time_ns()
        environ = self.environs[index].copy()
        environ["wsgi.input"] = io.BytesIO(request.body)
        environ["wsgi.errors"] = sys.stderr
        answer = self.application(environ, self.start_response)
        body = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        if int(self.status[:3]) != request.status or len(body) > 1000000:
            self.failed += 1
        return time.thread_time_ns() - start

    def run(self, count):
        """Some requests; the CPU nanoseconds of each."""
        return [self.one() for _ in range(count)]


def warm(driver, phase):
    """Serves for some CPU seconds; total requests and the mean of the last thousand, in us."""
    set_jit(phase.get("jit", ""))
    budget, limit, count, recent = phase["seconds"] * 1e9, phase.get("requests", 1 << 60), 0, 0.0
    started = time.process_time_ns()
    while time.process_time_ns() - started < budget and count < limit:
        times = driver.run(250)
        count += len(times)
        recent = sum(times) / len(times) / 1000 if not recent else recent * 0.75 + sum(times) / len(times) / 4000
    return {"requests": count, "last_us": round(recent, 1)}


def summary(times):
    """Mean us and worst ms of each bucket of requests."""
    result = []
    for low, high in BUCKETS:
        part = times[low:high]
        if part:
            result.append([round(sum(part) / len(part) / 1000, 1), round(max(part) / 1e6, 2)])
    return result


def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def traces():
    """Loops and bridges compiled so far; only once there are some (asking earlier crashes PyPy)."""
    if pypyjit is None or pypyjit.get_stats_asmmemmgr()[1] <= 0:
        return [0, 0, 0]
    counters = pypyjit.get_stats_snapshot().counters
    return [counters["TOTAL_COMPILED_LOOPS"], counters["TOTAL_COMPILED_BRIDGES"],
            counters.get("ABORT_TOO_LONG", 0)]


def child(driver, plan):
    """What a worker goes through, as data."""
    before = faults()
    compiled = traces()
    set_jit(plan.get("jit", ""))
    if plan.get("collect"):
        gc.collect()
    if plan.get("huge"):
        huge_code()
    # A worker begins anywhere in the applications' handlers.
    driver.position = plan.get("position", 7 * len(driver.order) // 11)
    driver.failed = 0
    replayed = driver.run(plan.get("replay", 0))
    middle = faults()
    times = driver.run(min(100, plan["requests"]))
    hundred = faults() - middle
    if plan.get("jit_after"):
        times += driver.run(900)
        set_jit(plan["jit_after"])
    times += driver.run(plan["requests"] - len(times))
    return {
        "name": plan["name"],
        "buckets": summary(times),
        "replay_ms": round(sum(replayed) / 1e6, 1),
        "faults": [middle - before, hundred, faults() - middle],
        "traces": [b - a for a, b in zip(compiled, traces())],
        "failed": driver.failed,
        "over_10ms": sum(one > 10e6 for one in times),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def huge_code():
    """Puts the machine code, some 50 MB in thousands of small pages, into huge ones; MB of it."""
    libc, moved = ctypes.CDLL(None, use_errno=True), 0
    with open("/proc/self/maps", encoding="ascii") as maps:
        fields = [line.split() for line in maps]
    for spans, rights, *rest in fields:
        start, end = (int(part, 16) for part in spans.split("-"))
        start, end = (start + HUGE - 1) // HUGE * HUGE, end // HUGE * HUGE
        if rights == "rwxp" and len(rest) == 3 and start < end:
            span = (ctypes.c_void_p(start), ctypes.c_size_t(end - start))
            libc.madvise(*span, MADV_HUGEPAGE)
            if libc.madvise(*span, MADV_COLLAPSE) == 0:
                moved += end - start
    return moved >> 20


def settle(collections, trim):
    """Before a fork. A collection frees tens of MB in small pieces; whoever asks malloc for much
    next makes it merge them, which writes to every page: trimming does it here, not in each child."""
    for _ in range(collections):
        gc.collect()
    if trim:
        ctypes.CDLL(None).malloc_trim(0)


def in_child(driver, plan):
    """Runs `child` in a fork and reads its answer; a child that dies says so."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(write, json.dumps(child(driver, plan)).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        text = pipe.read()
    status = os.waitpid(pid, 0)[1]
    if status or not text:
        return {"name": plan["name"], "died": status}
    return json.loads(text)


def main():
    plan = json.loads(sys.argv[1])
    if plan.get("rehearse", True):
        # What the standard library does in a child of a fork rebinds globals; compiled code that took
        # them for constants would be thrown away in every child. Bask does the same.
        threading._after_fork()
    driver = Driver(plan["app"])
    results = []
    for phase in plan["phases"]:
        state = warm(driver, phase)
        state["name"] = phase["name"]
        state["traces"] = traces()
        state["failed"] = driver.failed
        if phase.get("fork", True):
            settle(phase.get("collect", 2), phase.get("trim", True))
            if phase.get("huge"):
                state["huge_mb"] = huge_code()
            state["children"] = [
                in_child(driver, dict(one, position=(3 + 5 * repetition) % 17 * len(driver.order) // 17))
                for repetition in range(plan.get("repeat", 1))
                for one in plan["children"]
            ]
        results.append(state)
    print(json.dumps({
        "python": sys.version.split()[0], "pypy": getattr(sys, "pypy_version_info", None) and
        ".".join(map(str, sys.pypy_version_info[:3])), "phases": results,
        "asm_mb": round(pypyjit.get_stats_asmmemmgr()[1] / 1e6, 1) if pypyjit else 0,
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }))


if __name__ == "__main__":
    main()
