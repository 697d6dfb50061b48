"""Where and as whom the server runs: users, roots, limits, environment, titles, hooks, filters."""
import json
import os
import pwd
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Dict, List

import pytest

from support import processes
from support.client import make_request
from support.server import BINARY, Bask, Server
from support.wait import wait_until

NOBODY = pwd.getpwnam("nobody")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
# A process that changed its user, or filters system calls, is closed to the leak detector.
NO_LEAK_CHECK = {"ASAN_OPTIONS": "detect_leaks=0"}


def status(pid: int) -> Dict[str, str]:
    """The fields of /proc/PID/status."""
    lines = Path("/proc/%d/status" % pid).read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def family(server: Server) -> List[int]:
    zygotes = [server.zygote()] if server.worker_count else []
    return [server.pid, *zygotes, *server.workers()]


def title(pid: int) -> str:
    return Path("/proc/%d/cmdline" % pid).read_bytes().rstrip(b"\0").decode()


def order(server: Server, *texts: str) -> None:
    """The log has these texts, in this order."""
    server.wait_log(texts[-1])
    log = server.log()
    places = [log.index(text) for text in texts]
    assert places == sorted(places), log


# Users and groups

@needs_root
@pytest.mark.null
def test_all_processes_become_the_user(bask: Bask) -> None:
    server = bask.null("--uid", "nobody", "--gid", "12345", "--add-gid", "23456",
                       workers=1, env=NO_LEAK_CHECK)
    for pid in family(server):
        found = status(pid)
        assert found["Uid"].split() == [str(NOBODY.pw_uid)] * 4
        assert found["Gid"].split() == ["12345"] * 4
        assert set(found["Groups"].split()) == {"12345", "23456"}
        for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(found[kind], 16) == 0, kind
    assert server.get("/").status == 200
    old = server.workers()
    server.send_signal(signal.SIGHUP)
    wait_until(lambda: server.workers() and server.workers() != old, "the worker is replaced")
    wait_until(lambda: not processes.is_alive(old[0]), "the old one ends")
    assert server.get("/").status == 200


@needs_root
@pytest.mark.null
def test_user_without_a_group_gets_its_own_one(bask: Bask) -> None:
    server = bask.null("--uid", str(NOBODY.pw_uid), env=NO_LEAK_CHECK)
    assert status(server.pid)["Gid"].split() == [str(NOBODY.pw_gid)] * 4


@needs_root
@pytest.mark.null
def test_no_groups_but_those_named(bask: Bask) -> None:
    server = bask.null("--uid", "nobody", "--gid", "12345", "--no-initgroups", env=NO_LEAK_CHECK)
    assert status(server.pid)["Groups"] == ""


@needs_root
@pytest.mark.null
def test_capabilities_that_are_kept(bask: Bask) -> None:
    server = bask.null("--uid", "nobody", "--cap", "net_bind_service,CAP_KILL", workers=1,
                       env=NO_LEAK_CHECK)
    for pid in family(server):
        found = status(pid)
        assert int(found["CapEff"], 16) == int(found["CapBnd"], 16) == 1 << 10 | 1 << 5


@needs_root
@pytest.mark.null
def test_root_can_be_left_with_few_capabilities(bask: Bask) -> None:
    server = bask.null("--cap", "kill", env=NO_LEAK_CHECK)
    assert status(server.pid)["Uid"].split() == ["0"] * 4
    assert int(status(server.pid)["CapEff"], 16) == 1 << 5


@needs_root
@pytest.mark.null
@pytest.mark.parametrize("option", ["--master-as-root", "--drop-after-init", "--drop-after-apps"])
def test_master_that_stays_root(bask: Bask, option: str) -> None:
    server = bask.null(option, "--uid", "nobody", workers=1, env=NO_LEAK_CHECK)
    assert status(server.pid)["Uid"].split()[0] == "0"
    for pid in (server.zygote(), *server.workers()):
        assert status(pid)["Uid"].split() == [str(NOBODY.pw_uid)] * 4
    old = server.workers()
    server.send_signal(signal.SIGHUP)
    wait_until(lambda: server.workers() and server.workers() != old, "the worker is replaced")
    assert status(server.workers()[0])["Uid"].split() == [str(NOBODY.pw_uid)] * 4


