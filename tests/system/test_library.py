"""The server as a library: in a PyPy that loads it by ctypes, and in a program in C."""
import json
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Any, Callable, List, Set, Tuple

import pytest

from support import processes
from support.client import make_request
from support.load import Load
from support.server import APPS, BINARY, LIBRARY, ROOT, Bask, Server
from support.wait import wait_until

PYPY = "/usr/bin/pypy3"
HOSTING = (PYPY, str(APPS / "hosting.py"), LIBRARY)
OWN = ("--pypy-wsgi", "__main__:application")
AFTER = ["hosting: KeyboardInterrupt", "hosting: SIGTERM", "hosting: unchanged True True True True"]


@pytest.fixture(params=[0, 2])
def workers(request: Any) -> int:
    """Without a master the calling process serves."""
    return int(request.param)


@pytest.fixture(scope="session")
def c_host(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A program in C; that of the build, if it has one, because it may need its sanitizers."""
    built = Path(BINARY).with_name("tests") / "library-host"
    if built.exists():
        return str(built)
    made = tmp_path_factory.mktemp("host") / "library-host"
    source = ROOT / "tests" / "system" / "support" / "host.c"
    subprocess.run(["cc", "-o", str(made), str(source), "-ldl"], check=True)
    return str(made)


def hosted(bask: Bask, *arguments: str, **how: Any) -> Server:
    return bask.start(*arguments, program=HOSTING, **how)


def returned(server: Server) -> int:
    return int(server.wait_log(r"hosting: the server returned (\d+)").group(1))


# A PyPy that calls


def test_application_of_the_caller(bask: Bask, workers: int) -> None:
    server = hosted(bask, *OWN, workers=workers)
    pid, caller = server.get("/").text.split(" of ")
    assert int(caller) == server.pid
    assert (int(pid) == server.pid) == (workers == 0)
    assert int(pid) in server.workers()


def test_application_that_is_loaded(bask: Bask, workers: int) -> None:
    """Also: what the interpreter is there is what it is in the calling program."""
    server = hosted(bask, "--wsgi-file", str(APPS / "interpreter.py"), workers=workers)
    facts = json.loads(server.get("/").body)
    assert facts["implementation"] == "pypy" and facts["prefix"] == "/usr"
    assert facts["executable"].startswith("/usr/bin/pypy3")


def test_virtualenv_of_the_caller(bask: Bask) -> None:
    folder = bask.folder / "venv"
    subprocess.run([PYPY, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=60)
    server = bask.start("--wsgi-file", str(APPS / "interpreter.py"), workers=1,
                        program=(str(folder / "bin" / "pypy3"), *HOSTING[1:]))
    facts = json.loads(server.get("/").body)
    assert facts["prefix"] == str(folder) and facts["base_prefix"] == "/usr"


def test_home_is_that_of_the_caller(bask: Bask) -> None:
    server = hosted(bask, *OWN, "--pypy-home", "/opt", workers=1)
    assert server.get("/").status == 200
    assert "--pypy-home is not used" in server.log()


def test_threads(bask: Bask, workers: int) -> None:
    """Each of them in PyPy at the same time."""
    server = hosted(bask, "--wsgi-file", str(APPS / "workers.py"), "--pypy-pp", str(APPS),
                    "--threads", "8", workers=workers)
    connections = [server.connect() for _ in range(8)]
    for connection in connections:
        connection.send(make_request("GET", "/slow"))
    assert {connection.answer().status for connection in connections} == {200}
    for connection in connections:
        connection.close()


def test_caller_goes_on_afterwards(bask: Bask, workers: int) -> None:
    server = hosted(bask, *OWN, workers=workers)
    server.get("/")
    assert server.stop() == returned(server) == (0 if workers else 30)
    said = [line for line in server.log().splitlines() if line.startswith("hosting: ")]
    assert said[1:] == AFTER + ["hosting: leaving in %d" % server.pid]


def test_names_of_processes_stay(bask: Bask) -> None:
    """The memory of the command line is the caller's, also where a name is asked for."""
    server = hosted(bask, *OWN, "--auto-procname", "--procname-master", "mine", workers=2)
    lines = {Path("/proc/%d/cmdline" % pid).read_bytes() for pid in
             [server.pid, server.zygote(), *server.workers()]}
    names = {Path("/proc/%d/comm" % pid).read_text() for pid in
             [server.pid, server.zygote(), *server.workers()]}
    assert len(lines) == 1 and lines.pop().startswith(b"/usr/bin/pypy3\0")
    assert names == {"pypy3\n"}


@pytest.mark.parametrize("words", [(), ("--skip-atexit",), ("--skip-atexit-teardown",)])
def test_ends_of_the_interpreter(bask: Bask, words: Tuple[str, ...]) -> None:
    """What the application wants done at the end is done in each worker, once, or not at all."""
    (bask.folder / "ending.py").write_text(
        "import atexit, os\n"
        "atexit.register(lambda: print('ending in', os.getpid(), flush=True))\n"
        "def application(environ, start_response):\n"
        "    start_response('200 OK', [])\n"
        "    return [b'']\n")
    server = hosted(bask, "--module", "ending", *words, workers=2)
    workers = server.workers()
    assert server.stop() == 0
    ended = sorted(int(pid) for pid in re.findall(r"^ending in (\d+)", server.log(), re.M))
    assert ended == ([] if words else workers)


def test_signals_of_the_caller_are_not_the_children_s(bask: Bask) -> None:
    """What the program does on a SIGTERM is not what its zygote does."""
    (bask.folder / "terminated.py").write_text(
        "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n")
    ended = bask.run("--http-socket", "127.0.0.1:0", "--module", "terminated", "--master",
                     program=HOSTING)
    assert "zygote 1 died while it was loading (signal 15)" in ended.stderr
    assert ended.stdout.count("hosting: SIGTERM") == 1  # the program's own, at its end


def replaced(server: Server, old: List[int]) -> Callable[[], bool]:
    return lambda: (len(server.roster()) == 2 and not set(old) & set(server.workers())
                    and not any(map(processes.is_alive, old)))


def versions(bask: Bask, *arguments: str) -> Server:
    return hosted(bask, "--wsgi-file", str(APPS / "workers.py"), "--pypy-pp", str(APPS), *arguments,
                  workers=2)


@pytest.mark.parametrize("more", [[], ["--binary-path", BINARY]])
def test_reload(bask: Bask, more: List[str]) -> None:
    server = versions(bask, *more)
    with Load(server) as load:
        for version in ("2", "3"):
            old = server.workers() + [server.zygote()]
            (server.folder / "version").write_text(version)
            server.send_signal(signal.SIGHUP)
            wait_until(replaced(server, old), "all processes are new")
            assert json.loads(server.get("/").body)["version"] == version
            load.wait_more(50)
    assert load.failures == []


def test_reload_of_what_the_caller_has_imported(bask: Bask) -> None:
    server = hosted(bask, *OWN, workers=1)
    assert "a reload gives the same" in server.log()


def test_without_a_master_a_reload_is_the_end(bask: Bask) -> None:
    server = hosted(bask, *OWN)
    assert server.stop(signal.SIGHUP) == returned(server) == 17


def test_lost_processes_are_replaced(bask: Bask) -> None:
    server = versions(bask)
    zygote, worker = server.zygote(), server.roster()[1]
    os.kill(zygote, signal.SIGKILL)
    wait_until(lambda: server.zygote() != zygote, "there is a new zygote")
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: server.roster().get(1, worker) != worker, "there is a new worker")
    assert server.get("/").status == 200
    server.complained("zygote 1 died")


