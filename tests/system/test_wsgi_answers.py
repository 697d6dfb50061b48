"""What applications answer, right and wrong, and what the client gets."""
import os
from pathlib import Path

import pytest

from support.client import make_request
from support.server import Bask, Server
from support.wait import wait_until


# The traceback leads to the line in the application.
WRONG_VALUE = r"failing\.py\", line \d+(.|\n)*ValueError: wrong value"


def go(server: Server) -> None:
    (server.folder / "go").touch()


def closed(server: Server) -> str:
    """One letter for each call of close()."""
    path: Path = server.folder / "closed"
    return path.read_text() if path.exists() else ""


@pytest.mark.parametrize("name, body", [
    ("late_start", b"made late"), ("several_pieces", b"abcdef"), ("nothing", b""),
    ("as_bytes", b"bytes"), ("as_bytearrays", b"bytearray"), ("restarted", b"replaced"),
    ("from_memory", b"m" * 100000), ("from_pipe", b"through a pipe"), ("kilobyte", b"k" * 1024),
    ("kilobyte_in_pieces", b"k" * 1024), ("no_content", b""), ("not_modified", b""),
    ("own_headers", b"own"),
])
def test_body_and_next_request(bask: Bask, name: str, body: bytes) -> None:
    """The connection must be good for another request after each kind of answer."""
    with bask.app("answers:" + name).connect() as connection:
        for _ in range(3):
            assert connection.request("GET", "/").body == body


def test_generator_arrives_piece_by_piece(bask: Bask) -> None:
    server = bask.app("answers:in_pieces")
    with server.connect() as connection:
        connection.send(make_request("GET", "/"))
        response = connection.start_answer()
        assert response.read(5) == b"first"
        go(server)
        assert response.read() == b"second"


def test_write_callable_sends_at_once(bask: Bask) -> None:
    server = bask.app("answers:by_write")
    with server.connect() as connection:
        connection.send(make_request("GET", "/"))
        response = connection.start_answer()
        assert response.read(4) == b"one "
        go(server)
        assert response.read() == b"two three"


def test_status_and_headers_are_the_applications(bask: Bask) -> None:
    answer = bask.app("answers:own_headers").get("/")
    assert answer.status == 299
    assert answer.headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    assert answer.headers["X-Latin"] == "caf\xe9"
    assert answer.headers["X-Empty"] == ""
    assert answer.headers.get_all("Date") == ["Thu, 01 Jan 1970 00:00:00 GMT"]
    assert answer.headers.get_all("Server") == ["mine"]


def test_reason_is_the_applications(bask: Bask) -> None:
    raw = bask.app("answers:own_headers").raw(make_request("GET", "/", {"Connection": "close"}))
    assert raw.startswith(b"HTTP/1.1 299 Odd but legal\r\n")


def test_exc_info_before_the_head_replaces_it(bask: Bask) -> None:
    answer = bask.app("answers:restarted").get("/")
    assert answer.status == 503
    assert "X-First" not in answer.headers
    assert answer.headers["X-Second"] == "yes"


@pytest.mark.parametrize("name, length", [("kilobyte", "1024"), ("kilobyte_in_pieces", None),
                                          ("from_file", "10000")])
def test_head(bask: Bask, name: str, length: str) -> None:
    server = bask.app("answers:" + name)
    (server.folder / "data").write_bytes(b"f" * 10000)
    with server.connect() as connection:
        for _ in range(2):
            answer = connection.request("HEAD", "/")
            assert (answer.status, answer.body) == (200, b"")
            assert answer.headers["Content-Length"] == length


@pytest.mark.parametrize("name, status", [("no_content", 204), ("not_modified", 304)])
def test_answer_that_has_no_body(bask: Bask, name: str, status: int) -> None:
    raw = bask.app("answers:" + name).raw(make_request("GET", "/", {"Connection": "close"}))
    head, _, body = raw.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert body == b""
    assert b"ransfer-" not in head
    assert b"Content-Length" not in head


@pytest.mark.parametrize("size, position", [(0, 0), (1, 0), (100000, 0), (100000, 99990),
                                            (3000000, 1234567), (10, 10), (10, 20)])
