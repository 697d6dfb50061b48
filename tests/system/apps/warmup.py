"""What an application sees of warm-up, and several ways to fail in it."""
import json
import os
import random
import socket
import sqlite3
import sys
import time
import uuid

import uwsgi
import uwsgidecorators

state = {"requests": 0, "warm": 0, "methods": {}, "bodies": [], "hooks": [], "forked_in": 0,
         "names": {}, "watched": 0}
mode = os.environ.get("WARMUP_MODE", "")
started = time.monotonic()

if mode == "connections":
    listener = socket.create_server(("127.0.0.1", 0))
    kept = socket.create_connection(listener.getsockname())  # the line that is reported
    closed = socket.create_connection(listener.getsockname())
    closed.close()
    database = sqlite3.connect("shared.db")  # this one, too
    memory = sqlite3.connect(":memory:")
    pair = socket.socketpair()


@uwsgidecorators.postfork
def first_hook():
    state["hooks"].append("first")
    state["forked_in"] = os.getpid()


@uwsgidecorators.postfork(2)
def second_hook():
    state["hooks"].append("second")


def leave():
    with open("left", "a") as file:
        file.write("%d\n" % uwsgi.worker_id())


uwsgi.atexit = leave


def answer(environ, start_response):
    path = environ["PATH_INFO"]
    warm = environ.get("bask.warmup", False)
    assert warm is uwsgi.warming, (warm, uwsgi.warming)
    state["requests"] += 1
    state["warm"] += warm
    state["watched"] += sys.getprofile() is not None
    if warm:
        method = environ["REQUEST_METHOD"]
        state["methods"][method] = state["methods"].get(method, 0) + 1
        for name in environ:
            state["names"][name] = state["names"].get(name, 0) + 1
        body = environ["wsgi.input"].read().decode()
        if body not in state["bodies"]:
            state["bodies"].append(body)
    if warm and mode == "crash" and not os.path.exists("crashed"):
        open("crashed", "w").close()
        os.kill(os.getpid(), 11)
    if path == "/late" and not os.path.exists("now"):
        start_response("503 Service Unavailable", [])
        return [b"not yet\nready"]
    if path == "/raise":
        raise ValueError("on purpose")
    if path == "/hang" and warm:
        time.sleep(1000)
    if path == "/hang-in-worker" and warm and uwsgi.worker_id():
        time.sleep(1000)
    if path == "/stream":
        start_response("200 OK", [])
        return iter([b"a", b"b"])
    if path == "/facts":
        facts = dict(
            state, warmup=uwsgi.warmup_info(), worker=uwsgi.worker_id(), pid=os.getpid(),
            random=random.random(), uuid=str(uuid.uuid4()), total=uwsgi.total_requests(),
            keys=sorted(key for key in environ if key.startswith("bask")))
        body = json.dumps(facts).encode()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


application = answer
