"""uwsgi.send_message: what is sent, and what comes of it."""

from types import SimpleNamespace
from typing import Any, List, Tuple

import pytest

from bask_pypy import message


class Services:
    def __init__(self, answer: bytes = b"", error: int = 0) -> None:
        self.outcome: Tuple[int, str, bytes] = (error, "why" if error else "", answer)
        self.sent: List[Any] = []

    def rpc_send(self, *given: Any) -> Tuple[int, str, bytes]:
        self.sent.append(given)
        return self.outcome


def send(services: Services, *given: Any) -> Any:
    uwsgi = SimpleNamespace()
    message.install(uwsgi, services)
    return uwsgi.send_message("node:1", *given)


@pytest.mark.parametrize("given, packet", [
    ({"a": b"bc"}, b"\1\0a\2\0bc"), ({}, b""), (b"raw", b"raw"), ("\xe9", b"\xc3\xa9"),
    ({"k": ""}, b"\1\0k\0\0")])
def test_packets(given: Any, packet: bytes) -> None:
    services = Services()
    send(services, 17, 1, given)
    assert services.sent == [(b"node:1", 17 | 1 << 8, packet, 0)]


@pytest.mark.parametrize("answer, result", [
    (b"\xff\0\0\1", True), (b"\xff\0\0\0", None), (b"\xff\2\0\1ab", b"ab"), (b"d\0\0\1", b""),
    (b"d\4\0\1full", b"full"), (b"", b""), (b"HTTP/1.1 200", b"HTTP/1.1 200"), (b"\xff\0", b"\xff\0")])
def test_answers(answer: bytes, result: Any) -> None:
    assert send(Services(answer), 0, 0, b"") == result


@pytest.mark.parametrize("timeout, ms", [(0, 0), (0.0001, 1), (2.5, 2500)])
def test_timeouts(timeout: float, ms: int) -> None:
    services = Services()
    send(services, 0, 0, b"", timeout)
    assert services.sent[0][3] == ms


def test_what_cannot_be_sent() -> None:
    with pytest.raises(OSError, match="node:1: why"):
        send(Services(error=-5), 0, 0, b"")
    for given in ((256, 0, b""), (0, -1, b""), (0, 0, b"x" * 65536), (0, 0, {"": "v"}),
                  (0, 0, {"k": "v" * 65536}), (0, 0, b"", -1), (0, 0, b"", 1e9)):  # fmt: skip
        with pytest.raises(ValueError):
            send(Services(), *given)
    with pytest.raises(TypeError):
        send(Services(), 0, 0, 1)