@needs_root
@pytest.mark.parametrize("option, user", [
    ("--vacuum", NOBODY.pw_uid), ("--master-as-root", NOBODY.pw_uid),
    ("--drop-after-init", NOBODY.pw_uid), ("--drop-after-apps", 0)])
def test_user_who_loads_the_application(bask: Bask, option: str, user: int) -> None:
    """The first option has nothing to do with it: privileges go before that."""
    with tempfile.TemporaryDirectory() as folder:  # pytest's are closed to others
        os.chmod(folder, 0o755)
        Path(folder, "who.py").write_text(
            "import os\nloader = os.getuid()\n"
            "def application(environ, start_response):\n"
            "    start_response('200 OK', [])\n"
            "    return [b'%d %d' % (loader, os.getuid())]\n")
        server = bask.start(option, "--uid", "nobody", "--chdir", folder, "--wsgi-file", "who.py",
                            workers=1)
        assert server.get("/").text == "%d %d" % (user, NOBODY.pw_uid)


@pytest.mark.null
@pytest.mark.parametrize("arguments, said", [
    (["--uid", "no-such-user"], 'bask: --uid: there is no user "no-such-user"'),
    (["--uid", ""], 'bask: --uid: there is no user ""'),
    (["--gid", "no-such-group"], 'bask: --gid: there is no group "no-such-group"'),
    (["--uid", "4000000000"], "4000000000 is not in the user database, so it has no group"),
    (["--uid", "4294967295", "--gid", "1"], 'there is no user "4294967295"'),
    (["--add-gid", "1"], "--add-gid needs --uid or --gid"),
    (["--uid", "0", "--add-gid", "nix!"], 'there is no group "nix!"'),
    (["--cap", "kill,fly"], 'there is no capability "fly"'),
    (["--chroot", "/no/such/folder"], "--chroot /no/such/folder: No such file or directory"),
    (["--chroot", "/etc/passwd"], "--chroot /etc/passwd: not a folder"),
    (["--umask", "888"], "--umask expects an octal number from 0 to 777"),
    (["--env", "NAME"], "--env expects NAME=VALUE"),
    (["--cgroup", "/no/such/folder"], "--cgroup /no/such/folder: No such file or directory"),
    (["--cgroup-opt", "../x=1"], "--cgroup-opt expects NAME=VALUE"),
    (["--chdir", "/no/such/folder"], "cannot change to /no/such/folder"),
    (["--seccomp", "/no/such/file"], "--seccomp: /no/such/file: No such file or directory"),
    (["--logto", "/no/such/folder/log"], "cannot log to /no/such/folder/log"),
    (["--pidfile", "/no/such/folder/pid"], "cannot write the pidfile /no/such/folder/pid"),
    (["--pidfile", "/dev/null"], "/dev/null: it is not a regular file"),
])
def test_what_cannot_be_is_one_line(bask: Bask, arguments: List[str], said: str) -> None:
    error = bask.refused("--plugin", "null", *arguments)
    alarms = [line for line in error.splitlines() if line.startswith("bask: ")]
    assert len(alarms) == 1 and said in alarms[0], error


@needs_root
@pytest.mark.null
def test_user_that_is_no_root_cannot_become_another(bask: Bask) -> None:
    ended = subprocess.run(
        [BINARY, "--plugin", "null", "--http-socket", "127.0.0.1:%d" % bask.ports.take(), "--uid",
         "daemon"], user=NOBODY.pw_uid, group=NOBODY.pw_gid, extra_groups=[], cwd="/",
        env=bask.environment(NO_LEAK_CHECK), capture_output=True, encoding="utf-8", timeout=30,
        check=False)
    assert ended.returncode == 1
    assert "bask: cannot" in ended.stderr and "Operation not permitted" in ended.stderr


@needs_root
@pytest.mark.null
def test_user_that_it_is_already_needs_no_root(bask: Bask) -> None:
    address = "127.0.0.1:%d" % bask.ports.take()
    server = subprocess.Popen(
        [BINARY, "--plugin", "null", "--http-socket", address, "--uid", "nobody"],
        user=NOBODY.pw_uid, group=NOBODY.pw_gid, extra_groups=[], cwd="/",
        env=bask.environment(NO_LEAK_CHECK), stderr=subprocess.PIPE, encoding="utf-8")
    assert server.stderr
    while "spawned Bask worker" not in (line := server.stderr.readline()):
        assert line, "the server ended"
    server.send_signal(signal.SIGINT)
    server.communicate(timeout=30)
    assert server.returncode == 30