def test_file_is_sent_from_its_position(bask: Bask, size: int, position: int) -> None:
    server = bask.app("answers:from_file")
    data = os.urandom(size)
    (server.folder / "data").write_bytes(data)
    with server.connect() as connection:
        for _ in range(3):
            assert connection.request("GET", "/?%d" % position).body == data[position:]


def test_part_of_a_file(bask: Bask) -> None:
    server = bask.app("answers:part_of_file")
    (server.folder / "data").write_bytes(b"partial")
    with server.connect() as connection:
        for _ in range(3):
            answer = connection.request("GET", "/")
            assert (answer.status, answer.body) == (206, b"part")


@pytest.mark.parametrize("name", ["closing", "closing_one_list"])
def test_close_is_called_once(bask: Bask, name: str) -> None:
    server = bask.app("answers:" + name)
    assert server.get("/").body == b"some pieces"
    wait_until(lambda: closed(server), "close() is called")
    server.get("/")
    wait_until(lambda: len(closed(server)) == 2, "close() is called again")


def test_close_is_called_once_after_an_error(bask: Bask) -> None:
    server = bask.app("answers:closing_after_error")
    assert not server.get("/").complete
    server.complained("ValueError: in the middle")
    wait_until(lambda: closed(server) == "x", "close() is called")


def test_close_is_called_once_when_the_client_leaves(bask: Bask) -> None:
    """An endless answer: it ends because nobody is there any more."""
    server = bask.app("answers:closing_for_leaver")
    with server.connect() as connection:
        connection.send(make_request("GET", "/"))
        connection.start_answer().read(100000)
    wait_until(lambda: closed(server) == "x", "close() is called")
    (server.folder / "stop").touch()
    assert server.get("/").status == 200
    wait_until(lambda: closed(server) == "xx", "close() is called for the second request only once")


def test_close_that_raises_is_told_in_the_log_only(bask: Bask) -> None:
    server = bask.app("answers:close_raises")
    assert server.get("/").body == b"fine"
    server.complained("ValueError: close failed")
    assert server.get("/").status == 200


@pytest.mark.parametrize("name, said", [
    ("returns_str", "TypeError: .*not str"), ("returns_list_of_str", "TypeError: .*str"),
    ("returns_none", "TypeError: .*not None"), ("returns_number", "TypeError"),
    ("never_starts", "did not call start_response"), ("starts_twice", "called twice"),
    ("raises", WRONG_VALUE), ("raises_after_start", WRONG_VALUE),
    ("raises_in_generator", WRONG_VALUE),
    ("raises_system_exit", "SystemExit: enough"),
    ("raises_keyboard_interrupt", "KeyboardInterrupt"), ("raises_unprintable", "Unprintable"),
    ("header_with_newline", "malformed"), ("header_name_with_space", "malformed"),
    ("status_with_newline", "malformed"), ("status_without_reason", "malformed"),
    ("status_that_is_a_number", "TypeError"), ("header_that_is_a_number", "TypeError"),
    ("header_beyond_latin_1", "UnicodeEncodeError"), ("own_transfer_encoding", "malformed"),
    ("two_lengths", "malformed"), ("recurses", "RecursionError"),
])
def test_failure_is_a_500_and_a_traceback(bask: Bask, name: str, said: str) -> None:
    server = bask.app("failing:" + name)
    with server.connect() as connection:
        for _ in range(2):
            answer = connection.request("GET", "/")
            assert answer.status == 500
            assert "Set-Cookie" not in answer.headers
            assert b"ValueError" not in answer.body
    server.complained(said)
    assert server.workers() == [server.pid]


@pytest.mark.parametrize("name", [
    "raises_after_body", "raises_after_body_of_known_length", "exc_info_too_late",
])
def test_failure_in_the_body_breaks_the_answer(bask: Bask, name: str) -> None:
    server = bask.app("failing:" + name)
    answer = server.get("/")
    assert (answer.status, answer.body, answer.complete) == (200, b"the first half", False)
    server.complained("ValueError: wrong value")


