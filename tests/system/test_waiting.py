"""What a server waits for before it serves."""
import os
import signal
import socket
from typing import List

import pytest

from support.server import Bask, Server
from support.wait import wait_until


def waits(server: Server, what: str) -> None:
    server.wait_log("waiting for %s, [0-9.]+ s at the most" % what)
    assert server.process.poll() is None and "listening on" not in server.log()


@pytest.mark.parametrize("kind", ["fs", "file", "dir"])
@pytest.mark.null
def test_files_and_folders(bask: Bask, kind: str) -> None:
    server = bask.launch("--plugin", "null", "--wait-for-" + kind, "wanted", workers=1)
    waits(server, "wanted")
    if kind == "file":
        (bask.folder / "wanted").mkdir()
        waits(server, "wanted")
        (bask.folder / "wanted").rmdir()
        (bask.folder / "wanted").touch()
    else:
        (bask.folder / "wanted").mkdir()
    server.wait_log("wanted is there")
    server.wait_ready()


@pytest.mark.null
def test_what_is_there_is_not_waited_for(bask: Bask) -> None:
    server = bask.null("--wait-for-iface", "lo", "--wait-for-mountpoint", "/proc", "--wait-for-dir", "/",
                       workers=1)
    assert "waiting for" not in server.log()
    assert "/proc is there" in server.log() and "lo is there" in server.log()


@pytest.mark.parametrize("words, says", [
    (("--wait-for-fs", "never", "--wait-for-fs-timeout", "200ms"), "never did not appear within 0.2 s"),
    (("--wait-for-mountpoint", "/proc/sys/kernel", "--wait-for-fs-timeout", "200ms"), "/proc/sys/kernel"),
    (("--wait-for-mountpoint", "/etc/passwd", "--wait-for-fs-timeout", "200ms"), "/etc/passwd"),
    (("--wait-interface", "no0", "--wait-iface-timeout", "200ms"), "no0 did not appear within 0.2 s"),
    (("--wait-for-file", "/", "--wait-for-fs-timeout", "200ms"), "/ did not appear"),
    (("--wait-for-dir", "x" * 5000, "--wait-for-fs-timeout", "200ms"), "xxx"),
    (("--wait-for-socket", "127.0.0.1:x"), "127.0.0.1:x"),
    (("--wait-for-socket", "127.0.0.1:1", "--wait-for-socket-timeout", "200ms"),
     "the application is not loaded: 127.0.0.1:1 did not appear within 0.2 s")])
@pytest.mark.null
def test_what_does_not_come_ends_the_start(bask: Bask, words: List[str], says: str) -> None:
    assert says in bask.refused("--plugin", "null", *words)


@pytest.mark.parametrize("how", [[], ["--hook-pre-app"]])
@pytest.mark.null
def test_socket_of_somebody_else(bask: Bask, how: List[str]) -> None:
    """The hook and the option wait for one who accepts, not for a file."""
    other = socket.socket(socket.AF_UNIX)
    other.bind(str(bask.folder / "other"))
    words = ["--hook-pre-app", "wait_for_socket:other 30"] if how else ["--wait-for-socket", "other"]
    server = bask.launch("--plugin", "null", *words, workers=1)
    server.wait_log("spawned Bask master")
    other.listen()
    other.settimeout(30)
    other.accept()[0].close()  # it looked whether somebody accepts
    server.wait_ready()
    other.close()


@pytest.mark.null
def test_reload_without_it_fails(bask: Bask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        where = "127.0.0.1:%d" % other.getsockname()[1]
        server = bask.null("--wait-for-socket", where, "--wait-for-socket-timeout", "300ms",
                           workers=1)
    server.send_signal(signal.SIGHUP)
    server.complained("the application is not loaded: %s did not appear" % where)
    wait_until(lambda: "generation 1" in server.log() or "failed" in server.log(), "it is told")
    assert server.get("/").status == 200
    assert os.path.exists("/proc/%d" % server.workers()[0])
