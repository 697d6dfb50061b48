"""uwsgi.extract and uwsgi.parsefile."""
import os
import socket
import struct
import threading
from pathlib import Path

import pytest

from bask_pypy import readers


def packet(*items: bytes, size: int = -1) -> bytes:
    body = b"".join(struct.pack("<H", len(item)) + item for item in items)
    return struct.pack("<BHB", 17, len(body) if size < 0 else size, 0) + body


def test_extract_reads_every_scheme(tmp_path: Path) -> None:
    file = tmp_path / "text"
    file.write_bytes(b"\xffx")
    assert readers.extract(str(file)) == readers.extract("file://%s" % file) == b"\xffx"
    assert readers.extract(os.fsencode(file)) == b"\xffx"
    assert readers.extract("data://a://b") == b"a://b"
    assert readers.extract("exec://printf two") == b"two"
    with open(file, "rb") as opened:
        assert readers.extract("fd://%d" % opened.fileno()) == b"\xffx"
        assert not opened.closed and os.fstat(opened.fileno()).st_size == 2


@pytest.mark.parametrize(
    "uri", ["/not/there", "file:///not/there", "fd://x", "fd://99999", "exec://false",
            "http://127.0.0.1:1/", "nonsense://x", "a\0b"],
)  # fmt: skip
def test_extract_of_nothing(uri: str) -> None:
    assert readers.extract(uri) is None


def test_extract_of_a_page_that_is_not_http() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            with listener.accept()[0] as client:
                client.recv(4096)
                client.sendall(b"SSH-2.0\r\n\r\n")

        server = threading.Thread(target=answer)
        server.start()
        assert readers.extract("http://127.0.0.1:%d/" % listener.getsockname()[1]) is None
        server.join()


def test_parsefile(tmp_path: Path) -> None:
    file = tmp_path / "task"
    file.write_bytes(packet(b"name", b"x", b"empty", b"") + b"a body may follow")
    assert readers.parsefile(str(file)) == {b"name": b"x", b"empty": b""}
    file.write_bytes(packet())
    assert readers.parsefile(file) == {}


@pytest.mark.parametrize(
    "text",
    [b"", b"\x11\x00", packet(b"key"), packet(b"k", b"v", size=200), packet(b"k", b"v", size=5),
     struct.pack("<BHBH", 0, 2, 0, 9), struct.pack("<BHBB", 0, 1, 0, 9)],
)  # fmt: skip
def test_parsefile_of_no_packet(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "task"
    file.write_bytes(text)
    assert readers.parsefile(file) is None


def test_parsefile_that_is_not_there(tmp_path: Path) -> None:
    assert readers.parsefile(tmp_path / "none") is None
