"""What a gateway in front needs to be tried with."""


def env(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    lines = [environ[key] for key in ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING")]
    return ["\n".join(lines).encode("latin-1")]


def echo(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    return [environ["wsgi.input"].read()]


def mirror(environ, start_response):
    start_response("200 OK", [("X-Mirror", environ["HTTP_X_LARGE"])])
    return []


def large(environ, start_response):
    start_response("200 OK", [("Content-Length", "5000000")])
    return [b"l" * 5000000]


def not_found(environ, start_response):
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"not here\n"]


def variables(environ, start_response):
    """All that is text, one a line."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    lines = ["%s=%s" % pair for pair in environ.items() if isinstance(pair[1], str)]
    return ["\n".join(sorted(lines)).encode("latin-1")]


ROUTES = {"variables": variables, "env": env, "echo": echo, "mirror": mirror, "large": large}


def application(environ, start_response):
    name = environ["PATH_INFO"].split("/")[1]
    return ROUTES.get(name, not_found)(environ, start_response)
