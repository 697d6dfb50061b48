"""Several ranges of a file at once (RFC 9110 14.6, 15.3.7.2): the parts, beside a real nginx's, and what is
refused to those who ask for too much."""
import os
import socket
from email.parser import Parser
from pathlib import Path
from typing import Callable, List, Optional, Tuple

import pytest

from support import fastcgi, uwsgi
from support.client import Answer, Connection, make_request
from support.nginx import Nginx
from support.server import Bask, Server

pytestmark = pytest.mark.null

SIZE = 100000
MIB = 1 << 20
Part = Tuple[Optional[str], str, bytes]


@pytest.fixture
def data(bask: Bask) -> bytes:
    (bask.folder / "site").mkdir()
    content = os.urandom(SIZE)
    (bask.folder / "site" / "page.html").write_bytes(content)
    return content


def serve(bask: Bask, *arguments: str) -> Server:
    (bask.folder / "mime.types").write_text("text/html html\n")
    return bask.null("--mimefile", "mime.types", "--static-map", "/=site", *arguments)


def parts_of(answer: Answer) -> List[Part]:
    """Type, Content-Range and bytes of each, read as strictly as RFC 2046 5.1.1 allows."""
    kind, _, boundary = answer.headers["Content-Type"].partition("; boundary=")
    assert kind == "multipart/byteranges"
    assert answer.headers.get("Content-Range") is None
    body = answer.body if answer.body.startswith(b"\r\n") else b"\r\n" + answer.body
    before, *pieces = body.split(b"\r\n--" + boundary.encode())
    assert (before, pieces.pop()) == (b"", b"--\r\n")
    parts = []
    for piece in pieces:
        head, _, content = piece.partition(b"\r\n\r\n")
        assert head.startswith(b"\r\n")
        fields = Parser().parsestr(head[2:].decode())
        parts.append((fields["Content-Type"], fields["Content-Range"], content))
    return parts


def ask(connection: Connection, ranges: str) -> Answer:
    return connection.request("GET", "/page.html", {"Range": "bytes=" + ranges})


def outcome(answer: Answer) -> Tuple[int, object]:
    is_multiple = answer.status == 206 and answer.headers["Content-Range"] is None
    assert answer.headers["Content-Length"] == str(len(answer.body))
    if is_multiple:
        return 206, parts_of(answer)
    return answer.status, (answer.headers["Content-Range"],
                           answer.body if answer.status < 300 else b"")


# Ranges -> our status and how many parts, nginx's, and why.
DIFFERENT = {
    "0-9,x": (200, 0, 416, 0, "what is malformed is ignored (RFC 9110 14.2), nginx refuses it"),
    "0-9,5-1": (200, 0, 206, 1, "the same, and nginx passes this one over"),
    "0-9,10-19": (206, 1, 206, 2, "what meets becomes one (RFC 9110 15.3.7.2)"),
    "0-9,5-14": (206, 1, 206, 2, "so does what overlaps"),
    "0-,0-": (206, 1, 200, 0, "nginx sends all of it where the ranges have more bytes than the file"),
    ",".join("%d-%d" % (at, at) for at in range(0, 130, 2)): (200, 0, 206, 65, "more than 64"),
}


def test_other_parts_than_nginx(bask: Bask, data: bytes,
                                nginx: Callable[[str, str], Nginx]) -> None:
    os.chmod(bask.folder, 0o755)
    front = nginx("root %s/site;" % bask.folder, "127.0.0.1:9")
    server = serve(bask)

    def told(connection: Connection, ranges: str) -> Tuple[int, int]:
        answer = ask(connection, ranges)
        if answer.status != 206:
            return answer.status, 0
        return 206, 1 if answer.headers["Content-Range"] else len(parts_of(answer))

    with server.connect() as ours, front.connect() as theirs:
        for ranges, (*expected, why) in DIFFERENT.items():
            assert [*told(ours, ranges), *told(theirs, ranges)] == expected, (ranges, why)


