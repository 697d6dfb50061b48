"""Requests that hold their thread."""
import threading
import time

from gate import make, wait_for


def application(environ, start_response):
    path = environ["PATH_INFO"]
    text = [("Content-Type", "text/plain")]
    if path == "/sleep":
        time.sleep(0.5)
    elif path == "/gate":
        make("in-gate")
        wait_for("go")
    elif path == "/large":
        start_response("200 OK", text)
        return [b"l" * 20000000]
    elif path == "/lingering":
        return lingering(start_response)
    elif path == "/echo":
        start_response("200 OK", text)
        return [environ["wsgi.input"].read()]
    start_response("200 OK", text)
    return [threading.current_thread().name.encode()]


def lingering(start_response):
    """The client has all of the body while the application is not done yet."""
    start_response("200 OK", [("Content-Length", "4")])
    yield b"body"
    make("in-gate")
    wait_for("go")
