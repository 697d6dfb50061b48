"""Little things that work on any PyPy."""
import threading

TABLE = threading.Barrier(4, timeout=30)


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    if environ["PATH_INFO"] == "/meet":
        return [str(TABLE.wait()).encode()]
    return [environ["wsgi.input"].read()]
