"""Flask and Django as Debian has them, with what applications do in them."""
import json
from urllib.parse import quote

import pytest

from support.client import make_request
from support.server import Bask, Server

SITES = ["flask_site", "django_site"]
BOUNDARY = "----boundary"


@pytest.fixture(params=SITES)
def site(bask: Bask, request: pytest.FixtureRequest) -> Server:
    return bask.app(request.param + ":app", "--threads", "2")


def multipart(name: str, content: bytes, note: str) -> bytes:
    return ("--%s\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\n%s\r\n"
            "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n\r\n"
            % (BOUNDARY, note, BOUNDARY, name)).encode() + content + (
        "\r\n--%s--\r\n" % BOUNDARY).encode()


def test_routes(site: Server) -> None:
    assert site.get("/").text == "home"
    answer = json.loads(site.get("/users/7/%s?page=2" % quote("café ☃")).body)
    assert answer == {"number": 7, "name": "café ☃", "page": "2"}
    assert site.get("/users/seven/x").status == 404


def test_form(site: Server) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = site.post("/form", ("name=" + quote("Ada ☃")).encode(), headers)
    if answer.status == 302:
        cookie = answer.headers["Set-Cookie"].split(";")[0]
        answer = site.get(answer.headers["Location"], {"Cookie": cookie})
    assert answer.text == "Ada ☃"


@pytest.mark.parametrize("size", [0, 1000, 3000000])
def test_upload(site: Server, size: int) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=" + BOUNDARY}
    answer = site.post("/upload", multipart("a.bin", b"u" * size, "note"), headers)
    if size:
        assert json.loads(answer.body) == {"name": "a.bin", "size": size, "note": "note"}
    assert answer.status == 200


def test_streaming(site: Server) -> None:
    with site.connect() as connection:
        connection.send(make_request("GET", "/stream"))
        response = connection.start_answer()
        assert response.read(6) == b"first "
        (site.folder / "go").touch()
        assert response.read() == b"second"


@pytest.mark.parametrize("name", SITES)
def test_sqlite_from_two_processes(bask: Bask, name: str) -> None:
    server = bask.app(name + ":app", workers=2)
    server.idle = False  # a framework may keep its connection to the database
    hits = [int(server.post("/count", b"").text) for _ in range(20)]
    assert hits == list(range(1, 21))


def test_exception_is_a_500(site: Server) -> None:
    assert site.get("/boom").status == 500
    assert site.get("/").text == "home"
    site.complained("ValueError: wrong value")


def test_flask_abort(bask: Bask) -> None:
    assert bask.app("flask_site:app").get("/teapot").status == 418
