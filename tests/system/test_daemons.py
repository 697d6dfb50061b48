"""Programs that run beside the server: started, watched, replaced, stopped."""
import os
import signal
from pathlib import Path
from typing import Callable, List

import pytest

from support import processes
from support.server import Bask, Server
from support.wait import wait_until

# Writes its pid on a line of its own, and stays.
STAYS = "echo $$ >> born; exec sleep 1000"


def born(folder: Path) -> List[int]:
    """Everyone who has written a pid so far, the oldest first."""
    path = folder / "born"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def wait_born(folder: Path, count: int) -> int:
    wait_until(lambda: len(born(folder)) >= count, "daemon %d is there" % count)
    return born(folder)[count - 1]


def gone(pid: int) -> Callable[[], bool]:
    return lambda: not processes.is_alive(pid)


@pytest.mark.null
def test_daemon_lives_as_long_as_the_server(bask: Bask) -> None:
    server = bask.null("--attach-daemon", STAYS, workers=1)
    pid = wait_born(bask.folder, 1)
    assert os.getsid(pid) == pid
    assert processes.descriptors(pid)[0] == "/dev/null"
    # Of the server only where it writes to; the shell lets go of its own file when it has written.
    wait_until(lambda: set(processes.descriptors(pid)) == {0, 1, 2}, "nothing else is open in it")
    assert server.stop() == 0
    assert not processes.is_alive(pid)


@pytest.mark.null
def test_daemon_that_dies_is_started_again(bask: Bask) -> None:
    bask.null("--attach-daemon", STAYS, workers=1)
    os.kill(wait_born(bask.folder, 1), signal.SIGKILL)
    wait_born(bask.folder, 2)


@pytest.mark.null
def test_daemon_that_cannot_stay_is_given_pauses(bask: Bask) -> None:
    server = bask.null("--attach-daemon", "echo $$ >> born; exit 3", workers=1)
    wait_born(bask.folder, 2)
    server.wait_log(r'daemon "echo .*" ended \(status 3\)')
    assert len(born(bask.folder)) <= 3
    assert server.get("/").status == 200


@pytest.mark.null
def test_reload_replaces_a_daemon_once_the_new_version_serves(bask: Bask) -> None:
    server = bask.null("--attach-daemon", STAYS, workers=1)
    first = wait_born(bask.folder, 1)
    server.send_signal(signal.SIGHUP)
    wait_born(bask.folder, 2)
    assert gone(first)()
    log = server.log()
    assert log.index("reloaded: generation 2 serves") < log.index("stopping daemon")


@pytest.mark.null
def test_daemon_that_wants_a_signal_at_a_reload(bask: Bask) -> None:
    command = "trap 'touch reloaded' USR1; echo $$ >> born; while :; do sleep 0.05; done"
    server = bask.null("--attach-daemon2", 'cmd="%s",reloadsignal=10' % command, workers=1)
    first = wait_born(bask.folder, 1)
    server.send_signal(signal.SIGHUP)
    wait_until((bask.folder / "reloaded").exists, "the daemon has the signal")
    assert born(bask.folder) == [first]


@pytest.mark.null
def test_touched_file_replaces_a_daemon(bask: Bask) -> None:
    touched = bask.folder / "touch-me"
    touched.touch()
    os.utime(touched, (1, 1))
    server = bask.null("--attach-daemon2", 'cmd="%s",touch=%s' % (STAYS, touched), workers=1)
    first = wait_born(bask.folder, 1)
    os.utime(touched)
    wait_born(bask.folder, 2)
    assert gone(first)()
    assert server.get("/").status == 200


@pytest.mark.null
def test_end_of_a_control_daemon_stops_the_server(bask: Bask) -> None:
    server = bask.null("--attach-control-daemon", STAYS, workers=1)
    os.kill(wait_born(bask.folder, 1), signal.SIGTERM)
    assert server.wait_end() == 0


@pytest.mark.null
def test_daemon_that_does_not_listen_is_killed(bask: Bask) -> None:
    command = "trap '' TERM; echo $$ >> born; while :; do sleep 0.05; done"
    server = bask.null("--attach-daemon", command, "--reload-mercy", "300ms", workers=1)
    pid = wait_born(bask.folder, 1)
    assert server.stop() == 0
    assert "does not end; it is killed" in server.log()
    wait_until(gone(pid), "it is gone")


@pytest.mark.null
def test_stop_signal_is_the_one_asked_for(bask: Bask) -> None:
    command = "trap 'touch quit; exit 0' QUIT; echo $$ >> born; while :; do sleep 0.05; done"
    server = bask.null("--attach-daemon2", 'cmd="%s",stopsignal=3' % command, workers=1)
    wait_born(bask.folder, 1)
    assert server.stop() == 0
    assert (bask.folder / "quit").exists()


def test_daemons_stop_with_a_server_that_does_not_load(bask: Bask) -> None:
    said = bask.refused("--module", "no_such_module", "--attach-daemon", STAYS, "--need-app",
                        status=22)
    assert "no_such_module" in said
    assert all(gone(pid)() for pid in born(bask.folder))


def kill_smart(path: Path) -> None:
    os.kill(int(path.read_text()), signal.SIGKILL)