def upgraded(server: Server) -> int:
    """By whom."""
    os.write(os.open(server.folder / "fifo", os.O_WRONLY), b"f")
    wait_until(lambda: re.findall(r"upgraded: master (\d+) serves", server.log()), "it is upgraded")
    successor = int(re.findall(r"upgraded: master (\d+) serves", server.log())[-1])
    assert server.succeeded_by(successor) == 0
    return successor


def test_upgrade_calls_the_program_again(bask: Bask, successors: None) -> None:
    """The words of its own command line, not those that it gave to the server."""
    server = versions(bask, "--master-fifo", "fifo")
    (server.folder / "version").write_text("2")
    with Load(server) as load:
        assert upgraded(server) != server.workers()[0]
        load.wait_more(50)
    assert load.failures == []
    words = Path("/proc/%d/cmdline" % server.pid).read_bytes().split(b"\0")
    assert words[:3] == [os.fsencode(word) for word in HOSTING]
    assert json.loads(server.get("/").body)["version"] == "2"


def test_upgrade_to_the_binary(bask: Bask, successors: None) -> None:
    """--binary-path takes the words that were given to the server."""
    server = versions(bask, "--master-fifo", "fifo", "--binary-path", BINARY)
    with Load(server) as load:
        upgraded(server)
        load.wait_more(50)
    assert load.failures == []
    assert os.readlink("/proc/%d/exe" % server.pid) == os.path.realpath(BINARY)


def test_into_the_background(bask: Bask) -> None:
    address = ("127.0.0.1", bask.ports.take())
    started = bask.run("--http-socket", "%s:%d" % address, *OWN, "--master", "--daemonize",
                       "the.log", "--pidfile", "pid", program=HOSTING)
    assert started.returncode == 0, started.stderr
    pid = int((bask.folder / "pid").read_text())
    assert processes.is_alive(pid)
    stopped = bask.run("--stop", "pid")
    assert stopped.returncode == 0, stopped.stderr
    wait_until(lambda: not processes.is_alive(pid), "the server ends")


