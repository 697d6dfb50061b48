"""The spooler: tasks in files, and the processes that do them."""
import os
import signal
import struct
import time
from pathlib import Path
from typing import Dict

import pytest

from support import processes
from support.aides import ask, seen, spooled, wait_born, wait_gone, wait_seen
from support.server import Bask, Server
from support.wait import wait_until


def start(bask: Bask, defined: str, *options: str, workers: int = 1) -> Server:
    (bask.folder / "defined.py").write_text(defined)
    return bask.app("services", "--spooler", "tasks", *options, workers=workers)


def wait_empty(server: Server, folder: str = "tasks") -> None:
    wait_until(lambda: not spooled(server.folder / folder), "all tasks are done")


def write_task(folder: Path, name: str, items: Dict[bytes, bytes], body: bytes = b"") -> Path:
    """A file as uWSGI writes it."""
    data = b"".join(struct.pack("<H", len(part)) + part for item in items.items() for part in item)
    path = folder / ("uwsgi_spoolfile_on_" + name)
    path.write_bytes(b"\x11" + struct.pack("<H", len(data)) + b"\0" + data + body)
    return path


HANDLER = ("def spooler(env):\n"
           "    note(sorted((k if isinstance(k, str) else k.decode(), v) for k, v in env.items()\n"
           "                if k != 'spooler_task_name'))\n"
           "    return uwsgi.SPOOL_OK\n"
           "uwsgi.spooler = spooler\n")
NOTE_X = ("def spooler(env):\n"
          "    note(env[b'x'].decode())\n"
          "    return uwsgi.SPOOL_OK\n"
          "uwsgi.spooler = spooler\n")


# Processes


@pytest.mark.null
def test_task_is_done_and_its_file_removed(bask: Bask) -> None:
    server = bask.null("--spooler", "tasks", workers=1)
    assert (bask.folder / "tasks").stat().st_mode & 0o777 == 0o750
    assert server.get("/spool?body").status == 200
    server.wait_log("null: spooler 1: body")
    wait_empty(server)


@pytest.mark.null
def test_tasks_that_are_there_at_the_start_are_done(bask: Bask) -> None:
    folder = bask.folder / "tasks"
    folder.mkdir()
    write_task(folder, "host_1_1_1_1_1", {b"a": b"b"}, b"old")
    server = bask.null("--spooler", "tasks", workers=1)
    server.wait_log("null: spooler 1: old")
    wait_empty(server)


@pytest.mark.null
def test_task_that_kills_its_spooler_is_kept_and_does_not_block_others(bask: Bask) -> None:
    server = bask.null("--spooler", "tasks", "--forkbomb-delay", "100ms", workers=1)
    server.get("/spool?crash")
    for number in range(3):
        server.get("/spool?%d" % number)
    for number in range(3):
        server.wait_log("null: spooler 1: %d" % number)
    wait_until(lambda: server.log().count("null: spooler 1: crash") >= 3, "it is tried again")
    assert len(spooled(bask.folder / "tasks")) == 1
    server.complained("a spooler ended in a task")


@pytest.mark.null
@pytest.mark.parametrize("content", [
    b"", b"\x11", b"\x11\xff\xff\x00abc", b"\x00\x00\x00\x00", b"\x11\x04\x00\x00\xff\xffab",
    b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 100000])
def test_files_that_are_no_tasks_are_left_alone(bask: Bask, content: bytes) -> None:
    folder = bask.folder / "tasks"
    folder.mkdir()
    (folder / "uwsgi_spoolfile_on_a_bad_one").write_bytes(content)
    (folder / "another").write_bytes(content)
    (folder / "uwsgi_spoolfile_on_folder").mkdir()
    (folder / "uwsgi_spoolfile_on_link").symlink_to("/etc/passwd")
    os.mkfifo(folder / "uwsgi_spoolfile_on_pipe")
    server = bask.null("--spooler", "tasks", workers=1)
    server.get("/spool?good")
    server.wait_log("null: spooler 1: good")
    assert (folder / "uwsgi_spoolfile_on_a_bad_one").read_bytes() == content