@needs_root
@pytest.mark.null
def test_owner_of_a_socket(bask: Bask) -> None:
    path = bask.folder / "socket"
    server = bask.null("--http-socket", str(path), "--chown-socket", "nobody:12345",
                       "--chmod-socket=660")
    found = path.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (NOBODY.pw_uid, 12345, 0o660)
    assert server.get("/").status == 200
    error = bask.refused("--plugin", "null", "--socket", "other", "--chown-socket", "no-such-user")
    assert 'cannot listen on other: there is no user "no-such-user"' in error


@needs_root
@pytest.mark.null
def test_owner_of_the_log(bask: Bask) -> None:
    log = bask.folder / "own.log"
    server = bask.launch("--plugin", "null", "--logto", "own.log", "--logfile-chown", "--uid",
                         "nobody", "--gid", "12345", env=NO_LEAK_CHECK)
    wait_until(lambda: log.exists() and "spawned Bask worker 1" in log.read_text(), "it is ready")
    assert (log.stat().st_uid, log.stat().st_gid) == (NOBODY.pw_uid, 12345)
    assert server.stop() == 30


# Folders

@needs_root
@pytest.mark.null
@pytest.mark.parametrize("workers", [0, 1])
def test_chroot(bask: Bask, workers: int) -> None:
    jail = bask.folder / "jail"
    (jail / "run").mkdir(parents=True)
    server = bask.null("--chroot", str(jail), "--chdir", "/run", "--pidfile",
                       str(jail / "pid"), "--socket", str(jail / "socket"), workers=workers,
                       env=NO_LEAK_CHECK)
    for pid in family(server):
        assert os.readlink("/proc/%d/root" % pid) == str(jail)
        assert os.readlink("/proc/%d/cwd" % pid) == str(jail / "run")
    assert server.get("/").status == 200
    assert (jail / "pid").read_text() == "%d\n" % server.pid
    server.stop()
    assert sorted(os.listdir(jail)) == ["run"]


@needs_root
@pytest.mark.null
def test_files_outside_the_root_stay(bask: Bask) -> None:
    """Their names would mean others there."""
    jail = bask.folder / "jail"
    inside = jail / str(bask.folder / "socket")[1:]
    inside.parent.mkdir(parents=True)
    inside.touch()
    server = bask.null("--chroot", str(jail), "--socket", str(bask.folder / "socket"),
                       env=NO_LEAK_CHECK)
    server.stop()
    assert inside.exists() and (bask.folder / "socket").exists()


@pytest.mark.null
def test_folders_before_and_after_the_application(bask: Bask) -> None:
    (bask.folder / "one").mkdir()
    (bask.folder / "two").mkdir()
    server = bask.null("--chdir", "one", "--chdir2", "../two", "--hook-post-app", "create:x",
                       workers=1)
    assert os.readlink("/proc/%d/cwd" % server.workers()[0]) == str(bask.folder / "two")
    assert (bask.folder / "one" / "x").exists()


# Environment and limits

def test_environment(bask: Bask) -> None:
    (bask.folder / "app.py").write_text(
        "import json, os\nloaded = dict(os.environ)\n"
        "def application(environ, start_response):\n"
        "    start_response('200 OK', [])\n"
        "    return [json.dumps(loaded).encode()]\n")
    server = bask.start("--env", "NEW=a=b", "--env", "OLD=new", "--unenv", "GONE", "--wsgi-file",
                        "app.py", env={"OLD": "old", "GONE": "x"}, workers=1)
    found: Dict[str, Any] = json.loads(server.get("/").body)
    assert (found["NEW"], found["OLD"], found.get("GONE")) == ("a=b", "new", None)


