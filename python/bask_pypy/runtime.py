"""Where the application's Python looks for modules, and what the options say of the interpreter.

What pypy3's own main does is done before this runs, by the embedding library (embed/python).
"""
import glob
import os
import sys
from typing import List


def add_paths(paths: List[str]) -> None:
    """The working folder and --pypy-pp, before everything else, in the order given.

    A pattern stands for all that matches it, and for itself where nothing does, as in uWSGI.
    """
    found = [match for path in paths for match in sorted(glob.glob(path)) or [path]]
    for folder in reversed(found + [os.getcwd()]):
        if folder in sys.path:
            sys.path.remove(folder)
        sys.path.insert(0, folder)


class RuntimeProblem(Exception):
    """This PyPy cannot be used; the text is one clear line."""


def check_wanted_version(wanted: str) -> None:
    """--python-version: "3", "3.9" or "3.9.16"; more would be said of another interpreter."""
    actual = "%d.%d.%d" % sys.version_info[:3]
    if wanted and not (actual + ".").startswith(wanted.rstrip(".") + "."):
        raise RuntimeProblem("python-version %s: this is PyPy for Python %s" % (wanted, actual))


def set_optimization(level: int) -> None:
    """--optimize, for all that is compiled from now on; what PYTHONOPTIMIZE says counts, too."""
    import pypy_embed_main  # it is there in the server only

    if level > sys.flags.optimize:
        pypy_embed_main.set_flags({"optimize": level})


def set_up_words(arguments: str, executable: str) -> None:
    """--pyargv and --py-executable."""
    if arguments:
        sys.argv[1:] = arguments.split()
    if executable:
        sys.executable = executable
