"""The two checkers of WSGI conformance around an application that uses most of it."""
import io
from wsgiref.validate import validator

from werkzeug.middleware.lint import LintMiddleware


def plain(environ, start_response):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def pieces(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    for line in environ["wsgi.input"]:
        yield line


def written(environ, start_response):
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    write(environ["wsgi.input"].read(4))
    return [environ["wsgi.input"].read(1000)]


def wrapped(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    data = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return environ["wsgi.file_wrapper"](io.BytesIO(data), 3)


ROUTES = {"plain": plain, "pieces": pieces, "written": written, "wrapped": wrapped}


def route(environ, start_response):
    return ROUTES[environ["PATH_INFO"].strip("/")](environ, start_response)


validate = validator(route)
lint = LintMiddleware(route)
