"""Mules and spoolers of a server: who they are, what they are asked, and what they wrote."""
import re
from pathlib import Path
from typing import List

from support import processes
from support.server import Server
from support.wait import wait_until


def born(server: Server, kind: str, number: int = 1) -> List[int]:
    """All processes that were mule or spooler `number`, the oldest first."""
    pattern = r"spawned Bask %s %d \(pid: (\d+)" % (kind, number)
    return [int(pid) for pid in re.findall(pattern, server.log())]


def wait_born(server: Server, kind: str, number: int = 1, count: int = 1) -> int:
    """The process that is the `count`-th one of this name."""
    wait_until(lambda: len(born(server, kind, number)) >= count,
               "%s %d is there (%d.)" % (kind, number, count))
    return born(server, kind, number)[count - 1]


def wait_gone(pid: int) -> None:
    wait_until(lambda: not processes.is_alive(pid), "process %d is gone" % pid)


def spooled(folder: Path) -> List[Path]:
    return sorted(folder.glob("**/uwsgi_spoolfile_on_*"))


def ask(server: Server, expression: str) -> str:
    """What apps/services.py makes of an expression."""
    return server.post("/", expression.encode()).text


def seen(server: Server) -> List[str]:
    """The lines that its note() wrote, in any process."""
    file = server.folder / "seen"
    return file.read_text().split("\n")[:-1] if file.exists() else []


def wait_seen(server: Server, *lines: str) -> None:
    wait_until(lambda: set(lines) <= set(seen(server)), "was noted: %s" % (lines,))
