"""What is there for developers: reloading changed files, stacks on demand, tracebacks for clients."""
import os
import socket
import stat
from pathlib import Path
from typing import List

import pytest

from support.client import make_request
from support.load import Load
from support.server import APPS, Bask, Server
from support.wait import wait_until

SITE = """
import helper
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [helper.VERSION.encode()]
"""


@pytest.fixture
def folder(bask: Bask) -> Path:
    (bask.folder / "site_of_mine.py").write_text(SITE)
    write(bask.folder, "VERSION = 'one'\n")
    return bask.folder


def write(folder: Path, text: str) -> None:
    """A change that is seen at once: compiled modules are told apart by whole seconds."""
    path, new = folder / "helper.py", folder / "helper.new"
    new.write_text(text)
    if path.exists():
        os.utime(new, (path.stat().st_mtime + 2,) * 2)
    os.replace(new, path)


def start(bask: Bask, *options: str, workers: int = 1) -> Server:
    return bask.start("--wsgi-file", "site_of_mine.py", "--py-autoreload", "1", *options,
                      workers=workers)


def wait_version(server: Server, version: str) -> None:
    wait_until(lambda: server.get("/").text == version, "version %s serves" % version)


class TestAutoreload:
    @pytest.mark.parametrize("options", [[], ["--lazy-apps"]])
    def test_changed_module(self, bask: Bask, folder: Path, options: List[str]) -> None:
        server = start(bask, *options, workers=2)
        with Load(server) as load:
            write(folder, "VERSION = 'two'\n")
            wait_version(server, "two")
            server.wait_log("reloaded: generation 2 serves")
            write(folder, "VERSION = 'three'\n")
            wait_version(server, "three")
            server.wait_log("reloaded: generation 3 serves")
        assert load.failures == []
        assert server.log().count("helper.py changed: reloading") == 2

    def test_syntax_error_keeps_the_version_that_serves(self, bask: Bask, folder: Path) -> None:
        server = start(bask)
        workers = server.workers()
        write(folder, "VERSION = \n")
        server.complained("SyntaxError")
        server.wait_log("generation 2 .*(given up|goes on|failed|discarded)")
        assert server.get("/").text == "one"
        assert server.workers() == workers
        write(folder, "VERSION = 'two'\n")
        wait_version(server, "two")

    def test_ignored_module(self, bask: Bask, folder: Path) -> None:
        server = start(bask, "--py-auto-reload-ignore", "helper")
        write(folder, "VERSION = 'two'\n")
        site = folder / "site_of_mine.py"
        site.write_text(SITE.replace("helper.VERSION", "(helper.VERSION + '!')"))
        wait_version(server, "two!")
        changed = [line for line in server.log().splitlines() if "changed: reloading" in line]
        assert len(changed) == 1 and "helper.py" not in changed[0]

    @pytest.mark.parametrize("name", ["py-auto-reload", "python-autoreload", "python-auto-reload"])
    def test_names(self, bask: Bask, folder: Path, name: str) -> None:
        server = bask.start("--wsgi-file", "site_of_mine.py", "--" + name, "1", workers=1)
        write(folder, "VERSION = 'two'\n")
        wait_version(server, "two")

    def test_master_is_implied(self, bask: Bask, folder: Path) -> None:
        server = bask.launch("--wsgi-file", "site_of_mine.py", "--py-autoreload", "1")
        server.worker_count = 1
        server.wait_ready()
        write(folder, "VERSION = 'two'\n")
        wait_version(server, "two")


def stacks(path: Path) -> str:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(path))
        parts = iter(lambda: client.recv(65536), b"")
        return b"".join(parts).decode()


class TestTracebacker:
    def start(self, bask: Bask, *options: str, workers: int = 2) -> Server:
        return bask.app("limits", "--py-tracebacker", str(bask.folder / "tb."), *options,
                        workers=workers)

    def test_each_worker_tells_what_its_threads_do(self, bask: Bask) -> None:
        server = self.start(bask, "--threads", "2", workers=1)
        with server.connect() as connection:
            connection.send(make_request("GET", "/wait"))
            wait_until(lambda: "wait_for" in stacks(bask.folder / "tb.1"), "the request is seen")
            told = stacks(bask.folder / "tb.1")
            (bask.folder / "go").touch()
            assert connection.answer().status == 200
        assert told.startswith("worker 1 (pid %d)" % server.workers()[0])
        assert told.count("application thread") == 2
        assert 'File "%s", line' % (APPS / "limits.py") in told
        assert "tracebacker" not in told

    def test_worker_without_a_master(self, bask: Bask) -> None:
        server = self.start(bask, workers=0)
        assert stacks(bask.folder / "tb.1").startswith("worker 1 (pid %d)" % server.pid)

    def test_socket_is_private_and_goes_with_the_worker(self, bask: Bask) -> None:
        server = self.start(bask)
        assert stat.S_IMODE((bask.folder / "tb.2").stat().st_mode) == 0o600
        assert server.stop() == 0
        assert list(bask.folder.glob("tb.*")) == []

    def test_successor_takes_the_path_over(self, bask: Bask) -> None:
        server = self.start(bask)
        old = server.workers()
        server.send_signal(1)
        server.wait_log("reloaded: generation 2 serves")
        wait_until(lambda: len(server.workers()) == 2 and not set(old) & set(server.workers()),
                   "the workers are new")
        for number, pid in server.roster().items():
            assert "(pid %d)" % pid in stacks(bask.folder / ("tb.%d" % number))

    def test_path_that_cannot_be(self, bask: Bask) -> None:
        server = bask.app("hello", "--py-tracebacker", "/nonesuch/tb")
        server.complained("--py-tracebacker: cannot listen on /nonesuch/tb1: No such file")
        assert server.get("/").status == 200


def test_traceback_for_the_client(bask: Bask) -> None:
    server = bask.app("limits", "--catch-exceptions")
    answer = server.get("/raise")
    server.complained("Broken: out of order")
    assert (answer.status, answer.headers["Content-Type"]) == (500, "text/plain")
    assert "limits.py" in answer.text and answer.text.endswith("Broken: out of order\n")
