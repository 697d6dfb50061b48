"""uwsgi.rpc and its like: functions by name, of this process and of other servers.

The table is this process's own: what is registered while the application is loaded all workers
inherit. Other servers reach it through jobs, so a function runs in an application thread.
"""
from typing import Any, Callable, Dict, List, Optional, Tuple

from bask_pypy import jobs
from bask_pypy.arguments import BytesLike, to_bytes

WARN = 1
NAME_MAX = 254
ARGUMENTS_MAX = 254
ITEM_MAX = 65535

Function = Callable[..., Any]
Run = Callable[[Function, bytes, List[bytes]], Any]  # how a function is called: a hook


def pack(items: List[bytes]) -> bytes:
    """Items as an array of the uwsgi protocol."""
    return b"".join(len(item).to_bytes(2, "little") + item for item in items)


def unpack(data: bytes) -> List[bytes]:
    """The items of an array that the server has checked."""
    items = []
    at = 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "little")
        items.append(data[at + 2 : end])
        at = end
    return items


def _to_bytes(value: Any, what: str) -> bytes:
    try:
        return to_bytes(value, what)
    except TypeError as error:
        raise ValueError(str(error)) from None  # as uWSGI has it


def _arguments(args: Tuple[Any, ...]) -> List[bytes]:
    if len(args) > ARGUMENTS_MAX:
        raise ValueError("a function has at most %d arguments" % ARGUMENTS_MAX)
    return [_to_bytes(arg, "an argument") for arg in args]


class Rpc:
    """The functions of this process and the way to those of others."""

    def __init__(self, host: Any, services: Any, run: Run) -> None:
        self._host = host
        self._run_function = run
        self._services = services
        self._functions: Dict[bytes, Function] = {}
        self._max = services.rpc_max()

    def register_rpc(self, name: Any, function: Function, argc: int = 0) -> bool:
        """Makes a function known by a name. `argc` is not looked at."""
        key = _to_bytes(name, "the name of a function")
        if not 0 < len(key) <= NAME_MAX:
            raise ValueError("the name of a function has 1 to %d bytes" % NAME_MAX)
        if not callable(function):
            raise ValueError("register_rpc needs a callable")
        if key not in self._functions and len(self._functions) >= self._max:
            raise ValueError("there are %d functions already (--rpc-max)" % self._max)
        self._functions[key] = function
        return True

    def rpc_list(self) -> Tuple[bytes, ...]:
        """The names of the functions of this process."""
        return tuple(self._functions)

    def call(self, function: Any, *args: Any) -> Optional[bytes]:
        """Calls b"name", or b"name@host:port" of another server. None if there is no result."""
        name, _, node = _to_bytes(function, "the name of a function").partition(b"@")
        return self._call(node, name, _arguments(args))

    def rpc(self, node: Any, function: Any, *args: Any) -> Optional[bytes]:
        """The same with the server apart; None or "" is this process."""
        where = b"" if node is None else _to_bytes(node, "the node")
        return self._call(where, _to_bytes(function, "the name of a function"), _arguments(args))

    def _call(self, node: bytes, name: bytes, args: List[bytes]) -> Optional[bytes]:
        if not node:
            return self._call_here(name, args)
        items = [name] + args
        if max(map(len, items)) > ITEM_MAX or sum(map(len, items)) + 2 * len(items) > ITEM_MAX:
            raise ValueError("name and arguments are larger than a packet (64 KiB)")
        result, problem = self._services.rpc_call(node, pack(items))
        if problem:
            self._log("rpc %s@%s: %s" % (_printable(name), _printable(node), problem))
        return result or None

    def _call_here(self, name: bytes, args: List[bytes]) -> Optional[bytes]:
        try:
            return self._run(name, args) or None
        except jobs.Failed:
            return None

    def answer(self, job: Any) -> bytes:
        """A call from elsewhere."""
        return self._run(self._services.copy(job.name), unpack(self._services.copy(job.items)))

    def _run(self, name: bytes, args: List[bytes]) -> bytes:
        function = self._functions.get(name)
        what = "the RPC function %s" % _printable(name)
        if function is None:
            self._log("%s is not registered" % what)
            return b""
        result = jobs.run(self._host, what, self._run_function, function, name, args)
        if result is not None and not isinstance(result, (str, *BytesLike)):
            self._log("%s returned %s, not bytes" % (what, type(result).__name__))
            return b""
        try:
            return result.encode() if isinstance(result, str) else bytes(result or b"")
        except ValueError as error:  # half a pair of surrogates, a view that was released
            self._log("%s returned what cannot be sent: %s" % (what, error))
            return b""

    def _log(self, line: str) -> None:
        self._host.log(WARN, line)


def _printable(name: bytes) -> str:
    return ascii(name.decode("utf-8", "replace"))[1:-1]


def install(uwsgi: Any, host: Any, services: Any, to_do: jobs.Jobs, run: Run) -> None:
    """Gives the module its functions, and calls from elsewhere somebody who answers."""
    rpc = Rpc(host, services, run)
    for function in (rpc.register_rpc, rpc.rpc_list, rpc.rpc, rpc.call):
        setattr(uwsgi, function.__name__, function)
    to_do.work[jobs.CALL] = rpc.answer
