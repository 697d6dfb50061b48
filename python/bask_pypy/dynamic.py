"""--dynamic-apps: applications that a gateway's requests name, loaded when the first one comes.

Whoever may send such variables runs code here, so all this exists only where the operator wants it.
Clients cannot send them: their header fields have names that begin with HTTP_.
"""
import os
import signal
import sys
import threading
import time
import traceback
from typing import Any, Dict, Optional

from bask_pypy import loaders
from bask_pypy.applications import (
    ERROR,
    INFO,
    App,
    Applications,
    load_target,
    no_application,
    os_text,
)
from bask_pypy.dispatch import Dispatcher

VARIABLES = (
    "UWSGI_SCRIPT", "UWSGI_MODULE", "UWSGI_CALLABLE", "UWSGI_FILE", "UWSGI_CHDIR", "UWSGI_PYHOME",
    "UWSGI_HOME", "UWSGI_SETENV", "UWSGI_TOUCH_RELOAD",
)  # fmt: skip


class Dynamic(Dispatcher):
    """A dispatcher that loads what it does not find."""

    def __init__(self, applications: Applications, host: Any) -> None:
        super().__init__(applications, host)
        self.lock = threading.Lock()
        self.own_folder = self.folder = os.getcwd()
        self.changes_folder = host.server_info().threads == 1  # the folder is the process's
        self.touched: Dict[str, int] = {}

    def __call__(self, environ: Dict[str, Any], start_response: Any) -> Any:
        if "UWSGI_TOUCH_RELOAD" in environ:
            self.look(os_text(environ["UWSGI_TOUCH_RELOAD"]))
        app = self.find(environ) or self.other(environ)
        if app.id:
            self.host.serve_app(app.id)
        if self.changes_folder:
            self.enter(app.folder or self.own_folder)
        return app.call(environ, start_response)

    def find(self, environ: Dict[str, Any]) -> Optional[App]:
        """What one host's request had loaded never serves another host."""
        if not self.vhost or "UWSGI_APPID" in environ or not wanted(environ):
            return super().find(environ)
        table = self.table(environ)
        return None if table is None else self.find_in(table, environ)

    def other(self, environ: Dict[str, Any]) -> App:
        target = wanted(environ)
        if not target:
            return super().other(environ)
        with self.lock:
            return self.find(environ) or self.load(target, environ)

    def load(self, target: str, environ: Dict[str, Any]) -> App:
        """What it names, as a new row of the list. If that fails, the next request tries again."""
        mountpoint = self.key(environ)
        try:
            for home in ("UWSGI_PYHOME", "UWSGI_HOME"):
                if environ.get(home):
                    raise loaders.LoadError(
                        "%s is refused: all applications share one interpreter" % home
                    )
            began = time.monotonic()
            folder = prepare(environ, self.enter)
            call = load_target(target, os_text(environ.get("UWSGI_CALLABLE") or "application"))
            if isinstance(call, dict):
                call = call.get("")
            if call is None:
                raise loaders.LoadError("it has several applications, none of them at ''")
            app = self.applications.add(mountpoint, call, began, folder)
        except loaders.LoadError as error:
            self.host.log(ERROR, "application %s: %s" % (ascii(target), error))
            return App(-1, mountpoint, no_application)
        except BaseException:  # noqa: B902: it may call sys.exit(), which ends a request, not us
            text = traceback.format_exc().rstrip("\n")
            self.host.log(ERROR, "application %s cannot be loaded:\n%s" % (ascii(target), text))
            return App(-1, mountpoint, no_application)
        finally:
            if not self.changes_folder:
                self.enter(self.own_folder)
        self.mount(app)
        return app

    def key(self, environ: Dict[str, Any]) -> str:
        """Where the application is mounted: what a second such request will look for."""
        if environ.get("UWSGI_APPID"):
            return os_text(environ["UWSGI_APPID"])
        path = environ["SCRIPT_NAME"] if self.by_name else ""
        host = environ.get(self.host_key, "").lower() + "|" if self.vhost else ""
        return os_text(host + path)

    def enter(self, folder: str) -> None:
        """Makes it the working folder, which it may be already."""
        if folder != self.folder:
            os.chdir(folder)
            self.folder = folder

    def look(self, path: str) -> None:
        """Reloads the server when the file is another one than at the first request."""
        try:
            modified = os.stat(path).st_mtime_ns
        except OSError:
            return
        if self.touched.setdefault(path, modified) == modified:
            return
        self.touched[path] = modified
        self.host.log(INFO, "%s was touched: reloading" % ascii(path))
        os.kill(self.host.server_info().master_pid or os.getpid(), signal.SIGHUP)


def wanted(environ: Dict[str, Any]) -> Optional[str]:
    """The target that the variables name."""
    for key in ("UWSGI_MODULE", "UWSGI_SCRIPT", "UWSGI_FILE"):
        if environ.get(key):
            return os_text(environ[key])
    return None


def prepare(environ: Dict[str, Any], enter: Any) -> str:
    """The folder and the environment that the application is loaded in; the folder, "" for ours."""
    name, equals, value = os_text(environ.get("UWSGI_SETENV", "")).partition("=")
    if equals:
        os.environ[name] = value
    folder = os_text(environ.get("UWSGI_CHDIR", ""))
    if folder:
        enter(folder)
        if folder not in sys.path:
            sys.path.insert(0, folder)
    return folder
