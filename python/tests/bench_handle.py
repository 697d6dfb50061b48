"""What the Python half costs for a request: microseconds of Server.handle() without a server.

usage: PYTHON bench_handle.py [FOLDER]      FOLDER holds bask_pypy; the default is the one beside us

The host does next to nothing, so the figures compare two versions of bask_pypy under one Python;
they are no figures of the server.
"""

import gc
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Iterable, List, Tuple

REQUESTS = 200_000
ROUNDS = 7

KEYS = ["HTTP_HOST", "HTTP_USER_AGENT", "HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING"]
KEYS += ["HTTP_ACCEPT_LANGUAGE", "HTTP_COOKIE", "HTTP_REFERER", "HTTP_CACHE_CONTROL"]


class View:
    """A bask_str."""

    __slots__ = ("ptr", "len")

    def __init__(self, data: bytes) -> None:
        self.ptr = data
        self.len = len(data)


class IdleHost:
    """A host that takes everything and does nothing with it."""

    def __init__(self) -> None:
        self.taken = 0

    def text(self, view: Any) -> str:
        return view.ptr[:].decode("latin-1") if view.len else ""

    def copy(self, view: Any) -> bytes:
        return bytes(view.ptr)

    def key_names(self) -> List[str]:
        return KEYS

    def method_names(self) -> List[str]:
        return ["GET", "POST"]

    def server_info(self) -> Any:
        return SimpleNamespace(hostname=b"host", version=b"0.1.0", threads=1, workers=1)

    def string(self, pointer: bytes) -> str:
        return pointer.decode()

    def listeners(self) -> List[Any]:
        return [SimpleNamespace(name="127.0.0.1:80", port="80", fd=3)]

    def respond(self, request: Any, head: bytes, count: int, body: bytes) -> int:
        self.taken += len(head) + len(body) + count
        return 0

    def begin(self, request: Any, head: bytes, count: int) -> int:
        self.taken += len(head) + count
        return 0

    def write(self, request: Any, data: bytes) -> int:
        self.taken += len(data)
        return 0

    def finish(self, request: Any) -> int:
        return 0

    def abort(self, request: Any, head: bytes, count: int, body: bytes) -> None:
        raise AssertionError("the application failed")

    def headers_sent(self, request: Any) -> bool:
        return False

    def log(self, level: int, line: str) -> None:
        print(line)


def make_request(count: int, is_new: bool) -> Any:
    empty = View(b"")
    pairs = []
    for key_id in range(count):
        value = View(b"a value of some twenty bytes %d" % key_id)
        pairs.append(SimpleNamespace(key=empty, key_id=key_id, value=value))
    absent = SimpleNamespace(ptr=None, len=0)
    return SimpleNamespace(
        method_id=0, protocol_id=1, listener_id=0,
        method=View(b"GET"), uri=View(b"/hello"), path=View(b"/hello"), query=empty,
        script_name=empty, protocol=View(b"HTTP/1.1"), scheme=View(b"http"),
        server_name=empty, server_port=empty,
        remote_addr=View(b"127.0.0.1"), remote_port=View(b"40000"),
        content_type=absent, host=View(b"127.0.0.1:8000"), is_plain=1,
        fields=View(b"Host: 127.0.0.1:8000\r\n"), content_length=0, has_length=0, uri_is_path=1,
        peer_slot=0, peer_is_new=int(is_new), pair_count=count, pairs=pairs,
        body=empty, body_left=0,
    )  # fmt: skip


def make_application(count: int, listed: bool) -> Callable[..., Iterable[bytes]]:
    names = ["Content-Type", "Cache-Control", "ETag", "Vary", "X-A", "X-B", "X-C", "X-D"][:count]

    def listing(environ: Any, start_response: Any) -> List[bytes]:
        start_response("200 OK", [(name, "text/plain; charset=utf-8") for name in names])
        return [b"Hello, world!\n"]

    def generating(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [(name, "text/plain; charset=utf-8") for name in names])
        yield b"Hello, world!\n"

    return listing if listed else generating


def measure(server: Any, request: Any) -> float:
    """Microseconds a request, the best round."""
    best = 1e9
    handle = server.handle
    for _ in range(ROUNDS):
        gc.collect()
        started = time.process_time()
        for _ in range(REQUESTS):
            handle(request)
        best = min(best, time.process_time() - started)
    return best / REQUESTS * 1e6


def main() -> None:
    folder = sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).resolve().parent.parent)
    sys.path.insert(0, folder)
    from bask_pypy import wsgi

    cases: List[Tuple[str, int, bool, bool]] = [
        ("list, 1 header", 1, True, True),
        ("list, 8 headers", 8, True, True),
        ("generator, 8 headers", 8, False, True),
        ("list, 1 header, repeated", 1, True, False),
        ("list, 8 headers, repeated", 8, True, False),
    ]
    for name, count, listed, is_new in cases:
        server = wsgi.Server(IdleHost(), make_application(count, listed))
        handle = measure(server, make_request(count, is_new))
        print("%-26s %6.3f us" % (name, handle))


if __name__ == "__main__":
    main()
