"""A server made of plain Python objects: what bask_pypy.host is to the code under test.

It keeps the rules of include/bask/plugin.h and notes in `violations` who breaks them: a request is
answered exactly once, and neither it nor what it points to is looked at afterwards.
"""

import re
from types import SimpleNamespace
from typing import Any, Dict, Iterable, List, Optional, Tuple

SYSTEM, SYNTAX, CLOSED, TIMEOUT, LIMIT = -2, -3, -7, -8, -9

KEYS = [
    "HTTP_HOST", "HTTP_USER_AGENT", "HTTP_ACCEPT", "HTTP_COOKIE", "HTTP_X_FORWARDED_FOR",
    "CONTENT_TYPE", "CONTENT_LENGTH", "HTTPS",
]  # fmt: skip
METHODS = ["GET", "HEAD", "POST", "PUT"]
PROTOCOLS = {b"HTTP/1.0": 0, b"HTTP/1.1": 1}

STATUS_LINE = re.compile(rb"[1-9]\d\d [\t\x20-\x7e\x80-\xff]*")
FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t\x20-\x7e\x80-\xff]*)")


class Violation(AssertionError):
    """The code under test broke a rule of the plugin interface."""


class Pointer(bytes):
    """Bytes behind a pointer: as true as the pointer, which is not null, however few they are."""

    def __bool__(self) -> bool:
        return True


class View:
    """A bask_str: it lives as long as its request, or for ever if it has none."""

    def __init__(self, data: Optional[bytes], request: "Optional[Request]" = None) -> None:
        self._data = None if data is None else Pointer(data)
        self._request = request

    @property
    def ptr(self) -> Optional[Pointer]:
        if self._request is not None:
            self._request.check("a view was read")
        return self._data

    @property
    def len(self) -> int:
        return len(self.ptr or b"")


class Pair:
    """A variable of a request: its name is a number if the server knows it."""

    def __init__(self, request: "Request", name: str, value: bytes) -> None:
        known = name in KEYS
        self.key_id = KEYS.index(name) if known else -1
        self.key = View(None if known else name.encode("latin-1"), request)
        self.value = View(value, request)


class Request:
    """A struct bask_request, and what the server knows of it besides.

    `pieces` are what the client sends of the body after `body`; an int among them is an error.
    """

    def __init__(
        self,
        method: str = "GET",
        uri: bytes = b"/",
        headers: Iterable[Tuple[str, bytes]] = (("HTTP_HOST", b"localhost"),),
        path: Optional[bytes] = None,
        protocol: bytes = b"HTTP/1.1",
        scheme: bytes = b"http",
        script_name: bytes = b"",
        server_name: bytes = b"",
        server_port: bytes = b"",
        remote: Tuple[bytes, bytes] = (b"127.0.0.1", b"40000"),
        content_type: Optional[bytes] = None,
        content_length: Optional[int] = None,
        body: bytes = b"",
        pieces: Iterable[Any] = (),
        chunked: bool = False,
        listener_id: int = 0,
        peer_slot: int = 0,
        peer_is_new: bool = True,
    ) -> None:
        self.ended = ""  # by which call
        self.sent = b""  # the body
        self.head: Optional[bytes] = None
        self.head_is_out = False
        self.broken = False
        self.file: Optional[Tuple[int, int, int]] = None
        self.calls: List[str] = []
        self.pieces = list(pieces)
        fields = list(headers)
        target, _, query = uri.partition(b"?")
        path = target if path is None else path
        left = sum(len(piece) for piece in self.pieces if isinstance(piece, bytes))
        if any(isinstance(piece, int) for piece in self.pieces):
            left += 1
        length = len(body) + left if content_length is None else content_length
        self._fields: Dict[str, Any] = {
            "method_id": METHODS.index(method) if method in METHODS else -1,
            "protocol_id": PROTOCOLS.get(protocol, -1),
            "listener_id": listener_id,
            "content_length": -1 if chunked else length,
            "has_length": int(not chunked and (length > 0 or content_length is not None)),
            "uri_is_path": int(uri == path),
            "is_plain": int(method in METHODS and protocol == b"HTTP/1.1" and not query),
            "peer_slot": peer_slot,
            "peer_is_new": int(peer_is_new),
            "body_left": -1 if chunked else left,
            "body_fd": 0,
        }
        for name, data in {
            "method": method.encode(), "uri": uri, "path": path, "query": query,
            "script_name": script_name, "protocol": protocol, "scheme": scheme,
            "server_name": server_name, "server_port": server_port, "remote_addr": remote[0],
            "remote_port": remote[1], "content_type": content_type, "body": body,
            "fields": repr((fields, content_type, content_length)).encode() if fields else None,
        }.items():  # fmt: skip
            self._fields[name] = View(data, self)
        hosts = [value for name, value in fields if name == "HTTP_HOST"]
        self._fields["host"] = View(hosts[-1] if hosts else None, self)
        self._fields["pairs"] = [Pair(self, *field) for field in fields if field[0] != "HTTP_HOST"]
        self._fields["pair_count"] = len(self._fields["pairs"])
        self.violations: List[str] = []

    def check(self, what: str) -> None:
        if self.ended:
            self.violations.append("%s after %s()" % (what, self.ended))
            raise Violation(self.violations[-1])

    def __getattr__(self, name: str) -> Any:
        fields = self.__dict__.get("_fields", {})
        if name not in fields:
            raise AttributeError(name)
        self.check("%s was read" % name)
        return fields[name]

    def keep_in(self, fd: int, size: int) -> None:
        """All of the body is in this file."""
        self._fields["body_fd"], self._fields["body_left"] = fd, size

    def receive(self) -> Tuple[int, bytes]:
        if not self.pieces:
            self._fields["body_left"] = 0
            return 0, b""
        piece = self.pieces.pop(0)
        if isinstance(piece, int):
            return piece, b""
        if self._fields["body_left"] > 0:
            self._fields["body_left"] -= len(piece)
        return 0, piece

    @property
    def status(self) -> int:
        assert self.head is not None, "there was no response"
        return int(self.head[:3])

    @property
    def headers(self) -> List[Tuple[str, str]]:
        assert self.head is not None, "there was no response"
        lines = self.head.decode("latin-1").split("\r\n")[1:-1]
        return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]


