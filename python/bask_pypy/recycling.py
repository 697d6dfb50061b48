"""Which exceptions of an application end its worker: --reload-on-exception-type, -value, -repr."""
import os
from typing import Any, List, Optional


class Rules:
    """The rules that the options name."""

    def __init__(self, host: Any) -> None:
        self._types = _values(host, "type")
        self._values = _values(host, "value")
        self._reprs = _values(host, "repr")
        # PyPy raises MemoryError at the limit of its heap, and ends the process the next time.
        self._heap_is_limited = "PYPY_GC_MAX" in os.environ and host.server_info().master_pid > 0

    def match(self, error: BaseException) -> Optional[str]:
        """The rule that an exception meets; None if there is none."""
        try:
            return self._match(error)
        except BaseException:  # noqa: B902: a class that cannot even be named meets none
            return None

    def _match(self, error: BaseException) -> Optional[str]:
        kind = type(error)
        if self._heap_is_limited and issubclass(kind, MemoryError):
            return "MemoryError: PyPy would end it the next time"
        for name in (kind.__name__, "%s.%s" % (kind.__module__, kind.__qualname__)):
            if name in self._types:
                return "reload-on-exception-type %s" % name
        for values, say, rule in (
            (self._values, str, "value"),
            (self._reprs, repr, "repr"),
        ):
            if values:
                text = _text(say, error)
                if text in values:
                    return "reload-on-exception-%s %s" % (rule, text)
        return None


def _values(host: Any, rule: str) -> List[str]:
    return list(host.option("reload-on-exception-" + rule))


def _text(say: Any, error: BaseException) -> Optional[str]:
    try:
        text: str = say(error)
        return text
    except BaseException:  # noqa: B902: an exception whose own text fails meets no rule
        return None
