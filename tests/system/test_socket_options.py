"""Sockets that are shared, given by others, or set up in unusual ways."""
import ctypes
import os
import select
import socket
import sys
from pathlib import Path
from typing import Sequence

import pytest

from support import processes, uwsgi
from support.client import Address, Connection
from support.server import BINARY, Bask, Server

pytestmark = pytest.mark.null

HELLO = b"Hello, World!"
PIDFD_GETFD, IP_FREEBIND = 438, 15  # of Linux; Python has no names for them


def hello(address: Address) -> bool:
    with Connection(address) as connection:
        return connection.request("GET", "/").body == HELLO


def hello_uwsgi(address: Address) -> bool:
    with Connection(address) as connection:
        connection.send(uwsgi.request())
        return uwsgi.answer(connection.rest()).body == HELLO


# Shared sockets


def test_shared_sockets(bask: Bask) -> None:
    first, second = ("127.0.0.1", bask.ports.take()), ("127.0.0.1", bask.ports.take())
    bask.null("--shared-socket", "%s:%d" % first, "--undeferred-shared-socket", "%s:%d" % second,
              "--http-socket", "=1", "--socket", "=0", address=second)
    assert hello(second)
    assert hello_uwsgi(first)


@pytest.mark.parametrize("name", ["=0", "=1", "=", "=x", "=99999999999999999999"])
def test_shared_socket_that_is_not_there(bask: Bask, name: str) -> None:
    said = bask.refused("--plugin", "null", "--socket", name)
    assert said.count("\n") == 1
    assert "cannot listen on %s: there are 0 of --shared-socket" % name in said


# Descriptors of others


GIVE = """
import os, socket, sys
names, addresses, *command = sys.argv[1:]
addresses = addresses.split(",")
opened = []
for address in addresses:
    one = socket.socket(socket.AF_UNIX if address.startswith("/") else socket.AF_INET)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    host, colon, port = address.rpartition(":")
    one.bind((host, int(port)) if colon else address)
    one.listen(10)
    opened.append(os.dup2(one.fileno(), 100 + len(opened)))
for index, number in enumerate(opened):
    os.dup2(number, 3 + index)
    os.close(number)
if names != "-":
    os.environ.update(LISTEN_FDS=str(len(opened)), LISTEN_PID=str(os.getpid()))
    if names:
        os.environ["LISTEN_FDNAMES"] = names
os.execv(command[0], command)
"""


def named(address: Address) -> str:
    return "%s:%d" % address if isinstance(address, tuple) else address


def given(bask: Bask, sockets: Sequence[Address], names: str, *options: str, workers: int = 0
          ) -> Server:
    """Starts a server with sockets from descriptor 3 on; `names` "-": without systemd's variables."""
    program = (sys.executable, "-c", GIVE, names, ",".join(map(named, sockets)), BINARY)
    return bask.null(*options, address=sockets[0], workers=workers, program=program)


@pytest.mark.parametrize("workers", [0, 2])
def test_descriptor_by_number(bask: Bask, workers: int) -> None:
    address = ("127.0.0.1", bask.ports.take())
    given(bask, [address], "-", "--http-socket", "fd://3", workers=workers)
    assert hello(address)


@pytest.mark.parametrize("name, why", [
    ("fd://77", "descriptor 77 is no stream socket"), ("fd://1", "descriptor 1 is no"),
    ("fd://web", "no socket of this name"), ("fd://", "no socket of this name"),
    ("fd://99999999999", "is no stream socket")])
def test_descriptor_that_is_none(bask: Bask, name: str, why: str) -> None:
    said = bask.refused("--plugin", "null", "--socket", name)
    assert said.count("\n") == 1
    assert why in said


@pytest.mark.parametrize("workers", [0, 2])
def test_activation_matches_addresses(bask: Bask, workers: int) -> None:
    """As uWSGI does under systemd: the socket that an option would open is open already."""
    address = ("127.0.0.1", bask.ports.take())
    path = str(bask.folder / "given.sock")
    server = given(bask, [address, path], "", "--http-socket", named(address), "--socket", path,
                   "--chmod-socket=600", workers=workers)
    status = os.stat(path)
    assert status.st_mode & 0o777 != 0o600, "it is somebody else's"
    assert hello(address)
    assert hello_uwsgi(path)
    server.stop()
    assert os.stat(path).st_ino == status.st_ino


