"""uWSGI's shared areas: plain memory that workers have in common."""
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.server import Bask, Server


def start(bask: Bask, *options: str, workers: int = 2) -> Server:
    return bask.app("services", *options, workers=workers)


def ask(server: Server, expression: str) -> str:
    return server.post("/", expression.encode()).text


def test_results_are_those_of_the_cpython_plugin(bask: Bask) -> None:
    server = start(bask, "--sharedarea", "1", "-A", "size=20")
    little = sys.byteorder == "little"
    for asked, answer in (
            ("read(1, 0)", repr(bytes(20))), ("write(1, 18, b'ab')", "None"),
            ("read(1, 18)", "b'ab'"), ("read(1, 17, 2)", "b'\\x00a'"),
            ("write(1, 0, 'caf\\xe9')", "None"), ("read(1, 0, 5)", "b'caf\\xc3\\xa9'"),
            ("read(1, 19, 2)", "ValueError: shared area 1 has 20 bytes: there are no 2 at 19"),
            ("write(1, 19, 'ab')", "ValueError: shared area 1 has 20 bytes: there are no 2 at 19"),
            ("read(2, 0)", "ValueError: shared areas have the numbers 0 to 1, not 2"),
            ("rlock(-1)", "ValueError: shared areas have the numbers 0 to 1, not -1"),
            ("write64(0, 8, -5)", "None"), ("read64(0, 8)", "-5"), ("readlong(0, 8)", "-5"),
            ("inc64(0, 8)", "None"), ("inclong(0, 8, 10)", "None"), ("dec64(0, 8, 2)", "None"),
            ("read64(0, 8)", "4"), ("read(0, 8, 8)[%d]" % (0 if little else 7), "4"),
            ("write64(0, 8, (1 << 63) - 1)", "None"), ("inc64(0, 8)", "None"),
            ("read64(0, 8)", str(-(1 << 63))), ("writelong(0, 4088, 7)", "None"),
            ("write64(0, 4089, 7)", "ValueError: shared area 0 has 4096 bytes: there are no 8 at 4089"),
            ("write32(0, 3, 0xfffffffe)", "None"), ("read32(0, 3)", "-2"), ("inc32(0, 3, 5)", "None"),
            ("dec32(0, 3)", "None"), ("read32(0, 3)", "2"), ("write16(0, 0, 65535)", "None"),
            ("read16(0, 0)", "-1"), ("write8(0, 0, 200)", "None"), ("read8(0, 0)", "-56"),
            ("writebyte(0, 0, 7)", "None"), ("readbyte(0, 0)", "7"),
            ("write8(0, 0, 256)", "OverflowError: 256 has more than 8 bits"),
            ("object(0)", "ValueError: shared area 0 is not an object's"),
            ("write(0, 0, 5)", "TypeError: what is written must be str or bytes, not int")):
        assert ask(server, "uwsgi.sharedarea_" + asked) == answer, asked


def test_memoryview(bask: Bask) -> None:
    server = start(bask, "--sharedarea", "size=100")
    assert ask(server, "uwsgi.sharedarea_memoryview(0).__setitem__(slice(1, 4), b'abc')") == "None"
    for _ in range(10):
        assert ask(server, "bytes(uwsgi.sharedarea_memoryview(0)[:5])") == "b'\\x00abc\\x00'"
    assert ask(server, "len(uwsgi.sharedarea_memoryview(0))") == "100"


def test_without_the_option_there_is_none(bask: Bask) -> None:
    server = start(bask, workers=1)
    assert ask(server, "[name for name in dir(uwsgi) if name.startswith('sharedarea')]") == "[]"


def test_counting_together_and_locks(bask: Bask) -> None:
    server = start(bask, "--sharedarea", "1", "--threads", "2")
    slowly = ("[(uwsgi.sharedarea_wlock(0), uwsgi.sharedarea_write64(0, 0, 1 +"
              " uwsgi.sharedarea_read64(0, 0)), uwsgi.sharedarea_unlock(0)) for _ in range(50)][0]")
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: ask(server, slowly), range(20))) == {"(None, None, None)"}
        list(pool.map(lambda _: ask(server, "[uwsgi.sharedarea_inc64(0, 0) for _ in range(50)]"),
                      range(20)))
    assert ask(server, "uwsgi.sharedarea_read64(0, 0)") == "2000"
    assert ask(server, "uwsgi.sharedarea_unlock(0)") == "None"
    server.wait_log("shared area 0 was unlocked by a thread that does not have its lock")


def test_outlives_workers_and_generations(bask: Bask) -> None:
    (bask.folder / "kept").write_bytes(bytes(50))
    server = start(bask, "--sharedarea", "size=50,file=kept", "--sharedarea", "1")
    ask(server, "[uwsgi.sharedarea_write(n, 1, 'kept') for n in range(2)]")
    for pid in server.workers():
        os.kill(pid, signal.SIGKILL)
    server.complained("(?s)Respawned.*Respawned")
    server.send_signal(signal.SIGHUP)
    server.wait_log("reloaded: generation 2 serves")
    assert ask(server, "[uwsgi.sharedarea_read(n, 1, 4) for n in range(2)]") == "[b'kept', b'kept']"
    assert (bask.folder / "kept").read_bytes()[1:5] == b"kept"


@pytest.mark.parametrize("text, complaint", [
    ("none", "expected pages, size, file or offset, not \"none\""),
    ("size=10,file=missing", "missing: No such file or directory"),
    ("size=10,file=short", "short: the file is not that long"),
])
def test_bad_descriptions(bask: Bask, text: str, complaint: str) -> None:
    (bask.folder / "short").write_text("short")
    said = bask.refused("--plugin", "null", "--sharedarea", text)
    assert '--sharedarea "%s": %s' % (text, complaint) in said
