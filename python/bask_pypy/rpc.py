"""uwsgi.rpc and its like: functions by name, of this process and of other servers.

Names are in the server's table, which Python shares with other languages; what is registered while
the application is loaded all workers inherit. Other servers reach Python's functions through jobs, so
these run in an application thread; other languages in this process call in whatever thread they are.
"""
import itertools
from typing import Any, Callable, Dict, List, Optional, Tuple

from bask_pypy import jobs, strays
from bask_pypy.arguments import BytesLike, to_bytes

WARN = 1
NAME_MAX = 254
ARGUMENTS_MAX = 254
ITEM_MAX = 65535
NOBODY, ELSEWHERE = -1, -2  # what rpc_find gives where it gives no number

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
        self._functions: Dict[int, Function] = {}  # by number, which the server's table has
        self._numbers = itertools.count()
        self._max = services.rpc_max()

    def register_rpc(self, name: Any, function: Function, argc: int = 0) -> bool:
        """Makes a function known by a name. `argc` is not looked at."""
        key = _to_bytes(name, "the name of a function")
        if not 0 < len(key) <= NAME_MAX:
            raise ValueError("the name of a function has 1 to %d bytes" % NAME_MAX)
        if not callable(function):
            raise ValueError("register_rpc needs a callable")
        number = self._services.rpc_find(key)
        if number >= 0:
            self._functions[number] = function
            return True
        number = next(self._numbers)
        self._functions[number] = function
        if not self._services.rpc_define(key, number):
            del self._functions[number]
            raise ValueError("there are %d functions already (--rpc-max)" % self._max)
        return True

    def rpc_list(self) -> Tuple[bytes, ...]:
        """The names of the functions of this process."""
        return tuple(self._services.rpc_names())

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
        number = self._services.rpc_find(name)
        if number == ELSEWHERE:
            return self._services.rpc_call_here(name, args) or None
        try:
            return self._run(number, name, args) or None
        except jobs.Failed:
            return None

    def answer(self, job: Any) -> bytes:
        """A call from elsewhere."""
        name = self._services.copy(job.name)
        return self._run(self._services.rpc_find(name), name,
                         unpack(self._services.copy(job.items)))

    def called(self, number: int, name: Any, arguments: Any, count: int, result: Any) -> int:
        """A call from another language of this process. 0; -1: it failed."""
        services = self._services
        try:
            given = self._run(number, services.copy(name), services.rpc_take(arguments, count))
            strays.end_of_one(None)
        except jobs.Failed:
            return -1
        except RecursionError:
            name = _printable(services.copy(name))
            self._log("the RPC function %s: calls lead too deep" % name)
            return -1
        except BaseException as error:  # noqa: B902: sys.exit() of a child ends it, too
            strays.end_of_one(error)
            raise
        return 0 if services.rpc_give(result, given) else -1

    def _run(self, number: int, name: bytes, args: List[bytes]) -> bytes:
        what = "the RPC function %s" % _printable(name)
        if number < 0:
            self._log("%s is not registered" % what)
            return b""
        function = self._functions[number]
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


def install(uwsgi: Any, host: Any, services: Any, to_do: jobs.Jobs, run: Run) -> Rpc:
    """Gives the module its functions, and calls from elsewhere somebody who answers."""
    rpc = Rpc(host, services, run)
    for function in (rpc.register_rpc, rpc.rpc_list, rpc.rpc, rpc.call):
        setattr(uwsgi, function.__name__, function)
    to_do.work[jobs.CALL] = rpc.answer
    return rpc