def test_failure_in_the_body_resets_an_http_1_0_client(bask: Bask) -> None:
    """Without length and chunks only a reset shows that something is missing."""
    server = bask.app("failing:raises_after_body")
    with pytest.raises(ConnectionResetError):
        server.raw(b"GET / HTTP/1.0\r\n\r\n")
    server.complained("ValueError: wrong value")


def test_too_few_bytes(bask: Bask) -> None:
    server = bask.app("failing:too_few_bytes")
    answer = server.get("/")
    assert (answer.complete, answer.body) == (False, b"too short")
    server.complained("9 bytes of the 100 promised")


def test_too_many_bytes(bask: Bask) -> None:
    server = bask.app("failing:too_many_bytes")
    with server.connect() as connection:
        assert connection.request("GET", "/").body == b"four"
        assert connection.request("GET", "/").body == b"four"
    server.complained("more than the 4 bytes")


LEFT = "GET /: the client left before the end of the answer"


def leave(server: Server) -> None:
    """Begins to read an answer that never ends, and leaves."""
    with server.connect() as connection:
        connection.send(make_request("GET", "/"))
        connection.start_answer().read(100000)
    (server.folder / "left").touch()


def size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def test_client_that_leaves_is_an_oserror_from_write(bask: Bask) -> None:
    server = bask.app("answers:writing_to_leaver")
    leave(server)
    wait_until((server.folder / "said").exists, "write() raises")
    (server.folder / "stop").touch()
    assert server.get("/").status == 200
    assert "the client left" in (server.folder / "said").read_text()
    assert server.log().count(LEFT) == 1
    assert "OSError" not in server.log()


@pytest.mark.parametrize("option", ["ignore-sigpipe", "ignore-write-errors",
                                    "write-errors-exception-only"])
def test_client_that_leaves_is_no_line_in_the_log(bask: Bask, option: str) -> None:
    server = bask.app("answers:writing_to_leaver", "--" + option)
    leave(server)
    wait_until((server.folder / "said").exists, "write() raises all the same")
    (server.folder / "stop").touch()
    assert server.get("/").status == 200
    assert "the client left" not in server.log()


@pytest.mark.parametrize("option", ["--disable-write-exception", "--write-errors-tolerance=1000000"])
def test_client_that_leaves_is_not_told_to_the_application(bask: Bask, option: str) -> None:
    server = bask.app("answers:writing_to_leaver", option)
    leave(server)
    server.wait_log(LEFT)
    before = size_of(server.folder / "written")
    wait_until(lambda: size_of(server.folder / "written") > before + 10, "write() is called again")
    (server.folder / "stop").touch()
    assert server.get("/").status == 200
    assert not (server.folder / "said").exists()


def test_tolerated_errors_are_counted(bask: Bask) -> None:
    server = bask.app("answers:writing_to_leaver", "--write-errors-tolerance", "20")
    leave(server)
    wait_until((server.folder / "said").exists, "write() raises in the end")
    assert size_of(server.folder / "written") >= 20
    (server.folder / "stop").touch()
    assert server.get("/").status == 200


def test_client_that_leaves_a_file_is_told_in_the_log(bask: Bask) -> None:
    server = bask.app("answers:from_file")
    (server.folder / "data").write_bytes(b"f" * 30000000)
    with server.connect() as connection:
        connection.send(make_request("GET", "/"))
        connection.start_answer().read(1000)
    server.wait_log(LEFT)  # even if its request is over
    assert server.get("/?29999990").body == b"f" * 10


def test_file_of_the_kernel_has_something(bask: Bask) -> None:
    """The kernel says of its files that they have no bytes."""
    assert bask.app("answers:from_proc").get("/").body.startswith(b"Linux version ")


def test_slow_reader_of_a_file_holds_no_thread(bask: Bask) -> None:
    server = bask.app("answers:from_file")
    (server.folder / "data").write_bytes(b"f" * 30000000)
    with server.connect() as slow:
        slow.send(make_request("GET", "/"))
        head = slow.start_answer()
        for _ in range(20):
            assert server.get("/?29999999").body == b"f"
        assert len(head.read()) == 30000000