def test_activation_by_name(bask: Bask) -> None:
    first, second = ("127.0.0.1", bask.ports.take()), ("127.0.0.1", bask.ports.take())
    given(bask, [first, second], "gateway:web", "--http-socket", "fd://web", "--socket",
          "fd://gateway")
    assert hello(second)
    assert hello_uwsgi(first)


def test_activation_without_an_option(bask: Bask) -> None:
    address = ("127.0.0.1", bask.ports.take())
    given(bask, [address], "")
    assert hello_uwsgi(address)


def test_activation_with_a_protocol(bask: Bask) -> None:
    address = ("127.0.0.1", bask.ports.take())
    given(bask, [address], "", "--protocol", "http")
    assert hello(address)


def test_activation_that_nobody_wants_is_told(bask: Bask) -> None:
    own, other = ("127.0.0.1", bask.ports.take()), ("127.0.0.1", bask.ports.take())
    server = given(bask, [other], "", "--http-socket", named(own))
    assert hello(own)
    server.wait_log("1 of the sockets that were given")


def test_activation_of_another_process_is_not_ours(bask: Bask) -> None:
    said = bask.run("--plugin", "null", env={"LISTEN_FDS": "1", "LISTEN_PID": "1"})
    assert said.returncode == 1
    assert "nowhere to listen" in said.stderr


@pytest.mark.parametrize("by_option", [True, False])
def test_upgrade_keeps_what_was_given(bask: Bask, successors: None, by_option: bool) -> None:
    address = ("127.0.0.1", bask.ports.take())
    path = str(bask.folder / "given.sock")
    options = ["--http-socket", named(address), "--socket", path] if by_option else []
    server = given(bask, [address, path], "", *options, "--control-socket", "control", workers=1)
    server.ctl("upgrade")
    server.succeeded_by(int(server.wait_log(r"upgraded: master (\d+) serves").group(1)))
    assert hello(address) if by_option else hello_uwsgi(address)
    assert hello_uwsgi(path)
    server.stop()
    assert os.path.exists(path), "it is somebody else's"


@pytest.mark.parametrize("options", [(), ("--http-socket", "fd://0")])
def test_standard_input_as_inetd_leaves_it(bask: Bask, options: "tuple[str, ...]") -> None:
    address = ("127.0.0.1", bask.ports.take())
    inetd = ("import os, socket, sys; one = socket.socket();"
             "one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1);"
             "one.bind(('127.0.0.1', %d)); one.listen(5); os.dup2(one.fileno(), 0);"
             "os.execv(sys.argv[1], sys.argv[1:])" % address[1])
    server = bask.null(*options, address=address, program=(sys.executable, "-c", inetd, BINARY))
    assert hello(address) if options else hello_uwsgi(address)
    assert os.readlink("/proc/%d/fd/0" % server.pid) == "/dev/null"


# Protocols by name


@pytest.mark.parametrize("protocol", ["http", "uwsgi"])
@pytest.mark.parametrize("option", ["--protocol", "--socket-protocol"])
def test_protocol_of_plain_sockets(bask: Bask, option: str, protocol: str) -> None:
    first, second = ("127.0.0.1", bask.ports.take()), ("127.0.0.1", bask.ports.take())
    bask.null(option, protocol, "--socket", "%s:%d" % first, "--uwsgi-socket", "%s:%d" % second,
              address=first)
    assert hello(first) if protocol == "http" else hello_uwsgi(first)
    assert hello_uwsgi(second)


def test_unknown_protocol(bask: Bask) -> None:
    said = bask.refused("--plugin", "null", "--protocol", "gopher")
    assert said == ('bask: --protocol "gopher": expected uwsgi, http, fastcgi, scgi, fastcgi-nph or'
                    ' scgi-nph\n')


# How sockets are


def test_reuse_port(bask: Bask) -> None:
    address = ("127.0.0.1", bask.ports.take())
    options = ("--http-socket", "%s:%d" % address, "--reuse-port")
    first, second = bask.null(*options, address=address), bask.null(*options, address=address)
    for _ in range(50):
        assert hello(address)
    second.stop()
    assert hello(address)
    assert first.process.poll() is None


