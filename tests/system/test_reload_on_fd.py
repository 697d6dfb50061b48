"""Reloads when a descriptor is readable, which the server has from whoever started it."""
import os
from typing import Any, List

import pytest

from support.server import BINARY, Bask, Server

pytestmark = pytest.mark.null


def start(bask: Bask, *words: str) -> Server:
    """Descriptor 9 is the test's FIFO, which the shell has opened for both directions."""
    os.mkfifo(bask.folder / "pipe")
    shell = ("/bin/sh", "-c", 'exec "$0" "$@" 9<>pipe', BINARY)
    server = bask.null(*words, "--control-socket", "control", workers=1, program=shell)
    server.idle = False
    return server


def write(bask: Bask, text: bytes) -> None:
    with open(bask.folder / "pipe", "r+b", buffering=0) as pipe:
        pipe.write(text)


@pytest.mark.parametrize("option, says", [
    (("--reload-on-fd", "9"), "descriptor 9 is readable\n"),
    (("--reload-on-fd", "9:3 a new version is there"), "descriptor 9 is readable: a new version is there\n"),
    (("--brutal-reload-on-fd", "9:3"), "descriptor 9 is readable\n")])
def test_readable_descriptor_reloads(bask: Bask, option: List[str], says: str) -> None:
    server = start(bask, *option)
    write(bask, b"abc" if ":" in option[1] else b"a")
    server.wait_log("generation 2 serves")
    assert server.log().count(says) == 1
    write(bask, b"x")
    server.wait_log("generation 3 serves")
    assert server.log().count("is readable") == 2


def test_upgraded_server_has_it_too(bask: Bask, successors: None) -> None:
    server = start(bask, "--reload-on-fd", "9")
    successor = int(server.ctl("upgrade").stdout.split()[1])
    assert server.succeeded_by(successor) == 0
    write(bask, b"x")
    server.wait_log("generation 2 serves")
    assert server.log().count("is readable") == 1


def test_descriptor_that_is_none(bask: Bask) -> None:
    assert "descriptor 999 cannot be watched: Bad file descriptor" in bask.refused(
        "--plugin", "null", "--reload-on-fd", "999")


@pytest.mark.parametrize("value", ["", "x", "-1", "3:", "3:0", "3:4097", "3:x", "99999999999", ":8 x"])
def test_malformed_ones_are_refused(bask: Bask, value: Any) -> None:
    for name in ("reload-on-fd", "brutal-reload-on-fd"):
        said = bask.refused("--plugin", "null", "--" + name, value)
        assert '--%s "%s": expected "FD[:BYTES] [TEXT]"' % (name, value) in said
