"""A PyPy as its project packs it: the library beside the interpreter, and a standard library of its own."""
import shutil
import subprocess
from pathlib import Path

PYPY = "/usr/bin/pypy3"
FACTS = """
import os
print(os.path.dirname(os.__file__))
print(next(line.split()[-1] for line in open("/proc/self/maps") if "libpypy" in line))
"""


def make(home: Path) -> None:
    """Of the system's, at `home`; without its interpreter, which a server does not need."""
    found = subprocess.run([PYPY, "-c", FACTS], stdout=subprocess.PIPE, encoding="utf-8", check=True)
    standard, library = map(Path, found.stdout.split())
    (home / "bin").mkdir(parents=True)
    (home / "bin" / library.name).symlink_to(library)
    shutil.copytree(standard, home / "lib" / standard.name, symlinks=True,
                    ignore=shutil.ignore_patterns("__pycache__", "test", "tests"))