def test_the_same_parts_as_nginx(bask: Bask, data: bytes,
                                 nginx: Callable[[str, str], Nginx]) -> None:
    os.chmod(bask.folder, 0o755)
    front = nginx("root %s/site;" % bask.folder, "127.0.0.1:9")
    server = serve(bask)
    with server.connect() as ours, front.connect() as theirs:
        for ranges in ("0-9,20-29", "20-29,0-9", "0-0,-1", "500-599,99990-", "0-9,200000-,50-59",
                       "200000-,0-9", "300000-,200000-", "0-1 , 5-6",
                       "0-16383,20000-60000,70000-", "-5,0-0,50000-50000",
                       ",".join("%d-%d" % (at, at + 1) for at in range(0, 180, 3))):
            assert outcome(ask(ours, ranges)) == outcome(ask(theirs, ranges)), ranges


def test_the_parts_and_their_head(bask: Bask, data: bytes) -> None:
    server = serve(bask, "--static-expires", "/* 60")
    with server.connect() as connection:
        whole = connection.request("GET", "/page.html")
        answer = ask(connection, "10-19,0-0,-3")
        assert parts_of(answer) == [
            ("text/html", "bytes 10-19/100000", data[10:20]),
            ("text/html", "bytes 0-0/100000", data[:1]),
            ("text/html", "bytes 99997-99999/100000", data[-3:])]
        for name in ("ETag", "Last-Modified", "Accept-Ranges"):
            assert answer.headers[name] == whole.headers[name]
        assert answer.headers["Expires"]
        assert ask(connection, "10-19,0-0,-3").headers["Content-Type"] != (
            answer.headers["Content-Type"])  # nobody knows the next boundary
        for value, status in ((whole.headers["ETag"], 206), ('"x"', 200)):
            asked = {"Range": "bytes=0-1,5-6", "If-Range": value}
            assert connection.request("GET", "/page.html", asked).status == status
        head = connection.request("HEAD", "/page.html", {"Range": "bytes=0-1,5-6"})
        assert (head.status, head.headers["Content-Length"]) == (200, str(SIZE))


def test_a_type_that_nobody_knows(bask: Bask, data: bytes) -> None:
    (bask.folder / "site" / "page.xyzzy").write_bytes(data)
    with serve(bask).connect() as connection:
        answer = connection.request("GET", "/page.xyzzy", {"Range": "bytes=0-1,5-6"})
    assert parts_of(answer) == [(None, "bytes 0-1/100000", data[:2]),
                                (None, "bytes 5-6/100000", data[5:7])]


@pytest.mark.parametrize("ranges,expected", [
    ("0-9,10-19", "0-19"), ("0-99,50-149", "0-149"), ("50-59,0-99", "0-99"),
    ("0-,0-,0-,0-", "0-99999"), ("-5,99990-", "99990-99999"),
    ("0-9,20-29,10-19", "0-29"), (",".join(["0-99999"] * 64), "0-99999")])
def test_ranges_that_overlap_or_meet_are_one(bask: Bask, data: bytes, ranges: str,
                                             expected: str) -> None:
    with serve(bask).connect() as connection:
        answer = ask(connection, ranges)
    first, last = (int(end) for end in expected.split("-"))
    assert (answer.status, answer.body) == (206, data[first:last + 1])
    assert answer.headers["Content-Range"] == "bytes %s/100000" % expected
    assert answer.headers["Content-Type"] == "text/html"


def test_some_overlap(bask: Bask, data: bytes) -> None:
    with serve(bask).connect() as connection:
        answer = ask(connection, "500-599,0-9,550-649,2000-")
    assert [told for _, told, _ in parts_of(answer)] == [
        "bytes 500-649/100000", "bytes 0-9/100000", "bytes 2000-99999/100000"]


