"""uwsgi.send_message: a packet of any modifier to another server. uWSGI 1 had it; of uWSGI 2 it is
what its clients in other languages do.
"""
from typing import Any, Optional, Union

from bask_pypy.arguments import to_bytes
from bask_pypy.spooler import pack

PACKET_MAX = 65535
RESPONSE, PING = 255, 100
HEADER = 4


def _packet(message: Any) -> bytes:
    if not isinstance(message, dict):
        return to_bytes(message, "a message")
    return pack({to_bytes(key, "a key"): to_bytes(value, "the value of %r" % key)
                 for key, value in message.items()})  # fmt: skip


def _modifier(number: Any) -> int:
    value = int(number)
    if not 0 <= value <= 255:
        raise ValueError("a modifier is a number from 0 to 255, not %d" % value)
    return value


def _meaning(answer: bytes) -> Union[None, bool, bytes]:
    if len(answer) < HEADER or answer[0] not in (RESPONSE, PING):
        return answer
    if answer[0] == RESPONSE and len(answer) == HEADER:
        return True if answer[3] else None
    return answer[HEADER:]


class Messages:
    """The function, with what it needs of the server."""

    def __init__(self, services: Any) -> None:
        self._services = services

    def send_message(
        self, node: Any, modifier1: int, modifier2: int, message: Any, timeout: float = 0
    ) -> Union[None, bool, bytes]:
        """Sends a dict, bytes or text to the uwsgi socket of a server and waits for what it says:
        True or None where it says yes or no, else its bytes. OSError: it cannot be asked, or makes
        no progress for `timeout` seconds (0: --socket-timeout)."""
        modifiers = _modifier(modifier1) | _modifier(modifier2) << 8
        packet = _packet(message)
        if len(packet) > PACKET_MAX:
            raise ValueError("a message has at most 64 KiB")
        where = to_bytes(node, "the node")
        limit_ms = _milliseconds(timeout)
        error, why, answer = self._services.rpc_send(where, modifiers, packet, limit_ms)
        if error:
            raise OSError("%s: %s" % (where.decode("utf-8", "replace"), why))
        return _meaning(answer)


def _milliseconds(seconds: Optional[float]) -> int:
    if not seconds:
        return 0
    if not 0 < seconds < 1 << 21:
        raise ValueError("a time-out is a number of seconds")
    return max(int(seconds * 1000), 1)


def install(uwsgi: Any, services: Any) -> None:
    """Gives the module its function."""
    uwsgi.send_message = Messages(services).send_message
