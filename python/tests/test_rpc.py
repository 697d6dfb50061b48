"""uwsgi.rpc and its like."""

from types import SimpleNamespace
from typing import Any, Dict, List, Tuple

import pytest

from bask_pypy import jobs, rpc, stock
from fake import Host


class Services:
    """The server's side: remote functions answer with what `remote` says."""

    def __init__(self) -> None:
        self.asked: List[Tuple[bytes, bytes]] = []
        self.remote: Tuple[bytes, str] = (b"far", "")
        self.queue: List[Any] = []
        self.ended: List[Tuple[bool, bytes]] = []
        self.maximum = 4
        self.table: Dict[bytes, int] = {}

    def rpc_define(self, name: bytes, number: int) -> bool:
        if name not in self.table and len(self.table) >= self.maximum:
            return False
        self.table[name] = number
        return True

    def rpc_find(self, name: bytes) -> int:
        return self.table.get(name, rpc.NOBODY)

    def rpc_names(self) -> List[bytes]:
        return sorted(self.table)

    def rpc_call_here(self, name: bytes, args: List[bytes]) -> bytes:
        assert self.table[name] == rpc.ELSEWHERE
        return b"elsewhere: " + b"|".join(args) if args else b""

    def rpc_take(self, arguments: List[bytes], count: int) -> List[bytes]:
        assert count == len(arguments)
        return arguments

    def rpc_give(self, place: List[bytes], result: bytes) -> bool:
        place.append(result)
        return True

    def rpc_max(self) -> int:
        return self.maximum

    def rpc_call(self, node: bytes, items: bytes) -> Tuple[bytes, str]:
        assert type(node) is bytes and type(items) is bytes
        self.asked.append((node, items))
        return self.remote

    def copy(self, view: bytes) -> bytes:
        return view

    def job(self, thread: Any) -> Any:
        return self.queue.pop(0) if self.queue else None

    def end_job(self, job: Any, failed: bool, answer: bytes) -> None:
        assert type(answer) is bytes
        self.ended.append((failed, answer))


def echo(*args: bytes) -> bytes:
    assert all(type(arg) is bytes for arg in args)
    return b"|".join(args)


@pytest.fixture
def world() -> Any:
    host, services = Host(), Services()
    to_do = jobs.Jobs(services)
    uwsgi = SimpleNamespace()
    installed = rpc.install(uwsgi, host, services, to_do, stock.run_function)
    return SimpleNamespace(rpc=installed, host=host, services=services, jobs=to_do, uwsgi=uwsgi)


@pytest.mark.parametrize("name", ["f", b"f", bytearray(b"f")])
def test_names_may_be_text_or_bytes(world: Any, name: Any) -> None:
    assert world.uwsgi.register_rpc(name, echo) is True
    assert world.uwsgi.rpc_list() == (b"f",)
    assert world.uwsgi.call(name, "a", b"b") == b"a|b"
    for here in (None, "", b""):
        assert world.uwsgi.rpc(here, name, "é") == "é".encode()


def test_what_cannot_be_registered(world: Any) -> None:
    register = world.uwsgi.register_rpc
    for name in ("", "n" * 255, None, 5):
        with pytest.raises(ValueError):
            register(name, echo)
    with pytest.raises(ValueError):
        register("f", "no callable")
    for number in range(4):
        register("f%d" % number, echo, 2)
    with pytest.raises(ValueError, match="rpc-max"):
        register("another", echo)
    register("f0", echo)  # a new meaning for an old name needs no room


RESULTS: Dict[str, Tuple[Any, Any]] = {
    "bytes": (b"x", b"x"), "text": ("é", "é".encode()), "bytearray": (bytearray(b"x"), b"x"),
    "None": (None, None), "nothing": (b"", None), "number": (5, None), "list": ([b"x"], None),
}  # fmt: skip


@pytest.mark.parametrize("given, result", RESULTS.values(), ids=RESULTS)
def test_results(world: Any, given: Any, result: Any) -> None:
    world.uwsgi.register_rpc("f", lambda: given)
    assert world.uwsgi.call("f") == result
    wrong = isinstance(given, (int, list))
    assert ("not bytes" in world.host.log_text) == wrong


