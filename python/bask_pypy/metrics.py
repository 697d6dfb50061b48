"""uWSGI's metrics: numbers by name, which all processes of the server have in common."""
from typing import Any, Optional

from bask_pypy.arguments import to_bytes

SET, ADD, SUBTRACT, MULTIPLY, DIVIDE, MAX, MIN = range(1, 8)  # enum bask_metric_operation
INT64 = 1 << 63


class Metrics:
    """True says that it went well; None that there is no such metric, or it is the server's."""

    def __init__(self, services: Any) -> None:
        self._services = services

    def metric_get(self, name: Any) -> int:
        """The number; 0: there is no such metric."""
        return int(self._services.metric_get(to_bytes(name, "the name of a metric")))

    def _change(self, name: Any, operation: int, value: int) -> Optional[bool]:
        key = to_bytes(name, "the name of a metric")
        number = int(value)
        if not -INT64 <= number < INT64:
            raise OverflowError("metrics have 64 bits")
        return None if self._services.metric_change(key, operation, number) else True

    def metric_set(self, name: Any, value: int = 1) -> Optional[bool]:
        """Sets a number."""
        return self._change(name, SET, value)

    def metric_inc(self, name: Any, value: int = 1) -> Optional[bool]:
        """Adds."""
        return self._change(name, ADD, value)

    def metric_dec(self, name: Any, value: int = 1) -> Optional[bool]:
        """Subtracts."""
        return self._change(name, SUBTRACT, value)

    def metric_mul(self, name: Any, value: int = 1) -> Optional[bool]:
        """Multiplies."""
        return self._change(name, MULTIPLY, value)

    def metric_div(self, name: Any, value: int = 1) -> Optional[bool]:
        """Divides; None, if by 0."""
        return self._change(name, DIVIDE, value)

    def metric_set_max(self, name: Any, value: int = 1) -> Optional[bool]:
        """Sets a number if that is larger than the present one."""
        return self._change(name, MAX, value)

    def metric_set_min(self, name: Any, value: int = 1) -> Optional[bool]:
        """Sets a number if that is smaller than the present one."""
        return self._change(name, MIN, value)


def install(uwsgi: Any, services: Any) -> None:
    """Gives the module its functions."""
    metrics = Metrics(services)
    for function in (
        metrics.metric_get, metrics.metric_set, metrics.metric_inc, metrics.metric_dec,
        metrics.metric_mul, metrics.metric_div, metrics.metric_set_max, metrics.metric_set_min,
    ):  # fmt: skip
        setattr(uwsgi, function.__name__, function)
