"""In the background, with a log and pidfiles of its own; and commands to such a server."""
import os
import signal
import socket
import time
from pathlib import Path
from typing import List, Optional

import pytest

from support import processes
from support.client import Connection
from support.server import Bask, Server
from support.wait import wait_until


def own_pid(server: Server, file: Path) -> bool:
    return file.exists() and file.read_text() == "%d\n" % server.pid


class Daemon:
    """A server in the background, which is nobody's child."""

    def __init__(self, bask: Bask, *arguments: str) -> None:
        self._bask = bask
        self.port = bask.ports.take()
        self.pidfile = bask.folder / "daemon.pid"
        self.log = bask.folder / "daemon.log"
        self.ended = bask.run("--http-socket", "127.0.0.1:%d" % self.port, "--pidfile",
                              str(self.pidfile), *arguments)

    @property
    def pid(self) -> int:
        return int(self.pidfile.read_text())

    def get(self) -> int:
        with Connection(("127.0.0.1", self.port)) as connection:
            return connection.request("GET", "/").status

    def stop(self) -> None:
        pid = self.pid
        assert self._bask.run("--stop", str(self.pidfile)).returncode == 0
        wait_until(lambda: not processes.is_alive(pid), "the server ends")


# Pidfiles

@pytest.mark.null
@pytest.mark.parametrize("workers", [0, 1])
def test_pidfile_is_written_and_removed(bask: Bask, workers: int) -> None:
    names = ["pidfile", "pidfile2", "safe-pidfile", "safe-pidfile2"]
    words = [word for name in names for word in ("--" + name, name)]
    server = bask.null(*words, "--umask", "077", workers=workers)
    for name in names:
        assert own_pid(server, bask.folder / name)
        assert (bask.folder / name).stat().st_mode & 0o777 == 0o644
    server.stop()
    assert not [name for name in os.listdir(bask.folder) if "pidfile" in name]


@pytest.mark.null
def test_pidfile_and_socket_stay_without_vacuum(bask: Bask) -> None:
    server = bask.null("--no-vacuum", "--pidfile", "pid", "--socket", "socket")
    server.stop()
    assert own_pid(server, bask.folder / "pid") and (bask.folder / "socket").is_socket()


@pytest.mark.null
def test_vacuum(bask: Bask) -> None:
    (bask.folder / "elsewhere").mkdir()
    server = bask.null("--vacuum", "--pidfile", "pid", "--socket", "socket", "--chdir",
                       "elsewhere", workers=1)
    assert (bask.folder / "socket").is_socket()
    server.stop()
    assert not (bask.folder / "pid").exists() and not (bask.folder / "socket").exists()


@pytest.mark.null
def test_pidfile_of_another_stays(bask: Bask) -> None:
    server = bask.null("--pidfile", "pid")
    (bask.folder / "pid").write_text("1234567\n")
    server.stop()
    assert (bask.folder / "pid").read_text() == "1234567\n"


@pytest.mark.null
def test_pidfile_replaces_a_link(bask: Bask) -> None:
    victim = bask.folder / "victim"
    victim.write_text("precious")
    (bask.folder / "pid").symlink_to(victim)
    server = bask.null("--pidfile", "pid")
    assert own_pid(server, bask.folder / "pid") and not (bask.folder / "pid").is_symlink()
    assert victim.read_text() == "precious"


@pytest.mark.null
def test_pidfile_that_names_a_running_server(bask: Bask) -> None:
    first = bask.null("--pidfile", "pid")
    error = bask.refused("--plugin", "null", "--safe-pidfile", "pid")
    assert "pid names process %d, another Bask, which runs" % first.pid in error
    assert own_pid(first, bask.folder / "pid")
    second = bask.null("--pidfile", "pid")
    second.wait_log(r"\[warn\] pid named process %d, another Bask" % first.pid)
    assert own_pid(second, bask.folder / "pid")
    first.stop()
    assert own_pid(second, bask.folder / "pid")


@pytest.mark.null
@pytest.mark.parametrize("text", ["1\n", "99999999\n", "", "-5", "12 34", "x" * 100, "%d\n"])
def test_pidfile_that_names_no_server(bask: Bask, text: str) -> None:
    (bask.folder / "pid").write_text(text.replace("%d", str(os.getpid())))
    server = bask.null("--safe-pidfile", "pid")
    assert own_pid(server, bask.folder / "pid")


@pytest.mark.null
def test_start_that_fails_leaves_nothing(bask: Bask) -> None:
    bask.refused("--plugin", "null", "--pidfile", "pid", "--socket", "socket", "--chdir", "nowhere")
    assert os.listdir(bask.folder) == []


# Commands

@pytest.mark.null
def test_commands(bask: Bask) -> None:
    server = bask.null("--pidfile", "pid", workers=1)
    old = server.workers()
    assert bask.run("--reload", "pid").returncode == 0
    wait_until(lambda: server.workers() and server.workers() != old, "the worker is replaced")
    wait_until(lambda: not processes.is_alive(old[0]), "the old one ends")
    assert bask.run("--stop", "pid").returncode == 0
    assert server.wait_end() == 0


@pytest.mark.null
@pytest.mark.parametrize("command", ["--pause", "--suspend", "--resume"])
def test_pause(bask: Bask, command: str) -> None:
    server = bask.null("--pidfile", "pid")
    processes.stop(server.pid)  # so that the signal can be seen
    assert bask.run(command, "pid").returncode == 0
    assert processes.is_pending(server.pid, signal.SIGTSTP)
    os.kill(server.pid, signal.SIGCONT)


