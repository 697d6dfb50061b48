"""Where the application's Python looks for modules.

What pypy3's own main does is done before this runs, by the embedding library (embed/python).
"""
import os
import sys


def add_paths(paths: "list[str]") -> None:
    """The working folder and --pypy-pp, before everything else, in the order given."""
    for folder in reversed(paths + [os.getcwd()]):
        if folder in sys.path:
            sys.path.remove(folder)
        sys.path.insert(0, folder)
