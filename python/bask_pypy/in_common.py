"""What the `uwsgi` module offers to all processes of a server in common, put into it."""
from typing import Any

from bask_pypy import alarms, areas, cache, locks, metrics, queue


def install(uwsgi: Any, host: Any, services: Any) -> None:
    """Gives the module its functions."""
    locks.install(uwsgi, host, services)
    cache.install(uwsgi, services)
    queue.install(uwsgi, services)
    areas.install(uwsgi, host, services)
    metrics.install(uwsgi, services)
    alarms.install(uwsgi, host, services)
