"""Breaks where the test wants: the file "fault" names a place and what happens there."""
import os
import signal
import sys
import time

from gate import make


def act(place):
    try:
        with open("fault") as file:
            where, what = file.read().split("-", 1)
    except OSError:
        return
    if where != place:
        return
    make("in-" + place, "%d\n" % os.getpid())
    if what == "hang":
        time.sleep(1000)
    elif what == "raise":
        raise RuntimeError("broken in " + place)
    elif what == "exit":
        sys.exit(3)
    elif what == "leave":
        os._exit(3)
    else:
        os.kill(os.getpid(), getattr(signal, what))


VERSION = open("version").read() if os.path.exists("version") else "1"
os.register_at_fork(before=lambda: act("before"), after_in_parent=lambda: act("parent"),
                    after_in_child=lambda: act("child"))
act("import")


def application(environ, start_response):
    start_response("200 OK", [])
    if environ["PATH_INFO"] == "/wait":
        make("in-wait")
        time.sleep(1000)
    if environ["PATH_INFO"] == "/memory":
        return [b"%d" % len(bytearray(1 << 30))]
    return [VERSION.encode()]
