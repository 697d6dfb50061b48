"""One process that hosts Python applications, from its start to its end.

What it does, in which order, and what an error means. How each thing is done is the hooks'
(hooks.py), which the setup file has set; border.py lets the C half call these methods.
"""
import faulthandler
import importlib
import os
import signal
import sys
from types import ModuleType
from typing import Any, List, Tuple

import pypy_embed_main
from bask_pypy import (
    aides,
    api,
    applications,
    autoreload,
    descriptors,
    entry,
    extras,
    hosted,
    idle,
    in_common,
    inherited,
    jit,
    jobs,
    message,
    mules,
    os_signals,
    present,
    readers,
    rpc,
    runtime,
    scripts,
    sendfile,
    shell,
    signals,
    spooler,
    stacks,
    strays,
    tracebacker,
    waits,
    websocket,
)
from bask_pypy.hooks import Application, Hooks, Loaded
from bask_pypy.orders import Orders, describe_exception, is_on, option

ERROR, WARN, INFO = range(3)  # enum bask_log_level
TRYING, WARMING, CALM, FORKING = range(1, 5)  # enum bask_stage


class Process:
    """The methods are called in the order in which they stand here."""

    def __init__(self, host: Any, hooks: Hooks, services: Any, own: Any) -> None:
        self.host = host
        self.hooks = hooks
        self.settings = host.settings()
        self.uwsgi: ModuleType = api.make_module(host)
        self._jobs = jobs.Jobs(services)
        present.install(self.uwsgi, host, services)
        readers.install(self.uwsgi)
        in_common.install(self.uwsgi, host, services)
        websocket.install(self.uwsgi, services)
        sendfile.install(self.uwsgi, host)
        extras.install(self.uwsgi, host)
        message.install(self.uwsgi, services)
        descriptors.install(self.uwsgi, services)
        waits.install(self.uwsgi, services, scripts.main_namespace())
        self.rpc = rpc.install(
            self.uwsgi, host, services, self._jobs, lambda *given: self.hooks.rpc(*given)
        )
        self._signals = signals.install(
            self.uwsgi, host, services, self._jobs, lambda *given: self.hooks.signal(*given)
        )
        self._life = aides.Life(
            host, own, lambda number: self._signals.handle_in_aide(number, self.log_traceback)
        )
        self._signals.serve_aide(self._life, self.log_traceback)
        self._mules = mules.install(self.uwsgi, host, own, self._life)
        self._spooler = spooler.install(self.uwsgi, host, own, self._life)
        self.problem = ""  # why this PyPy, or its setup file, cannot be used
        self.servers: List[Any] = []
        self._ends = False  # with the shell that it was started for
        self._orders = Orders(host, hooks, self.log_traceback)
        self._policy = jit.Policy(self.settings.jit, self.settings.warmup_jit)
        self._loaded_in = os.getpid()
        self._watch = inherited.Watch(host.peer_name)
        self._collector = idle.Collector(host)
        self.apps = applications.Applications(host, self._admit)
        self._reloader = autoreload.Autoreload(host)
        self._tracer = tracebacker.Tracebacker(host)

    def _admit(self, application: Application, mountpoint: str) -> Application:
        return self.hooks.application(application, mountpoint)

    def log_traceback(self, what: str) -> None:
        """A sentence for the log, with the traceback of the present exception."""
        self.host.log(ERROR, "%s:\n%s" % (what, describe_exception()))

    # The runtime

    def set_up(self) -> None:
        """Before anything of the user's is loaded: the setup file, and what the options say."""
        host = self.host
        try:
            runtime.check_wanted_version(option(host, "python-version"))
        except runtime.RuntimeProblem as error:
            self.problem = str(error)
            return
        if not hosted.is_caller():
            runtime.set_optimization(int(option(host, "optimize") or 0))
        runtime.set_up_words(option(host, "pyargv"), option(host, "py-executable"))
        scripts.main_namespace()["uwsgi"] = self.uwsgi
        # A crash while the application is loaded is told to whoever asked for the reload, too.
        crash_fd = host.server_info().crash_fd
        if not hosted.is_caller():
            faulthandler.enable(2 if crash_fd < 0 else crash_fd)
        self._run_setup_file(option(host, "pypy-setup"))
        if not self.problem:
            self.hooks.pythonpath(self.settings.python_path)
            self._orders.prepare()

    def _run_setup_file(self, path: str) -> None:
        try:
            if path:
                scripts.module_of_file(path, "pypy_setup_file")
            else:
                importlib.import_module("pypy_setup")
        except (Exception, SystemExit):
            self.problem = "the setup file %s cannot be used:\n%s" % (path, describe_exception())
            return
        missing = self.hooks.missing()
        if missing:
            self.problem = "the setup file %s does not set: %s" % (path, ", ".join(missing))

    def check(self) -> int:
        """0, or -1: this PyPy cannot be used, and the log says why."""
        if self.problem:
            self.host.log(ERROR, self.problem)
        return -1 if self.problem else 0

    # The application

    def load(self) -> int:
        """Loads the applications. How many there are; -1: one failed and the log says why."""
        self._watch.start()
        try:
            ran, good = self._run_code()
            if good:
                good = self.apps.load_all(self._load_main, self.settings.callable)
            if good:
                self._orders.loaded()
        finally:
            self._watch.stop()
        self._reloader.look()
        if hosted.has_imported(self.settings.module.partition(":")[0]):
            self.host.log(INFO, hosted.INHERITED)
        apps = self.apps
        if apps.items or apps.failed or apps.may_grow:
            self._add_server(entry.choose(apps, self.host))
        if not good:
            return -1
        # A server that was started for the sake of such code needs no application.
        needless = ran and "need-app" not in self.host.given_options()
        return len(apps.items) or int(apps.may_grow or needless)

    def _add_server(self, application: Application) -> None:
        server = self.hooks.request(self.host, application)
        hook = getattr(self.uwsgi, "after_req_hook")
        if hook is not None:
            server.handle = extras.wrap(server.handle, hook, self.log_traceback)
        if is_on(self.host, "reaper"):
            server.handle = extras.wrap(server.handle, extras.reap, self.log_traceback, "reaper")
        self.servers.append(server)

    def _run_code(self) -> Tuple[bool, bool]:
        """Was there any, and did it succeed?"""
        try:
            return self._orders.run(), True
        except BaseException:  # noqa: B902: sys.exit() is a failure, too
            self.log_traceback(self._orders.doing)
            return True, False

    def _load_main(self) -> Loaded:
        settings = self.settings
        return self._orders.load(settings.callable, settings.module, settings.file)

    def server(self) -> Any:
        """What answers requests."""
        if not self.servers:
            self._add_server(self.hooks.no_application)
        return self.servers[0]

    # Forks

    def post_fork(self) -> None:
        """A worker begins, or a server without workers."""
        faulthandler.enable(2)
        faulthandler.register(self.settings.stacks_signal, 2, all_threads=True)
        if self.settings.gc_idle:
            self._collector.start()
        self.server()
        self._reloader.start(self.host.worker_id())
        self._tracer.start(self.host.worker_id())
        self._orders.begin_worker()
        self.hooks.post_fork(self.log_traceback)
        self._ends = not shell.run(self.host, self.hooks, self.log_traceback)

    def _report_inherited(self) -> None:
        for sentence in self._watch.open_connections():
            self.host.log(
                WARN,
                sentence + ", would be shared by all workers: open it after the fork (@postfork, "
                "or at its first use)",
            )

    def stage(self, stage: int) -> int:
        """What enum bask_stage says of the stages; CALM returns how many traces were compiled."""
        if stage == FORKING:
            self._report_inherited()
            jit.settle_heap()
            return 0
        begins = stage != CALM
        in_fork = os.getpid() != self._loaded_in
        setattr(self.uwsgi, "warming", begins)
        self.server().warm(begins, quiet=begins and in_fork)
        if in_fork:
            if begins:
                jit.touch_nursery()
            return 0
        if not begins:
            return self._policy.calm()
        if self.uwsgi.masterpid() and not self.uwsgi.worker_id():
            jit.rehearse_fork()
        self._policy.begin(eager=stage == WARMING)
        return 0

    # Requests

    def run(self, thread: Any) -> int:
        """An application thread: 0 when the server said stop, 1 to be called again.

        A signal handler of the application may raise anywhere, here too: that is why C calls again.
        """
        stacks.enter(self.host.thread_index(thread))
        strays.enter()
        os_signals.guard(lambda text: self.host.log(WARN, text))
        if self._ends:
            self._ends = False
            os.kill(os.getpid(), signal.SIGINT)
        try:
            self.server().serve(thread, self._collector.step, self._jobs.step)
            strays.end_of_one(None)
        except BaseException as error:  # noqa: B902: a thread of the server does not end by it
            self.server().resume(thread, error)
            return 1
        return 0

    def run_aide(self) -> int:
        """A mule or a spooler, from its fork to its end; its exit status."""
        faulthandler.enable(2)
        faulthandler.register(self.settings.stacks_signal, 2, all_threads=True)
        strays.enter()
        try:
            self._life.begin()
            self.hooks.post_fork(self.log_traceback)
            if self.uwsgi.mule_id():
                self._mules.run(self.hooks, self.log_traceback)
            else:
                self._spooler.run(self.hooks, self.log_traceback)
        except SystemExit as error:
            strays.end_of_one(error)
            return aides.status_of(error)
        except BaseException:  # noqa: B902: the program of a mule has failed
            self.log_traceback("the program of mule %d raised" % self.uwsgi.mule_id())
            return 1
        return 0

    def log_threads(self) -> None:
        """A request takes too long: what every thread is doing."""
        self.host.log(WARN, "what the threads are doing:\n" + self.hooks.log_threads())

    def fini(self) -> None:
        """A worker ends; the embedding library ends the interpreter after it."""
        self._tracer.stop()
        if self.uwsgi.atexit is not None and not is_on(self.host, "skip-atexit"):
            try:
                self.uwsgi.atexit()
            except BaseException:  # noqa: B902: sys.exit() is no reason to skip the rest
                self.log_traceback("uwsgi.atexit raised")
        at_once = is_on(self.host, "skip-atexit") or is_on(self.host, "skip-atexit-teardown")
        if at_once:
            pypy_embed_main.flush()
        os_signals.unguard()
        strays.leave()
        hosted.end(self.settings.stacks_signal, at_once)