@pytest.mark.parametrize("option, command", [
    ("--smart-attach-daemon2", STAYS),
    ("--smart-attach-daemon",
     "(setsid sh -c 'echo $$ > smart.pid; echo $$ >> born; exec sleep 1000' &)"),
])
@pytest.mark.null
def test_smart_daemon_outlives_the_server(bask: Bask, option: str, command: str) -> None:
    pidfile = bask.folder / "smart.pid"
    first: Server = bask.null(option, "%s %s" % (pidfile, command), workers=1)
    pid = wait_born(bask.folder, 1)
    wait_until(lambda: pidfile.exists() and pidfile.read_text().strip() == str(pid), "a pidfile")
    first.send_signal(signal.SIGHUP)
    first.wait_log("reloaded: generation 2 serves")
    assert first.stop() == 0
    assert processes.is_alive(pid)
    second = bask.null(option, "%s %s" % (pidfile, command), workers=1)
    assert second.get("/").status == 200
    assert second.stop() == 0
    assert born(bask.folder) == [pid]
    kill_smart(pidfile)


@pytest.mark.null
def test_smart_daemon_that_died_is_started_again(bask: Bask) -> None:
    pidfile = bask.folder / "smart.pid"
    server = bask.null("--attach-daemon2", 'cmd="%s",pidfile=%s,daemonize=1,freq=1,notifypid=1'
                       % (STAYS, pidfile), workers=1)
    first = wait_born(bask.folder, 1)
    os.kill(first, signal.SIGKILL)
    second = wait_born(bask.folder, 2)
    wait_until(lambda: pidfile.read_text().strip() == str(second), "the pidfile is new")
    assert server.stop() == 0
    wait_until(gone(second), "it was told to end")


@pytest.mark.parametrize("option, value, complaint", [
    ("--attach-daemon2", "freq=1", "there is no command"),
    ("--attach-daemon2", "cmd=a,color=red", 'there is no key "color"'),
    ("--attach-daemon2", "cmd=a,legion=1", '"legion" is not supported'),
    ("--smart-attach-daemon", "only.pid", "expected a pidfile and a command"),
])
@pytest.mark.null
def test_wrong_words_are_refused(bask: Bask, option: str, value: str, complaint: str) -> None:
    assert complaint in bask.refused("--plugin", "null", option, value)


# Daemons of other users, in namespaces of their own


def can_make_namespaces() -> bool:
    return os.geteuid() == 0 and os.system("unshare --pid --fork true 2>/dev/null") == 0


@pytest.mark.null
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start programs of other users")
@pytest.mark.parametrize("keys, uid, gid", [
    ("uid=65534,gid=65533", 65534, 65533), ("gid=65533", 0, 65533), ("uid=nobody", 65534, 65534)])
def test_daemon_of_another_user(bask: Bask, keys: str, uid: int, gid: int) -> None:
    bask.folder.chmod(0o777)
    (bask.folder / "born").touch()
    (bask.folder / "born").chmod(0o666)
    server = bask.null("--attach-daemon2", "cmd=" + STAYS + "," + keys, workers=1)
    pid = wait_born(bask.folder, 1)
    facts = dict(line.split(":", 1) for line in
                 Path("/proc/%d/status" % pid).read_text().splitlines())
    assert facts["Uid"].split() == [str(uid)] * 4 and facts["Gid"].split() == [str(gid)] * 4
    assert facts["Groups"].split() == [str(gid)]
    if uid:
        assert int(facts["CapEff"], 16) == 0 == int(facts["CapPrm"], 16)
    assert os.getsid(pid) == pid and processes.descriptors(pid)[0] == "/dev/null"
    assert set(processes.descriptors(pid)) == {0, 1, 2}
    assert server.stop() == 0
    assert not processes.is_alive(pid)


@pytest.mark.null
@pytest.mark.skipif(not can_make_namespaces(), reason="no namespaces of processes here")
def test_daemon_in_a_namespace_of_its_own(bask: Bask) -> None:
    server = bask.null("--attach-daemon2",
                       'cmd="trap \'echo told >> born; exit\' TERM; echo $$ >> born; '
                       'while :; do sleep 0.05; done",ns_pid=1', workers=1)
    assert wait_born(bask.folder, 1) == 1
    assert server.stop() == 0
    assert (bask.folder / "born").read_text() == "1\ntold\n"


@pytest.mark.null
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else before")
@pytest.mark.parametrize("keys, why", [
    ("uid=0,gid=0", "cannot set the supplementary groups: Operation not permitted"),
    ("ns_pid=1", "a namespace of processes: Operation not permitted")])
def test_daemon_that_is_not_allowed(bask: Bask, keys: str, why: str) -> None:
    """The server goes on; it is tried again as others are."""
    bask.folder.chmod(0o777)
    server = bask.null("--uid", "65534", "--gid", "65534", "--attach-daemon2",
                       "cmd=" + STAYS + "," + keys, workers=1)
    server.complained('cannot start daemon "%s": %s' % (STAYS.replace("$", r"\$"), why))
    assert server.get("/").status == 200 and not born(bask.folder)


@pytest.mark.null
def test_daemon_of_a_user_that_is_not_there(bask: Bask) -> None:
    said = bask.refused("--plugin", "null", "--attach-daemon2", "cmd=true,uid=no-such-user")
    assert 'there is no user "no-such-user"' in said
