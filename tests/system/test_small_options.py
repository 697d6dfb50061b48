"""Small options of uWSGI's: what each of them changes, and those that change nothing."""
import json
import os
from pathlib import Path
from typing import Any, Dict, List

import pytest

from support.server import Bask
from support.wait import wait_until

ENVIRONMENT = """
import json, os
loaded = dict(os.environ)
def application(environ, start_response):
    start_response('200 OK', [])
    return [json.dumps(loaded).encode()]
"""

HELLO = """
import atexit, os, subprocess, sys, threading, uwsgi
def tell(text):
    with open('ends', 'a') as file:
        file.write(text)
uwsgi.atexit = lambda: tell('U')
atexit.register(tell, 'P')
def optimized():
    "a docstring"
    assert False
def application(environ, start_response):
    start_response('200 OK', [])
    if environ['PATH_INFO'] == '/child':
        pid = os.fork()
        if not pid:
            os._exit(0)
        return [b'%d' % pid]
    try:
        optimized()
        level = 2 if optimized.__doc__ is None else 1
    except AssertionError:
        level = 0
    return [b'%d' % level]
"""


@pytest.fixture
def hello(bask: Bask) -> List[str]:
    (bask.folder / "app.py").write_text(HELLO)
    return ["--wsgi-file", "app.py"]


ACCEPTED = """\
[uwsgi]
plugin = null
close-on-exec = true
close-on-exec2 = true
http-auto-chunked = true
http-cheap = true
http-quiet = true
http-processes = 2
http-connect-timeout = 60
http-gracetime = 3
http-harakiri = 3
http-events = 64
http-buffer-size = 8192
max-vars = 128
body-read-warning = 16
backtrace-depth = 30
heartbeat = 10
skip-zero = true
use-abort = true
persistent-ipcsem = true
ftok = /etc/passwd
lock-engine = ipcsem
strict = true
"""


@pytest.mark.null
def test_accepted(bask: Bask) -> None:
    (bask.folder / "app.ini").write_text(ACCEPTED)
    server = bask.start("app.ini", "-v", "64", "--http-workers=1", "--http-quiet", "1")
    assert server.get("/").status == 200
    assert "[warn]" not in server.log()


@pytest.mark.null
@pytest.mark.parametrize("line", ["http-quiet =", "http-quiet = 0", "http-quiet = on"])
def test_any_value_is_accepted(bask: Bask, line: str) -> None:
    (bask.folder / "app.ini").write_text("[uwsgi]\nplugin = null\n%s\n" % line)
    bask.start("app.ini")


def test_accepted_by_the_plugin(bask: Bask, hello: List[str]) -> None:
    assert bask.start(*hello, "--no-site", "--reload-os-env").get("/").status == 200


def make(folder: Path, files: Dict[str, bytes]) -> None:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_bytes(text)


def test_folder_of_variables(bask: Bask) -> None:
    make(bask.folder / "one", {"PLAIN": b"value\n", "LINES": b"a\0b \t\r\n", "GONE": b"",
                               ".HIDDEN": b"x", "OVER": b"one", "BLANK": b"\n", "ENV": b"folder"})
    make(bask.folder / "two", {"OVER": b"two"})
    (bask.folder / "one" / "FOLDER").mkdir()
    (bask.folder / "app.py").write_text(ENVIRONMENT)
    server = bask.start("--wsgi-file", "app.py", "--envdir", "one", "--env", "ENV=option",
                        "--envdir", "two", env={"GONE": "x"}, workers=1)
    found: Dict[str, Any] = json.loads(server.get("/").body)
    wanted = {"PLAIN": "value", "LINES": "a\nb", "OVER": "two", "BLANK": "", "ENV": "folder"}
    assert {name: found.get(name) for name in wanted} == wanted
    assert not {"GONE", "HIDDEN", ".HIDDEN", "FOLDER"} & set(found)


@pytest.mark.null
def test_folder_of_variables_is_read_again(bask: Bask) -> None:
    """One that cannot be read any more is the end of the new generation only."""
    make(bask.folder / "one", {"A": b"1"})
    server = bask.null("--master", "--envdir", "one", "--control-socket", "control", workers=1)
    (bask.folder / "one" / "A").unlink()
    (bask.folder / "one").rmdir()
    server.ctl("reload", expect=1)
    server.complained(r"--envdir one: No such file or directory")
    assert server.get("/").status == 200


@pytest.mark.null
@pytest.mark.parametrize("files, said", [
    (None, "command line, argument 4: --envdir one: No such file or directory"),
    ({"BIG": b"x" * (128 << 10)}, "--envdir one/BIG: File too large"),
    ({"A=B": b"x"}, "--envdir one/A=B: Invalid argument"),
])
def test_folder_of_variables_is_refused(bask: Bask, files: Any, said: str) -> None:
    if files:
        make(bask.folder / "one", files)
    assert said in bask.refused("--envdir", "one", "--plugin", "null")


@pytest.mark.parametrize("level", [0, 1, 2])
def test_optimize(bask: Bask, hello: List[str], level: int) -> None:
    assert bask.start(*hello, "-O", str(level)).get("/").text == str(level)


@pytest.mark.parametrize("words, ends", [
    ((), "UP"), (("--skip-atexit",), ""), (("--skip-atexit-teardown",), "U")])
def test_end_of_a_worker(bask: Bask, hello: List[str], words: Any, ends: str) -> None:
    server = bask.start(*hello, *words)
    server.get("/")
    server.stop()
    told = bask.folder / "ends"
    assert (told.read_text() if told.exists() else "") == ends


def test_children_are_waited_for(bask: Bask, hello: List[str]) -> None:
    server = bask.start(*hello, "--reaper")

    def is_gone() -> bool:
        server.get("/")
        return not os.path.exists("/proc/%d" % child)

    child = int(server.get("/child").body)
    wait_until(is_gone, "the child is waited for")


@pytest.mark.parametrize("kilobytes, expected", [("64", 8192), ("32768", 32768)])
def test_stack_of_a_thread(bask: Bask, hello: List[str], kilobytes: str, expected: int) -> None:
    server = bask.start(*hello, "--threads", "2", "--thread-stacksize", kilobytes, workers=1)
    assert server.get("/").status == 200
    sizes = [int(line.split()[1]) for line in
             Path("/proc/%d/smaps" % server.workers()[0]).read_text().splitlines()
             if line.startswith("Size:")]
    assert expected in sizes
