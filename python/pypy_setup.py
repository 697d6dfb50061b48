"""The setup file: wires the Python half of the PyPy plugin to the server.

Runs once, in the process that loads the application, before it does. The functions below are the
plugin's hooks: the server calls them by these names.
"""
import faulthandler
import os
import sys
import traceback
from typing import Any, List

from _bask import ffi  # type: ignore[import-not-found]

from bask_pypy import (
    api,
    applications,
    autoreload,
    entry,
    idle,
    inherited,
    jit,
    jobs,
    loaders,
    present,
    rpc,
    runtime,
    signals,
    stacks,
    tracebacker,
    wsgi,
)
from bask_pypy.host import ERROR, INFO, WARN, Host
from bask_pypy.host_services import Services

host = Host()
settings = host.settings()
uwsgi = api.make_module(host)
services = Services()
to_do = jobs.Jobs(services)
present.install(uwsgi, host, services)
rpc.install(uwsgi, host, services, to_do)
signals.install(uwsgi, host, services, to_do)
servers: List[wsgi.Server] = []
policy = jit.Policy(settings.jit, settings.warmup_jit)
loaded_in = os.getpid()
watch = inherited.Watch(host.peer_name)
collector = idle.Collector(host)
apps = applications.Applications(host)
reloader = autoreload.Autoreload(host)
tracer = tracebacker.Tracebacker(host)

runtime.add_paths(settings.python_path)
# A crash while the application is loaded is told to whoever asked for the reload, too.
faulthandler.enable(2 if host.server_info().crash_fd < 0 else host.server_info().crash_fd)


def log_traceback(what: str) -> None:
    host.log(ERROR, "%s:\n%s" % (what, traceback.format_exc().rstrip("\n")))


def load_application() -> applications.Loaded:
    """The application that the options name, or several of them; None if they name none."""
    if settings.file:
        return loaders.load_any_file(settings.file, settings.callable)
    if settings.module:
        return loaders.load_any(settings.module, settings.callable)
    return None


@ffi.def_extern(error=-1)
def bask_py_load() -> int:
    """Loads the applications. How many there are; -1: one failed and the log says why."""
    watch.start()
    try:
        good = apps.load_all(load_application, settings.callable)
    finally:
        watch.stop()
    reloader.look()
    if apps.items or apps.failed or apps.may_grow:
        servers.append(wsgi.Server(host, entry.choose(apps, host)))
    return len(apps.items) or int(apps.may_grow) if good else -1


def server() -> wsgi.Server:
    if not servers:
        servers.append(wsgi.Server(host, applications.no_application))
    return servers[0]


@ffi.def_extern()
def bask_py_post_fork() -> None:
    """A worker begins, or a server without workers."""
    faulthandler.enable(2)
    faulthandler.register(settings.stacks_signal, 2, all_threads=True)
    if settings.gc_idle:
        collector.start()
    server()
    reloader.start(host.worker_id())
    tracer.start(host.worker_id())
    hooks = uwsgi.post_fork_hook or ()
    for hook in hooks if isinstance(hooks, (list, tuple)) else (hooks,):
        try:
            hook()
        except Exception:
            log_traceback("uwsgi.post_fork_hook raised")


def report_inherited() -> None:
    for sentence in watch.open_connections():
        host.log(
            WARN,
            sentence + ", would be shared by all workers: open it after the fork (@postfork, "
            "or at its first use)",
        )


TRYING, WARMING, CALM, FORKING = range(1, 5)  # enum bask_stage


@ffi.def_extern(error=-1)
def bask_py_stage(stage: int) -> int:
    """What enum bask_stage says of the stages; CALM returns how many traces were compiled."""
    if stage == FORKING:
        report_inherited()
        jit.settle_heap()
        return 0
    begins = stage != CALM
    in_fork = os.getpid() != loaded_in
    setattr(uwsgi, "warming", begins)
    server().warm(begins, quiet=begins and in_fork)
    if in_fork:
        if begins:
            jit.touch_nursery()
        return 0
    if not begins:
        return policy.calm()
    if uwsgi.masterpid() and not uwsgi.worker_id():
        jit.rehearse_fork()
    policy.begin(eager=stage == WARMING)
    return 0


@ffi.def_extern()
def bask_py_run(thread: Any) -> None:
    """An application thread; returns when the server says stop."""
    stacks.enter(host.thread_index(thread))
    server().serve(thread, collector.step, to_do.step)


@ffi.def_extern()
def bask_py_log_threads() -> None:
    """A request takes too long: what every thread is doing."""
    host.log(WARN, "what the threads are doing:\n" + stacks.describe())


@ffi.def_extern()
def bask_py_fini() -> None:
    """A worker ends."""
    tracer.stop()
    if uwsgi.atexit is not None:
        try:
            uwsgi.atexit()
        except BaseException:  # noqa: B902: sys.exit() is no reason to skip the rest
            log_traceback("uwsgi.atexit raised")
