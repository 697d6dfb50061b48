"""The requests that visit all of an application: NAME/requests.txt as data, and as raw HTTP/1.1.

    python3 visits.py shop > shop/requests.http     # for bask --warmup-file

A line is METHOD PATH STATUS [TYPE BODY]; {a,b} in a path stands for several requests. Lines that begin
with @ are fields that every request has, so that the server and the application have some to look at.
"""

import re
import sys
from collections import namedtuple
from pathlib import Path

Request = namedtuple("Request", "method path status type body")

TYPES = {
    "form": "application/x-www-form-urlencoded",
    "json": "application/json",
    "text": "text/plain; charset=utf-8",
    "multipart": "multipart/form-data; boundary=line",
}
APPS = Path(__file__).resolve().parent
_BRACES = re.compile(r"\{([^{}]*)\}")
_ESCAPES = {"\\n": "\n", "\\r": "\r"}


def expand(text: str) -> "list[str]":
    """Every text that the first {a,b} of a text stands for, with those of the later ones."""
    found = _BRACES.search(text)
    if found is None:
        return [text]
    before, after = text[: found.start()], text[found.end() :]
    return [one for choice in found[1].split(",") for one in expand(before + choice + after)]


def parse(line: str) -> "list[Request]":
    """The requests of one line."""
    method, path, status, *rest = line.split(" ", 4)
    kind, body = rest if rest else ("", "")
    for escape, letter in _ESCAPES.items():
        body = body.replace(escape, letter)
    return [
        Request(method, one, int(status), TYPES.get(kind, ""), body.encode()) for one in expand(path)
    ]


class Visits:
    """All requests of one application."""

    def __init__(self, app: str) -> None:
        lines = (APPS / app / "requests.txt").read_text(encoding="utf-8").splitlines()
        self.fields = [tuple(line[1:].split(": ", 1)) for line in lines if line.startswith("@")]
        self.requests = [
            one for line in lines if line and line[0] not in "#@" for one in parse(line)
        ]

    def raw(self, request: Request) -> bytes:
        """A request as it is on a wire."""
        lines = ["%s %s HTTP/1.1" % request[:2]] + ["%s: %s" % pair for pair in self.fields]
        if request.type:
            lines += ["Content-Type: " + request.type, "Content-Length: %d" % len(request.body)]
        return "\r\n".join(lines + ["", ""]).encode("latin-1") + request.body

    def environ(self, request: Request) -> dict:
        """A request as a WSGI environ, but for wsgi.input and wsgi.errors."""
        path, _, query = request.path.partition("?")
        result = {
            "REQUEST_METHOD": request.method, "SCRIPT_NAME": "", "PATH_INFO": path,
            "QUERY_STRING": query, "REQUEST_URI": request.path, "SERVER_NAME": dict(self.fields)["Host"],
            "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.multithread": False,
            "wsgi.multiprocess": True, "wsgi.run_once": False,
        }
        for name, value in self.fields:
            result["HTTP_" + name.upper().replace("-", "_")] = value
        if request.type:
            result["CONTENT_TYPE"] = request.type
            result["CONTENT_LENGTH"] = str(len(request.body))
        return result


if __name__ == "__main__":
    visits = Visits(sys.argv[1])
    sys.stdout.buffer.write(b"".join(visits.raw(request) for request in visits.requests))
