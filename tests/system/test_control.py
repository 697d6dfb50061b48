"""The ways to tell a running server something: FIFO, control socket, touched files; upgrades."""
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest

from support import processes
from support.client import make_request
from support.load import Load
from support.server import BINARY, Bask, Server
from support.wait import wait_until

ALL = ("--control-socket", "control", "--master-fifo", "fifo")


@pytest.fixture
def null(bask: Bask) -> Server:
    return bask.null(*ALL, workers=2)


def status(server: Server) -> Dict[str, Any]:
    found: Dict[str, Any] = json.loads(server.ctl("status", "--json").stdout)
    return found


def write(server: Server, commands: str, fifo: str = "fifo") -> None:
    """As a shell does it: a writer that comes and goes."""
    (server.folder / fifo).write_bytes(commands.encode())


def is_new(server: Server, old: List[int]) -> Callable[[], bool]:
    return lambda: len(server.roster()) == 2 and not set(old) & set(server.workers())


# bask-ctl

@pytest.mark.null
def test_status(null: Server) -> None:
    null.get("/")
    wait_until(lambda: sum(each["requests"] for each in status(null)["workers"]) == 1,
               "the request is counted")
    found = status(null)
    assert (found["pid"], found["generation"], found["state"]) == (null.pid, 1, "serving")
    assert {each["id"]: each["pid"] for each in found["workers"]} == null.roster()
    assert {each["state"] for each in found["workers"]} == {"serving"}
    assert all(each["generation"] == 1 and each["rss"] > 0 and each["started"] > 1e9
               and each["busy"] == 0 for each in found["workers"])
    lines = null.ctl("status").stdout.splitlines()
    assert len(lines) == 4 and "master %d, generation 1, serving" % null.pid in lines[0]


@pytest.mark.null
def test_status_to_the_byte(bask: Bask) -> None:
    """Whoever reads it by line and pattern goes on reading it."""
    never = "0 0 31 2 -1 "
    server = bask.null(*ALL, "--mule", "--cron", never + "echo \"a\\b\"\t\x7fgr\u00fcn\ntrue",
                       "--cron2", "minute=-5,unique=1,month=2,day=31 true", workers=2)
    worker = (r'\{"id":%d,"pid":\d+,"state":"serving","generation":1,"requests":\d+,"exceptions":0,'
              r'"respawns":\d+,"busy":0,"rss":\d+,"started":\d+,"clients":\{("\w+":0,)+"\w+":0\}\}')
    expected = (r'\{"version":"[\w.+-]+","pid":%d,"started":\d+,"generation":1,"state":"serving",'
                r'"threads":1,"workers":\[' % server.pid + worker % 1 + "," + worker % 2 +
                r'\],"warning":"","aides":\[\{"kind":"mule","id":1,"pid":\d+,"state":"serving",'
                r'"generation":1,"done":0\}\],"crons":\[\{"minute":0,"hour":0,"day":31,"month":2,'
                r'"week":-1,"unique":false,"pid":0,"running":0,"times":0,"started":0,"command":"' +
                re.escape(r'echo \"a\\b\"\u0009\u007f' + "gr\u00fcn" + r'\u000atrue') +
                r'"\},\{"minute":-5,"hour":-1,"day":31,"month":2,"week":-1,"unique":true,"pid":0,'
                r'"running":0,"times":0,"started":0,"command":"true"\}\]\}\n')
    wait_until(lambda: status(server)["aides"][0]["state"] == "serving", "the mule is there")
    assert re.fullmatch(expected, server.ctl("status", "--json").stdout)
    json.loads(server.ctl("status", "--json").stdout)


@pytest.mark.null
def test_status_is_json_whatever_a_command_is(bask: Bask) -> None:
    (bask.folder / "server.ini").write_bytes(b"[uwsgi]\ncron = 0 0 31 2 -1 echo \xff\xc3(\n")
    server = bask.null(*ALL, "--ini", "server.ini", workers=1)
    assert status(server)["crons"][0]["command"] == "echo \ufffd\ufffd("