@pytest.mark.null
def test_limits(bask: Bask) -> None:
    cgroup = bask.folder / "cgroup"
    cgroup.mkdir()
    (cgroup / "cgroup.procs").touch()
    (cgroup / "memory.max").touch()
    server = bask.null("--max-fd", "100", "--limit-nproc", "1000", "--prio", "5", "--umask", "027",
                       "--cgroup", str(cgroup), "--cgroup-opt", "memory.max=1G", workers=1)
    limits = Path("/proc/%d/limits" % server.workers()[0]).read_text()
    rows = {line[:26].strip(): line[26:].split()[0] for line in limits.splitlines()}
    assert (rows["Max open files"], rows["Max processes"]) == ("100", "1000")
    assert os.getpriority(os.PRIO_PROCESS, server.workers()[0]) == 5
    assert status(server.workers()[0])["Umask"] == "0027"
    assert (cgroup / "cgroup.procs").read_text() == "0"
    assert (cgroup / "memory.max").read_text() == "1G"


def test_address_space(bask: Bask) -> None:
    server = bask.app("workers", "--limit-as", "4000", workers=1)
    limits = Path("/proc/%d/limits" % server.workers()[0]).read_text()
    assert str(4000 << 20) in limits
    assert server.get("/").status == 200


@pytest.mark.null
def test_standard_input(bask: Bask) -> None:
    (bask.folder / "input").touch()
    for arguments, wanted in ((["--honour-stdin"], "input"), ([], "null")):
        with open(bask.folder / "input", "rb") as file:
            server = subprocess.Popen(
                [BINARY, "--plugin", "null", "--http-socket",
                 "127.0.0.1:%d" % bask.ports.take(), *arguments], cwd=bask.folder, stdin=file,
                stderr=subprocess.PIPE, env=bask.environment(), encoding="utf-8")
        assert server.stderr
        while "spawned Bask worker" not in (line := server.stderr.readline()):
            assert line, "the server ended"
        assert os.path.basename(os.readlink("/proc/%d/fd/0" % server.pid)) == wanted
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=30)


# Titles

@pytest.mark.null
def test_titles(bask: Bask) -> None:
    server = bask.null("--auto-procname", workers=2)
    assert title(server.pid) == "Bask master"
    assert title(server.zygote()) == "Bask zygote 1"
    assert [title(pid) for _, pid in sorted(server.roster().items())] == [
        "Bask worker 1", "Bask worker 2"]
    assert status(server.roster()[2])["Name"] == "Bask worker 2"


@pytest.mark.null
def test_titles_by_hand(bask: Bask) -> None:
    server = bask.null("--procname", "shop", "--procname-master", "shopkeeper",
                       "--procname-prefix-spaced", "my", "--procname-append", "!", workers=1)
    assert title(server.pid) == "my shopkeeper!"
    assert title(server.zygote()) == title(server.workers()[0]) == "my shop!"


@pytest.mark.null
def test_no_title_unless_asked_for(bask: Bask) -> None:
    server = bask.null(workers=1)
    assert title(server.pid).startswith(BINARY)


# Hooks

POINTS = ["asap", "pre-jail", "as-root", "as-user", "master-start", "pre-app", "post-app",
          "post-fork", "accepting", "accepting-once", "accepting1", "accepting1-once"]


@pytest.mark.null
def test_hooks_come_in_order(bask: Bask) -> None:
    hooks = [word for point in POINTS + ["as-user-atexit"]
             for word in ("--hook-" + point, "log:now " + point + "!")]
    server = bask.null(*hooks, "--exec-post-app", "echo run post-app", workers=1)
    order(server, *("] now %s!" % point for point in POINTS))
    order(server, "now post-app!", "run post-app", "now post-fork!")
    server.send_signal(signal.SIGHUP)
    wait_until(lambda: server.log().count("] now accepting1!") == 2, "the new worker accepts")
    assert server.log().count("] now accepting1-once!") == 1
    assert server.log().count("] now accepting-once!") == 1
    assert server.log().count("] now asap!") == 1
    server.stop()
    order(server, "goodbye", "now as-user-atexit!")


@needs_root
@pytest.mark.null
def test_hooks_around_a_jail(bask: Bask) -> None:
    jail = bask.folder / "jail"
    jail.mkdir()
    server = bask.null(
        "--hook-pre-jail", "mkdir:%s/a" % jail, "--hook-post-jail", "mkdir:/b", "--hook-in-jail",
        "mkdir:/c", "--hook-as-root", "mkdir:/d", "--hook-as-root", "chown:/d nobody 12345",
        "--hook-as-user", "create:/d/e", "--chroot", str(jail), "--uid", "nobody",
        env=NO_LEAK_CHECK)
    assert sorted(os.listdir(jail)) == ["a", "b", "c", "d"]
    assert (jail / "d" / "e").stat().st_uid == NOBODY.pw_uid
    order(server, "pre-jail", "the root is", "post-jail", "in-jail", "as-root", "running as user",
          "as-user")


