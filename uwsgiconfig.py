#!/usr/bin/env python3
"""uWSGI's way to build: the same words, in front of `make` and `bask --build-plugin`.

    python uwsgiconfig.py --build [PROFILE]                  the server: build/bask
    python uwsgiconfig.py --plugin FOLDER [PROFILE [NAME]]   NAME_plugin.so, in the present folder
    python uwsgiconfig.py --extra-plugin FOLDER [NAME]       the same
    python uwsgiconfig.py --cflags                           what plugins are compiled with
    python uwsgiconfig.py --clean                            removes what was built

The profiles are those of tools/profile. A plugin fits every profile; the one that stands behind
--plugin is that of the server, if there is none yet.
"""
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple

ROOT = Path(__file__).resolve().parent
SERVER = ROOT / "build" / "bask"


def run(*words: str) -> None:
    """Ends this program if that one fails: it has said why."""
    status = subprocess.call(words)
    if status:
        sys.exit(status if status > 0 else 1)


def make(target: str, profile: Optional[str] = None) -> None:
    if profile is not None:
        os.environ["UWSGI_PROFILE"] = profile
    run("make", "--no-print-directory", "-C", str(ROOT), target)


def need_server(profile: Optional[str] = None) -> None:
    if not SERVER.exists():
        make("all", profile)


def build(profile: Optional[str] = None) -> None:
    make("all", profile)


def plugin(folder: str, profile: Optional[str] = None, name: Optional[str] = None) -> None:
    need_server(profile)
    what = folder if name is None else "%s %s" % (shlex.quote(folder), shlex.quote(name))
    run(str(SERVER), "--build-plugin", what)


def extra_plugin(folder: str, name: Optional[str] = None) -> None:
    plugin(folder, None, name)


def cflags() -> None:
    need_server()
    run(str(SERVER), "--cflags")


def clean() -> None:
    make("clean")


# The words, what they do, and how many more there may be.
COMMANDS: Dict[Tuple[str, str], Tuple[Callable[..., None], int, int]] = {
    ("--build", "-b"): (build, 0, 1),
    ("--plugin", "-p"): (plugin, 1, 3),
    ("--extra-plugin", "-x"): (extra_plugin, 1, 2),
    ("--cflags", "-f"): (cflags, 0, 0),
    ("--clean", "-c"): (clean, 0, 0),
}


def main(words: List[str]) -> None:
    for names, (command, least, most) in COMMANDS.items():
        if words and words[0] in names:
            if not least <= len(words) - 1 <= most:
                takes = "%d to %d words" % (least, most) if most else "no more words"
                sys.exit("uwsgiconfig.py: %s takes %s\n\n%s" % (words[0], takes, __doc__))
            command(*words[1:])
            return
    said = "unknown option %s" % words[0] if words else "nothing to do"
    sys.exit("uwsgiconfig.py: %s\n\n%s" % (said, __doc__))


if __name__ == "__main__":
    main(sys.argv[1:])
