"""What applications do wrong, one function each."""
import sys

TEXT = [("Content-Type", "text/plain")]


def returns_str(environ, start_response):
    start_response("200 OK", TEXT)
    return "text"


def returns_list_of_str(environ, start_response):
    start_response("200 OK", TEXT)
    return ["text"]


def returns_none(environ, start_response):
    start_response("200 OK", TEXT)


def returns_number(environ, start_response):
    start_response("200 OK", TEXT)
    return 42


def never_starts(environ, start_response):
    return [b"body"]


def starts_twice(environ, start_response):
    start_response("200 OK", TEXT)
    start_response("200 OK", TEXT)
    return [b"body"]


def raises(environ, start_response):
    raise ValueError("wrong value")


def raises_after_start(environ, start_response):
    start_response("200 OK", TEXT)
    raise ValueError("wrong value")


def raises_system_exit(environ, start_response):
    sys.exit("enough")


def raises_keyboard_interrupt(environ, start_response):
    raise KeyboardInterrupt


def raises_unprintable(environ, start_response):
    class Unprintable(Exception):
        def __str__(self):
            raise RuntimeError("no text")

    raise Unprintable


def raises_in_generator(environ, start_response):
    start_response("200 OK", TEXT)
    raise ValueError("wrong value")
    yield b""


def raises_after_body(environ, start_response):
    start_response("200 OK", TEXT)
    yield b"the first half"
    raise ValueError("wrong value")


def raises_after_body_of_known_length(environ, start_response):
    start_response("200 OK", TEXT + [("Content-Length", "100")])
    yield b"the first half"
    raise ValueError("wrong value")


def exc_info_too_late(environ, start_response):
    """PEP 3333: with the head sent, start_response raises what it was given."""
    start_response("200 OK", TEXT)
    yield b"the first half"
    try:
        raise ValueError("wrong value")
    except ValueError:
        start_response("500 Oops", TEXT, sys.exc_info())
    yield b"never reached"


def header_with_newline(environ, start_response):
    start_response("200 OK", [("X-Split", "a\r\nSet-Cookie: stolen=1")])
    return [b"body"]


def header_name_with_space(environ, start_response):
    start_response("200 OK", [("X Split", "a")])
    return [b"body"]


def status_with_newline(environ, start_response):
    start_response("200 OK\r\nX-Split: 1", TEXT)
    return [b"body"]


def status_without_reason(environ, start_response):
    start_response("200", TEXT)
    return [b"body"]


def status_that_is_a_number(environ, start_response):
    start_response(200, TEXT)
    return [b"body"]


def header_beyond_latin_1(environ, start_response):
    start_response("200 OK", [("X-Wide", "\u2603")])
    return [b"body"]


def header_that_is_a_number(environ, start_response):
    start_response("200 OK", [("Content-Length", 4)])
    return [b"body"]


def own_transfer_encoding(environ, start_response):
    start_response("200 OK", [("Transfer-Encoding", "chunked")])
    return [b"4\r\nbody\r\n0\r\n\r\n"]


def two_lengths(environ, start_response):
    start_response("200 OK", [("Content-Length", "4"), ("Content-Length", "5")])
    return [b"body"]


def too_few_bytes(environ, start_response):
    start_response("200 OK", [("Content-Length", "100")])
    return [b"too short"]


def too_many_bytes(environ, start_response):
    start_response("200 OK", [("Content-Length", "4")])
    return [b"four", b"teen bytes"]


def recurses(environ, start_response):
    return recurses(environ, start_response)
