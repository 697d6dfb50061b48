"""A copy of the source tree with a server without languages in it, built once for all tests of a run."""
import fcntl
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator

from support.server import ROOT

# What is tested is how it is built, not what the compiler makes of it.
QUICK = {"CFLAGS": "-O0 -g0", "CXXFLAGS": "-O0 -g0"}


class SourceTree:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bask = folder / "build" / "bask"
        self.plugin = folder / "made" / "pypy_plugin.so"

    def run(self, *words: Any, cwd: Any = None, **env: str) -> "subprocess.CompletedProcess[str]":
        """A command that may build in the tree: one at a time."""
        with locked(self.folder.with_suffix(".run")):
            return subprocess.run(
                [str(word) for word in words], cwd=str(cwd or self.folder), check=False,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                encoding="utf-8", env={**os.environ, **QUICK, **env})

    def copy(self) -> None:
        shutil.copytree(ROOT, self.folder, symlinks=True, ignore=shutil.ignore_patterns(
            "build", "build-*", ".git", "out", "__pycache__", ".*_cache"))

    def make(self) -> None:
        self.copy()
        done = self.run("make", "--no-print-directory", UWSGI_PROFILE="nolang")
        assert done.returncode == 0, done.stdout + done.stderr
        self.plugin.parent.mkdir()
        done = self.run(self.bask, "--build-plugin", "../plugins/pypy", cwd=self.plugin.parent)
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with open(path, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def without_languages(base: Path) -> SourceTree:
    """`base` is a folder that all processes of the run share."""
    tree = SourceTree(base / "nolang")
    with locked(base / "nolang.lock"):
        if not tree.plugin.exists():
            shutil.rmtree(tree.folder, ignore_errors=True)
            tree.make()
    return tree
