"""Reloads when a descriptor is readable, which the server has from whoever started it."""
import os
import re
import sys
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


TWICE = 'exec "$0" "$@" 8<>pipe 9<&8'


@pytest.mark.parametrize("options", [
    ("--reload-on-fd", "8", "--reload-on-fd", "9"),
    ("--reload-on-fd", "8", "--alarm", "a log:", "--alarm-fd", "a 9 it rang")])
def test_somebody_else_was_faster(bask: Bask, options: List[str]) -> None:
    """One byte, of which two are told at the same time: whoever comes second waits for none."""
    os.mkfifo(bask.folder / "pipe")
    server = bask.null(*options, "--control-socket", "control", workers=1,
                       program=("/bin/sh", "-c", TWICE, BINARY))
    server.idle = False
    write(bask, b"x")
    server.wait_log("is readable|it rang")
    assert server.ctl("status", "--json").stdout
    assert len(re.findall("is readable|it rang", server.log())) == 1


COUNTER = """
import os, sys
os.dup2(os.eventfd(0), 9)
if not os.fork():
    open("pipe").read()
    os.eventfd_write(9, 3)
    os._exit(0)
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.mark.parametrize("descriptor", ["9", "9:8"])
def test_counter(bask: Bask, descriptor: str) -> None:
    """It gives all of its 8 bytes or none."""
    os.mkfifo(bask.folder / "pipe")
    server = bask.null("--reload-on-fd", descriptor, workers=1,
                       program=(sys.executable, "-c", COUNTER, BINARY))
    server.idle = False
    write(bask, b"")
    server.wait_log("generation 2 serves")
    assert server.log().count("descriptor 9 is readable\n") == 1
    assert "not looked at" not in server.log()


ACTIVATED = 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@" 3<>pipe'


@pytest.mark.parametrize("number, shell", [
    ("999", 'exec "$0" "$@"'), ("4", 'exec "$0" "$@"'), ("3", ACTIVATED)])
def test_descriptor_that_the_server_has_not_from_others(bask: Bask, number: str,
                                                        shell: str) -> None:
    """It is none, or will be one that the server opens, or is another option's."""
    os.mkfifo(bask.folder / "pipe")
    ended = bask.run("--http-socket", "127.0.0.1:0", "--plugin", "null", "--brutal-reload-on-fd",
                     number + ":2 x", program=("/bin/sh", "-c", shell, BINARY))
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == (
        'bask: command line, argument 6: --brutal-reload-on-fd "%s:2 x": descriptor %s is none that '
        "was left open for the server" % (number, number))


@pytest.mark.parametrize("first, second", [
    ("reload-on-fd", "reload-on-fd"), ("reload-on-fd", "brutal-reload-on-fd")])
def test_descriptor_that_is_named_twice(bask: Bask, first: str, second: str) -> None:
    said = bask.refused("--plugin", "null", "--" + first, "0", "--" + second, "0:2 x")
    assert said.count("\n") == 1
    assert '--%s "0": descriptor 0 is named twice' % first in said


@pytest.mark.parametrize("value", ["", "x", "-1", "3:", "3:0", "3:4097", "3:x", "99999999999", ":8 x"])
def test_malformed_ones_are_refused(bask: Bask, value: Any) -> None:
    for name in ("reload-on-fd", "brutal-reload-on-fd"):
        said = bask.refused("--plugin", "null", "--" + name, value)
        assert '--%s "%s": expected "FD[:BYTES] [TEXT]"' % (name, value) in said
