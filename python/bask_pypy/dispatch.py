"""Which application a request is for.

By UWSGI_APPID, if a gateway sends it; by the path, with --manage-script-name; by SCRIPT_NAME. With
--vhost each host has mountpoints of its own. What matches nothing is the default application's:
the one at the root, else the first. A dispatcher is a WSGI application itself.
"""
from typing import Any, Dict, List, Optional, Tuple

from bask_pypy.applications import App, Applications, is_set, request_text

Table = Dict[str, App]  # by path, "" for the root


def not_found(environ: Any, start_response: Any) -> List[bytes]:
    """No mountpoint matches, and there is no default application."""
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"no application is mounted here\n"]


NOBODY = App(-1, "", not_found)


def split_host(mountpoint: str) -> Tuple[str, str]:
    """"host/path", uWSGI's "host|/path", "host" or "/path" as (host, path)."""
    host, bar, path = mountpoint.partition("|")
    if not bar:
        at = mountpoint.find("/")
        host, path = (mountpoint, "") if at < 0 else (mountpoint[:at], mountpoint[at:])
    return host.lower(), path


class Dispatcher:
    """Finds the application and calls it."""

    def __init__(self, applications: Applications, host: Any) -> None:
        self.host = host
        self.applications = applications
        self.by_path = is_set(host, "manage-script-name")
        self.by_name = not is_set(host, "ignore-script-name")
        self.vhost = is_set(host, "vhost")
        self.host_key = "HTTP_HOST" if is_set(host, "vhost-host") else "SERVER_NAME"
        self.has_default = not is_set(host, "no-default-app")
        self.named: Table = {}  # by the whole mountpoint, for UWSGI_APPID
        self.tables: Dict[str, Table] = {"": {}}  # by host; "": any
        self.depth = 0  # of the mountpoint with most parts
        for app in applications.failed + applications.items:
            self.mount(app)

    def mount(self, app: App) -> None:
        """Takes an application in."""
        mountpoint = request_text(app.mountpoint)
        self.named[mountpoint] = app
        name, path = split_host(mountpoint) if self.vhost else ("", mountpoint)
        path = path.rstrip("/")
        self.tables.setdefault(name, {})[path] = app
        self.depth = max(self.depth, path.count("/"))

    def __call__(self, environ: Dict[str, Any], start_response: Any) -> Any:
        app = self.find(environ) or self.other(environ)
        if app.id:
            self.host.serve_app(app.id)
        return app.call(environ, start_response)

    def find(self, environ: Dict[str, Any]) -> Optional[App]:
        """The application whose mountpoint matches."""
        if "UWSGI_APPID" in environ:
            return self.named.get(environ["UWSGI_APPID"])
        if self.vhost:
            table = self.table(environ)
            app = None if table is None else self.find_in(table, environ)
            if app is not None:
                return app
        return self.find_in(self.tables[""], environ)

    def table(self, environ: Dict[str, Any]) -> Optional[Table]:
        """The mountpoints of the request's host, which may have a port."""
        name = environ.get(self.host_key, "").lower()
        table = self.tables.get(name)
        if table is None and ":" in name:
            table = self.tables.get(name.rpartition(":")[0])
        return table

    def find_in(self, table: Table, environ: Dict[str, Any]) -> Optional[App]:
        if self.by_path:
            path = environ["PATH_INFO"]
            end = self.longest(table, path)
            if end:
                environ["SCRIPT_NAME"] = path[:end]
                environ["PATH_INFO"] = path[end:]
                return table[path[:end]]
        return table.get(environ["SCRIPT_NAME"].rstrip("/") if self.by_name else "")

    def longest(self, table: Table, path: str) -> int:
        """How much of a path is a mountpoint: whole parts, as many as can be; 0: none."""
        best = end = 0
        for _ in range(self.depth):
            end = path.find("/", end + 1)
            if end < 0:
                end = len(path)
            if path[:end] in table:
                best = end
            if end == len(path):
                break
        return best

    def other(self, environ: Dict[str, Any]) -> App:
        """What serves where no mountpoint matches."""
        if not self.has_default:
            return NOBODY
        root = self.table(environ) if self.vhost else None
        if root is None or "" not in root:
            root = self.tables[""]
        return root.get("") or (self.applications.items or self.applications.failed or [NOBODY])[0]
