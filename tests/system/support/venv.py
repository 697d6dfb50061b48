"""A virtualenv for PyPy with what tests need from PyPI; made once, in build/."""
import fcntl
import subprocess
from pathlib import Path

from support.server import ROOT

PYPY = "/usr/bin/pypy3"
FOLDER = ROOT / "build" / "system-venv"
# The last IPython for the Python of the oldest PyPy.
NEEDED = ("ipython<8.19", "PasteDeploy>=3,<4", "pyramid>=2,<3", "setuptools<81", "uwsgitop==0.12")


def packages() -> Path:
    """The virtualenv, made if there is none that has everything."""
    wanted = " ".join((PYPY, *NEEDED))
    stamp = FOLDER / "made-of"
    FOLDER.parent.mkdir(exist_ok=True)
    with open(str(FOLDER) + ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            # System packages too: Flask and Django are the distribution's.
            run(PYPY, "-m", "venv", "--clear", "--system-site-packages", str(FOLDER))
            run(str(FOLDER / "bin" / "python"), "-m", "pip", "install", "--quiet",
                "--disable-pip-version-check", *NEEDED)
            stamp.write_text(wanted)
    return FOLDER


def run(*words: str) -> None:
    done = subprocess.run(words, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, encoding="utf-8", timeout=600)
    assert done.returncode == 0, done.stdout
