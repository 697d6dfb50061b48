"""Well-behaved answers, one function each."""
import io
import os
import sys

from gate import make, wait_for

TEXT = [("Content-Type", "text/plain")]


def by_write(environ, start_response):
    write = start_response("200 OK", TEXT)
    write(b"one ")
    make("written")
    wait_for("go")
    write(b"two ")
    return [b"three"]


def in_pieces(environ, start_response):
    """The second piece is made only when the test says that it has the first."""
    start_response("200 OK", TEXT)

    def pieces():
        yield b""
        yield b"first"
        wait_for("go")
        yield b"second"

    return pieces()


def late_start(environ, start_response):
    """start_response with the first piece: a generator runs only when it is iterated."""
    start_response("201 Created", TEXT)
    yield b"made "
    yield b"late"


def several_pieces(environ, start_response):
    start_response("200 OK", TEXT + [("Content-Length", "6")])
    return [b"ab", b"cd", b"ef"]


def nothing(environ, start_response):
    start_response("200 OK", TEXT)
    return []


def no_content(environ, start_response):
    start_response("204 No Content", [])
    return []


def not_modified(environ, start_response):
    start_response("304 Not Modified", [("ETag", '"tag"')])
    return [b"not to be sent"]


def kilobyte(environ, start_response):
    start_response("200 OK", TEXT + [("Content-Length", "1024")])
    return [b"k" * 1024]


def kilobyte_in_pieces(environ, start_response):
    start_response("200 OK", TEXT)
    return (b"k" * 128 for _ in range(8))


def as_bytes(environ, start_response):
    start_response("200 OK", TEXT)
    return b"bytes"


def as_bytearrays(environ, start_response):
    start_response("200 OK", TEXT)
    return [bytearray(b"byte"), memoryview(b"array")]


def own_headers(environ, start_response):
    start_response("299 Odd but legal", [
        ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Latin", "caf\xe9"), ("X-Empty", ""),
        ("Date", "Thu, 01 Jan 1970 00:00:00 GMT"), ("Server", "mine")])
    return [b"own"]


def restarted(environ, start_response):
    """An error found before anything was sent replaces what was said before."""
    start_response("200 OK", [("X-First", "yes")])
    try:
        raise ValueError("found in time")
    except ValueError:
        start_response("503 Sorry", [("X-Second", "yes")], sys.exc_info())
    return [b"replaced"]


def from_file(environ, start_response):
    file = open("data", "rb")
    file.seek(int(environ["QUERY_STRING"] or 0))
    start_response("200 OK", TEXT)
    return environ["wsgi.file_wrapper"](file, 8192)


def part_of_file(environ, start_response):
    start_response("206 Partial Content", [("Content-Length", "4")])
    return environ["wsgi.file_wrapper"](open("data", "rb"))


def from_memory(environ, start_response):
    start_response("200 OK", TEXT)
    return environ["wsgi.file_wrapper"](io.BytesIO(b"m" * 100000), 999)


def from_pipe(environ, start_response):
    read, write = os.pipe()
    os.write(write, b"through a pipe")
    os.close(write)
    start_response("200 OK", TEXT)
    return environ["wsgi.file_wrapper"](os.fdopen(read, "rb"))


class Closing:
    """An iterable whose close() leaves a mark."""

    def __init__(self, pieces):
        self.pieces = iter(pieces)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.pieces)

    def close(self):
        make("closed", "x")


def closing(environ, start_response):
    start_response("200 OK", TEXT)
    return Closing([b"some ", b"pieces"])


def closing_one_list(environ, start_response):
    class ClosingList(list):
        def close(self):
            make("closed", "x")

    start_response("200 OK", TEXT)
    return ClosingList([b"some ", b"pieces"])


def closing_after_error(environ, start_response):
    def pieces():
        yield b"some "
        raise ValueError("in the middle")

    start_response("200 OK", TEXT)
    return Closing(pieces())


def closing_for_leaver(environ, start_response):
    def pieces():
        while not os.path.exists("stop"):
            yield b"e" * 65536

    start_response("200 OK", TEXT)
    return Closing(pieces())


def close_raises(environ, start_response):
    class Raising(Closing):
        def close(self):
            raise ValueError("close failed")

    start_response("200 OK", TEXT)
    return Raising([b"fine"])


def writing_to_leaver(environ, start_response):
    """Writes until the test has seen enough; what write() said goes to a file."""
    write = start_response("200 OK", TEXT)
    while not os.path.exists("stop"):
        try:
            write(b"w" * 65536)
        except OSError as error:
            with open("said", "a") as file:
                file.write("%s\n" % error)
        if os.path.exists("left"):
            with open("written", "a") as file:
                file.write("x")
    return []


def from_proc(environ, start_response):
    start_response("200 OK", TEXT)
    return environ["wsgi.file_wrapper"](open("/proc/version", "rb"))