@pytest.mark.null
def test_file_that_stays_too_short_is_told_of(bask: Bask) -> None:
    """One that is new may be in the writing."""
    folder = bask.folder / "tasks"
    folder.mkdir()
    for name, age in (("new", 0), ("old", 3600)):
        file = folder / ("uwsgi_spoolfile_on_" + name)
        file.write_bytes(b"\x11\xff\xff\x00abc")
        os.utime(file, (time.time() - age,) * 2)
    server = bask.null("--spooler", "tasks", workers=1)
    server.wait_log("uwsgi_spoolfile_on_old is left alone")
    server.get("/spool?good")
    server.wait_log("null: spooler 1: good")
    assert "on_new is left alone" not in server.log()
    server.complained("is left alone")


@pytest.mark.null
def test_signals_reach_the_spooler(bask: Bask) -> None:
    server = bask.null("--spooler", "tasks", workers=1)
    wait_born(server, "spooler")
    server.get("/signal/5")
    server.wait_log("null: spooler 1: signal 5")


@pytest.mark.null
def test_reload_replaces_spoolers(bask: Bask) -> None:
    server = bask.null("--spooler", "tasks", "--spooler-processes", "2", workers=1)
    first = [wait_born(server, "spooler", number) for number in (1, 2)]
    server.send_signal(signal.SIGHUP)
    for number, pid in zip((1, 2), first):
        wait_born(server, "spooler", number, count=2)
        wait_gone(pid)
    server.get("/spool?after")
    server.wait_log("null: spooler [12]: after")


@pytest.mark.null
def test_folder_that_cannot_be(bask: Bask) -> None:
    (bask.folder / "file").touch()
    assert "it is no folder" in bask.refused("--plugin", "null", "--spooler", "file")
    assert "--spooler no/where" in bask.refused("--plugin", "null", "--spooler", "no/where")
    assert "--spooler-external none" in bask.refused("--plugin", "null", "--spooler-external", "none")


# What the application has of it


def test_env_of_a_task(bask: Bask) -> None:
    server = start(bask, HANDLER)
    for call in ("{b'k': b'v', 'text': 'caf\\xe9', b'body': b'\\0\\xff' * 100000}",
                 "k=b'v', text='caf\\xe9', body=bytearray(b'\\0\\xff' * 100000)"):
        ask(server, "uwsgi.spool(%s)" % call)
        expected = repr([("body", b"\0\xff" * 100000), ("k", b"v"), ("text", "caf\xe9".encode())])
        wait_seen(server, expected)
        wait_empty(server)
        (server.folder / "seen").unlink()


def test_what_the_module_tells(bask: Bask) -> None:
    server = start(bask, "uwsgi.spooler = lambda env: [note((uwsgi.i_am_the_spooler(),"
                         " uwsgi.worker_id(), uwsgi.mule_id())), uwsgi.SPOOL_RETRY][1]")
    path = eval(ask(server, "uwsgi.send_to_spooler({'a': 'b', 'body': 'c'})"))
    wait_seen(server, "(True, 0, 0)")
    pid = wait_born(server, "spooler")
    assert ask(server, "uwsgi.i_am_the_spooler(), uwsgi.spooler_pid(), uwsgi.spooler_pids()"
               ) == str((None, pid, [pid]))
    assert ask(server, "uwsgi.spooler_jobs()") == str([path])
    folder = os.path.realpath(server.folder / "tasks").encode()
    assert ask(server, "uwsgi.spoolers") == str((folder,))
    name = os.path.basename(path)
    assert eval(ask(server, "uwsgi.spooler_get_task(%r)" % path)) == {
        b"a": b"b", "body": b"c", "spooler_task_name": name}
    assert ask(server, "uwsgi.spooler_get_task('/etc/passwd'), uwsgi.spooler_get_task('x')"
               ) == "(None, None)"
    assert ask(server, "uwsgi.SPOOL_OK, uwsgi.SPOOL_RETRY, uwsgi.SPOOL_IGNORE") == "(-2, -1, 0)"


@pytest.mark.parametrize("call, answer", [
    ("uwsgi.spool({'k': 1})", "ValueError: the value of b'k' must be str or bytes"),
    ("uwsgi.spool({1: 'v'})", "ValueError: a key of a task must be str or bytes"),
    ("uwsgi.spool({'k': 'x' * 70000})", "ValueError: a key or a value of a task"),
    ("uwsgi.spool({str(n): 'x' * 60000 for n in range(2)})", "ValueError: unable to spool job: the "
                                                            "task is larger than 64 KiB"),
    ("uwsgi.spool({'priority': '../../etc'})", "ValueError: unable to spool job: the priority"),
    ("uwsgi.spool({'spooler': '/tmp'})", "ValueError: unable to spool job: there is no spooler on"),
    ("uwsgi.spool({'at': 'tomorrow'})", "ValueError: at is a number"),
])
def test_what_applications_must_not_do(bask: Bask, call: str, answer: str) -> None:
    assert ask(start(bask, HANDLER), call).startswith(answer)


