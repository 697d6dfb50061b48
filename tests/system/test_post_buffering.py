"""Request bodies that are larger than memory shall hold: files, full disks, memory, threads."""
import hashlib
import json
import os
import threading
from pathlib import Path
from typing import Iterator

import pytest

from support import processes
from support.client import Connection, chunked, make_request
from support.server import BINARY, Bask, Server
from support.wait import wait_until

MIB = 1 << 20
CHUNKED = {"Transfer-Encoding": "chunked"}
PIECE = os.urandom(MIB)


def spill_files(server: Server, folder: Path) -> int:
    """How many bodies a server keeps in this folder."""
    return sum(target.startswith(str(folder) + "/") and "deleted" in target
               for target in processes.descriptors(server.pid).values())


def upload(connection: Connection, path: str, mebibytes: int) -> None:
    connection.send(make_request("POST", path, {"Content-Length": str(mebibytes * MIB)}))
    for _ in range(mebibytes):
        connection.send(PIECE)


@pytest.fixture
def spool(bask: Bask) -> Iterator[Path]:
    folder = bask.folder / "spool"
    folder.mkdir()
    yield folder
    assert list(folder.iterdir()) == []  # the files have no names


@pytest.mark.null
@pytest.mark.parametrize("headers", [{}, CHUNKED])
def test_body_comes_back_from_its_file(bask: Bask, spool: Path, headers: "dict[str, str]") -> None:
    server = bask.null("--post-buffering", "10k", "--post-buffering-dir", str(spool))
    body = PIECE + b"the end"
    sent = chunked(body[:300000], body[300000:]) if headers else body
    with server.connect() as connection:
        for _ in range(3):
            sender = threading.Thread(
                target=connection.send, args=(make_request("POST", "/", headers, sent),))
            sender.start()
            assert connection.answer().body == body
            sender.join()
            wait_until(lambda: spill_files(server, spool) == 0, "the file is gone")
        assert connection.request("GET", "/").status == 200


@pytest.mark.null
def test_large_upload_holds_no_thread(bask: Bask, spool: Path) -> None:
    """One thread: it answers others while a body that goes to a file is still coming."""
    server = bask.null("--post-buffering", "64k", "--post-buffering-dir", "spool")
    with server.connect() as slow:
        slow.send(make_request("POST", "/", {"Content-Length": str(MIB)}) + PIECE[:MIB // 2])
        wait_until(lambda: spill_files(server, spool) == 1, "the body is in a file")
        for _ in range(20):
            assert server.get("/").status == 200
        slow.send(PIECE[MIB // 2:])
        assert slow.answer().body == PIECE
    wait_until(lambda: spill_files(server, spool) == 0, "the file is gone")


@pytest.mark.null
def test_upload_that_is_given_up_leaves_nothing(bask: Bask, spool: Path) -> None:
    server = bask.null("--post-buffering", "64k", "--post-buffering-dir", str(spool),
                       "--socket-timeout", "1")
    start = make_request("POST", "/", {"Content-Length": str(MIB)}) + PIECE[:MIB // 2]
    with server.connect() as leaving:
        leaving.send(start)
        wait_until(lambda: spill_files(server, spool) == 1, "the body is in a file")
    wait_until(lambda: spill_files(server, spool) == 0, "the file is gone")
    assert b" 408 " in server.raw(start)
    assert spill_files(server, spool) == 0


@pytest.mark.null
@pytest.mark.parametrize("headers", [{}, CHUNKED])
def test_full_disk_gets_507(bask: Bask, headers: "dict[str, str]") -> None:
    """Files may get no larger than a megabyte, which the kernel tells as a full disk is told."""
    server = bask.null("--post-buffering", "64k", program=("prlimit", "--fsize=1000000", BINARY))
    body = PIECE * 3
    with server.connect() as connection:
        connection.send(make_request("POST", "/", headers, chunked(body) if headers else body))
        answer = connection.answer()
    assert (answer.status, answer.body) == (507, b"507 Insufficient Storage\n")
    assert len([line for line in server.log().splitlines() if "cannot be kept in /tmp" in line]) == 1
    assert server.post("/", b"small").body == b"small"


@pytest.mark.null
def test_folder_comes_from_tmpdir(bask: Bask, spool: Path) -> None:
    server = bask.null("--post-buffering", "64k", env={"TMPDIR": str(spool)})
    with server.connect() as connection:
        connection.send(make_request("POST", "/", {"Content-Length": str(MIB)}) + PIECE[:MIB // 2])
        wait_until(lambda: spill_files(server, spool) == 1, "the body is in a file")


@pytest.mark.null
@pytest.mark.parametrize("workers", [0, 1])
def test_folder_that_does_not_exist_is_told_at_the_start(bask: Bask, workers: int) -> None:
    server = bask.launch("--plugin", "null", "--post-buffering", "64k", "--post-buffering-dir",
                         "nowhere", workers=workers)
    assert server.wait_end() != 0
    server.complained("request bodies cannot be kept in nowhere: No such file or directory")


@pytest.mark.null
def test_streaming_stays_where_files_are_switched_off(bask: Bask, spool: Path) -> None:
    server = bask.null("--post-buffering", "64k", "--post-buffering-file=false",
                       "--post-buffering-dir", str(spool))
    with server.connect() as connection:
        connection.send(make_request("POST", "/", {"Content-Length": str(MIB)}) + PIECE[:MIB // 2])
        response = connection.start_answer()  # before the body is there
        assert spill_files(server, spool) == 0
        connection.send(PIECE[MIB // 2:])
        assert response.read() == PIECE


@pytest.mark.null
def test_buffer_of_any_size(bask: Bask) -> None:
    for size in ("1", "100k"):
        server = bask.null("--post-buffering", "10k", "--post-buffering-bufsize", size)
        assert server.post("/", PIECE).body == PIECE


def test_stored_body_can_be_read_twice(bask: Bask) -> None:
    server = bask.app("body:stored", "--post-buffering", "10k")
    body = PIECE + b"0123456789"
    digest = hashlib.sha256(body).hexdigest()
    for headers, sent in (({}, body), (CHUNKED, chunked(body[:70000], body[70000:]))):
        assert json.loads(server.post("/", sent, headers).body) == {
            "sha256": digest, "by_descriptor": digest, "length": len(body), "seekable": True,
            "end": "56789", "middle": body[3:7].decode("latin-1"),
        }


@pytest.mark.parametrize("options", [["--post-buffering", "64k"], []])
def test_memory_does_not_grow_with_the_body(bask: Bask, options: "list[str]") -> None:
    server = bask.app("body:memory", *options)
    peaks = []
    for size in (4, 8, 150):
        with server.connect() as connection:
            upload(connection, "/", size)
            received, peak = json.loads(connection.answer().body)
        assert received == size * MIB
        peaks.append(peak)
    assert peaks[2] - peaks[1] < 40 * 1024, peaks