@pytest.mark.parametrize("given", ["\ud800", memoryview(b"abcd")])
def test_result_that_cannot_be_sent(world: Any, given: Any) -> None:
    if isinstance(given, memoryview):
        given.release()
    world.uwsgi.register_rpc("f", lambda: given)
    assert world.uwsgi.call("f") is None
    assert "the RPC function f returned what cannot be sent: " in world.host.log_text
    world.services.queue.append(SimpleNamespace(kind=jobs.CALL, name=b"f", items=b""))
    assert world.jobs.step("thread")
    assert world.services.ended == [(False, b"")]


@pytest.mark.parametrize("error", [ZeroDivisionError, SystemExit, KeyboardInterrupt])
def test_exceptions_are_logged_and_give_nothing(world: Any, error: Any) -> None:
    def fails() -> None:
        raise error("in a function")

    world.uwsgi.register_rpc("f", fails)
    assert world.uwsgi.call(b"f") is None
    assert "the RPC function f raised:" in world.host.log_text
    assert "in a function" in world.host.log_text and "jobs.py" not in world.host.log_text


def test_unknown_function(world: Any) -> None:
    assert world.uwsgi.call("f") is None
    assert "f is not registered" in world.host.log_text


def test_other_servers(world: Any) -> None:
    assert world.uwsgi.rpc("h:1", "f", "a", b"") == b"far"
    assert world.uwsgi.call(b"f@h:2") == b"far"
    assert world.services.asked == [(b"h:1", b"\1\0f\1\0a\0\0"), (b"h:2", b"\1\0f")]
    world.services.remote = (b"", "nobody is there")
    assert world.uwsgi.rpc(b"h:1", b"f") is None
    assert "rpc f@h:1: nobody is there" in world.host.log_text


def test_too_much(world: Any) -> None:
    world.uwsgi.register_rpc("f", lambda *args: str(len(args)))
    assert world.uwsgi.call("f", *["a"] * 254) == b"254"
    with pytest.raises(ValueError):
        world.uwsgi.call("f", *["a"] * 255)
    for args in ([b"x" * 65536], [b"x" * 40000, b"x" * 40000], [b"x" * 65534]):
        with pytest.raises(ValueError, match="64 KiB"):
            world.uwsgi.rpc("h:1", "f", *args)
    for wrong in (None, 5, ["a"]):
        with pytest.raises(ValueError):
            world.uwsgi.call("f", wrong)


def test_pack_and_unpack() -> None:
    for items in ([], [b""], [b"a", b"", b"x" * 65535]):
        assert rpc.unpack(rpc.pack(items)) == items


def make_job(name: bytes, *args: bytes) -> Any:
    return SimpleNamespace(kind=jobs.CALL, number=0, name=name, items=rpc.pack(list(args)))


def test_calls_from_elsewhere(world: Any) -> None:
    world.uwsgi.register_rpc("f", echo)
    world.uwsgi.register_rpc("fails", lambda: 1 / 0)
    names = [(b"f", b"a", b"", b"b"), (b"fails",), (b"missing",)]
    world.services.queue = [make_job(*parts) for parts in names]
    assert [world.jobs.step(None) for _ in range(4)] == [True, True, True, False]
    assert world.services.ended == [(False, b"a||b"), (True, b""), (False, b"")]


def test_functions_of_other_languages(world: Any) -> None:
    """The last to register a name has it, whatever language that is."""
    call, table = world.uwsgi.call, world.services.table
    table[b"f"] = rpc.ELSEWHERE
    assert call("f", "a", b"b") == b"elsewhere: a|b"
    assert call("f") is None
    world.uwsgi.register_rpc("f", echo)
    assert call("f", "a", b"b") == b"a|b"
    table[b"f"] = rpc.ELSEWHERE
    assert call("f", "a") == b"elsewhere: a"
    world.uwsgi.register_rpc("g", echo)
    world.uwsgi.register_rpc("f", lambda: b"again")
    assert (call("f"), call("g", "x")) == (b"again", b"x")
    assert world.uwsgi.rpc_list() == (b"f", b"g")


def test_calls_from_other_languages(world: Any) -> None:
    world.uwsgi.register_rpc("f", echo)
    world.uwsgi.register_rpc("fails", lambda: 1 / 0)
    given: List[bytes] = []
    called = world.rpc.called
    assert called(0, b"f", [b"a", b"\0", b""], 3, given) == 0
    assert called(1, b"fails", [], 0, given) == -1
    assert given == [b"a|\0|"]
    assert "the RPC function fails raised:" in world.host.log_text
