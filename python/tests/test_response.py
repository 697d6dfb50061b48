"""From what an application does to a response: start_response, write, and every kind of result."""

import gzip
import io
import os
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Iterable, Iterator, List, Optional, Tuple

import pytest

from bask_pypy import gone, wsgi
from fake import CLOSED, SYNTAX, SYSTEM, TIMEOUT, Host, Request, serve, serve_one

PLAIN: List[Tuple[str, str]] = [("Content-Type", "text/plain")]


def giving(result: Any, headers: Optional[List[Tuple[str, str]]] = None) -> Callable[..., Any]:
    """An application that answers 200 with `result`, or with what a function gives."""

    def application(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", PLAIN if headers is None else headers)
        return result() if callable(result) else result

    return application


def wrapping(filelike: Any, *size: int) -> Callable[..., Any]:
    def application(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", PLAIN)
        return environ["wsgi.file_wrapper"](filelike, *size)

    return application


def failure(application: Callable[..., Any], text: str, **host: Any) -> Request:
    """The request of an application that fails before anything was sent; the log says `text`."""
    fake_host = Host(**host)
    request = serve(fake_host, application)[0]
    assert request.ended == "abort" and request.status == 500 and not request.broken
    assert request.sent == b"Internal Server Error\n"
    assert text in fake_host.log_text
    return request


class TestResults:
    """What an application may return."""

    @pytest.mark.parametrize(
        "result, body, calls",
        [
            ([b"one"], b"one", ["respond"]),
            ((b"one",), b"one", ["respond"]),
            ([b""], b"", ["respond"]),
            (b"bytes", b"bytes", ["respond"]),
            (b"", b"", ["respond"]),
            ([], b"", ["begin", "finish"]),
            ((), b"", ["begin", "finish"]),
            ([b"", b""], b"", ["begin", "finish"]),
            ([b"a", b"b"], b"ab", ["begin", "write", "write", "finish"]),
            ((b"a", b"", b"b"), b"ab", ["begin", "write", "write", "finish"]),
            ([bytearray(b"a"), memoryview(b"b")], b"ab", ["begin", "write", "write", "finish"]),
            ([bytearray(b"a")], b"a", ["begin", "write", "finish"]),
            ({b"key": 1}, b"key", ["begin", "write", "finish"]),
            (lambda: iter([b"a", b"b"]), b"ab", ["begin", "write", "write", "finish"]),
            (lambda: (c for c in [b"a"]), b"a", ["begin", "write", "finish"]),
            (lambda: map(bytes, [b"a"]), b"a", ["begin", "write", "finish"]),
        ],
    )
    def test_good(self, result: Any, body: bytes, calls: List[str]) -> None:
        request = serve_one(giving(result))
        assert (request.status, request.sent, request.calls) == (200, body, calls)
        assert request.headers == PLAIN

    @pytest.mark.parametrize(
        "result, text",
        [
            ("text", "TypeError: a WSGI application returns an iterable of bytes, not str"),
            (None, "TypeError: a WSGI application returns an iterable of bytes, not NoneType"),
            (17, "TypeError"),
            (["text"], "TypeError: a response is made of bytes, the application gave str"),
            ([""], "the application gave str"),
            ([None], "the application gave NoneType"),
            ([1], "the application gave int"),
            (bytearray(b"ab"), "the application gave int"),
            (lambda: iter(["text"]), "the application gave str"),
        ],
    )
    def test_bad(self, result: Any, text: str) -> None:
        failure(giving(result), text)

    def test_subclasses_of_bytes(self) -> None:
        class Mine(bytes):
            pass

        assert serve_one(giving([Mine(b"a")])).sent == b"a"

    def test_bad_piece_after_a_good_one(self) -> None:
        host = Host()
        request = serve(host, giving([b"good", "bad"]))[0]
        assert request.broken and request.sent == b"good"
        assert "the application gave str" in host.log_text

    def test_each_piece_is_out_before_the_next_is_asked_for(self) -> None:
        request = Request()
        seen = []

        def pieces() -> Iterator[bytes]:
            for piece in (b"a", b"b", b"c"):
                yield piece
                seen.append(request.sent)

        serve_one(giving(pieces), request)
        assert seen == [b"a", b"ab", b"abc"]


class TestGenerators:
    """The application itself may be a generator function: nothing of it runs until it is asked."""

    def test_start_response_in_the_body(self) -> None:
        def application(environ: Any, start_response: Any) -> Iterator[bytes]:
            start_response("201 Created", PLAIN)
            yield b"a"
            yield b"b"

        request = serve_one(application)
        assert (request.status, request.sent) == (201, b"ab")

    def test_no_pieces(self) -> None:
        def application(environ: Any, start_response: Any) -> Iterator[bytes]:
            start_response("204 No Content", [])
            return
            yield b""

        request = serve_one(application)
        assert (request.status, request.calls) == (204, ["begin", "finish"])

    def test_empty_pieces_before_start_response(self) -> None:
        def application(environ: Any, start_response: Any) -> Iterator[bytes]:
            yield b""
            start_response("200 OK", PLAIN)
            yield b"a"

        assert serve_one(application).sent == b"a"

    def test_a_piece_before_start_response(self) -> None:
        def application(environ: Any, start_response: Any) -> Iterator[bytes]:
            yield b"a"

        failure(application, "did not call start_response")

    def test_write_in_the_body(self) -> None:
        def application(environ: Any, start_response: Any) -> Iterator[bytes]:
            write = start_response("200 OK", PLAIN)
            write(b"a")
            yield b"b"
            write(b"c")

        assert serve_one(application).sent == b"abc"

    def test_the_head_may_change_until_the_first_piece(self) -> None:
        def application(environ: Any, start_response: Any) -> Iterator[bytes]:
            start_response("200 OK", PLAIN)
            yield b""
            try:
                raise KeyError("late")
            except KeyError:
                start_response("503 Later", [], sys.exc_info())
            yield b"sorry"

        request = serve_one(application)
        assert (request.status, request.sent, request.headers) == (503, b"sorry", [])


class TestStartResponse:
    """The rules of PEP 3333 for start_response."""

    @pytest.mark.parametrize("result", [[b"a"], [], [b"a", b"b"], b"a"])
    def test_not_called(self, result: Any) -> None:
        failure(lambda environ, start_response: result, "did not call start_response")

    def test_latin_1(self) -> None:
        request = serve_one(giving([b""], [("X-A", "\xe9\xff")]))
        assert request.head == b"200 OK\r\nX-A: \xe9\xff\r\n"

    @pytest.mark.parametrize(
        "status, headers, error",
        [
            (b"200 OK", [], TypeError),
            (200, [], TypeError),
            (None, [], TypeError),
            ("200 OK", None, TypeError),
            ("200 OK", (("A", "b"),), TypeError),
            ("200 OK", {"A": "b"}, TypeError),
            ("200 OK", iter([("A", "b")]), TypeError),
            ("200 OK", [["A", "b"]], TypeError),
            ("200 OK", ["Ab"], TypeError),
            ("200 OK", [("A",)], ValueError),
            ("200 OK", [("A", "b", "c")], ValueError),
            ("200 OK", [(b"A", "b")], TypeError),
            ("200 OK", [("A", b"b")], TypeError),
            ("200 OK", [("Content-Length", 5)], TypeError),
            ("200 OK", [("A", None)], TypeError),
            ("200 OK", [("A", "\u20ac")], ValueError),
            ("200 \u20ac", [], ValueError),
        ],
    )
    @pytest.mark.parametrize("good_before", [False, True])
    def test_wrong_types_raise_at_the_call(
        self, status: Any, headers: Any, error: Any, good_before: bool
    ) -> None:
        def application(environ: Any, start_response: Any) -> List[bytes]:
            with pytest.raises(error):
                start_response(status, headers)
            start_response("400 Bad", [("A", "b")])
            return [b"still possible"]

        host = Host()
        if good_before:
            serve(host, giving([b""], [("A", "b")]))
        request = serve(host, application)[0]
        assert (request.status, request.sent) == (400, b"still possible")

    @pytest.mark.parametrize(
        "status, headers",
        [
            ("200", []),
            ("OK", []),
            ("2000 OK", []),
            ("200 OK\r\nA: b", []),
            ("200 OK\n", []),
            ("", []),
            ("200 OK", [("A", "b\r\nC: d")]),
            ("200 OK", [("A\r\nB: c\r\nC", "d")]),
            ("200 OK", [("A", "b\nC: d")]),
            ("200 OK", [("A", "b\x00")]),
            ("200 OK", [("A b", "c")]),
            ("200 OK", [("", "c")]),
            ("200 OK", [("A", "b"), ("", "")]),
            ("200 OK", [("Transfer-Encoding", "chunked")]),
            ("200 OK", [("Content-Length", "1"), ("Content-Length", "2")]),
        ],
    )
    @pytest.mark.parametrize("result", [[b"a"], [b"a", b"b"], [], b"a"])
    def test_what_the_server_refuses(self, status: str, headers: Any, result: Any) -> None:
        def application(environ: Any, start_response: Any) -> Any:
            start_response(status, headers)
            return result

        failure(application, "ValueError: malformed status or header")

    def test_refused_head_of_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "f").write_bytes(b"abc")
        with open(tmp_path / "f", "rb") as file:
            wrapper = wsgi.FileWrapper(file)
            failure(giving(wrapper, [("A", "\n")]), "malformed status or header")

    def test_twice_without_exc_info(self) -> None:
        def application(environ: Any, start_response: Any) -> List[bytes]:
            start_response("200 OK", PLAIN)
            start_response("201 Created", PLAIN)
            return [b"a"]

        failure(application, "AssertionError: start_response was called twice")

    def test_exc_info_in_the_first_call(self) -> None:
        def application(environ: Any, start_response: Any) -> List[bytes]:
            try:
                raise KeyError("early")
            except KeyError:
                start_response("500 Mine", PLAIN, sys.exc_info())
            return [b"my page"]

        request = serve_one(application)
        assert (request.status, request.sent) == (500, b"my page")

    def test_exc_info_before_anything_was_sent(self) -> None:
        def application(environ: Any, start_response: Any) -> List[bytes]:
            start_response("200 OK", PLAIN)
            try:
                raise KeyError("early")
            except KeyError:
                start_response("500 Mine", [("A", "b")], exc_info=sys.exc_info())
            return [b"my page"]

        request = serve_one(application)
        assert (request.head, request.sent) == (b"500 Mine\r\nA: b\r\n", b"my page")

    @pytest.mark.parametrize("by", ["write", "yield"])
    def test_exc_info_after_something_was_sent(self, by: str) -> None:
        caught: List[BaseException] = []

        def application(environ: Any, start_response: Any) -> Iterator[bytes]:
            write = start_response("200 OK", PLAIN)
            if by == "write":
                write(b"a")
            else:
                yield b"a"
            error = KeyError("late")
            try:
                try:
                    raise error
                except KeyError:
                    start_response("500 Mine", PLAIN, sys.exc_info())
            except KeyError as again:
                assert again is error
                caught.append(again)
                raise
            yield b"never"

        host = Host()
        request = serve(host, application)[0]
        assert len(caught) == 1 and request.broken and request.sent == b"a"
        assert "KeyError: 'late'" in host.log_text

    def test_a_refused_head_can_be_replaced(self) -> None:
        def application(environ: Any, start_response: Any) -> List[bytes]:
            write = start_response("200 OK", [("A", "\n")])
            try:
                write(b"a")
            except ValueError:
                start_response("500 Mine", [], sys.exc_info())
            return [b"my page"]

        request = serve_one(application)
        assert (request.status, request.sent) == (500, b"my page")

    def test_no_memory_for_the_head(self) -> None:
        failure(giving([]), "MemoryError", begin_error=-1)

    def test_heads_do_not_mix(self) -> None:
        headers: List[Tuple[str, str]] = [("A", "b")]
        host = Host()
        answers = iter(["200 OK", "200 OK", "404 No", "200 OK", "200 OK"])

        def application(environ: Any, start_response: Any) -> List[bytes]:
            start_response(next(answers), headers)
            headers.append(("N", str(len(headers))))
            return [b""]

        requests = serve(host, application, *[Request() for _ in range(5)])
        assert [request.status for request in requests] == [200, 200, 404, 200, 200]
        assert [len(request.headers) for request in requests] == [1, 2, 3, 4, 5]


class TestWrite:
    """The write() callable."""

    def test_before_the_result(self) -> None:
        def application(environ: Any, start_response: Any) -> List[bytes]:
            write = start_response("200 OK", PLAIN)
            assert write(b"a") is None
            write(b"")
            write(bytearray(b"b"))
            write(memoryview(b"c"))
            return [b"d"]

        request = serve_one(application)
        assert request.sent == b"abcd" and request.calls[-1] == "finish"

    @pytest.mark.parametrize("result", [[], b"c", [b"c"], (b"c",), iter([b"c"])])
    def test_with_every_kind_of_result(self, result: Any) -> None:
        def application(environ: Any, start_response: Any) -> Any:
            start_response("200 OK", PLAIN)(b"ab")
            return result

        assert serve_one(application).sent == (b"abc" if result != [] else b"ab")

    def test_with_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "f").write_bytes(b"file")

        def application(environ: Any, start_response: Any) -> Any:
            start_response("200 OK", PLAIN)(b"ab")
            return environ["wsgi.file_wrapper"](open(tmp_path / "f", "rb"))

        assert serve_one(application).sent == b"abfile"

    @pytest.mark.parametrize("data", ["text", "", None, 1, [b"a"]])
    def test_wrong_types(self, data: Any) -> None:
        def application(environ: Any, start_response: Any) -> List[bytes]:
            with pytest.raises(TypeError):
                start_response("200 OK", PLAIN)(data)
            return [b"a"]

        assert serve_one(application).sent == b"a"

    @pytest.mark.parametrize("result", [[b"a"], [b"a", b"b"], []])
    def test_after_the_response(self, result: Any) -> None:
        kept = []

        def application(environ: Any, start_response: Any) -> Any:
            kept.append(start_response)
            kept.append(start_response("200 OK", PLAIN))
            return result

        request = serve_one(application)
        start_response, write = kept
        with pytest.raises(gone.ClientGone):
            write(b"late")
        with pytest.raises(AssertionError):
            start_response("200 OK", PLAIN)
        error = KeyError("late")
        with pytest.raises(KeyError):
            start_response("200 OK", PLAIN, (KeyError, error, None))
        assert request.violations == []

    def test_in_close(self) -> None:
        class Result(List[bytes]):
            def close(self) -> None:
                write(b"late")

        write: Any = None

        def application(environ: Any, start_response: Any) -> Any:
            nonlocal write
            write = start_response("200 OK", PLAIN)
            return Result([b"a"])

        request = serve_one(application)
        assert request.sent == b"a" and request.ended == "finish"


