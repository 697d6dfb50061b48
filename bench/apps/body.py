"""A response of 100 KB: what moving bytes out of the interpreter costs."""

BODY = b"x" * 100_000
HEADERS = [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))]


def application(environ, start_response):
    """Answers every request with the same 100,000 bytes."""
    start_response("200 OK", HEADERS)
    return [BODY]
