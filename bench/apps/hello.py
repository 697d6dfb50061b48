"""Raw WSGI hello: what the server and its glue cost, with nothing of a framework in it."""

BODY = b"Hello, World!"
HEADERS = [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))]


def application(environ, start_response):
    """Answers every request with the same 13 bytes."""
    start_response("200 OK", HEADERS)
    return [BODY]
