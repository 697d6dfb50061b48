"""Where the server listens, and what it says where it cannot."""
import os
import socket
from pathlib import Path

import pytest

from support.client import Address, Connection
from support.server import Bask

pytestmark = pytest.mark.null

HELLO = b"Hello, World!"


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.parametrize("host", ["", "127.0.0.1", "localhost", "0.0.0.0"])
def test_host_and_port(bask: Bask, host: str) -> None:
    port = bask.ports.take()
    server = bask.null("--http-socket", "%s:%d" % (host, port), address=("127.0.0.1", port))
    assert server.get("/").body == HELLO


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")
def test_ipv6(bask: Bask) -> None:
    port = bask.ports.take()
    server = bask.null("--http-socket", "[::1]:%d" % port, address=("::1", port))
    assert "REMOTE_ADDR=::1" in server.get("/env").text.splitlines()


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")
def test_any_ipv6_and_any_ipv4_share_a_port(bask: Bask) -> None:
    port = bask.ports.take()
    server = bask.null("--http-socket", ":%d" % port, "--http-socket", "[::]:%d" % port,
                       address=("::1", port))
    assert server.get("/").body == HELLO
    with Connection(("127.0.0.1", port)) as connection:
        assert connection.request("GET", "/").body == HELLO


@pytest.mark.parametrize("workers", [0, 2])
def test_unix_socket_is_removed_at_the_end(bask: Bask, workers: int) -> None:
    path = str(bask.folder / "http.sock")
    server = bask.null("--http-socket", path, address=path, workers=workers)
    assert server.get("/").body == HELLO
    server.stop()
    assert not os.path.exists(path)


def test_relative_path(bask: Bask) -> None:
    server = bask.null("--http-socket", "./rel.sock", address=str(bask.folder / "rel.sock"))
    assert server.get("/").body == HELLO
    server.stop()
    assert not (bask.folder / "rel.sock").exists()


def test_relative_path_without_a_dot(bask: Bask) -> None:
    server = bask.null("--http-socket", "rel.sock", address=str(bask.folder / "rel.sock"))
    assert server.get("/").body == HELLO


def test_relative_path_is_removed_after_chdir(bask: Bask) -> None:
    (bask.folder / "elsewhere").mkdir()
    server = bask.null("--http-socket", "rel.sock", "--chdir", "elsewhere",
                       address=str(bask.folder / "rel.sock"))
    assert server.get("/").body == HELLO
    server.stop()
    assert not (bask.folder / "rel.sock").exists()


def test_stale_unix_socket_is_replaced(bask: Bask) -> None:
    path = str(bask.folder / "stale.sock")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(path)
    assert bask.null("--http-socket", path, address=path).get("/").body == HELLO


def test_live_unix_socket_is_refused(bask: Bask) -> None:
    path = str(bask.folder / "live.sock")
    first = bask.null("--http-socket", path, address=path)
    assert path in bask.refused("--plugin", "null", "--http-socket", path)
    assert first.get("/").body == HELLO


def test_file_that_is_no_socket_is_kept(bask: Bask) -> None:
    path = bask.folder / "precious"
    path.write_text("data")
    assert str(path) in bask.refused("--plugin", "null", "--http-socket", str(path))
    assert path.read_text() == "data"


def test_abstract_socket(bask: Bask) -> None:
    name = "@bask-" + bask.mark
    assert bask.null("--http-socket", name, address=name).get("/").body == HELLO


def test_several_sockets_at_once(bask: Bask) -> None:
    path = str(bask.folder / "also.sock")
    port = bask.ports.take()
    server = bask.null("--http-socket", "127.0.0.1:%d" % port, "--http-socket", path, workers=2)
    addresses: "list[Address]" = [server.address, ("127.0.0.1", port), path]
    for address in addresses:
        with Connection(address) as connection:
            assert connection.request("GET", "/").body == HELLO


def test_port_in_use(bask: Bask) -> None:
    first = bask.null()
    assert isinstance(first.address, tuple)
    said = bask.refused("--plugin", "null", "--http-socket", "127.0.0.1:%d" % first.address[1])
    assert said.count("\n") == 1
    assert "127.0.0.1:%d" % first.address[1] in said
    assert "in use" in said
    assert first.get("/").body == HELLO


def test_failed_start_leaves_no_unix_socket(bask: Bask) -> None:
    first = bask.null()
    assert isinstance(first.address, tuple)
    bask.refused("--plugin", "null", "--http-socket", "left.sock",
                 "--http-socket", "127.0.0.1:%d" % first.address[1])
    assert not Path(bask.folder, "left.sock").exists()


@pytest.mark.parametrize("address", [
    ":99999", ":-1", ":http", "127.0.0.1:", "127.0.0.1:80x", "[::1:80", "[nonsense]:80",
    "no-such-host.invalid:80", "", "300.1.2.3:80", "/nonexistent/folder/x.sock", "/" + "x" * 200,
    "@" + "x" * 200,
])
def test_bad_address(bask: Bask, address: str) -> None:
    said = bask.refused("--plugin", "null", "--http-socket", address)
    assert said.count("\n") == 1
    assert said.startswith("bask: cannot listen on ")