class TestFiles:
    """wsgi.file_wrapper."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "file"
        path.write_bytes(b"0123456789" * 10)
        return path

    def test_a_regular_file_is_sent_by_the_kernel(self, path: Path) -> None:
        file = open(path, "rb")
        request = serve_one(wrapping(file))
        assert request.file is not None and request.file[1:] == (0, 100)
        assert request.calls == ["respond_file"] and request.sent == path.read_bytes()
        assert file.closed

    @pytest.mark.parametrize("buffering", [0, -1])
    def test_from_its_position(self, path: Path, buffering: int) -> None:
        file = open(path, "rb", buffering=buffering)
        file.read(1)
        file.seek(3, os.SEEK_CUR)
        request = serve_one(wrapping(file))
        assert request.file is not None and request.file[1:] == (4, 96)

    def test_beyond_its_end(self, path: Path) -> None:
        file = open(path, "rb")
        file.seek(1000)
        assert serve_one(wrapping(file)).sent == b""

    def test_open_for_both(self, path: Path) -> None:
        assert serve_one(wrapping(open(path, "r+b"))).calls == ["respond_file"]

    def test_temporary_files(self) -> None:
        file = tempfile.NamedTemporaryFile()
        file.write(b"abcd")
        file.seek(1)
        request = serve_one(wrapping(file))
        assert request.calls == ["respond_file"] and request.sent == b"bcd"

    def test_in_memory(self) -> None:
        file = io.BytesIO(b"abcdef")
        file.read(1)
        request = serve_one(wrapping(file, 2))
        assert request.calls == ["begin", "write", "write", "write", "finish"]
        assert request.sent == b"bcdef" and file.closed

    def test_compressed_files_are_read_not_copied(self, tmp_path: Path) -> None:
        with gzip.open(tmp_path / "f.gz", "wb") as packed:
            packed.write(b"plain" * 1000)
        unpacked: Any = gzip.open(tmp_path / "f.gz", "rb")
        assert serve_one(wrapping(unpacked)).sent == b"plain" * 1000
        buffered = io.BufferedReader(gzip.open(tmp_path / "f.gz", "rb"))
        assert serve_one(wrapping(buffered)).sent == b"plain" * 1000

    def test_a_class_of_its_own_is_read(self, path: Path) -> None:
        class Upper(io.FileIO):
            def read(self, size: Optional[int] = -1) -> bytes:
                return super().read(-1 if size is None else size).replace(b"0", b"-")

        assert serve_one(wrapping(Upper(str(path)))).sent == b"-123456789" * 10

    def test_text_files_are_refused(self, path: Path) -> None:
        failure(wrapping(open(path)), "the application gave str")

    def test_pipes_are_read(self) -> None:
        reader, writer = os.pipe()
        os.write(writer, b"through a pipe")
        os.close(writer)
        request = serve_one(wrapping(os.fdopen(reader, "rb")))
        assert request.sent == b"through a pipe" and "respond_file" not in request.calls

    def test_closed_files(self, path: Path) -> None:
        file = open(path, "rb")
        file.close()
        failure(wrapping(file), "ValueError")

    def test_only_read(self) -> None:
        pieces = [b"a", b"b", b""]
        filelike = SimpleNamespace(read=lambda size: pieces.pop(0))
        assert serve_one(wrapping(filelike)).sent == b"ab"
        assert not hasattr(wsgi.FileWrapper(filelike), "close")

    @pytest.mark.parametrize("tell", [lambda: None, lambda: "1", lambda: -1, lambda: 1 / 0.5])
    def test_strange_positions(self, path: Path, tell: Any) -> None:
        with open(path, "rb") as file:
            filelike = SimpleNamespace(read=file.read, fileno=file.fileno, tell=tell)
            assert serve_one(wrapping(filelike)).sent == path.read_bytes()

    def test_no_start_response(self, path: Path) -> None:
        file = open(path, "rb")
        failure(
            lambda environ, start_response: environ["wsgi.file_wrapper"](file),
            "did not call start_response",
        )
        assert file.closed

    def test_the_system_refuses_to_send(self, path: Path) -> None:
        request = serve_one(wrapping(open(path, "rb")), file_error=SYSTEM)
        assert request.calls[0] == "respond_file" and request.ended == "finish"
        assert request.sent == path.read_bytes()

    @pytest.mark.parametrize("error", [CLOSED, TIMEOUT, -1])
    def test_other_errors_end_the_request(self, path: Path, error: int) -> None:
        request = serve_one(wrapping(open(path, "rb")), file_error=error)
        assert request.calls == ["respond_file"]

    def test_iteration(self) -> None:
        wrapper = wsgi.FileWrapper(io.BytesIO(b"abc"), 2)
        assert iter(wrapper) is wrapper and list(wrapper) == [b"ab", b"c"]


class Closing:
    """An iterable that counts the calls of its close()."""

    def __init__(self, pieces: Iterable[bytes], error: Optional[BaseException] = None) -> None:
        self.pieces = iter(pieces)
        self.error = error
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        return self.pieces

    def close(self) -> None:
        self.closed += 1
        if self.error is not None:
            raise self.error


class TestClose:
    """close() of what the application returned: once, always, after the response."""

    def test_after_the_response(self) -> None:
        request = Request()

        class Watching(Closing):
            def close(self) -> None:
                assert request.ended == "finish"
                super().close()

        result = Watching([b"a"])
        serve_one(giving(result), request)
        assert result.closed == 1

    def test_after_a_failure(self) -> None:
        result = Closing([b"a", "b"])  # type: ignore[list-item]
        assert serve_one(giving(result)).broken
        assert result.closed == 1

    def test_without_start_response(self) -> None:
        result = Closing([b"a"])
        failure(lambda environ, start_response: result, "start_response")
        assert result.closed == 1

    def test_when_the_client_has_left(self) -> None:
        result = Closing([b"a"] * 10)
        serve_one(giving(result), gone_after=3)
        assert result.closed == 1

    @pytest.mark.parametrize("error", [KeyError("in close"), SystemExit(1), KeyboardInterrupt()])
    def test_that_raises(self, error: BaseException) -> None:
        host = Host()
        request = serve(host, giving(Closing([b"a"], error)))[0]
        assert request.ended == "finish" and request.sent == b"a"
        assert host.log_text.startswith("GET /: the application raised:\n")

    def test_that_is_no_function(self) -> None:
        result: Any = Closing([b"a"])
        result.close = None
        assert serve_one(giving(result)).ended == "finish"

    def test_that_cannot_even_be_looked_up(self) -> None:
        class Hostile:
            def __iter__(self) -> Iterator[bytes]:
                return iter([b"a"])

            @property
            def close(self) -> Any:
                raise KeyError("in the property")

        host = Host()
        assert serve(host, giving(Hostile()))[0].sent == b"a"
        assert "in the property" in host.log_text


class TestClientGone:
    """The client leaves: no noise in the log, and the application hears of it."""

    @pytest.mark.parametrize("after", [0, 1, 2])
    @pytest.mark.parametrize("error", [CLOSED, TIMEOUT])
    def test_generators_get_generator_exit(self, after: int, error: int) -> None:
        heard: List[str] = []

        def pieces() -> Iterator[bytes]:
            try:
                for _ in range(10):
                    yield b"a"
            except GeneratorExit:
                heard.append("exit")
                raise
            finally:
                heard.append("finally")

        host = Host(gone_after=after, write_error=error)
        request = serve(host, giving(pieces))[0]
        assert heard == ["exit", "finally"] and request.ended == "drop"
        assert request.sent == b"a" * after and host.logged == []

    def test_a_generator_that_will_not_stop(self) -> None:
        def pieces() -> Iterator[bytes]:
            yield b"a"
            try:
                yield b"b"
            except GeneratorExit:
                yield b"c"

        host = Host(gone_after=1)
        assert serve(host, giving(pieces))[0].ended == "drop"
        assert "generator ignored GeneratorExit" in host.log_text

    @pytest.mark.parametrize("error, text", [(CLOSED, "left"), (TIMEOUT, "too slow")])
    def test_write_raises_an_oserror(self, error: int, text: str) -> None:
        def application(environ: Any, start_response: Any) -> List[bytes]:
            write = start_response("200 OK", PLAIN)
            with pytest.raises(OSError, match=text):
                write(b"a")
            return []

        assert serve_one(application, gone_after=0, write_error=error).ended == "finish"

    @pytest.mark.parametrize("tolerance, after, pulled", [(0, 1, 2), (1, 1, 3), (3, 0, 4), (50, 2, 10)])
    def test_tolerance_in_a_generator(self, tolerance: int, after: int, pulled: int) -> None:
        taken: List[int] = []

        def pieces() -> Iterator[bytes]:
            for number in range(10):
                taken.append(number)
                yield b"a"

        host = Host(gone_after=after, options={"write-errors-tolerance": [str(tolerance)]})
        request = serve(host, giving(pieces))[0]
        assert len(taken) == pulled and request.ended == "drop"
        assert request.sent == b"a" * after and host.logged == []
        assert request.calls.count("write") == after + 1  # nothing is tried in vain

    @pytest.mark.parametrize("options, raised, ended", [
        ({}, [1, 2, 3], "finish"), ({"write-errors-tolerance": ["2"]}, [3], "drop"),
        ({"disable-write-exception": ["true"]}, [], "drop"),
        ({"disable-write-exception": ["false"]}, [1, 2, 3], "finish"),
    ])  # fmt: skip
    def test_write_after_the_client_left(
        self, options: Any, raised: List[int], ended: str
    ) -> None:
        failed: List[int] = []

        def application(environ: Any, start_response: Any) -> List[bytes]:
            write = start_response("200 OK", PLAIN)
            for number in range(4):
                try:
                    write(b"a")
                except OSError:
                    failed.append(number)
            return []

        request = serve(Host(gone_after=1, options=options), application)[0]
        assert failed == raised and request.sent == b"a" and request.ended == ended

    def test_silent_generators_end_all_the_same(self) -> None:
        closing = Closing([b"a"] * 10)
        host = Host(gone_after=2, options={"disable-write-exception": ["true"]})
        request = serve(host, giving(lambda: closing))[0]
        assert closing.closed == 1 and len(list(closing)) == 7 and request.ended == "drop"

    def test_write_that_nobody_catches(self) -> None:
        def application(environ: Any, start_response: Any) -> List[bytes]:
            start_response("200 OK", PLAIN)(b"a")
            return []

        host = Host(gone_after=0)
        assert serve(host, application)[0].ended == "drop" and host.logged == []

    def test_before_a_whole_response(self) -> None:
        host = Host(respond_error=CLOSED)
        assert serve(host, giving([b"a"]))[0].calls == ["respond"] and host.logged == []

    def test_while_the_body_is_read(self) -> None:
        def application(environ: Any, start_response: Any) -> List[bytes]:
            with pytest.raises(OSError, match="left before"):
                environ["wsgi.input"].read()
            start_response("400 Bad Request", PLAIN)
            return [b""]

        request = Request("POST", pieces=[b"ab", CLOSED])
        assert serve_one(application, request).status == 400


class TestLog:
    """What the log says of an application that raises."""

    def test_names_the_request(self) -> None:
        host = Host()
        request = Request("POST", b"/a%20b?c=\xe9", path=b"/a b")
        serve(host, giving(None), request)
        assert host.logged[0][0] == wsgi.ERROR_LEVEL
        assert host.log_text.startswith("POST /a%20b?c=\\xe9: the application raised:\n")
        assert host.log_text.endswith("not NoneType")

    def test_the_name_cannot_forge_lines(self) -> None:
        host = Host()
        serve(host, giving(None), Request(uri=b"/\n[alert] \x1b[31m'\"", path=b"/"))
        assert host.log_text.startswith("GET /\\n[alert] \\x1b[31m")

    def test_after_the_application_changed_its_environ(self) -> None:
        def application(environ: Any, start_response: Any) -> List[bytes]:
            environ.clear()
            environ["REQUEST_URI"] = 17
            raise KeyError("x")

        failure(application, "? ?: the application raised:")

    def test_after_the_request_is_over(self) -> None:
        host = Host()
        result = Closing([b"a"], KeyError("x"))
        request = serve(host, giving(result), Request(uri=b"/over"))[0]
        assert request.violations == [] and host.log_text.startswith("GET /over: ")

    def test_the_traceback_begins_in_the_application(self) -> None:
        def inner() -> None:
            raise KeyError("here")

        def application(environ: Any, start_response: Any) -> List[bytes]:
            inner()
            return []

        host = Host()
        serve(host, application)
        lines = host.log_text.splitlines()
        assert lines[1] == "Traceback (most recent call last):"
        assert __file__ in lines[2] and lines[2].endswith("in application")
        assert "wsgi.py" not in host.log_text and lines[-1] == "KeyError: 'here'"

    def test_causes_are_told(self) -> None:
        def application(environ: Any, start_response: Any) -> List[bytes]:
            try:
                raise KeyError("first")
            except KeyError as error:
                raise RuntimeError("second") from error

        host = Host()
        serve(host, application)
        assert "KeyError: 'first'" in host.log_text and "direct cause" in host.log_text
        assert host.log_text.endswith("RuntimeError: second")

    def test_our_own_frames_stay_where_they_come_later(self) -> None:
        def application(environ: Any, start_response: Any) -> List[bytes]:
            start_response(200, [])
            return []

        host = Host()
        serve(host, application)
        lines = host.log_text.splitlines()
        assert lines[2].endswith("in application") and "in start" in host.log_text

    def test_an_exception_without_text(self) -> None:
        class Mute(Exception):
            def __str__(self) -> str:
                raise KeyError("no text")

        def application(environ: Any, start_response: Any) -> List[bytes]:
            raise Mute

        failure(application, "Mute")

    def test_lone_surrogates(self) -> None:
        def application(environ: Any, start_response: Any) -> List[bytes]:
            raise KeyError("\udc80")

        failure(application, "KeyError")


def test_a_thread_survives_every_request() -> None:
    """The loop goes on with the next request, whatever became of this one."""
    results = iter(
        [None, [b"1"], KeyError("x"), [b"2"], SystemExit(3), KeyboardInterrupt(), [b"3"]]
    )

    def application(environ: Any, start_response: Any) -> Any:
        result = next(results)
        start_response("200 OK", PLAIN)
        if isinstance(result, BaseException):
            raise result
        return result

    requests = serve(Host(), application, *[Request() for _ in range(7)])
    assert [r.sent for r in requests if r.status == 200] == [b"1", b"2", b"3"]
    assert [r.status for r in requests] == [500, 200, 500, 200, 500, 500, 200]


def test_the_error_codes_are_those_of_the_server() -> None:
    header = Path(__file__).resolve().parents[2] / "src" / "base" / "err.h"
    text = header.read_text()
    for name, number in {
        "SYSTEM": wsgi.SYSTEM,
        "SYNTAX": wsgi.SYNTAX,
        "CLOSED": wsgi.CLOSED,
    }.items():
        assert "X(%s, %d," % (name, number) in text
    assert (SYSTEM, SYNTAX, CLOSED) == (wsgi.SYSTEM, wsgi.SYNTAX, wsgi.CLOSED)