@pytest.mark.null
def test_status_while_the_only_thread_is_busy(bask: Bask) -> None:
    server = bask.null(*ALL, workers=1)
    with server.connect() as connection:
        connection.send(make_request("GET", "/sleep/500"))
        wait_until(lambda: status(server)["workers"][0]["busy"] == 1, "the request runs")
        assert connection.answer().status == 200


@pytest.mark.null
@pytest.mark.parametrize("options, same_generation", [
    ([], False), (["--chain"], False), (["--brutal"], False), (["--workers"], True),
    (["--workers", "--brutal"], True)])
def test_reload_waits_for_its_end(null: Server, options: List[str], same_generation: bool) -> None:
    old = null.workers()
    said = null.ctl("reload", *options).stdout
    found = status(null)
    assert found["generation"] == (1 if same_generation else 2)
    assert said == "generation %d serves\n" % found["generation"]
    assert not set(old) & {each["pid"] for each in found["workers"]}


@pytest.mark.null
def test_reload_without_waiting(null: Server) -> None:
    old = null.workers()
    assert null.ctl("reload", "--no-wait").stdout == ""
    wait_until(is_new(null, old), "the workers are replaced")


@pytest.mark.null
def test_reloads_asked_for_at_once_all_end(null: Server) -> None:
    running = [subprocess.Popen([BINARY + "-ctl", "-s", str(null.folder / "control"), "reload"],
                                stdout=subprocess.DEVNULL) for _ in range(5)]
    assert [each.wait(60) for each in running] == [0] * 5
    assert status(null)["generation"] in (2, 3, 4, 5, 6)


@pytest.mark.null
def test_stop_lets_requests_end(null: Server) -> None:
    with null.connect() as connection:
        connection.send(make_request("GET", "/sleep/1500"))
        wait_until(lambda: sum(each["busy"] for each in status(null)["workers"]) == 1, "it runs")
        assert null.ctl("stop").stdout == "stopped\n"
        assert connection.answer().status == 200
    assert null.wait_end() == 0
    assert not (null.folder / "control").exists() and not (null.folder / "fifo").exists()


@pytest.mark.null
def test_stop_now(null: Server) -> None:
    with null.connect() as connection:
        connection.send(make_request("GET", "/sleep/60000"))
        wait_until(lambda: sum(each["busy"] for each in status(null)["workers"]) == 1, "it runs")
        null.ctl("stop", "--now")
        assert connection.rest() == b""
    assert null.wait_end() == 0


@pytest.mark.null
def test_pause_and_resume(null: Server) -> None:
    null.ctl("pause")
    null.ctl("pause")
    assert status(null)["state"] == "paused"
    null.wait_log("paused")
    assert null.log().count("paused: workers") == 1
    null.ctl("resume")
    assert status(null)["state"] == "serving"
    assert null.get("/").status == 200


@pytest.mark.null
def test_what_ends_with_which_status(bask: Bask, null: Server) -> None:
    assert "no server answers" in bask_ctl(bask, "--socket", "nothing", "status", status=3)
    assert "--socket" in bask_ctl(bask, "status", status=2)
    assert "no command" in bask_ctl(bask, status=2)
    assert "unknown option" in bask_ctl(bask, "--broken", "status", status=2)
    assert "no such command" in null.ctl("dance", expect=1).stderr
    assert "no such command" in null.ctl("reload", "now", expect=1).stderr
    null.ctl("two words", expect=2)
    (null.folder / "pid").write_text("%d\n" % null.pid)
    assert "no signal" in bask_ctl(bask, "--pidfile", "pid", "stop", status=2)
    assert "no process id" in bask_ctl(bask, "--pidfile", "nothing", "reload", status=3)
    old = null.workers()
    bask_ctl(bask, "--pidfile", "pid", "reload", status=0)
    wait_until(is_new(null, old), "the workers are replaced")


