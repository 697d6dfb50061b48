"""Behind a real nginx, by both protocols."""
import os
from typing import Callable, Iterator, Tuple

import pytest

from support.client import Address, Connection, chunked, make_request
from support.nginx import (FASTCGI_KEPT, FASTCGI_PASS, PROXY_KEPT, PROXY_PASS, SCGI_PASS,
                           UNBUFFERED, UWSGI_PASS, Nginx)
from support.server import Bask, Server

Front = Tuple[Nginx, Server]


WAYS = {
    "uwsgi_pass": ("--socket", UWSGI_PASS),
    "uwsgi_pass to a unix socket": ("--socket", UWSGI_PASS),
    "uwsgi_pass, unbuffered": ("--socket", UNBUFFERED + UWSGI_PASS),
    "proxy_pass": ("--http-socket", PROXY_PASS),
    "proxy_pass kept alive": ("--http-socket", PROXY_KEPT),
    "proxy_pass, unbuffered": ("--http-socket", UNBUFFERED + PROXY_PASS),
    "fastcgi_pass": ("--fastcgi-socket", FASTCGI_PASS),
    "fastcgi_pass to a unix socket": ("--fastcgi-socket", FASTCGI_PASS),
    "fastcgi_pass kept alive": ("--fastcgi-socket", FASTCGI_KEPT),
    "fastcgi_pass, unbuffered": ("--fastcgi-socket", UNBUFFERED + FASTCGI_PASS),
    "scgi_pass": ("--scgi-socket", SCGI_PASS),
    "scgi_pass to a unix socket": ("--scgi-socket", SCGI_PASS),
}


@pytest.fixture(params=list(WAYS))
def front(bask: Bask, nginx: Callable[[str, str], Nginx],
          request: pytest.FixtureRequest) -> Iterator[Front]:
    """nginx before an application on PyPy."""
    way = request.param
    address: Address = ("127.0.0.1", bask.ports.take())
    upstream = "%s:%d" % address
    named = upstream
    if way.endswith("unix socket"):
        named = address = str(bask.folder / "bask.sock")
        upstream = "unix:" + named
    option, location = WAYS[way]
    server = bask.app("gateway", option, named, "--threads", "2", address=address)
    yield nginx(location, upstream), server
    server.idle = "kept" not in way


def test_get(front: Front) -> None:
    with front[0].connect() as connection:
        for number in range(20):
            answer = connection.request("GET", "/env/a%%20b?n=%d" % number)
            assert answer.status == 200
            assert answer.text.splitlines() == ["GET", "/env/a b", "n=%d" % number]


def test_post(front: Front) -> None:
    body = os.urandom(1 << 20)
    with front[0].connect() as connection:
        assert connection.request("POST", "/echo", body=body).body == body
        assert connection.request("POST", "/echo", body=b"").body == b""


def test_chunked_post(front: Front) -> None:
    pieces = [os.urandom(70000), b"x", os.urandom(5000)]
    with front[0].connect() as connection:
        connection.send(make_request("POST", "/echo", {"Transfer-Encoding": "chunked"},
                                     chunked(*pieces)))
        answer = connection.answer("POST")
        assert (answer.status, answer.body) == (200, b"".join(pieces))


def test_client_and_scheme(front: Front) -> None:
    with front[0].connect() as connection:
        lines = connection.request("GET", "/variables").text.splitlines()
        assert "REMOTE_ADDR=127.0.0.1" in lines
        assert "wsgi.url_scheme=http" in lines


def test_head(front: Front) -> None:
    with front[0].connect() as connection:
        answer = connection.request("HEAD", "/large")
        assert (answer.status, answer.body) == (200, b"")
        assert connection.request("GET", "/env").status == 200


def test_not_found_is_the_applications(front: Front) -> None:
    with front[0].connect() as connection:
        answer = connection.request("GET", "/nothing")
        assert (answer.status, answer.body) == (404, b"not here\n")


def test_large_headers_both_ways(front: Front) -> None:
    value = "v" * 20000
    with front[0].connect() as connection:
        answer = connection.request("GET", "/mirror", {"X-Large": value})
        assert answer.headers["X-Mirror"] == value


def test_large_response(front: Front) -> None:
    with front[0].connect() as connection:
        assert len(connection.request("GET", "/large").body) == 5000000


def test_no_error_in_the_log_of_nginx(front: Front) -> None:
    with front[0].connect() as connection:
        for path in ("/env", "/large", "/nothing"):
            connection.send(make_request("GET", path))
            connection.answer()
    assert "[error]" not in front[0].log_path.read_text()
    assert "[alert]" not in front[0].log_path.read_text()


@pytest.mark.null
def test_request_lost_by_nobody_over_kept_connections(
        bask: Bask, nginx: Callable[[str, str], Nginx]) -> None:
    """The server closes idle connections; nginx must never send a request into a closed one."""
    server = bask.null()
    assert isinstance(server.address, tuple)
    front = nginx(PROXY_KEPT, "%s:%d" % server.address)
    server.idle = False
    with Connection(front.address) as connection:
        assert all(connection.request("GET", "/").status == 200 for _ in range(200))
