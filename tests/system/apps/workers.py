"""Which worker answers, what the uwsgi module says, and code that a reload may break."""
import json
import os
import time

import uwsgi

from gate import make, wait_for

if os.path.exists("broken"):
    raise RuntimeError("the new version is broken")
VERSION = open("version").read() if os.path.exists("version") else "1"
AT_IMPORT = uwsgi.worker_id()


def after_fork():
    make("forked", "%d %d\n" % (uwsgi.worker_id(), os.getpid()))


def at_exit():
    make("ended", "%d\n" % os.getpid())


uwsgi.post_fork_hook = after_fork
uwsgi.atexit = at_exit


def text(value):
    """uWSGI's strings are bytes."""
    if isinstance(value, bytes):
        return ["bytes", value.decode()]
    if isinstance(value, (list, tuple)):
        return [text(item) for item in value]
    if isinstance(value, dict):
        return {key: text(item) for key, item in value.items()}
    return value


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/slow":
        time.sleep(0.05)
    elif path == "/gate":
        make("in-gate")
        wait_for("go")
    elif path == "/log":
        uwsgi.log("caf\u00e9 from the application")
    elif path in ("/reload", "/stop"):
        getattr(uwsgi, path[1:])()
    facts = {"pid": os.getpid(), "version": VERSION, "worker": uwsgi.worker_id()}
    if path == "/uwsgi":
        facts.update(
            at_import=AT_IMPORT, masterpid=uwsgi.masterpid(), workers=text(uwsgi.workers()),
            total=uwsgi.total_requests(), opt=text(uwsgi.opt), server=text(uwsgi.version),
            hostname=text(uwsgi.hostname), numproc=uwsgi.numproc, cores=uwsgi.cores,
            mem=uwsgi.mem())
    body = json.dumps(facts).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