@pytest.mark.null
def test_jail_hooks_need_a_jail(bask: Bask) -> None:
    server = bask.null("--hook-in-jail", "log:never", "--exec-post-jail", "echo never")
    assert "never" not in server.log()


@pytest.mark.null
def test_what_hooks_do(bask: Bask) -> None:
    os.mkfifo(bask.folder / "fifo")
    reader = os.open(bask.folder / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    hooks = ["mkdir:new", "writen:new/file some words", "append:new/file more", "chmod:new/file 600",
             "putenv:FROM_HOOK=yes", "exec:echo $FROM_HOOK > new/env", "safeexec:exit 3",
             "writefifo:fifo hello", "creat:new/gone", "unlink:new/gone", "sticky:new",
             "wait_for_file:new/file 1", "wait_for_dir:new", "print:printed", "cd:new",
             "exec:pwd > where"]
    bask.null(*(word for hook in hooks for word in ("--hook-asap", hook)))
    new = bask.folder / "new"
    assert (new / "file").read_text() == "some words\nmore"
    assert (new / "file").stat().st_mode & 0o777 == 0o600
    assert (new / "env").read_text() == "yes\n"
    assert (new / "where").read_text() == "%s\n" % new
    assert new.stat().st_mode & 0o1000
    assert not (new / "gone").exists()
    assert os.read(reader, 100) == b"hello"
    os.close(reader)


@pytest.mark.null
@pytest.mark.parametrize("hook, said", [
    ("call:some_function", "functions of the program cannot be called"),
    ("alarm:x y", "hooks raise no alarms"),
    ("fly:away", "there is no such action"),
    ("exec", "expected exec:COMMAND"),
    ("chmod:file", "expected chmod:FILE MODE"),
    ("unix_signal:15 gracefully_kill_them_all", "use hook-master-start"),
])
def test_hook_that_is_refused(bask: Bask, hook: str, said: str) -> None:
    error = bask.refused("--plugin", "null", "--hook-as-user", hook)
    assert error.startswith("bask: command line, argument ") and said in error
    assert len(error.splitlines()) == 1


@pytest.mark.null
@pytest.mark.parametrize("hook, said", [
    ("exec:exit 7", "it ended with status 7"),
    ("chdir:/no/such/folder", "No such file or directory"),
    ("chmod:/etc/passwd 8", "Invalid argument"),
    ("wait_for_file:never 0", "never did not appear within 0 s"),
    ("mount:tmpfs none /tmp fast", '"fast" is not a flag'),
    ("exit:300", "expected a status from 0 to 255"),
])
def test_hook_that_fails_stops_the_start(bask: Bask, hook: str, said: str) -> None:
    assert said in bask.refused("--plugin", "null", "--hook-asap", hook)


@pytest.mark.null
def test_hook_that_ends_the_server(bask: Bask) -> None:
    bask.refused("--plugin", "null", "--hook-asap", "exit:9", status=9)


@pytest.mark.null
def test_hook_that_makes_sigterm_a_stop(bask: Bask) -> None:
    server = bask.null("--hook-master-start", "unix_signal:15 gracefully_kill_them_all", workers=1)
    idle = len(processes.descriptors(server.workers()[0]))
    with server.connect() as connection:
        connection.send(make_request("GET", "/sleep/1500"))
        wait_until(lambda: len(processes.descriptors(server.workers()[0])) > idle, "accepted")
        server.send_signal(signal.SIGTERM)
        assert connection.answer().status == 200
    assert server.wait_end() == 0


@pytest.mark.null
def test_program_of_a_hook_takes_signals(bask: Bask) -> None:
    """A server ignores some, and a program inherits that; what hooks start must not."""
    server = bask.null("--exec-post-fork", "grep -E 'SigBlk|SigIgn' /proc/self/status", workers=1)
    server.wait_log("SigIgn")
    usual = (1 << 31) - 1  # above are the C library's own
    assert not any(int(line.split()[1], 16) & usual for line in server.log().splitlines()
                   if line.startswith(("SigBlk", "SigIgn")))


# The ends of others

@pytest.mark.null
@pytest.mark.parametrize("arguments", [[], ["--no-orphans"]])
def test_worker_outlives_zygote_but_not_both(bask: Bask, arguments: List[str]) -> None:
    server = bask.null(*arguments, workers=1)
    zygote, worker = server.zygote(), server.workers()[0]
    os.kill(zygote, signal.SIGKILL)
    wait_until(lambda: server.zygote() != zygote, "there is a new zygote")
    server.complained("zygote 1 died")
    assert server.workers() == [worker] and server.get("/").status == 200
    os.kill(server.pid, signal.SIGKILL)
    server.wait_end()
    wait_until(lambda: not processes.marked(bask.mark), "nobody is left")


@pytest.mark.null
def test_without_a_master_requests_end_or_not(bask: Bask) -> None:
    for arguments, answered in (([], True), (["--no-orphans"], False)):
        server = bask.null(*arguments, workers=1)
        idle = len(processes.descriptors(server.workers()[0]))
        with server.connect() as connection:
            connection.send(make_request("GET", "/sleep/1000"))
            wait_until(lambda: len(processes.descriptors(server.workers()[0])) > idle, "accepted")
            os.kill(server.pid, signal.SIGKILL)
            server.wait_end()
            assert bool(connection.rest()) == answered
        server.complained("")  # its worker may say that the master is gone


# System calls

CONFINED = """
import ctypes, errno, json, os, threading, subprocess, flask
libc = ctypes.CDLL(None, use_errno=True)
app = flask.Flask(__name__)

def call(name, *arguments):
    result = getattr(libc, name)(*arguments)
    return errno.errorcode[ctypes.get_errno()] if result < 0 else "done"

@app.route("/")
def calls():
    found = {"mount": call("mount", b"none", b"/mnt", b"tmpfs", 0, None),
             "unshare": call("unshare", 0x10000000), "ptrace": call("ptrace", 0, 0, 0, 0),
             "sethostname": call("sethostname", b"x", 1), "getppid": call("getppid")}
    thread = threading.Thread(target=lambda: found.update(thread=call("unshare", 0x10000000)))
    thread.start()
    thread.join()
    found["child"] = subprocess.check_output(["echo", "fine"]).decode().strip()
    return json.dumps(found)
"""
DENIED = {"mount": "EPERM", "unshare": "EPERM", "ptrace": "EPERM", "sethostname": "EPERM",
          "thread": "EPERM", "getppid": "done", "child": "fine"}


@pytest.mark.parametrize("workers", [0, 1])
def test_default_filter_lets_an_application_live(bask: Bask, workers: int) -> None:
    (bask.folder / "confined.py").write_text(CONFINED)
    server = bask.start("--seccomp", "default", "--threads", "2", "--wsgi-file", "confined.py",
                        "--callable", "app", workers=workers)
    assert json.loads(server.get("/").body) == DENIED
    found = status(server.workers()[0])
    assert (found["Seccomp"], found["NoNewPrivs"]) == ("2", "1")
    if workers:
        assert status(server.pid)["Seccomp"] == status(server.zygote())["Seccomp"] == "0"


@pytest.mark.null
def test_filter_of_ones_own(bask: Bask) -> None:
    (bask.folder / "profile").write_text(
        "# nothing new\ndeny @default socket # and no\nallow keyctl\nkill\treboot, kexec_load\r\n")
    server = bask.null("--seccomp", "profile", env=NO_LEAK_CHECK)
    assert server.get("/").status == 200
    assert status(server.pid)["Seccomp"] == "2"


@pytest.mark.null
@pytest.mark.parametrize("text, said", [
    ("deny mount\nforbid ptrace\n", 'profile:2: "forbid" is not allow, deny or kill'),
    ("deny mount flying\n", 'profile:1: "flying" is not the name of a system call'),
    ("deny \x01\x02\n", 'profile:1: "??" is not the name of a system call'),
])
def test_filter_that_is_wrong(bask: Bask, text: str, said: str) -> None:
    (bask.folder / "profile").write_text(text)
    assert said in bask.refused("--plugin", "null", "--seccomp", "profile")
