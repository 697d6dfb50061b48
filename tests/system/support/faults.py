"""Faults of the system that a test can switch on and off while the server runs: see faults.c."""
import struct
import subprocess
from pathlib import Path
from typing import Dict

SOURCE = Path(__file__).with_name("faults.c")


class Faults:
    """What is wrong with the system of one server."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._library = folder / "faults.so"
        folder.mkdir()
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(self._library), str(SOURCE), "-ldl"],
                       check=True)
        self.clock(0)

    @property
    def environment(self) -> Dict[str, str]:
        """For a server that shall have them."""
        return {"LD_PRELOAD": str(self._library), "BASK_FAULTS": str(self._folder)}

    def fork(self, what: str, who: str = "zygote") -> None:
        """Forks of the master or of zygotes "fail", or hang or kill: "before-kill", "child-hang"."""
        (self._folder / ("fork-in-" + who)).write_text(what)

    def fork_works(self, who: str = "zygote") -> None:
        (self._folder / ("fork-in-" + who)).unlink()

    def clock(self, ahead: int) -> None:
        """The wall clock jumps to so many seconds before or behind the right time."""
        with open(self._folder / "clock", "r+b" if ahead else "wb") as file:
            file.write(struct.pack("q", ahead))
