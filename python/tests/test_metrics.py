"""uWSGI's metrics API: what goes to the server, and what its answers become."""

from types import SimpleNamespace
from typing import Any, List, Tuple

import pytest

from bask_pypy import metrics


class Services:
    """The server's side. `error`: what changes say."""

    def __init__(self) -> None:
        self.calls: List[Tuple[Any, ...]] = []
        self.error = 0

    def metric_get(self, name: bytes) -> int:
        return len(name)

    def metric_change(self, *args: Any) -> int:
        self.calls.append(args)
        return self.error


def test_calls() -> None:
    services, uwsgi = Services(), SimpleNamespace()
    metrics.install(uwsgi, services)
    names = ("set", "inc", "dec", "mul", "div", "set_max", "set_min")
    for operation, name in enumerate(names, 1):
        function = getattr(uwsgi, "metric_" + name)
        services.error = 0
        assert function("n") is True and function(b"n", -5) is True
        services.error = -5
        assert function("n", 7) is None
        assert services.calls == [(b"n", operation, value) for value in (1, -5, 7)]
        services.calls.clear()
        for bad in (1 << 63, -(1 << 63) - 1):
            with pytest.raises(OverflowError):
                function("n", bad)
        with pytest.raises(TypeError):
            function(5)
    assert uwsgi.metric_get("abc") == 3
    with pytest.raises(TypeError):
        uwsgi.metric_get(None)
