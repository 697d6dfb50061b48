"""The server's services and jobs as Python objects; with host.py and host_shared.py all that has cffi.

Each method is one call of include/bask/service*.h. Names and values are bytes here: what users may
write as text is encoded by the modules that take it.
"""
import sys
from typing import Any, Callable, List, Sequence, Tuple

from _bask import ffi, lib  # type: ignore[import-not-found]

from bask_pypy.host_shared import Shared

ERROR_SIZE = 512

_new_buffer = ffi.new_allocator(should_clear_after_alloc=False)


def _text(error: Any) -> str:
    return ffi.string(error).decode("utf-8", "replace")


class Services(Shared):
    """May be used from any thread."""

    def job(self, thread: Any) -> Any:
        """The job that the last null pointer of `next` meant; a null pointer if it meant none."""
        return lib.glue_job(thread)

    def end_job(self, job: Any, failed: bool, answer: bytes) -> None:
        lib.glue_end_job(job, failed, answer, len(answer))

    def copy(self, view: Any) -> bytes:
        """A copy of the bytes of a view."""
        return ffi.unpack(view.ptr, view.len) if view.len else b""

    def request_descriptor(self) -> int:
        """The four about the request of the calling thread are negative where it has none."""
        return lib.glue_request_descriptor()

    def request_disconnect(self) -> int:
        return lib.glue_request_disconnect()

    def request_length(self) -> int:
        return lib.glue_request_length()

    def request_number(self) -> int:
        return lib.glue_request_number()

    def request_current(self) -> Any:
        """The request of this thread, a null pointer if it has none."""
        return lib.glue_request_current()

    def request_read_body(self, size: int, timeout_ms: int) -> Tuple[int, bytes]:
        """(0, bytes): what came of the body beyond what is buffered, b"" at its end; or (error,
        b""). A negative time is --chunked-input-timeout; 0: not waiting."""
        return self._read(lib.glue_request_read_body, size, timeout_ms)

    def request_log_this(self) -> int:
        return lib.glue_request_log_this()

    def request_add_variable(self, name: bytes, value: bytes) -> int:
        return lib.glue_request_add_variable(name, len(name), value, len(value))

    def request_note(self, name: bytes, value: bytes) -> int:
        """For the request's line in the access log, if that shows this name."""
        return lib.glue_request_note(name, len(name), value, len(value))

    def request_wait_signal(self) -> int:
        """A signal that came to this worker, for the request of this thread; or a bask_err."""
        return lib.glue_request_wait_signal()

    def patience(self) -> float:
        """Seconds that the server waits for others: --socket-timeout."""
        return lib.glue_request_patience_ms() / 1000

    def _read(self, function: Callable[..., int], size: int, timeout_ms: int) -> Tuple[int, bytes]:
        buffer = _new_buffer("char[]", size)
        n = function(buffer, size, timeout_ms)
        return (0, ffi.unpack(buffer, n)) if n > 0 else (n, b"")

    def stream_take(self) -> int:
        """The connection of this thread's request carries the application's own bytes from now on."""
        return lib.glue_stream_take()

    def stream_read(self, size: int, timeout_ms: int) -> Tuple[int, bytes]:
        """As request_read_body, but a negative time is for ever."""
        return self._read(lib.glue_stream_read, size, timeout_ms)

    def stream_write(self, data: bytes) -> int:
        return lib.glue_stream_write(data, len(data))

    def websocket_handshake(self, key: bytes, origin: bytes, protocol: bytes) -> Tuple[int, str]:
        return self._ask(
            lib.glue_websocket_handshake,
            *(key, len(key), origin, len(origin), protocol, len(protocol)),
        )

    def websocket_receive(self, wait: bool) -> Tuple[int, str, bytes, int]:
        """(0, "", message, 0) or (error, why, the client's reason, code of its end)."""
        message = ffi.new("struct bask_websocket_message *")
        message.size = ffi.sizeof(message[0])
        error, why = self._ask(lib.glue_websocket_receive, wait, message)
        return error, why, self.copy(message.data), message.code

    def websocket_send(self, data: bytes, is_text: bool) -> Tuple[int, str]:
        return self._ask(lib.glue_websocket_send, data, len(data), is_text)

    def websocket_close(self, code: int, reason: bytes) -> Tuple[int, str]:
        return self._ask(lib.glue_websocket_close, code, reason, len(reason))

    def alarm_exist(self) -> bool:
        """The operator named some."""
        return bool(lib.glue_alarm_exist())

    def alarm_raise(self, name: bytes, message: bytes) -> int:
        """0 or a bask_err; never waits."""
        return lib.glue_alarm_raise(name, len(name), message, len(message))

    def alarm_watches(self) -> bool:
        """Lines of the log raise alarms: alarm_see wants those that others than the server write."""
        return bool(lib.glue_alarm_watches())

    def alarm_see(self, lines: bytes) -> None:
        lib.glue_alarm_see(lines, len(lines))

    def set_process_name(self, name: bytes) -> None:
        lib.glue_process_set_name(name, len(name))

    def set_warning(self, text: bytes) -> None:
        lib.glue_process_set_warning(text, len(text))

    def waiting(self, fd: int) -> int:
        """Connections that wait in a listening socket; -1 where the system does not tell."""
        return lib.glue_process_waiting(fd)

    def rpc_max(self) -> int:
        return lib.glue_rpc_max()

    def rpc_call(self, node: bytes, items: bytes) -> Tuple[bytes, str]:
        """(result, ""), or (b"", why there is none). Waits."""
        result = ffi.new("bask_str *")
        error = ffi.new("char[]", ERROR_SIZE)
        if lib.glue_rpc_call(node, len(node), items, len(items), result, error, ERROR_SIZE):
            return b"", _text(error)
        try:
            return ffi.unpack(result.ptr, result.len), ""
        finally:
            lib.glue_rpc_release(result)

    def rpc_send(
        self, node: bytes, modifiers: int, packet: bytes, timeout_ms: int
    ) -> Tuple[int, str, bytes]:
        """(0, "", all that came back) or (error, why, b""). Waits."""
        result = ffi.new("bask_str *")
        error, why = self._ask_for(result, node, modifiers, packet, timeout_ms)
        if error:
            return error, why, b""
        try:
            return 0, "", self.copy(result)
        finally:
            lib.glue_rpc_release(result)

    def _ask_for(
        self, result: Any, node: bytes, modifiers: int, packet: bytes, timeout_ms: int
    ) -> Tuple[int, str]:
        error = ffi.new("char[]", ERROR_SIZE)
        failed = lib.glue_rpc_send(
            *(node, len(node), modifiers, packet, len(packet), timeout_ms),
            *(result, error, ERROR_SIZE),
        )
        return failed, _text(error) if failed else ""

    def rpc_define(self, name: bytes, number: int) -> bool:
        """False: there are as many as there may be."""
        return not lib.glue_rpc_define(name, len(name), number)

    def rpc_find(self, name: bytes) -> int:
        """The number of a function of Python's; NOBODY, or ELSEWHERE: another language's."""
        return lib.glue_rpc_find(name, len(name))

    def rpc_names(self) -> List[bytes]:
        """The functions of this process, in all languages."""
        names: List[bytes] = []
        view = ffi.new("bask_str *")
        while not lib.glue_rpc_name(len(names), view):
            names.append(self.copy(view))
        return names

    def rpc_call_here(self, name: bytes, args: Sequence[bytes]) -> bytes:
        """Calls a function of another language; what went wrong is in the log."""
        items = b"".join([len(arg).to_bytes(4, sys.byteorder) + arg for arg in args])
        result = ffi.new("bask_str *")
        if lib.glue_rpc_call_here(name, len(name), items, len(args), result):
            return b""
        try:
            return self.copy(result)
        finally:
            lib.glue_rpc_release(result)

    def rpc_take(self, arguments: Any, count: int) -> List[bytes]:
        """The arguments of a call from another language."""
        return [self.copy(arguments[number]) for number in range(count)]

    def rpc_give(self, place: Any, result: bytes) -> bool:
        return not lib.glue_rpc_give(place, result, len(result))

    def _ask(self, function: Callable[..., int], *args: Any) -> Tuple[int, str]:
        """(0, "") or (error, why)."""
        error = ffi.new("char[]", ERROR_SIZE)
        result = function(*args, error, ERROR_SIZE)
        return result, _text(error) if result else ""

    def signal_define(self, number: int, target: bytes) -> Tuple[int, str]:
        return self._ask(lib.glue_signal_define, number, target, len(target))

    def signal_raise(self, number: int) -> Tuple[int, str]:
        return self._ask(lib.glue_signal_raise, number)

    def signal_raise_at(self, node: bytes, number: int) -> Tuple[int, str]:
        """Waits."""
        return self._ask(lib.glue_signal_raise_at, node, len(node), number)

    def signal_add_timer(self, number: int, interval_us: int, times: int) -> Tuple[int, str]:
        return self._ask(lib.glue_signal_add_timer, number, interval_us, times)

    def signal_add_cron(self, number: int, fields: Sequence[int]) -> Tuple[int, str]:
        return self._ask(lib.glue_signal_add_cron, number, ffi.new("int32_t[5]", fields))

    def signal_add_monitor(self, number: int, path: bytes) -> Tuple[int, str]:
        return self._ask(lib.glue_signal_add_monitor, number, path, len(path))