def bask_ctl(bask: Bask, *words: str, status: int) -> str:
    done = subprocess.run([BINARY + "-ctl", *words], cwd=bask.folder, env=bask.environment(),
                          capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert done.returncode == status, done
    return done.stderr


def test_waiting_has_a_limit(bask: Bask) -> None:
    server = bask.app("workers", *ALL, workers=2)
    (server.folder / "sitecustomize.py").touch()
    with server.connect() as connection:
        connection.send(make_request("GET", "/gate"))
        wait_until((server.folder / "in-gate").exists, "the request runs")
        assert "took too long" in server.ctl("stop", "--timeout", "100ms", expect=4).stderr
        (server.folder / "go").touch()
        assert connection.answer().status == 200
    assert server.wait_end() == 0


# Clients that are no bask-ctl

def dial(server: Server) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(30)
    client.connect(str(server.folder / "control"))
    return client


@pytest.mark.null
@pytest.mark.parametrize("question", [
    b"\n", b"GET / HTTP/1.1\r\n", b"bask/2 status\n", b"bask/1 \0\n", b"x" * 5000])
def test_nonsense_is_answered_once(null: Server, question: bytes) -> None:
    with dial(null) as client:
        client.sendall(question)
        answer = b""
        try:
            while piece := client.recv(4096):
                answer += piece
        except ConnectionResetError:
            pass  # it has not read all
    assert answer.startswith(b"failed ") and b"not the language" in answer
    assert status(null)["state"] == "serving"


@pytest.mark.null
def test_silent_clients_are_left_and_the_others_served(null: Server) -> None:
    clients = [dial(null) for _ in range(16)]
    clients[0].sendall(b"bask/1 sta")
    with dial(null) as one_too_many:
        one_too_many.sendall(b"bask/1 status\n")
        assert one_too_many.recv(3) == b"ok "
    assert [client.recv(1) for client in clients] == [b""] * 16
    for client in clients:
        client.close()
    assert status(null)["state"] == "serving"


@pytest.mark.null
def test_client_that_leaves_before_its_reload_ends(null: Server) -> None:
    old = null.workers()
    for _ in range(20):
        with dial(null) as client:
            client.sendall(b"bask/1 reload wait\n")
    wait_until(is_new(null, old), "the workers are replaced")
    assert status(null)["state"] in ("serving", "reloading")


@pytest.mark.null
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_other_users_are_not_heard(bask: Bask) -> None:
    with tempfile.TemporaryDirectory(prefix="bask-", dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        path = folder + "/control"
        bask.null("--control-socket", path, workers=1)
        assert os.stat(path).st_mode & 0o777 == 0o600
        os.chmod(path, 0o666)  # so that nothing but the server stands in the way
        script = ("import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);"
                  "s.sendall(b'bask/1 status\\n'); print(s.recv(100))")
        for user, expected in ((65534, b""), (0, b"ok ")):
            said = subprocess.run([sys.executable, "-c", script, path], user=user,
                                  capture_output=True, timeout=30, check=False)
            assert expected in said.stdout and (expected or b"ok" not in said.stdout)


@pytest.mark.null
def test_control_socket_that_cannot_be(bask: Bask) -> None:
    assert "control socket" in bask.refused("--plugin", "null", "--master", "--control-socket",
                                            "no/such/folder")
    assert "expected the path" in bask.refused("--plugin", "null", "--master", "--control-socket",
                                               "127.0.0.1:80")


# The master FIFO

@pytest.mark.null
@pytest.mark.parametrize("letter", "rRcwW")
def test_fifo_reloads(null: Server, letter: str) -> None:
    old = null.workers()
    assert os.stat(null.folder / "fifo").st_mode & 0o777 == 0o600
    write(null, letter)
    wait_until(is_new(null, old), "the workers are replaced")


@pytest.mark.null
@pytest.mark.parametrize("letter", "qQ")
def test_fifo_stops(null: Server, letter: str) -> None:
    write(null, letter)
    assert null.wait_end() == 0


@pytest.mark.null
def test_fifo_pauses_reports_and_refuses(null: Server) -> None:
    write(null, "p\n")
    null.wait_log("paused: workers accept no connections")
    write(null, "p")
    null.wait_log("resumed: workers accept connections")
    write(null, "sBES!")
    null.wait_log(r"master %d, generation 1, serving" % null.pid)
    null.wait_log("asks for the emperor")
    null.wait_log("asks for subscriptions")
    null.wait_log("no command 0x21")
    assert null.get("/").status == 200


@pytest.mark.null
def test_fifo_slots(bask: Bask) -> None:
    server = bask.null("--master-fifo", "zero", "--master-fifo", "one", workers=2)
    assert not (server.folder / "one").exists()
    write(server, "1", "zero")
    wait_until((server.folder / "one").exists, "the other pipe is there")
    write(server, "s5", "one")
    server.wait_log("generation 1, serving")
    server.wait_log("there is no master FIFO 5")
    write(server, "0q", "one")
    assert server.wait_end() == 0


@pytest.mark.null
def test_fifo_without_writers_lets_the_master_sleep(null: Server) -> None:
    write(null, "\n")
    assert processes.cpu_of_a_second(null.pid) < 0.1


@pytest.mark.null
def test_fifo_replaces_leftovers_but_not_files(bask: Bask) -> None:
    (bask.folder / "fifo").write_text("r\n")  # a shell, when there was no server
    bask.null(*ALL, workers=1)
    (bask.folder / "app.py").write_text("print()\n" * 100)
    assert "cannot make the master FIFO app.py: File exists" in bask.refused(
        "--plugin", "null", "--master", "--master-fifo", "app.py")


# Touched files

@pytest.mark.null
@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("option", ["touch-reload", "touch-chain-reload", "touch-workers-reload"])
def test_touched_file_reloads(bask: Bask, option: str, there: bool) -> None:
    if there:
        (bask.folder / "it").touch()
    server = bask.null("--" + option, "it", workers=2)
    old = server.workers()
    (server.folder / "it").touch()
    wait_until(is_new(server, old), "the workers are replaced")


@pytest.mark.null
def test_replaced_file_and_folder_reload(bask: Bask) -> None:
    (bask.folder / "folder").mkdir()
    os.symlink("folder", bask.folder / "link")
    server = bask.null("--touch-reload", "link", workers=2)
    old = server.workers()
    (server.folder / "other").mkdir()
    os.symlink("other", server.folder / "new")
    os.replace(server.folder / "new", server.folder / "link")
    wait_until(is_new(server, old), "the workers are replaced")
    os.unlink(server.folder / "link")  # its being gone means nothing
    assert server.log().count("] reloading") == 1


@pytest.mark.null
def test_touched_file_stops_and_executes(bask: Bask) -> None:
    server = bask.null("--touch-exec", "one echo ran >>done; kill -9 $$", "--touch-stop", "two",
                       workers=1)
    (server.folder / "one").touch()
    wait_until((server.folder / "done").exists, "the command has run")
    (server.folder / "two").touch()
    assert server.wait_end() == 0
    assert (server.folder / "done").read_text() == "ran\n"
    assert "FILE COMMAND" in bask.refused("--plugin", "null", "--master", "--touch-exec", "one")


@pytest.mark.null
@pytest.mark.parametrize("option", ["fs-reload", "fs-brutal-reload"])
def test_changed_file_reloads_at_once(bask: Bask, option: str) -> None:
    (bask.folder / "app.py").write_text("1")
    (bask.folder / "modules").mkdir()
    server = bask.null("--" + option, "app.py", "--" + option, "modules/", workers=2)

    def reloads(change: Callable[[Path], Any]) -> None:
        old = server.workers()
        change(server.folder)
        wait_until(is_new(server, old), "the workers are replaced")
        wait_until(lambda: "generation %d serves" % (server.log().count("] reloading") + 1)
                   in server.log(), "the reload is over")

    reloads(lambda folder: (folder / "app.py").write_text("2"))
    for _ in range(2):  # as editors do it
        (server.folder / "app.py~").write_text("3")
        reloads(lambda folder: os.replace(folder / "app.py~", folder / "app.py"))
    reloads(lambda folder: (folder / "modules" / "one.py").touch())
    os.rename(server.folder / "modules", server.folder / "before")
    reloads(lambda folder: (folder / "modules").mkdir())
    reloads(lambda folder: (folder / "modules" / "two.py").touch())
    count = server.log().count("] reloading")
    (server.folder / "modules" / "__pycache__").mkdir()
    (server.folder / "other").touch()
    reloads(lambda folder: (folder / "app.py").touch())
    assert server.log().count("] reloading") == count + 1


# Upgrade

def upgraded(server: Server) -> None:
    """Upgrades by bask-ctl; the test goes on with the successor."""
    before = server.pid
    said = server.ctl("upgrade").stdout
    successor = int(said.split()[1])
    assert said == "master %d serves\n" % successor and successor != before
    assert server.succeeded_by(successor) == 0


@pytest.mark.null
def test_upgrade(bask: Bask, successors: None) -> None:
    server = bask.null("--http-socket", "unix.sock", *ALL, workers=2)
    files = {name: os.stat(server.folder / name).st_ino for name in ("unix.sock", "control")}
    first = server.pid
    with Load(server) as load:
        for _ in range(3):
            upgraded(server)
            load.wait_more(50)
        assert status(server)["pid"] == server.pid
        write(server, "s")
        server.wait_log(r"master %d, generation 1, serving" % server.pid)
        server.ctl("reload")
        load.wait_more(50)
    assert load.failures == []
    assert not processes.is_alive(first)
    assert files == {name: os.stat(server.folder / name).st_ino for name in files}
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(server.folder / "unix.sock"))
    server.ctl("stop")
    assert server.wait_end() == 0
    assert not any((server.folder / name).exists() for name in (*files, "fifo"))


@pytest.mark.null
def test_upgrade_by_fifo_lets_requests_of_the_old_one_end(null: Server, successors: None) -> None:
    with null.connect() as connection:
        connection.send(make_request("GET", "/sleep/1500"))
        wait_until(lambda: sum(each["busy"] for each in status(null)["workers"]) == 1, "it runs")
        write(null, "f")
        successor = int(null.wait_log(r"upgraded: master (\d+) serves").group(1))
        assert status(null)["pid"] == successor
        assert connection.answer().status == 200
    assert null.succeeded_by(successor) == 0


@pytest.mark.null
def test_upgrade_takes_the_program_that_is_there_by_then(bask: Bask, successors: None) -> None:
    program = bask.folder / "program"
    server = bask.null(*ALL, "--binary-path", "program", workers=1)
    assert "program: No such file" in server.ctl("upgrade", expect=1).stderr
    program.write_text("#!/bin/sh\nexit 7\n")
    program.chmod(0o755)
    assert "ended (status 7)" in server.ctl("upgrade", expect=1).stderr
    program.write_text("#!/bin/sh\nkill -9 $$\n")
    assert "ended (signal 9)" in server.ctl("upgrade", expect=1).stderr
    program.write_text("#!/bin/sh\nexec %s --broken-option \"$@\"\n" % BINARY)
    assert "unknown option --broken-option" in server.ctl("upgrade", expect=1).stderr
    server.complained("the upgrade failed")
    assert server.get("/").status == 200 and status(server)["pid"] == server.pid
    program.write_text("#!/bin/sh\ntouch was-here\nexec %s \"$@\"\n" % BINARY)
    upgraded(server)
    assert (server.folder / "was-here").exists()
    assert server.get("/").status == 200


@pytest.mark.null
def test_successor_that_is_killed_changes_nothing(bask: Bask) -> None:
    program = bask.folder / "program"
    program.write_text("#!/bin/sh\necho $$ > pid\nexec sleep 1000\n")
    program.chmod(0o755)
    server = bask.null(*ALL, "--binary-path", "program", "--http-socket", "unix.sock", workers=1)
    server.ctl("upgrade", "--no-wait")
    wait_until(lambda: (server.folder / "pid").exists()
               and (server.folder / "pid").read_text().endswith("\n"), "it is started")
    assert status(server)["state"] == "upgrading"
    os.kill(int((server.folder / "pid").read_text()), signal.SIGKILL)
    server.complained("the upgrade failed: the new program ended")
    assert status(server)["state"] == "serving"
    assert server.get("/").status == 200
    (server.folder / "pid").unlink()
    server.ctl("upgrade", "--no-wait")  # and one that is stopped with the server
    wait_until(lambda: (server.folder / "pid").exists()
               and (server.folder / "pid").read_text().endswith("\n"), "it is started")
    assert server.ctl("stop").stdout == "stopped\n"
    assert server.wait_end() == 0


@pytest.mark.null
def test_process_1_is_not_upgraded(bask: Bask) -> None:
    with tempfile.TemporaryDirectory(prefix="bask-") as folder:
        path = folder + "/control"
        inside = subprocess.Popen(
            ["unshare", "--pid", "--fork", "--mount-proc", BINARY, "--plugin", "null",
             "--master", "--http-socket", folder + "/http", "--control-socket", path],
            env=bask.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: os.path.exists(path) or inside.poll() is not None, "it starts")
            if inside.poll() is not None:
                pytest.skip("no process namespaces here")
            done = subprocess.run([BINARY + "-ctl", "-s", path, "upgrade"], capture_output=True,
                                  timeout=60, check=False)
            assert done.returncode == 1 and b"process 1 cannot be replaced" in done.stderr
            stopped = subprocess.run([BINARY + "-ctl", "-s", path, "stop"], timeout=60,
                                     capture_output=True, check=False)
            assert stopped.returncode == 0
        finally:
            inside.wait(30)


def test_broken_version_is_not_upgraded_to(bask: Bask, successors: None) -> None:
    server = bask.app("workers", *ALL, "--http-socket", "unix.sock", workers=2)
    (server.folder / "broken").touch()
    with Load(server) as load:
        for _ in range(2):
            said = server.ctl("upgrade", expect=1).stderr
            assert "RuntimeError: the new version is broken" in said and "Traceback" in said
        load.wait_more(20)
        (server.folder / "broken").unlink()
        (server.folder / "version").write_text("2")
        assert (server.folder / "unix.sock").exists()
        server.complained("the upgrade failed")
        upgraded(server)
        wait_until(lambda: json.loads(server.get("/").body)["version"] == "2", "the new one serves")
    assert load.failures == []


# All of it under load

def test_every_way_to_reload_loses_nothing(bask: Bask, successors: None) -> None:
    server = bask.app("workers", *ALL, "--touch-reload", "it", workers=2)

    def touch() -> None:
        old = server.workers()
        (server.folder / "it").touch()
        wait_until(is_new(server, old), "the workers are replaced")

    def by_fifo() -> None:
        old = server.workers()
        write(server, "r")
        wait_until(is_new(server, old), "the workers are replaced")

    with Load(server) as load:
        for version, way in enumerate((lambda: server.ctl("reload"), by_fifo, touch,
                                       lambda: upgraded(server))):
            (server.folder / "version").write_text(str(version))
            way()
            wait_until(lambda: json.loads(server.get("/").body)["version"] == str(version),
                       "version %d serves" % version)
            load.wait_more(20)
    assert load.failures == []


def test_hundred_bad_deploys(bask: Bask) -> None:
    server = bask.app("workers", *ALL, workers=2)
    workers = server.workers()
    (server.folder / "broken").touch()
    with Load(server, clients=1) as load:
        for _ in range(100):
            said = server.ctl("reload", expect=1).stderr
            assert "RuntimeError: the new version is broken" in said and "Traceback" in said
    assert load.failures == []
    assert server.workers() == workers
    server.complained("generation 101 did not load; generation 1 goes on serving")
    (server.folder / "broken").unlink()
    assert server.ctl("reload").stdout == "generation 102 serves\n"


# From inside an application

@pytest.mark.parametrize("more", [[], ["--die-on-term"]])
def test_application_reloads_and_stops_its_server(bask: Bask, more: List[str]) -> None:
    server = bask.app("workers", *more, workers=2)
    old = server.workers()
    assert server.get("/reload").status == 200
    wait_until(is_new(server, old), "the workers are replaced")
    assert server.get("/stop").status == 200
    assert server.wait_end() == 0


# The log and the pidfiles

@pytest.mark.null
@pytest.mark.parametrize("how", ["fifo", "touch", "ctl"])
def test_log_is_opened_again_by_every_process(bask: Bask, how: str) -> None:
    ways: Dict[str, Callable[[], Any]] = {
        "fifo": lambda: write(server, "l"), "ctl": lambda: server.ctl("log-reopen"),
        "touch": lambda: (server.folder / "it").touch()}
    log, moved = bask.folder / "the.log", bask.folder / "moved.log"
    server = bask.launch("--plugin", "null", *ALL, "--touch-logreopen", "it", "--logto", str(log),
                         workers=2)
    wait_until(lambda: log.exists() and log.read_text().count("spawned Bask worker") == 2, "start")
    zygote = int(log.read_text().split("zygote 1 is ready (pid: ")[1].split(")")[0])
    workers = [each["pid"] for each in status(server)["workers"]]
    log.rename(moved)
    ways[how]()
    for pid in (server.pid, zygote, *workers):
        wait_until(lambda: str(log) in processes.descriptors(pid).values()
                   and str(moved) not in processes.descriptors(pid).values(), "process %d" % pid)
    assert server.get("/").status == 200
    wait_until(lambda: "GET / =>" in log.read_text(), "the request is logged")
    os.kill(workers[0], signal.SIGKILL)
    wait_until(lambda: "Respawned Bask worker" in log.read_text(), "there is a new worker")
    server.idle = False
    assert server.stop() == 0


@pytest.mark.null
@pytest.mark.parametrize("how", ["fifo", "touch"])
def test_log_is_rotated(bask: Bask, how: str) -> None:
    log = bask.folder / "the.log"
    server = bask.launch("--plugin", "null", *ALL, "--touch-logrotate", "it", "--logto", str(log),
                         workers=1)
    wait_until(lambda: log.exists() and "spawned Bask worker" in log.read_text(), "it is ready")
    if how == "fifo":
        write(server, "L")
    else:
        (server.folder / "it").touch()
    wait_until(lambda: list(server.folder.glob("the.log.*")) and log.exists()
               and "opened again" in log.read_text(), "there are two")
    assert "spawned Bask worker" not in log.read_text()
    assert server.stop() == 0


@pytest.mark.null
def test_log_that_is_no_file_stays(null: Server) -> None:
    write(null, "L")
    null.wait_log("it stays")
    null.ctl("log-reopen")


@pytest.mark.null
def test_pidfiles_follow_the_master(bask: Bask, successors: None) -> None:
    pidfile, safe = bask.folder / "pid", bask.folder / "safe"
    server = bask.null(*ALL, "--pidfile", "pid", "--safe-pidfile", "safe", workers=1)
    assert pidfile.read_text() == safe.read_text() == "%d\n" % server.pid
    pidfile.write_text("1\n")
    server.ctl("pidfiles")
    assert pidfile.read_text() == "%d\n" % server.pid
    safe.unlink()
    write(server, "P")
    wait_until(safe.exists, "the other one is there again")
    upgraded(server)
    assert pidfile.read_text() == safe.read_text() == "%d\n" % server.pid
    assert "[warn]" not in server.log()
    server.ctl("stop")
    assert server.wait_end() == 0
    assert not pidfile.exists() and not safe.exists()


@pytest.mark.null
def test_failed_upgrade_leaves_the_pidfile(bask: Bask) -> None:
    (bask.folder / "program").write_text("#!/bin/sh\nexec %s \"$@\" --logto2 no/such/folder\n"
                                         % BINARY)
    (bask.folder / "program").chmod(0o755)
    server = bask.null(*ALL, "--pidfile", "pid", "--binary-path", "program", "--http-socket",
                       "unix.sock", workers=1)
    assert "cannot log to no/such/folder" in server.ctl("upgrade", expect=1).stderr
    assert (server.folder / "pid").read_text() == "%d\n" % server.pid
    assert (server.folder / "unix.sock").exists()
    server.complained("the upgrade failed")


@pytest.mark.null
def test_upgrade_in_the_background(bask: Bask, successors: None) -> None:
    where = ("--http-socket", "127.0.0.1:%d" % bask.ports.take())
    (bask.folder / "other").mkdir()
    started = bask.run("--plugin", "null", "--master", *where, *ALL, "--daemonize", "the.log",
                       "--pidfile", "pid", "--chdir", "other")
    assert started.returncode == 0
    control = str(bask.folder / "other" / "control")
    first = int((bask.folder / "pid").read_text())
    bask_ctl(bask, "-s", control, "upgrade", status=0)
    second = int((bask.folder / "pid").read_text())
    assert second != first
    wait_until(lambda: not processes.is_alive(first), "the first one ends")
    bask_ctl(bask, "-s", control, "log-reopen", status=0)
    bask_ctl(bask, "-s", control, "stop", status=0)
    wait_until(lambda: not processes.is_alive(second), "the second one ends")