def test_pidfile_of_another_pypy(bask: Bask) -> None:
    """Every program that PyPy runs has PyPy's name, and few of them are this server."""
    other = subprocess.Popen([PYPY, "-c", "import time; print(flush=True); time.sleep(100)"],
                             stdout=subprocess.PIPE, env=bask.environment())
    assert other.stdout and other.stdout.readline()
    (bask.folder / "pid").write_text("%d\n" % other.pid)
    for program in (HOSTING, (BINARY,)):
        ended = bask.run("--stop", "pid", program=program)
        assert "which is no Bask" in ended.stderr, ended.stderr
    other.kill()
    other.wait()


@pytest.mark.parametrize("arguments, status, said", [
    (["--no-such-option"], 1, "bask: command line, argument 1: unknown option --no-such-option"),
    (["--http-socket", "127.0.0.1:0", "--module", "no_such_module", "--master"], 22,
     "there is no module 'no_such_module'"),
    (["--http-socket", "127.0.0.1:0", "--module", "no_such_module"], 22,
     "there is no module 'no_such_module'"),
    (["--http-socket", "127.0.0.1:0", *OWN, "--pypy-lib", "/lib/none.so"], 1,
     "PyPy is already in this process"),
    (["--version"], 0, "0.1.0"),
])
def test_caller_goes_on_after_a_failed_start(bask: Bask, arguments: List[str], status: int,
                                             said: str) -> None:
    ended = bask.run(*arguments, program=HOSTING)
    assert said in ended.stdout + ended.stderr
    assert ended.returncode == status
    assert [line for line in ended.stdout.splitlines() if line.startswith("hosting: ")][:4] == [
        "hosting: the server returned %d" % status] + AFTER


# A program in C that calls


@pytest.mark.null
def test_c_host(bask: Bask, c_host: str, workers: int) -> None:
    server = bask.null(workers=workers, program=(c_host, LIBRARY))
    assert server.get("/").status == 200
    assert server.stop() == (0 if workers else 30)
    assert "was not given back" not in server.log()


@pytest.mark.null
def test_c_host_reloads(bask: Bask, c_host: str) -> None:
    server = bask.null(workers=2, program=(c_host, LIBRARY))
    old = server.workers() + [server.zygote()]
    server.send_signal(signal.SIGHUP)
    wait_until(replaced(server, old), "all processes are new")
    assert server.get("/").status == 200


@pytest.mark.null
def test_c_host_after_a_failed_start(bask: Bask, c_host: str) -> None:
    address = "127.0.0.1:%d" % bask.ports.take()
    for wrong in (["--no-such-option"], ["--http-socket", address, "--http-socket", address]):
        ended = bask.run("--plugin", "null", "--pidfile", "pid", *wrong, program=(c_host, LIBRARY))
        assert ended.returncode == 1, ended.stderr
        assert "bask: " in ended.stderr and "the server returned 1" in ended.stderr
        assert not (bask.folder / "pid").exists()


def test_c_host_without_pypy_gets_one(bask: Bask, c_host: str) -> None:
    server = bask.start("--wsgi-file", str(APPS / "workers.py"), "--pypy-pp", str(APPS), workers=2,
                        program=(c_host, LIBRARY))
    seen: Set[int] = {json.loads(server.get("/").body)["pid"]}
    assert seen < set(server.workers())
    assert "libpypy" not in Path("/proc/%d/maps" % server.pid).read_text()


def test_cpython_cannot_have_pypy_too(bask: Bask) -> None:
    ended = bask.run("--http-socket", "127.0.0.1:0", "--wsgi-file", str(APPS / "hello.py"),
                     program=("/usr/bin/python3", *HOSTING[1:]))
    assert ended.returncode == 1
    assert "CPython" in ended.stderr and "hosting: unchanged True True True True" in ended.stdout


@pytest.mark.parametrize("started", ["yes", "no"])
def test_c_host_that_has_pypy(bask: Bask, c_host: str, started: str) -> None:
    """Its master has PyPy, too, and forks by it."""
    server = bask.start("--wsgi-file", str(APPS / "workers.py"), "--pypy-pp", str(APPS), workers=2,
                        program=(c_host, LIBRARY), env={"HOST_PYPY": "libpypy3.9-c.so",
                                                        "HOST_STARTS_PYPY": started})
    old = server.workers() + [server.zygote()]
    server.send_signal(signal.SIGHUP)
    wait_until(replaced(server, old), "all processes are new")
    assert json.loads(server.get("/").body)["pid"] in server.workers()
    assert "libpypy" in Path("/proc/%d/maps" % server.pid).read_text()


def test_library_exports_two_names() -> None:
    listed = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], stdout=subprocess.PIPE,
                            encoding="utf-8", check=True).stdout
    assert sorted(line.split()[-1] for line in listed.splitlines()) == ["bask_init", "uwsgi_init"]
