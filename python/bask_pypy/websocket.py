"""uwsgi.websocket_*: WebSockets in an application's thread, which waits for their messages."""
from typing import Any, Optional

from bask_pypy.arguments import to_bytes
from bask_pypy.gone import Answer, ClientGone

SYNTAX, AGAIN, CLOSED, TIMEOUT, STATE = -3, -6, -7, -8, -10

REFUSAL_HEAD = (
    b"426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nContent-Type: text/plain\r\n"
)


class WebSocketClosed(ClientGone):
    """The WebSocket is over. `code` and `reason` are those of its end (RFC 6455 7.4); 1006: it broke
    off."""

    def __init__(self, text: str, code: int = 1006, reason: str = "") -> None:
        super().__init__("%s (%d%s)" % (text, code, ", " + reason if reason else ""))
        self.code = code
        self.reason = reason


class NoWebSocket(ClientGone):
    """The request asks for none. Where nobody catches it the client gets 426."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.answer: Optional[Answer] = (REFUSAL_HEAD, 4, text.encode() + b"\n")


def _bytes(value: Any, what: str) -> bytes:
    return b"" if value is None else to_bytes(value, what)


class WebSockets:
    """The functions; each is about the request of the calling thread."""

    def __init__(self, uwsgi: Any, services: Any) -> None:
        self._uwsgi = uwsgi
        self._services = services

    def websocket_handshake(self, key: Any = None, origin: Any = None, proto: Any = None) -> None:
        """Answers the client's handshake. Without a key it is the request's, without a protocol the
        first that the client offers; one that it does not offer is not told."""
        error, why = self._services.websocket_handshake(
            _bytes(key, "the key"), _bytes(origin, "the origin"), _bytes(proto, "the protocol")
        )
        if error == SYNTAX:
            raise NoWebSocket(why)
        if error == CLOSED:
            raise WebSocketClosed(why)
        if error == STATE and self._uwsgi.warming:
            raise WebSocketClosed("nobody is connected while the server warms up")
        if error:
            raise OSError("unable to complete the websocket handshake: " + why)

    def _receive(self, wait: bool) -> bytes:
        while True:
            error, why, data, code = self._services.websocket_receive(wait)
            if not error:
                return data
            if error == CLOSED:
                raise WebSocketClosed(why, code, data.decode("utf-8", "replace"))
            if error == TIMEOUT:
                return b""
            if error != AGAIN:  # that is a signal: Python has its turn here
                raise OSError("unable to receive a websocket message: " + why)

    def websocket_recv(self) -> bytes:
        """Waits for a message, text or binary, and answers pings meanwhile."""
        return self._receive(True)

    def websocket_recv_nb(self) -> bytes:
        """The same without waiting: b"" if there is no message."""
        return self._receive(False)

    def _send(self, data: bytes, is_text: bool) -> None:
        error, why = self._services.websocket_send(data, is_text)
        if error == STATE:
            raise OSError("unable to send a websocket message: " + why)
        if error:
            raise WebSocketClosed(why)

    def websocket_send(self, message: Any) -> None:
        """Sends a text."""
        self._send(to_bytes(message, "a message"), True)

    def websocket_send_binary(self, message: Any) -> None:
        """Sends bytes."""
        self._send(to_bytes(message, "a message"), False)

    def websocket_close(self, code: int = 1000, reason: Any = "") -> None:
        """Says why it ends; what the client still sends can be received. Bask's own."""
        error, why = self._services.websocket_close(code, to_bytes(reason, "a reason"))
        if error == CLOSED or error == TIMEOUT:
            raise WebSocketClosed(why)
        if error:
            raise ValueError(why)


def install(uwsgi: Any, services: Any) -> None:
    """Gives the module its functions."""
    sockets = WebSockets(uwsgi, services)
    for function in (
        sockets.websocket_handshake, sockets.websocket_recv, sockets.websocket_recv_nb,
        sockets.websocket_send, sockets.websocket_send_binary, sockets.websocket_close,
    ):  # fmt: skip
        setattr(uwsgi, function.__name__, function)
