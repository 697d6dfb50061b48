"""Runs what a test writes: defined.py in its folder while it is loaded, and the body of a request,
an expression, whose value is the answer."""
import os
import threading
import time

import uwsgi


def note(text):
    """A line of the file `seen`."""
    with open(SEEN, "a") as seen:
        seen.write("%s\n" % (text,))


def lines():
    """How many lines that is by now."""
    if not os.path.exists(SEEN):
        return 0
    with open(SEEN) as seen:
        return len(seen.readlines())


def handle(number):
    note("%d %d" % (uwsgi.worker_id(), number))


SEEN = os.path.abspath("seen")
NAMES = {"uwsgi": uwsgi, "note": note, "handle": handle, "lines": lines, "os": os,
         "threading": threading, "time": time}
if os.path.exists("defined.py"):
    with open("defined.py") as file:
        exec(compile(file.read(), "defined.py", "exec"), NAMES)


def application(environ, start_response):
    asked = environ["wsgi.input"].read().decode()
    NAMES["environ"] = environ
    try:
        value = repr(eval(asked or "None", NAMES))
    except Exception as error:
        value = "%s: %s" % (type(error).__name__, error)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [value.encode()]