def test_freebind(bask: Bask) -> None:
    """192.0.2.0/24 is for documentation: no machine has it."""
    port = bask.ports.take()
    assert "bind" in bask.refused("--plugin", "null", "--http-socket", "192.0.2.1:%d" % port)
    server = bask.null("--http-socket", "192.0.2.1:%d" % port, "--freebind")
    assert server.get("/").body == HELLO


def test_abstract_by_option(bask: Bask) -> None:
    path = str(bask.folder / "none.sock")
    bask.null("--http-socket", path, "--abstract-socket", address="@" + path)
    assert hello("@" + path)
    assert not Path(path).exists()


def listening_socket(server: Server) -> socket.socket:
    """A copy of the server's listening TCP socket, to be looked at."""
    assert isinstance(server.address, tuple)
    process = os.pidfd_open(server.pid)
    try:
        for number, name in processes.descriptors(server.pid).items():
            if name.startswith("socket:"):
                copy = ctypes.CDLL(None, use_errno=True).syscall(PIDFD_GETFD, process, number, 0)
                assert copy >= 0, os.strerror(ctypes.get_errno())
                opened = socket.socket(fileno=copy)
                if opened.getsockname() == server.address:
                    return opened
                opened.close()
    finally:
        os.close(process)
    raise AssertionError("it does not listen")


def test_options_of_tcp(bask: Bask) -> None:
    server = bask.null("--so-keepalive", "--tcp-nodelay", "--no-defer-accept", "--tcp-fast-open", "8",
                       "--socket-sndbuf", "65536", "--socket-rcvbuf", "32768", "--reuse-port",
                       "--freebind", "--defer-accept", "1")
    with listening_socket(server) as own:
        assert own.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 2 * 32768  # by the kernel
        assert own.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == 2 * 65536
        for level, name in ((socket.SOL_SOCKET, socket.SO_KEEPALIVE),
                            (socket.SOL_SOCKET, socket.SO_REUSEPORT),
                            (socket.IPPROTO_IP, IP_FREEBIND),
                            (socket.IPPROTO_TCP, socket.TCP_NODELAY),
                            (socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT)):
            assert own.getsockopt(level, name) == 1
        assert own.getsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN) == 8
    assert server.get("/bytes/3000000").body == b"x" * 3000000


def test_keepalive_of_connections(bask: Bask) -> None:
    for options, timer in (((), "00:"), (("--so-keepalive",), "02:")):
        server = bask.null(*options)
        assert isinstance(server.address, tuple)
        with server.connect() as connection:
            connection.request("GET", "/")
            own = "%04X" % connection.socket.getsockname()[1]
            lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
            ours = [line for line in lines if line[1].endswith(":%04X" % server.address[1])
                    and line[2].endswith(":" + own)]
            assert [line[5][:3] for line in ours] == [timer]


def test_deferred_accept(bask: Bask) -> None:
    """The worker does not see a connection before it has something to say."""
    server = bask.null("--defer-accept", "30")
    before = len(processes.descriptors(server.pid))
    with server.connect() as silent, server.connect() as talking:
        assert talking.request("GET", "/").body == HELLO
        assert len(processes.descriptors(server.pid)) == before + 1
        assert silent.request("GET", "/").body == HELLO


def test_send_timeout(bask: Bask) -> None:
    """A client that does not read is given up long before --socket-timeout."""
    server = bask.null("--so-send-timeout", "1", "--socket-sndbuf", "16384", "--threads", "2")
    with server.connect() as connection:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.send(b"GET /bytes/30000000 HTTP/1.1\r\nHost: a\r\n\r\n")
        select.select([connection.socket], [], [], 10)
        server.wait_log("cut off, it takes nothing of its answer")


def test_backlog_is_clipped(bask: Bask) -> None:
    most = int(Path("/proc/sys/net/core/somaxconn").read_text())
    server = bask.null("--listen", str(most + 1))
    server.wait_log("somaxconn, which is %d" % most)
    assert server.get("/").body == HELLO


@pytest.mark.parametrize("option, value", [
    ("--defer-accept", "x"), ("--tcp-fast-open", "-1"), ("--socket-sndbuf", "4x"),
    ("--so-send-timeout", "-3")])
def test_bad_values(bask: Bask, option: str, value: str) -> None:
    said = bask.refused("--plugin", "null", option, value)
    assert said.count("\n") == 1
    assert option + " expects" in said
