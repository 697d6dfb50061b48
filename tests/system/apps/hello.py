"""Says hello, and which process it is."""
import os


def application(environ, start_response):
    body = b"Hello from %d\n" % os.getpid()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def create():
    return application


class Site:
    wsgi = staticmethod(application)


not_callable = 42