class Host:
    """The server. `gone_after`: how many writes succeed before the client has left."""

    def __init__(
        self,
        gone_after: Optional[int] = None,
        write_error: int = CLOSED,
        file_error: int = 0,
        respond_error: int = 0,
        begin_error: int = 0,
        threads: int = 1,
        workers: int = 1,
        options: Optional[Dict[str, List[str]]] = None,
    ) -> None:
        self.gone_after = gone_after
        self.write_error = write_error
        self.file_error = file_error
        self.respond_error = respond_error
        self.begin_error = begin_error
        self.logged: List[Tuple[int, str]] = []
        self.queue: List[Any] = []
        self.taken: Any = None  # the last one
        self.interrupts: List[BaseException] = []  # what signal handlers raise in next()
        self.options = options or {}
        self.worker_rows: Dict[int, Any] = {}
        self.present_worker = 0
        self.apps_added: List[Tuple[str, str]] = []  # mountpoint and folder
        self.apps_max = 64
        self.app_rows: Dict[int, List[Any]] = {}
        self.served: List[int] = []  # which application each request was for
        self.idle_moments: List[Tuple[int, int]] = []  # asked for
        self.recycled: List[str] = []
        self.user_harakiri: Optional[int] = None
        self.info = SimpleNamespace(
            version=b"0.1.0", hostname=b"node", binary_path=b"/bin/bask", threads=threads,
            workers=workers, master_pid=77, started_at=1000, listeners=2,
            is_reload=0, buffer_size=65536,
        )  # fmt: skip

    @property
    def log_text(self) -> str:
        return "\n".join(line for _, line in self.logged)

    def text(self, view: Any) -> str:
        return self.copy(view).decode("latin-1")

    def copy(self, view: Any) -> bytes:
        return view.ptr or b""

    def string(self, pointer: bytes) -> str:
        return pointer.decode()

    def key_names(self) -> List[str]:
        return KEYS

    def method_names(self) -> List[str]:
        return METHODS

    def server_info(self) -> Any:
        return self.info

    def listeners(self) -> List[Any]:
        tcp = SimpleNamespace(name="127.0.0.1:8080", port="8080", fd=3)
        unix = SimpleNamespace(name="/run/bask.sock", port="", fd=4)
        return [tcp, unix]

    def option(self, name: str) -> Iterable[str]:
        return self.options.get(name, [])

    def given_options(self) -> Iterable[str]:
        return self.options

    def worker_id(self) -> int:
        return self.present_worker

    def worker_info(self, worker_id: int) -> Any:
        return self.worker_rows.get(worker_id)

    def add_app(self, mountpoint: str, folder: str, load_ms: int) -> int:
        if len(self.apps_added) >= self.apps_max:
            return -9
        self.apps_added.append((mountpoint, folder))
        return len(self.apps_added) - 1

    def serve_app(self, number: int) -> None:
        self.served.append(number)

    def apps(self, worker_id: int) -> List[Any]:
        return self.app_rows.get(worker_id, [])

    def log(self, level: int, line: str) -> None:
        self.logged.append((level, line))

    def next(self, thread: Any) -> Any:
        self.taken = self.queue.pop(0) if self.queue else None
        if self.interrupts:
            raise self.interrupts.pop(0)
        return self.taken

    def current(self, thread: Any) -> Any:
        return self.taken if self.taken is not None and not self.taken.ended else None

    def is_idle(self, thread: Any) -> bool:
        return bool(self.idle_moments)

    def watch_idle(self, after_ms: int, requests: int) -> None:
        self.idle_moments.append((after_ms, requests))

    def recycle(self, why: str) -> None:
        self.recycled.append(why)

    def set_user_harakiri(self, milliseconds: int) -> bool:
        self.user_harakiri = milliseconds
        return self.present_worker > 0

    def _call(self, request: Request, name: str) -> None:
        request.check(name + "()")
        request.calls.append(name)

    @staticmethod
    def _is_well_formed(head: bytes, count: int) -> bool:
        lines = head.split(b"\r\n")
        fields = [FIELD.fullmatch(line) for line in lines[1:-1]]
        names = [field[1].lower() for field in fields if field]
        return (
            lines[-1] == b""
            and STATUS_LINE.fullmatch(lines[0]) is not None
            and len(names) == len(fields) == count
            and names.count(b"content-length") <= 1
            and b"transfer-encoding" not in names
        )

    def respond(self, request: Request, head: bytes, count: int, body: bytes) -> int:
        assert type(head) is bytes and type(body) is bytes
        self._call(request, "respond")
        if not self._is_well_formed(head, count):
            return SYNTAX
        request.head, request.sent, request.head_is_out = head, body, True
        request.ended = "respond"
        return self.respond_error

    def respond_file(
        self, request: Request, head: bytes, count: int, fd: int, offset: int, length: int
    ) -> int:
        import os

        self._call(request, "respond_file")
        if not self._is_well_formed(head, count):
            return SYNTAX
        if self.file_error == SYSTEM:
            return SYSTEM
        request.head, request.head_is_out = head, True
        request.file = (fd, offset, length)
        request.sent = os.pread(fd, length, offset)
        request.ended = "respond_file"
        return self.file_error

    def begin(self, request: Request, head: bytes, count: int) -> int:
        assert type(head) is bytes
        self._call(request, "begin")
        if request.head_is_out:
            request.violations.append("begin() after the head was sent")
        if not self._is_well_formed(head, count):
            return SYNTAX
        if self.begin_error:
            return self.begin_error
        request.head = head
        return 0

    def write(self, request: Request, data: bytes) -> int:
        assert type(data) is bytes
        self._call(request, "write")
        if request.head is None:
            request.violations.append("write() before begin()")
        request.head_is_out = True
        if self.gone_after is not None:
            if self.gone_after == 0:
                return self.write_error
            self.gone_after -= 1
        request.sent += data
        return 0

    def finish(self, request: Request) -> int:
        self._call(request, "finish")
        if request.head is None:
            request.violations.append("finish() before begin()")
        request.head_is_out = True
        request.ended = "finish"
        return 0

    def abort(self, request: Request, head: bytes, count: int, body: bytes) -> None:
        assert self._is_well_formed(head, count)
        if request.ended:
            return
        self._call(request, "abort")
        if request.head_is_out:
            request.broken = True
        else:
            request.head, request.sent = head, body
        request.ended = "abort"

    def drop(self, request: Request) -> None:
        self._call(request, "drop")
        request.broken = True
        request.ended = "drop"

    def headers_sent(self, request: Request) -> bool:
        self._call(request, "headers_sent")
        return request.head_is_out

    def read_body(self, request: Request, size: int) -> Tuple[int, bytes]:
        self._call(request, "read_body")
        error, data = request.receive()
        if len(data) > size:
            request.pieces.insert(0, data[size:])
            data = data[:size]
        return error, data


def serve(host: Host, application: Any, *requests: Request) -> List[Request]:
    """Has the requests answered by one server; each must have been, and by the rules."""
    from bask_pypy import wsgi

    server = wsgi.Server(host, application)
    for request in requests or (Request(),):
        host.queue.append(request)
    answered = list(host.queue)
    server.serve(None, host.idle_moments.clear)
    assert not host.queue
    for request in answered:
        assert request.violations == []
        assert request.ended, "the request was not answered: %s" % request.calls
    return answered


def serve_one(application: Any, request: Optional[Request] = None, **host: Any) -> Request:
    """The same with one request on a host of its own."""
    return serve(Host(**host), application, request or Request())[0]
