"""Behind a real Apache and a real HAProxy, by each protocol that they speak."""
import os
from typing import Iterator, Tuple

import pytest

from support.client import Address, chunked, make_request
from support.gateways import Apache, Gateway, HAProxy
from support.server import Bask, Server

Front = Tuple[Gateway, Server]

APACHE_WAYS = {
    "mod_proxy_uwsgi": ("--socket", "ProxyPass / uwsgi://{upstream}/"),
    "mod_proxy_uwsgi to a unix socket": ("--socket", "ProxyPass / unix:{path}|uwsgi://localhost/"),
    "mod_proxy_fcgi": ("--fastcgi-socket", "ProxyPass / fcgi://{upstream}/"),
    "mod_proxy_fcgi, kept": ("--fastcgi-socket", "ProxyPass / fcgi://{upstream}/ enablereuse=on"),
    "mod_proxy_fcgi to a unix socket": (
        "--fastcgi-socket", "ProxyPass / unix:{path}|fcgi://localhost/"),
    "mod_proxy_scgi": ("--scgi-socket", "ProxyPass / scgi://{upstream}/"),
    "mod_proxy_http": ("--http-socket", "ProxyPass / http://{upstream}/"),
}
FCGI = """backend back
    use-fcgi-app app
    server one {upstream} proto fcgi
fcgi-app app
    docroot /srv
    option keep-conn
    %s
"""
HAPROXY_WAYS = {
    "fcgi-app": ("--fastcgi-socket", FCGI % ""),
    "fcgi-app that asks for values": ("--fastcgi-socket", FCGI % "option get-values"),
    "fcgi-app that would multiplex": (
        "--fastcgi-socket", FCGI % "option get-values\n    option mpxs-conns"),
    "http": ("--http-socket", "backend back\n    server one {upstream}\n"),
}
WAYS = {**{way: (Apache, *rest) for way, rest in APACHE_WAYS.items()},
        **{"HAProxy: " + way: (HAProxy, *rest) for way, rest in HAPROXY_WAYS.items()}}


# Gateways that refuse chunked requests themselves where their protocol needs the length first.
LENGTH_NEEDED = [way for way in WAYS
                 if "uwsgi" in way or "scgi" in way or "fcgi-app" in way]


@pytest.fixture(params=list(WAYS))
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def front(bask: Bask, way: str) -> Iterator[Front]:
    """The gateway before an application on PyPy."""
    kind, option, location = WAYS[way]
    address: Address = ("127.0.0.1", bask.ports.take())
    path = str(bask.folder / "bask.sock")
    named = upstream = "%s:%d" % address
    if "{path}" in location:
        named = address = path
    server = bask.app("gateway", option, named, "--threads", "2", address=address)
    gateway: Gateway = kind(bask.folder, bask.ports.take(),
                            location.format(upstream=upstream, path=path), bask.environment())
    server.idle = False
    yield gateway, server
    gateway.stop()


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


def test_chunked_post(front: Front, way: str) -> None:
    pieces = [os.urandom(70000), b"x", os.urandom(5000)]
    with front[0].connect() as connection:
        connection.send(make_request("POST", "/echo", {"Transfer-Encoding": "chunked"},
                                     chunked(*pieces)))
        answer = connection.answer("POST")
        if way in LENGTH_NEEDED:
            assert answer.status in (400, 411)
        else:
            assert (answer.status, answer.body) == (200, b"".join(pieces))


def test_head_and_not_found(front: Front) -> None:
    with front[0].connect() as connection:
        answer = connection.request("HEAD", "/large")
        assert (answer.status, answer.body) == (200, b"")
        answer = connection.request("GET", "/nothing")
        assert (answer.status, answer.body) == (404, b"not here\n")


def test_large_response(front: Front) -> None:
    with front[0].connect() as connection:
        assert len(connection.request("GET", "/large").body) == 5000000


def test_large_header_to_the_application(front: Front) -> None:
    with front[0].connect() as connection:
        answer = connection.request("GET", "/variables", {"X-Large": "v" * 7000})
        assert "HTTP_X_LARGE=" + "v" * 7000 in answer.text.splitlines()


def test_client_path_and_scheme(front: Front) -> None:
    with front[0].connect() as connection:
        lines = connection.request("GET", "/variables/x").text.splitlines()
        assert {"REMOTE_ADDR=127.0.0.1", "wsgi.url_scheme=http", "PATH_INFO=/variables/x"
                } <= set(lines)
        assert "SCRIPT_NAME=" in lines