def test_priorities_and_names_decide_the_order(bask: Bask) -> None:
    folder = bask.folder / "tasks"
    for name in (folder, folder / "10", folder / "2"):
        name.mkdir()
        for number in (10, 9):
            write_task(name, "host_%d_1_1_1_1" % number, {b"x": b"%s %d" % (name.name.encode(), number)})
    server = start(bask, NOTE_X, "--spooler-ordered")
    wait_empty(server)
    assert seen(server) == ["2 9", "2 10", "10 9", "10 10", "tasks 9", "tasks 10"]
    ask(server, "uwsgi.spool({'x': 'new', 'priority': 7})")
    wait_seen(server, "new")
    assert (folder / "7").is_dir()


def test_task_for_later(bask: Bask) -> None:
    server = start(bask, "def spooler(env):\n"
                         "    note(time.time())\n"
                         "    return uwsgi.SPOOL_OK\n"
                         "uwsgi.spooler = spooler\n")
    at = time.time() + 2
    ask(server, "uwsgi.spool(x='y', at=%r)" % at)
    wait_until(lambda: seen(server), "it is done")
    assert int(at) <= float(seen(server)[0]) < at + 10


@pytest.mark.parametrize("result", ["-1", "None", "'text'", "1 / 0", "sys.exit()"])
def test_task_that_is_not_done_is_tried_again(bask: Bask, result: str) -> None:
    server = start(bask, "import sys\n"
                         "def spooler(env):\n"
                         "    note('once')\n"
                         "    if lines() > 1: return uwsgi.SPOOL_OK\n"
                         "    return %s\n"
                         "uwsgi.spooler = spooler\n" % result, "--spooler-frequency", "1")
    ask(server, "uwsgi.spool(a='b')")
    wait_until(lambda: seen(server) == ["once", "once"], "it was tried again")
    wait_empty(server)
    if "/" in result:
        server.complained("the task uwsgi_spoolfile_on_.* raised:\n(?s:.*)ZeroDivisionError")


def test_frequency_can_be_changed(bask: Bask) -> None:
    server = start(bask, "uwsgi.spooler = lambda env: [note('x'), -1][1]",
                   "--spooler-frequency", "1000")
    ask(server, "uwsgi.spool(a='b')")
    wait_seen(server, "x")
    assert ask(server, "uwsgi.set_spooler_frequency(1)") == "True"
    wait_until(lambda: len(seen(server)) > 2, "it looks often")


def test_spooler_that_is_killed_does_its_task_again(bask: Bask) -> None:
    server = start(bask, "def spooler(env):\n"
                         "    note(os.getpid())\n"
                         "    if lines() == 1: time.sleep(1000)\n"
                         "    return uwsgi.SPOOL_OK\n"
                         "uwsgi.spooler = spooler\n")
    ask(server, "uwsgi.spool(a='b')")
    first = wait_born(server, "spooler")
    wait_seen(server, str(first))
    os.kill(first, signal.SIGKILL)
    wait_empty(server)
    assert len(seen(server)) == 2
    server.complained("DAMN ! spooler 1 .* killed by signal 9")


def test_task_is_done_to_its_end_although_the_server_reloads(bask: Bask) -> None:
    server = start(bask, "def spooler(env):\n"
                         "    note('begins')\n"
                         "    while not os.path.exists('go'):\n"
                         "        time.sleep(0.01)\n"
                         "    note('ends')\n"
                         "    return uwsgi.SPOOL_OK\n"
                         "uwsgi.spooler = spooler\n")
    first = wait_born(server, "spooler")
    ask(server, "uwsgi.spool(a='b')")
    wait_seen(server, "begins")
    server.send_signal(signal.SIGHUP)
    wait_born(server, "spooler", count=2)
    assert processes.is_alive(first)
    (server.folder / "go").touch()
    wait_gone(first)
    assert seen(server) == ["begins", "ends"]
    wait_empty(server)


