"""Files that are sent without the application: which, how much of them, and never any other."""
import gzip
import json
import os
import resource
import signal
import socket
import threading
from pathlib import Path
from typing import Callable, Dict, Optional

import pytest

from support import fastcgi, processes, scgi, uwsgi
from support.client import make_request
from support.nginx import Nginx
from support.server import Bask, Server
from support.wait import wait_until

pytestmark = pytest.mark.null

APPLICATION = b"Hello, World!"
PAGE = b"<p>" + b"page " * 100 + b"</p>"
MIB = 1 << 20


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder of files, and what must not be had beside it."""
    folder = tmp_path / "site"
    (folder / "sub").mkdir(parents=True)
    (folder / "page.html").write_bytes(PAGE)
    (folder / "sub" / "index.html").write_bytes(b"index")
    (folder / "source.php").write_bytes(b"secret")
    (folder / "empty.txt").write_bytes(b"")
    (folder / "unknown.xyzzy").write_bytes(b"unknown")
    (folder / "with space.txt").write_bytes(b"space")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_bytes(b"secret")
    (tmp_path / "site-private").mkdir()
    (tmp_path / "site-private" / "secret.txt").write_bytes(b"secret")
    (tmp_path / "mime.types").write_text(
        "text/html html\ntext/css css\ntext/plain txt\ntext/x-php php\n")
    return folder


def serve(bask: Bask, *arguments: str, **how: object) -> Server:
    return bask.null("--mimefile", "mime.types", *arguments, **how)


def mapped(bask: Bask, *arguments: str, **how: object) -> Server:
    return serve(bask, "--static-map", "/static=site", *arguments, **how)


# Which file


def test_a_file_has_its_fields(bask: Bask, site: Path) -> None:
    os.utime(site / "page.html", (784111777, 784111777))
    server = mapped(bask)
    answer = server.get("/static/page.html")
    assert (answer.status, answer.body) == (200, PAGE)
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.headers["Content-Length"] == str(len(PAGE))
    assert answer.headers["Last-Modified"] == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert answer.headers["ETag"].startswith('"')
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Date"]
    assert answer.headers["Expires"] is None
    assert "GET /static/page.html" in server.wait_log(r"app: -1\|.*page.html.*").group()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"])
def test_other_methods_are_the_applications(bask: Bask, site: Path, method: str) -> None:
    body = b"body" if method in ("POST", "PUT") else None
    answer = mapped(bask).request(method, "/static/page.html", body=body)
    assert answer.body == (body or APPLICATION)


def test_head_has_the_length_and_no_body(bask: Bask, site: Path) -> None:
    server = mapped(bask)
    with server.connect() as connection:
        head = connection.request("HEAD", "/static/page.html")
        whole = connection.request("GET", "/static/page.html")
        ranged = connection.request("HEAD", "/static/page.html", {"Range": "bytes=0-1"})
    assert (head.status, head.body) == (200, b"")
    assert (ranged.status, ranged.body) == (200, b"")
    for name in ("Content-Length", "Content-Type", "ETag", "Last-Modified"):
        assert head.headers[name] == whole.headers[name] == ranged.headers[name]


@pytest.mark.parametrize("path", [
    "/", "/staticfoo", "/staticpage.html", "/static-private/secret.txt", "/static", "/static/",
    "/static/nothing", "/static/sub", "/static/sub/", "/static/page.html/", "/page.html",
    "/static/page.html/x", "/static/..", "/static/../page.html", "/Static/page.html",
    "/static/page.html%20", "/static%00/page.html"])
def test_what_is_no_file_is_the_applications(bask: Bask, site: Path, path: str) -> None:
    answer = mapped(bask).get(path)
    assert (answer.status, answer.body) == (200, APPLICATION) or "%00" in path
    assert answer.body != PAGE


@pytest.mark.parametrize("path", [
    "/static/page.html", "/static//page.html", "/static/./page.html", "/static/sub/../page.html",
    "/static/%70age.html", "/%73tatic/page.html", "/static/sub/%2e%2e/page.html",
    "/static%2fpage.html", "/static/page.html?query=1", "/x/../static/page.html"])
def test_spellings_of_one_path(bask: Bask, site: Path, path: str) -> None:
    assert mapped(bask).get(path).body == PAGE


def test_spaces_and_unknown_types(bask: Bask, site: Path) -> None:
    server = mapped(bask)
    assert server.get("/static/with%20space.txt").body == b"space"
    unknown = server.get("/static/unknown.xyzzy")
    assert unknown.body == b"unknown"
    assert unknown.headers["Content-Type"] is None


def test_empty_file(bask: Bask, site: Path) -> None:
    with mapped(bask).connect() as connection:
        answer = connection.request("GET", "/static/empty.txt")
        assert (answer.status, answer.body) == (200, b"")
        assert answer.headers["Content-Length"] == "0"
        assert connection.request("GET", "/static/page.html").body == PAGE


def test_orders_and_kinds_of_maps(bask: Bask, site: Path) -> None:
    """check-static, then static-map, then static-map2, each in the order of the command line."""
    for name in ("first", "second", "third"):
        (bask.folder / name / "a").mkdir(parents=True)
    (bask.folder / "first" / "one").write_bytes(b"first/one")
    (bask.folder / "second" / "one").write_bytes(b"second/one")
    (bask.folder / "second" / "two").write_bytes(b"second/two")
    (bask.folder / "third" / "a" / "three").write_bytes(b"third/a/three")
    (bask.folder / "third" / "a" / "two").write_bytes(b"third/a/two")
    (bask.folder / "first" / "a" / "four").write_bytes(b"first/a/four")
    (bask.folder / "second" / "four").write_bytes(b"second/four")
    server = serve(bask, "--static-map2", "/a=third", "--static-map", "/a=first",
                   "--static-map", "/a=second", "--check-static", "first",
                   "--static-map", "/icon=site/page.html")
    for path, body in {"/a/one": b"first/one", "/a/two": b"second/two", "/a/three":
                       b"third/a/three", "/a/four": b"first/a/four", "/one": b"first/one",
                       "/two": APPLICATION, "/icon": PAGE, "/icon/": APPLICATION,
                       "/icon/x": APPLICATION, "/iconx": APPLICATION}.items():
        assert server.get(path).body == body, path


def test_a_prefix_that_ends_in_a_slash_and_one_that_is_all(bask: Bask, site: Path) -> None:
    server = serve(bask, "--static-map", "/s/=site", "--static-map", "/=site/sub")
    assert server.get("/s/page.html").body == PAGE
    assert server.get("/index.html").body == b"index"
    assert server.get("/s").body == APPLICATION


def test_skipped_ends_are_the_applications(bask: Bask, site: Path) -> None:
    (site / "sub" / "index.php").write_bytes(b"secret")
    server = mapped(bask, "--static-skip-ext", ".php", "--static-skip-ext", ".py",
                    "--static-index", "index.php", "--static-index", "index.html")
    assert server.get("/static/source.php").body == APPLICATION
    assert server.get("/static/source%2ephp").body == APPLICATION
    assert server.get("/static/source.php/").body == APPLICATION
    assert server.get("/static/sub/").body == b"index"
    assert server.get("/static/sub/index.php").body == APPLICATION


def test_index_of_a_folder(bask: Bask, site: Path) -> None:
    server = mapped(bask, "--static-index", "none.html", "--static-index", "index.html",
                    "--check-static", "site/sub")
    answer = server.get("/static/sub/")
    assert (answer.body, answer.headers["Content-Type"]) == (b"index", "text/html")
    assert server.get("/").body == b"index"
    assert server.get("/static/").body == APPLICATION


@pytest.mark.parametrize("sent,location", [
    ("/static/sub", "/static/sub/"), ("/static/sub?a=b&c", "/static/sub/?a=b&c"),
    ("//static/sub", None), ("/x/..//static/sub", None), ("/\\example.org/%2e%2e/static/sub",
                                                         "/static/sub/"),
    ("/static/%73ub", "/static/sub/")])
def test_folders_without_a_slash_are_redirected(bask: Bask, site: Path, sent: str,
                                                location: Optional[str]) -> None:
    answer = mapped(bask, "--static-index", "index.html").get(sent)
    assert answer.headers["Location"] == location
    assert answer.status == (301 if location else 200)


def test_a_redirect_never_leads_to_another_host(bask: Bask, site: Path) -> None:
    """ "//example.org/.." is a path here and a host for a browser."""
    (site / "example.org").mkdir()
    (site / "example.org" / "index.html").write_bytes(b"index")
    server = serve(bask, "--check-static", "site", "--static-index", "index.html")
    for path in ("//example.org", "///example.org", "/%2fexample.org", "//./example.org"):
        assert server.get(path).headers["Location"] == "/example.org/"
    (site / "\\example.org").mkdir()
    (site / "\\example.org" / "index.html").write_bytes(b"index")
    assert server.get("/\\example.org").headers["Location"] == "/%5Cexample.org/"


# No other file


def links(site: Path) -> None:
    outside = site.parent / "outside"
    (site / "out.txt").symlink_to("../outside/secret.txt")
    (site / "absolute.txt").symlink_to(outside / "secret.txt")
    (site / "folder").symlink_to("../outside")
    (site / "twin.txt").symlink_to("../site-private/secret.txt")
    (site / "inside.html").symlink_to("page.html")
    (site / "inside-absolute.html").symlink_to(site / "page.html")
    (site / "sub" / "up.html").symlink_to("../page.html")
    (site / "device").symlink_to("/dev/zero")
    (site / "process").symlink_to("/proc/self/environ")
    os.mkfifo(site / "pipe")
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(str(site / "socket"))
    bound.close()


def test_links_do_not_lead_out(bask: Bask, site: Path) -> None:
    links(site)
    server = mapped(bask)
    for name in ("out.txt", "absolute.txt", "folder/secret.txt", "twin.txt", "device", "process",
                 "pipe", "socket"):
        assert server.get("/static/" + name).body == APPLICATION, name
    for name in ("inside.html", "inside-absolute.html", "sub/up.html"):
        assert server.get("/static/" + name).body == PAGE, name
    server.wait_log("out.txt leads out of its folder, see --static-safe")


def test_an_empty_name_makes_nothing_safe(bask: Bask, site: Path) -> None:
    (site / "link.txt").symlink_to("../outside/secret.txt")
    assert mapped(bask, "--static-safe", "").get("/static/link.txt").body == APPLICATION


def test_links_may_lead_to_what_is_safe(bask: Bask, site: Path) -> None:
    links(site)
    server = mapped(bask, "--static-safe", "outside")
    for name in ("out.txt", "absolute.txt", "folder/secret.txt"):
        assert server.get("/static/" + name).body == b"secret", name
    assert server.get("/static/twin.txt").body == APPLICATION
    assert server.get("/static/folder/../../site-private/secret.txt").body == APPLICATION


@pytest.mark.parametrize("path", [
    "/static/../outside/secret.txt", "/static/sub/../../outside/secret.txt",
    "/static/..", "/static/sub/..", "/static//..//outside/secret.txt", "static/page.html",
    "/static/sub/../page.html",
    "/static/page.html\0.txt", "/static/page.html\0", "", "*", "/static/" + "a" * 5000,
    "/static/" + "a/" * 2000 + "b", "../outside/secret.txt", "/../outside/secret.txt"])
def test_a_gateway_that_cleans_nothing(bask: Bask, site: Path, path: str) -> None:
    port = bask.ports.take()
    server = serve(bask, "--static-map", "/static=site", "--check-static", "site/sub",
                   "--socket", "127.0.0.1:%d" % port)
    with socket.create_connection(("127.0.0.1", port)) as gateway:
        gateway.sendall(uwsgi.request(path=path))
        answer = uwsgi.answer(gateway.makefile("rb").read())
    assert answer.body == APPLICATION
    assert server.get("/static/page.html").body == PAGE


def test_files_over_the_uwsgi_protocol(bask: Bask, site: Path) -> None:
    port = bask.ports.take()
    server = serve(bask, "--check-static-docroot", "--static-index", "index.html",
                   "--socket", "127.0.0.1:%d" % port)
    server.idle = False  # the last folder that was named stays open

    def ask(path: str, **more: str) -> "uwsgi.Answer":
        with socket.create_connection(("127.0.0.1", port)) as gateway:
            gateway.sendall(uwsgi.request(path=path, **more))
            return uwsgi.answer(gateway.makefile("rb").read())

    assert ask("/page.html").body == APPLICATION
    assert ask("/page.html", DOCUMENT_ROOT=str(site)).body == PAGE
    assert ask("/index.html", DOCUMENT_ROOT=str(site / "sub")).body == b"index"
    assert ask("/page.html", DOCUMENT_ROOT=str(site)).body == PAGE
    assert ask("/page.html", DOCUMENT_ROOT="site").body == APPLICATION
    assert ask("/../outside/secret.txt", DOCUMENT_ROOT=str(site)).body == APPLICATION
    assert ask("/page.html", DOCUMENT_ROOT=str(site), HTTP_RANGE="bytes=0-2").body == b"<p>"
    moved = ask("/sub", DOCUMENT_ROOT=str(site), SCRIPT_NAME="/app")
    assert (moved.status, moved.headers["Location"]) == (301, "/app/sub/")


@pytest.mark.parametrize("size", [0, 100, 3 * MIB])
def test_files_over_fastcgi_and_scgi(bask: Bask, site: Path, size: int) -> None:
    data = os.urandom(size)
    (site / "file.txt").write_bytes(data)
    ports = [bask.ports.take(), bask.ports.take()]
    serve(bask, "--check-static", "site", "--fastcgi-socket", "127.0.0.1:%d" % ports[0],
          "--scgi-socket", "127.0.0.1:%d" % ports[1])

    def ask(port: int, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", port)) as gateway:
            gateway.sendall(request)
            return gateway.makefile("rb").read()

    for method, body in (("GET", data), ("HEAD", b"")):
        reply = fastcgi.answer(ask(ports[0], fastcgi.request(method, "/file.txt")))
        assert (reply.status, reply.body) == (200, body)
        status, headers, came = fastcgi.split(ask(ports[1], scgi.request(method, "/file.txt")))
        assert (status, came) == (200, body)
        for found in (headers, reply.headers):
            assert found["Content-Type"] == "text/plain"
            assert found["Content-Length"] == str(size)
    part = fastcgi.request(path="/file.txt", HTTP_RANGE="bytes=-10")
    reply = fastcgi.answer(ask(ports[0], part))
    assert (reply.status, reply.body) == (206 if size else 200, data[-10:])


def test_nginx_sends_what_is_delegated(bask: Bask, site: Path,
                                       nginx: Callable[[str, str], Nginx]) -> None:
    data = os.urandom(100000)
    (site / "a file%20+?.txt").write_bytes(data)
    os.chmod(bask.folder, 0o755)
    server = mapped(bask, "--file-serve-mode", "nginx", "--static-expires", "/* 60")
    real = os.path.realpath(site)
    front = nginx("proxy_pass http://{upstream}; }} location %s/ {{ internal; alias %s/;"
                  % (real, real), "%s:%d" % server.address)
    with front.connect() as connection:
        path = "/static/a%20file%2520+%3F.txt"
        answer = connection.request("GET", path)
        assert (answer.status, answer.body) == (200, data)
        assert answer.headers["Expires"]
        part = connection.request("GET", path, {"Range": "bytes=5-9"})
        assert (part.status, part.body) == (206, data[5:10])
        tag = {"If-None-Match": answer.headers["ETag"]}
        assert connection.request("GET", path, tag).status == 304


def test_a_clients_docroot_is_no_docroot(bask: Bask, site: Path) -> None:
    server = serve(bask, "--check-static-docroot")
    fields = {"Document-Root": str(site), "Document_Root": str(site)}
    assert server.get("/page.html", fields).body == APPLICATION


# Conditions and parts


def test_conditions(bask: Bask, site: Path) -> None:
    os.utime(site / "page.html", (784111777, 784111777))
    server = mapped(bask, "--static-expires", r"\.html$ 3600")
    first = server.get("/static/page.html")
    tag, date = first.headers["ETag"], first.headers["Last-Modified"]
    later, before = "Sun, 06 Nov 1994 08:49:38 GMT", "Sun, 06 Nov 1994 08:49:36 GMT"
    rows: "list[tuple[Dict[str, str], int]]" = [
        ({"If-None-Match": tag}, 304), ({"If-None-Match": "W/" + tag}, 304),
        ({"If-None-Match": "*"}, 304), ({"If-None-Match": '"x"'}, 200),
        ({"If-Modified-Since": date}, 304), ({"If-Modified-Since": later}, 304),
        ({"If-Modified-Since": before}, 200),
        ({"If-None-Match": '"x"', "If-Modified-Since": date}, 200),
        ({"If-Match": tag}, 200), ({"If-Match": '"x"'}, 412),
        ({"If-Unmodified-Since": before}, 412), ({"If-Unmodified-Since": date}, 200),
        ({"If-Match": '"x"', "Range": "bytes=0-1"}, 412),
        ({"If-None-Match": tag, "Range": "bytes=0-1"}, 304),
    ]
    with server.connect() as connection:
        for fields, status in rows:
            for method in ("GET", "HEAD"):
                answer = connection.request(method, "/static/page.html", fields)
                assert answer.status == status, fields
                assert answer.body == (PAGE if status == 200 and method == "GET" else b"")
                if status == 304:
                    assert answer.headers["ETag"] == tag
                    assert answer.headers["Expires"]
                    assert answer.headers["Content-Length"] is None
                    assert answer.headers["Content-Type"] is None


def test_a_changed_file_has_another_tag(bask: Bask, site: Path) -> None:
    server = mapped(bask)
    tag = server.get("/static/page.html").headers["ETag"]
    assert server.get("/static/page.html").headers["ETag"] == tag
    os.utime(site / "page.html", ns=(1, 784111777000000001))
    second = server.get("/static/page.html", {"If-None-Match": tag})
    assert second.status == 200
    os.utime(site / "page.html", ns=(1, 784111777000000002))
    assert server.get("/static/page.html").headers["ETag"] != second.headers["ETag"]


@pytest.mark.parametrize("asked,status,part,told", [
    ("bytes=0-9", 206, slice(0, 10), "bytes 0-9/%d"),
    ("bytes=500-", 206, slice(500, None), "bytes 500-506/%d"),
    ("bytes=-7", 206, slice(-7, None), "bytes 500-506/%d"),
    ("bytes=0-99999", 206, slice(0, None), "bytes 0-506/%d"),
    ("bytes=507-", 416, slice(0, 0), "bytes */%d"),
    ("bytes=-0", 416, slice(0, 0), "bytes */%d"),
    ("bytes=0-1,2-6", 206, slice(0, 7), "bytes 0-6/%d"),
    ("bytes=5-1", 200, slice(0, None), None),
    ("bites=0-1", 200, slice(0, None), None),
])
def test_ranges(bask: Bask, site: Path, asked: str, status: int, part: slice,
                told: Optional[str]) -> None:
    assert len(PAGE) == 507
    with mapped(bask, "--static-expires", "/* 60").connect() as connection:
        for _ in range(2):
            answer = connection.request("GET", "/static/page.html", {"Range": asked})
            assert (answer.status, answer.body) == (status, PAGE[part])
            assert answer.headers["Content-Range"] == (told and told % len(PAGE))
            assert (answer.headers["Expires"] is None) == (status == 416)


def test_if_range(bask: Bask, site: Path) -> None:
    server = mapped(bask)
    tag = server.get("/static/page.html").headers["ETag"]
    for value, status in ((tag, 206), ('"x"', 200), ("W/" + tag, 200)):
        answer = server.get("/static/page.html", {"Range": "bytes=0-1", "If-Range": value})
        assert answer.status == status


def test_ranges_of_a_large_file(bask: Bask, site: Path) -> None:
    """Beyond what is sent in one piece with the head, at every offset that matters."""
    data = os.urandom(5 * MIB + 3)
    (site / "large").write_bytes(data)
    with mapped(bask).connect() as connection:
        for first, last in ((0, len(data) - 1), (1, 16384), (1, 16385), (1, 16386),
                            (4 * MIB, 5 * MIB), (len(data) - 1, len(data) - 1)):
            answer = connection.request("GET", "/static/large",
                                        {"Range": "bytes=%d-%d" % (first, last)})
            assert answer.body == data[first:last + 1]
        assert connection.request("GET", "/static/large").body == data


# Time and type


def test_expires(bask: Bask, site: Path) -> None:
    os.utime(site / "page.html", (784111777, 784111777))
    (site / "style.css").write_bytes(b"css")
    os.utime(site / "style.css", (784111777, 784111777))
    server = mapped(
        bask, "--static-expires-mtime", r"/site/page\.html$ 1", "--static-expires-type-mtime",
        "text/html=100", "--static-expires-type-mtime", "text/css=2",
        "--static-expires-uri-mtime", r"\?v=[0-9]+$ 3", "--static-expires-path-info-mtime",
        r"^/static/empty 0")
    os.utime(site / "empty.txt", (784111777, 784111777))
    for path, second in (("page.html", 38), ("style.css", 39), ("style.css?v=7", 40),
                         ("empty.txt", 37)):
        answer = server.get("/static/" + path)
        assert answer.headers.get_all("Expires") == ["Sun, 06 Nov 1994 08:49:%d GMT" % second]
    assert server.get("/static/with%20space.txt").headers["Expires"] is None


def test_types_without_a_table(bask: Bask, site: Path) -> None:
    (site / "a.JS").write_bytes(b"js")
    server = bask.null("--static-map", "/static=site", "--mimefile", "nowhere")
    assert server.get("/static/a.JS").headers["Content-Type"] == "text/javascript"
    server.wait_log("--mimefile nowhere: No such file")


# Compressed siblings


def compressed(site: Path) -> None:
    (site / "page.html.gz").write_bytes(gzip.compress(PAGE, mtime=0))
    (site / "page.html.br").write_bytes(b"brotli")
    (site / "style.css").write_bytes(b"css")
    (site / "style.css.gz").write_bytes(gzip.compress(b"css", mtime=0))


@pytest.mark.parametrize("accepted,coding", [
    ("gzip", "gzip"), ("gzip, br", "br"), ("gzip;q=1, br;q=0.5", "gzip"), ("br;q=0, gzip", "gzip"),
    ("*", "br"), ("gzip;q=0", None), ("deflate", None), (None, None), ("identity, gzip;q=0.5", None),
    ("gzipped", None)])
def test_compressed_siblings(bask: Bask, site: Path, accepted: Optional[str],
                             coding: Optional[str]) -> None:
    compressed(site)
    server = mapped(bask, "--static-gzip-all")
    fields = {"Accept-Encoding": accepted} if accepted else {}
    answer = server.get("/static/page.html", fields)
    body = {"gzip": gzip.compress(PAGE, mtime=0), "br": b"brotli", None: PAGE}[coding]
    assert (answer.body, answer.headers["Content-Encoding"]) == (body, coding)
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.headers["Vary"] == "Accept-Encoding"
    again = server.get("/static/page.html", {**fields, "If-None-Match": answer.headers["ETag"]})
    assert (again.status, again.headers["Vary"]) == (304, "Accept-Encoding")
    if coding:
        plain = server.get("/static/page.html", {"If-None-Match": answer.headers["ETag"]})
        assert plain.status == 200


def test_siblings_that_are_not_there(bask: Bask, site: Path) -> None:
    compressed(site)
    (site / "sub" / "index.html.gz").symlink_to("../../outside/secret.txt")
    (site / "empty.txt.gz").mkdir()
    server = mapped(bask, "--static-gzip-all", "--static-index", "index.html")
    for path, body in (("style.css", b"css"), ("sub/", b"index"), ("empty.txt", b"")):
        answer = server.get("/static/" + path, {"Accept-Encoding": "br"})
        assert (answer.body, answer.headers["Content-Encoding"]) == (body, None)
    for path, body in (("sub/", b"index"), ("empty.txt", b"")):
        assert server.get("/static/" + path, {"Accept-Encoding": "gzip"}).body == body


@pytest.mark.parametrize("option,value", [
    ("--static-gzip", r"\.css$"), ("--static-gzip-ext", ".css"), ("--static-gzip-suffix", ".css"),
    ("--static-gzip-dir", "{site}/style"), ("--static-gzip-prefix", "{site}/style")])
def test_which_names_have_siblings(bask: Bask, site: Path, option: str, value: str) -> None:
    compressed(site)
    server = mapped(bask, option, value.format(site=os.path.realpath(site)))
    css = server.get("/static/style.css", {"Accept-Encoding": "gzip"})
    page = server.get("/static/page.html", {"Accept-Encoding": "gzip"})
    assert (css.headers["Content-Encoding"], css.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert (page.headers["Content-Encoding"], page.headers["Vary"]) == (None, None)


# Who sends


@pytest.mark.parametrize("mode,field", [
    ("nginx", "X-Accel-Redirect"), ("x-accel-redirect", "X-Accel-Redirect"),
    ("x-sendfile", "X-Sendfile")])
def test_another_server_sends(bask: Bask, site: Path, mode: str, field: str) -> None:
    server = mapped(bask, "--file-serve-mode", mode, "--static-gzip-all")
    compressed(site)
    real = os.path.realpath(site)
    answer = server.get("/static/with%20space.txt")
    assert answer.headers[field] == real + "/with%20space.txt"
    assert (answer.body, answer.headers["Content-Type"]) == (b"", "text/plain")
    answer = server.get("/static/page.html", {"Accept-Encoding": "gzip", "If-Match": '"x"'})
    assert answer.headers[field] == real + "/page.html.gz"
    assert answer.headers["Content-Encoding"] == "gzip"


# Their life


def test_folders_may_come_later_and_be_replaced(bask: Bask, site: Path) -> None:
    server = mapped(bask, "--check-static", "later")
    assert server.get("/new.txt").body == APPLICATION
    (bask.folder / "later").mkdir()
    (bask.folder / "later" / "new.txt").write_bytes(b"new")
    wait_until(lambda: server.get("/new.txt").body == b"new", "the folder is found")
    (bask.folder / "later").rename(bask.folder / "gone")
    (bask.folder / "newer").mkdir()
    (bask.folder / "newer" / "new.txt").write_bytes(b"newer")
    (bask.folder / "later").symlink_to("newer")
    wait_until(lambda: server.get("/new.txt").body == b"newer", "the other folder is found")
    (bask.folder / "later").unlink()
    wait_until(lambda: server.get("/new.txt").body == APPLICATION, "the folder is gone")


def test_a_reload_reads_the_options_again(bask: Bask, site: Path) -> None:
    file = bask.folder / "app.ini"
    port = bask.ports.take()
    text = ("[uwsgi]\nhttp-socket = 127.0.0.1:%d\nplugin = null\nmaster = true\n"
            "static-map = /%%s=site\nstatic-map = /favicon.ico=site/page.html\n" % port)
    file.write_text(text % "old")
    server = bask.launch("--ini", "app.ini", address=("127.0.0.1", port), workers=1)
    server.wait_ready()
    assert server.get("/old/page.html").body == PAGE
    assert server.get("/favicon.ico").body == PAGE
    file.write_text(text % "new")
    server.send_signal(signal.SIGHUP)
    server.wait_log("reloaded: generation 2 serves")
    wait_until(lambda: server.get("/new/page.html").body == PAGE, "the new path")
    wait_until(lambda: server.get("/old/page.html").body == APPLICATION, "the old path is gone")


def test_files_are_not_recorded_for_the_warm_up(bask: Bask, site: Path) -> None:
    server = mapped(bask, "--warmup-record", "seen.http")
    for path in ("/static/page.html", "/first", "/static/empty.txt", "/second"):
        assert server.get(path).status == 200
    file = bask.folder / "seen.http"
    wait_until(lambda: b"GET /second" in file.read_bytes(), "the last request is written")
    assert b"GET /first" in file.read_bytes()
    assert b"/static/" not in file.read_bytes()


def test_files_count_as_requests(bask: Bask, site: Path) -> None:
    server = mapped(bask, "--control-socket", "control", workers=1)
    for path in ("/static/page.html", "/static/empty.txt", "/", "/static/nothing"):
        assert server.get(path).status == 200

    def counted() -> bool:  # an answer is counted when it was sent
        status = json.loads(server.ctl("status", "--json").stdout)
        return [worker["requests"] for worker in status["workers"]] == [4]

    wait_until(counted, "each of them counts")


def test_busy_threads_do_not_hold_files_up(bask: Bask, site: Path) -> None:
    server = mapped(bask)
    with server.connect() as busy:
        busy.send(make_request("GET", "/sleep/5000"))
        wait_until(lambda: server.get("/static/page.html").body == PAGE, "a file")
        assert busy.is_silent()
        server.idle = False


def test_many_clients_of_large_files(bask: Bask, site: Path) -> None:
    data = os.urandom(3 * MIB)
    (site / "large").write_bytes(data)
    server = mapped(bask, workers=2)
    bodies = []

    def take() -> None:
        for _ in range(5):
            bodies.append(server.get("/static/large").body == data)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bodies == [True] * 20


def test_without_descriptors_a_file_is_not_said_to_be_missing(bask: Bask, site: Path) -> None:
    """The application would say so, and caches would believe it."""
    server = mapped(bask)
    worker = server.workers()[0]
    with server.connect() as connection:
        assert connection.request("GET", "/").body == APPLICATION
        used = set(processes.descriptors(worker))
        most = resource.prlimit(worker, resource.RLIMIT_NOFILE)
        free = next(number for number in range(len(used) + 1) if number not in used)
        resource.prlimit(worker, resource.RLIMIT_NOFILE, (free, most[1]))
        for _ in range(2):
            assert connection.request("GET", "/static/page.html").status == 503
        assert connection.request("GET", "/static/no.html").body == APPLICATION
        resource.prlimit(worker, resource.RLIMIT_NOFILE, most)
        assert connection.request("GET", "/static/page.html").body == PAGE
    server.complained("cannot open any more files")


def test_pipelined_files_come_in_order(bask: Bask, site: Path) -> None:
    data = os.urandom(100000)
    (site / "large").write_bytes(data)
    paths = ["/static/page.html", "/", "/static/large", "/static/page.html", "/static/large", "/"]
    with mapped(bask).connect() as connection:
        connection.send(b"".join(make_request("GET", path) for path in paths))
        bodies = [connection.answer().body for _ in paths]
    assert bodies == [PAGE, APPLICATION, data, PAGE, data, APPLICATION]


def test_a_body_that_nobody_reads(bask: Bask, site: Path) -> None:
    with mapped(bask, "--post-buffering", "0").connect() as connection:
        connection.send(make_request("GET", "/static/page.html", body=b"x" * 100000))
        assert connection.answer().body == PAGE


@pytest.mark.parametrize("arguments,expected", [
    (["--static-map", "static"], 'argument 4: --static-map "static": expected /PREFIX=PATH'),
    (["--static-map", "/static="], "expected /PREFIX=PATH"),
    (["--static-map2", "static=/srv"], "--static-map2"),
    (["--check-static", ""], "--check-static"),
    (["--static-expires", r"\.css$"], 'expected "PATTERN SECONDS"'),
    (["--static-expires", r"\.css$ soon"], 'expected "PATTERN SECONDS"'),
    (["--static-expires", r"\d+ 5"], "POSIX"),
    (["--static-expires-type", "text/css 5"], "expected TYPE=SECONDS"),
    (["--static-gzip", "("], "--static-gzip"),
    (["--file-serve-mode", "magic"], "expected nginx or x-sendfile"),
])
def test_wrong_values_are_refused(bask: Bask, arguments: "list[str]", expected: str) -> None:
    assert expected in bask.refused(*arguments, "--plugin", "null")
