"""Reads wsgi.input in the ways that the query names, and shows the results as JSON."""
import hashlib
import json
import os

from gate import make

WAYS = {
    "read": lambda body: body.read(),
    "read-none": lambda body: body.read(None),
    "read-negative": lambda body: body.read(-1),
    "read-0": lambda body: body.read(0),
    "read-3": lambda body: body.read(3),
    "read-huge": lambda body: body.read(1 << 40),
    "readline": lambda body: body.readline(),
    "readline-3": lambda body: body.readline(3),
    "readline-0": lambda body: body.readline(0),
    "readline-negative": lambda body: body.readline(-1),
    "readline-none": lambda body: body.readline(None),
    "readlines": lambda body: body.readlines(),
    "readlines-hint": lambda body: body.readlines(5),
    "readlines-none": lambda body: body.readlines(None),
    "iterate": lambda body: list(body),
}


def shown(result):
    return [line.decode() for line in result] if isinstance(result, list) else result.decode()


def application(environ, start_response):
    body = environ["wsgi.input"]
    results = [shown(WAYS[way](body)) for way in environ["QUERY_STRING"].split(",")]
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(results).encode()]


def catching(environ, start_response):
    """What reading a body that does not come says."""
    make("reading")
    try:
        said = "read %d" % len(environ["wsgi.input"].read())
    except Exception as error:
        said = "%s: %s" % (type(error).__name__, error)
    with open("said", "w") as file:
        file.write(said)
    start_response("200 OK", [])
    return [said.encode()]


def ignoring(environ, start_response):
    start_response("200 OK", [("Content-Length", "7")])
    return [b"ignored"]


def keeping(environ, start_response):
    """Reads the body of the request before, which must be empty and harmless."""
    kept = KEPT[-1].read() if KEPT else b""
    KEPT.append(environ["wsgi.input"])
    start_response("200 OK", [])
    return [kept]


KEPT = []


def stored(environ, start_response):
    """A body that is there as a whole, read there and back again."""
    body = environ["wsgi.input"]
    digest = hashlib.sha256()
    for piece in iter(lambda: body.read(50000), b""):
        digest.update(piece)
    said = {"sha256": digest.hexdigest(), "length": body.tell(), "seekable": body.seekable()}
    body.seek(-5, 2)
    said["end"] = body.read().decode("latin-1")
    body.seek(3)
    said["middle"] = body.read(4).decode("latin-1")
    with os.fdopen(os.dup(body.fileno()), "rb") as file:
        said["by_descriptor"] = hashlib.sha256(file.read()).hexdigest()
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(said).encode()]


def memory(environ, start_response):
    """Reads all of the body, a little at a time; the most memory that this process ever had, in KiB."""
    body = environ["wsgi.input"]
    size = sum(len(piece) for piece in iter(lambda: body.read(65536), b""))
    with open("/proc/self/status") as status:
        peak = next(line.split()[1] for line in status if line.startswith("VmHWM"))
    start_response("200 OK", [])
    return [json.dumps([size, int(peak)]).encode()]