def test_processes_share_the_tasks(bask: Bask) -> None:
    """Each task is done once, and by more than one process."""
    server = start(bask, "def spooler(env):\n"
                         "    note(env[b'x'].decode() + ' ' + str(os.getpid()))\n"
                         "    time.sleep(0.05)\n"
                         "    return uwsgi.SPOOL_OK\n"
                         "uwsgi.spooler = spooler\n", "--spooler-processes", "2")
    ask(server, "[uwsgi.spool(x=str(n)) for n in range(40)]")
    wait_empty(server)
    lines = [line.split() for line in seen(server)]
    assert sorted(int(number) for number, _ in lines) == list(range(40))
    assert len({pid for _, pid in lines}) == 2


def test_several_folders_and_one_of_others(bask: Bask) -> None:
    (bask.folder / "others").mkdir()
    server = start(bask, "def spooler(env):\n"
                         "    note(env[b'x'] + b' ' + os.path.basename(uwsgi.spooler_dir()))\n"
                         "    return uwsgi.SPOOL_OK\n"
                         "uwsgi.spooler = spooler\n",
                   "--spooler", "more", "--spooler-external", "others")
    ask(server, "[uwsgi.spool(x='1'), uwsgi.spool(x='2', spooler='more'),"
                " uwsgi.spool({b'x': b'3', b'spooler': os.path.abspath('others').encode()})]")
    wait_seen(server, "b'1 tasks'", "b'2 more'")
    assert len(spooled(bask.folder / "others")) == 1


def test_harakiri_max_tasks_chdir_import_quiet(bask: Bask) -> None:
    (bask.folder / "there").mkdir()
    (bask.folder / "imported.py").write_text("import uwsgi\nuwsgi.imported = uwsgi.i_am_the_spooler()")
    server = start(bask, "def spooler(env):\n"
                         "    note((uwsgi.imported, os.path.basename(os.getcwd()), os.getpid()))\n"
                         "    if lines() == 1: time.sleep(1000)\n"
                         "    return uwsgi.SPOOL_OK\n"
                         "uwsgi.spooler = spooler\n",
                   "--spooler-harakiri", "1", "--spooler-max-tasks", "1", "--spooler-chdir", "there",
                   "--spooler-import", str(bask.folder / "imported.py"), "--spooler-quiet")
    ask(server, "[uwsgi.spool(x=str(n)) for n in range(3)]")
    wait_empty(server)
    lines = [eval(line) for line in seen(server)]
    assert {line[:2] for line in lines} == {(True, "there")}
    assert len({line[2] for line in lines}) == len(lines) == 4
    server.complained("HARAKIRI: spooler 1")
    assert "[spooler" not in server.log()


def test_without_a_function_tasks_stay(bask: Bask) -> None:
    server = start(bask, "")
    ask(server, "uwsgi.spool(a='b')")
    server.complained("unable to find the spooler function")
    assert len(spooled(bask.folder / "tasks")) == 1


def test_without_a_spooler_there_are_no_functions(bask: Bask) -> None:
    (bask.folder / "defined.py").write_text("")
    server = bask.app("services", workers=1)
    assert ask(server, "hasattr(uwsgi, 'spool'), uwsgi.i_am_the_spooler()") == "(False, None)"


def test_decorators(bask: Bask) -> None:
    server = start(bask, "from uwsgidecorators import *\n"
                         "@spool\n"
                         "def plain(env): note(sorted((k, v) for k, v in env.items()\n"
                         "                            if not k.startswith(('ud_', 'spooler_'))))\n"
                         "@spool(pass_arguments=True)\n"
                         "def called(a, b=0): note((a, b))\n"
                         "@spoolraw\n"
                         "def raw(env):\n"
                         "    note('raw')\n"
                         "    return uwsgi.SPOOL_OK if lines() > 3 else uwsgi.SPOOL_RETRY\n"
                         "@spoolforever\n"
                         "def forever(env): note('for ever')\n"
                         "assert plain.__name__ == 'plain'\n", "--spooler-frequency", "1")
    ask(server, "[plain({b'a': b'1'}, b='2', body=b'3'), called([1], b={2}), raw(x='y')]")
    wait_seen(server, "[('a', '1'), ('b', '2'), ('body', '3')]", "([1], {2})")
    wait_empty(server)
    ask(server, "forever.spool(x='y')")
    wait_until(lambda: seen(server).count("for ever") > 1, "it is done again")
    assert len(spooled(bask.folder / "tasks")) == 1