def test_too_many_ranges_are_the_whole_file(bask: Bask, data: bytes) -> None:
    single = ["%d-%d" % (at, at) for at in range(0, 1000, 2)]
    with serve(bask).connect() as connection:
        assert len(parts_of(ask(connection, ",".join(single[:64])))) == 64
        assert len(parts_of(ask(connection, ",".join(reversed(single[:64]))))) == 64
        for many in (single[:65], single, ["0-"] * 400, ["200000-"] * 65):
            answer = ask(connection, ",".join(many))
            assert (answer.status, answer.body) == (200, data)


def test_a_compressed_sibling_is_sent_whole(bask: Bask, data: bytes) -> None:
    (bask.folder / "site" / "page.html.gz").write_bytes(data[:5000])
    with serve(bask, "--static-gzip-all").connect() as connection:
        fields = {"Range": "bytes=0-1,5-6", "Accept-Encoding": "gzip"}
        answer = connection.request("GET", "/page.html", fields)
        assert (answer.status, answer.body) == (200, data[:5000])
        fields["Range"] = "bytes=5-6"
        assert connection.request("GET", "/page.html", fields).body == data[5:7]


@pytest.mark.parametrize("options", [(), ("--disable-sendfile",)])
def test_large_parts_to_a_slow_client(bask: Bask, data: bytes, options: Tuple[str, ...]) -> None:
    """More than any socket takes at once, between small ones, and other answers around it."""
    content = os.urandom(9 * MIB)
    (bask.folder / "site" / "large").write_bytes(content)
    server = serve(bask, *options)
    ranges = [(0, 0), (10, 3 * MIB), (3 * MIB + 5, 3 * MIB + 5), (4 * MIB, 8 * MIB), (9 * MIB - 1,) * 2]
    asked = {"Range": "bytes=" + ",".join("%d-%d" % pair for pair in ranges)}
    with server.connect() as connection:
        connection.send(make_request("GET", "/page.html") + make_request("GET", "/large", asked) +
                        make_request("GET", "/page.html", {"Range": "bytes=0-9"}))
        assert connection.answer().body == data
        response = connection.start_answer()
        slowly = b"".join(iter(lambda: response.read(100000), b""))
        answer = Answer(response.status, response.headers, slowly)
        assert [body for _, _, body in parts_of(answer)] == [
            content[first:last + 1] for first, last in ranges]
        assert answer.headers["Content-Length"] == str(len(slowly))
        assert connection.answer().body == data[:10]
    server.wait_log(r"\|req: 3/3\]")
    assert ("via sendfile()" in server.log()) == (not options)


def test_a_client_that_leaves_between_parts(bask: Bask, data: bytes) -> None:
    (bask.folder / "site" / "large").write_bytes(bytes(20 * MIB))
    server = serve(bask)
    asked = {"Range": "bytes=0-9000000,9000002-18000000,18000002-"}
    for _ in range(3):
        with server.connect() as connection:
            connection.send(make_request("GET", "/large", asked))
            connection.start_answer().read(1000)
    server.wait_log("GET /large: the client left before the end of the answer")
    with server.connect() as connection:
        assert len(parts_of(ask(connection, "0-9,20-29"))) == 2


def test_parts_through_gateways(bask: Bask, data: bytes) -> None:
    """Where the protocol wraps bytes, and where it does not."""
    content = data * 10
    (bask.folder / "site" / "large.html").write_bytes(content)
    ports = [bask.ports.take(), bask.ports.take()]
    serve(bask, "--fastcgi-socket", "127.0.0.1:%d" % ports[0], "--socket", "127.0.0.1:%d" % ports[1])
    asked = {"path": "/large.html", "HTTP_RANGE": "bytes=0-9,50000-999998"}
    for port, protocol in zip(ports, (fastcgi, uwsgi)):
        with socket.create_connection(("127.0.0.1", port)) as gateway:
            gateway.sendall(protocol.request(**asked))
            reply = protocol.answer(gateway.makefile("rb").read())
        assert reply.status == 206
        assert parts_of(Answer(206, reply.headers, reply.body)) == [
            ("text/html", "bytes 0-9/1000000", content[:10]),
            ("text/html", "bytes 50000-999998/1000000", content[50000:999999])]