@pytest.mark.null
@pytest.mark.parametrize("text, said", [
    (None, "No such file"), ("nonsense", "does not hold a process id"), ("1\n", "does not hold"),
    ("0", "does not hold"), ("99999999", "No such process"), ("%d\n", "which is no Bask")])
def test_command_to_nobody(bask: Bask, text: Optional[str], said: str) -> None:
    if text is not None:
        (bask.folder / "pid").write_text(text.replace("%d", str(os.getpid())))
    ended = bask.run("--stop", "pid")
    assert ended.returncode == 1
    assert ended.stderr.startswith("bask: pid") and said in ended.stderr


# The log

@pytest.mark.null
@pytest.mark.parametrize("option", ["--logto", "--logto2"])
def test_log_in_a_file(bask: Bask, option: str) -> None:
    log = bask.folder / "own.log"
    log.write_text("before\n")
    server = bask.launch("--plugin", "null", option, "own.log", "--hook-post-app", "print:printed",
                         workers=1)
    wait_until(lambda: "spawned Bask worker 1" in log.read_text(), "the server is ready")
    assert server.get("/").status == 200
    assert server.stop() == 0
    text = log.read_text()
    assert text.startswith("before\n") and "printed\n" in text and "GET / =>" in text
    assert "spawned" not in server.log()


@pytest.mark.null
def test_log_to_udp(bask: Bask) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(30)
        server = bask.launch("--plugin", "null", "--logto", "127.0.0.1:%d" % receiver.getsockname()[1])
        while b"spawned Bask worker 1" not in receiver.recv(65536):
            pass
        server.stop()


# The background

@pytest.mark.null
@pytest.mark.parametrize("option", ["--daemonize", "--daemonize2"])
@pytest.mark.parametrize("workers", [0, 2])
def test_daemon(bask: Bask, option: str, workers: int) -> None:
    masters = ["--master", "--processes", str(workers)] if workers else []
    daemon = Daemon(bask, "--plugin", "null", option, "daemon.log", *masters)
    assert daemon.ended.returncode == 0, daemon.ended.stderr
    assert daemon.get() == 200
    for pid in processes.marked(bask.mark):
        opened = processes.descriptors(pid)
        assert opened[0] == "/dev/null"
        assert opened[1] == opened[2] == str(daemon.log)
        assert os.getsid(pid) not in (pid, os.getsid(0))
    early = "listening on" in daemon.log.read_text()
    assert early == (option == "--daemonize")
    assert ("listening on" in daemon.ended.stderr) != early
    daemon.stop()
    assert ("goodbye" in daemon.log.read_text()) == bool(workers)


@pytest.mark.null
@pytest.mark.parametrize("option", ["--vacuum", "--drop-after-init"])
def test_late_log_of_a_daemon_is_one_file(bask: Bask, option: str) -> None:
    """Also where some processes have changed to another folder by then, and others have not."""
    (bask.folder / "elsewhere").mkdir()
    daemon = Daemon(bask, "--plugin", "null", "--daemonize2", "daemon.log", "--chdir", "elsewhere",
                    "--master", option)
    assert daemon.ended.returncode == 0 and daemon.get() == 200
    for pid in processes.marked(bask.mark):
        assert processes.descriptors(pid)[2] == str(daemon.log)
    daemon.stop()


@pytest.mark.parametrize("workers", [[], ["--master"]])
def test_daemon_whose_application_fails(bask: Bask, workers: List[str]) -> None:
    (bask.folder / "broken.py").write_text("raise RuntimeError('it is broken')\n")
    daemon = Daemon(bask, "--daemonize", "daemon.log", "--wsgi-file", "broken.py", *workers)
    assert daemon.ended.returncode == 22
    assert daemon.ended.stderr == (
        "bask: the server did not start (status 22); see daemon.log\n")
    assert "it is broken" in daemon.log.read_text()
    assert not daemon.pidfile.exists()


@pytest.mark.null
def test_daemon_that_cannot_bind(bask: Bask) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = bask.run("--plugin", "null", "--daemonize", "daemon.log", "--http-socket",
                         "127.0.0.1:%d" % taken.getsockname()[1])
    assert ended.returncode == 1
    assert "cannot listen" in (bask.folder / "daemon.log").read_text()


@pytest.mark.null
def test_daemon_whose_log_cannot_be(bask: Bask) -> None:
    ended = bask.run("--plugin", "null", "--http-socket", ":0", "--daemonize", "/no/such/dir/log")
    assert ended.returncode == 1
    assert "bask: cannot log to /no/such/dir/log: No such file or directory" in ended.stderr


def test_daemon_is_there_when_the_application_is(bask: Bask) -> None:
    """Who starts it waits until it serves."""
    (bask.folder / "slow.py").write_text(
        "import time\ntime.sleep(0.7)\nfrom wsgiref.simple_server import demo_app as application\n")
    start = time.monotonic()
    daemon = Daemon(bask, "--daemonize", "daemon.log", "--wsgi-file", "slow.py", "--master")
    assert daemon.ended.returncode == 0 and time.monotonic() - start > 0.7
    assert daemon.get() == 200
    daemon.stop()
