"""Large bodies in both directions: for bench/bodies, which sets BENCH_FILE."""

import os

PIECE = b"p" * (1 << 20)


def application(environ, start_response):
    """A POST is read and counted; /pieces/N is N MiB from a generator; all else is the file."""
    path = environ["PATH_INFO"]
    if environ["REQUEST_METHOD"] == "POST":
        body = environ["wsgi.input"]
        size = sum(len(piece) for piece in iter(lambda: body.read(65536), b""))
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"%d\n" % size]
    if path.startswith("/pieces/"):
        count = int(path[len("/pieces/") :])
        start_response("200 OK", [("Content-Length", str(count << 20))])
        return (PIECE for _ in range(count))
    file = open(os.environ["BENCH_FILE"], "rb")
    start_response("200 OK", [("Content-Length", str(os.fstat(file.fileno()).st_size))])
    return environ["wsgi.file_wrapper"](file, 65536)
