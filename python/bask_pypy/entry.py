"""What a request calls: the application itself wherever no request can be for another one."""
from typing import Any

from bask_pypy.applications import Applications, Callback, is_set, no_application
from bask_pypy.dispatch import Dispatcher
from bask_pypy.dynamic import Dynamic


def choose(applications: Applications, host: Any) -> Callback:
    """The one callable for all requests of this process."""
    if is_set(host, "dynamic-apps"):
        return Dynamic(applications, host)
    items, failed = applications.items, applications.failed
    if not items and not any(app.mountpoint for app in failed):
        return no_application
    if len(items) == 1 and not failed and not is_set(host, "no-default-app"):
        divides = is_set(host, "manage-script-name") and items[0].mountpoint not in ("", "/")
        if not divides:
            return items[0].call
    return Dispatcher(applications, host)
