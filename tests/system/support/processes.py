"""Looking at processes through /proc. Those of one test carry its mark in their environment."""
import ctypes
import os
import signal
import time
from typing import Dict, Iterable, List, Optional

from support.wait import wait_until

MARK = "BASK_TEST_ID"


def _read(pid: int, name: str) -> bytes:
    try:
        with open("/proc/%d/%s" % (pid, name), "rb") as file:
            return file.read()
    except OSError:
        return b""


def _stat(pid: int) -> List[bytes]:
    """Fields of /proc/PID/stat from the state on: the name before it may contain anything."""
    return _read(pid, "stat").rpartition(b") ")[2].split()


def is_alive(pid: int) -> bool:
    """It runs; a process that has ended and only waits for its parent does not."""
    return _stat(pid)[:1] not in ([], [b"Z"], [b"X"])


def marked(mark: str) -> List[int]:
    """The processes of a test that are alive."""
    wanted = ("%s=%s" % (MARK, mark)).encode()
    pids = (int(name) for name in os.listdir("/proc") if name.isdigit())
    return [pid for pid in pids if wanted in _read(pid, "environ").split(b"\0") and is_alive(pid)]


def children(pid: int) -> List[int]:
    """The processes whose parent this is, dead ones too."""
    pids = (int(name) for name in os.listdir("/proc") if name.isdigit())
    return [child for child in pids if _stat(child)[1:2] == [b"%d" % pid]]


def resident_bytes(pid: int) -> int:
    return int(_read(pid, "statm").split()[1]) * os.sysconf("SC_PAGESIZE")


def descriptors(pid: int) -> Dict[int, str]:
    """What a process has open."""
    folder = "/proc/%d/fd" % pid
    found: Dict[int, str] = {}
    try:
        for name in os.listdir(folder):
            found[int(name)] = os.readlink("%s/%s" % (folder, name))
    except OSError:
        pass  # closed, or the process ended, meanwhile
    return found


def is_pending(pid: int, number: int) -> bool:
    """A signal was sent to a process that has not taken it yet, because it is stopped."""
    for line in _read(pid, "status").splitlines():
        if line.startswith((b"SigPnd:", b"ShdPnd:")) and int(line.split()[1], 16) >> number - 1 & 1:
            return True
    return False


def stop(pid: int) -> None:
    """Stops a process. A signal that comes before it really stands still could overtake the stop."""
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: b"State:\tT" in _read(pid, "status"), "process %d stands still" % pid)


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and of its children that it has waited for."""
    return sum(map(int, _stat(pid)[11:15])) / os.sysconf("SC_CLK_TCK")


def cpu_of_a_second(pid: int) -> float:
    """What a process takes of the next second: one that turns round and round takes it all."""
    before = cpu_seconds(pid)
    time.sleep(1)
    return cpu_seconds(pid) - before


def adopt_orphans(adopt: bool) -> None:
    """Processes whose parent has ended become children of this one, so that it can wait for them."""
    set_child_subreaper = 36
    ctypes.CDLL(None).prctl(set_child_subreaper, int(adopt), 0, 0, 0)


class Adopted:
    """A child that this process has not started, with as much of subprocess.Popen as is used."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: Optional[int] = None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def poll(self) -> Optional[int]:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float = 30.0) -> int:
        wait_until(lambda: self.poll() is not None, "process %d ends" % self.pid, timeout)
        assert self.returncode is not None
        return self.returncode


def end_all(pids: Iterable[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
