"""requests.txt as data: each request with what it must answer, and all of them as raw HTTP/1.1.

    python3 requests.py > requests.http     # for bask --warmup-file
"""

import re
from collections import namedtuple
from pathlib import Path

Request = namedtuple("Request", "method path status type body")

TYPES = {
    "form": "application/x-www-form-urlencoded",
    "json": "application/json",
    "text": "text/plain; charset=utf-8",
    "multipart": "multipart/form-data; boundary=line",
}
# What a browser sends, so that the server and the application have fields to look at.
FIELDS = (
    ("Host", "shop.example"),
    ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0"),
    ("Accept", "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8"),
    ("Accept-Language", "de,en-US;q=0.7,en;q=0.3"),
    ("Accept-Encoding", "gzip, deflate"),
    ("Cookie", "visitor=ada; count=3"),
)
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


def read(path: Path = Path(__file__).with_name("requests.txt")) -> "list[Request]":
    """All requests of a file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [one for line in lines if line and not line.startswith("#") for one in parse(line)]


def raw(request: Request) -> bytes:
    """A request as it is on a wire."""
    lines = ["%s %s HTTP/1.1" % request[:2]] + ["%s: %s" % pair for pair in FIELDS]
    if request.type:
        lines += ["Content-Type: " + request.type, "Content-Length: %d" % len(request.body)]
    return "\r\n".join(lines + ["", ""]).encode("latin-1") + request.body


def environ(request: Request) -> dict:
    """A request as a WSGI environ, but for wsgi.input and wsgi.errors."""
    path, _, query = request.path.partition("?")
    result = {
        "REQUEST_METHOD": request.method, "SCRIPT_NAME": "", "PATH_INFO": path,
        "QUERY_STRING": query, "REQUEST_URI": request.path, "SERVER_NAME": "shop.example",
        "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.multithread": False,
        "wsgi.multiprocess": True, "wsgi.run_once": False,
    }
    for name, value in FIELDS:
        result["HTTP_" + name.upper().replace("-", "_")] = value
    if request.type:
        result["CONTENT_TYPE"] = request.type
        result["CONTENT_LENGTH"] = str(len(request.body))
    return result


if __name__ == "__main__":
    import sys

    sys.stdout.buffer.write(b"".join(raw(request) for request in read()))
