"""Lines of the access log that a template makes, and what the server's own lines begin with."""
import json
import os
import re
import socket
import time
from pathlib import Path
from typing import Any, Dict, List

import pytest

from support import fastcgi, scgi, uwsgi
from support.client import make_request
from support.server import Bask, Server
from support.wait import wait_until

MARK = "LINE "


def lines(server: Server) -> List[str]:
    return re.findall(r"^%s(.*)$" % MARK, server.log(), re.MULTILINE)


def wait_line(server: Server, number: int = 0) -> str:
    wait_until(lambda: len(lines(server)) > number, "the request has a line")
    return lines(server)[number]


def shown(bask: Bask, template: str, *options: str) -> str:
    """What a template makes of GET /bytes/10?b=c."""
    server = bask.null("--log-format", MARK + template, *options, workers=1)
    server.get("/bytes/10?b=c", {"User-Agent": "curl/8", "Referer": "http://a/", "X-Mine": "x"})
    return wait_line(server)


NAMES = {
    "uri": r"/bytes/10\?b=c", "method": "GET", "user": "-", "addr": "127.0.0.1",
    "host": r"[\w.]+(:\d+)?", "proto": "HTTP/1.1", "uagent": "curl/8", "referer": "http://a/",
    "status": "200", "rsize": "10", "hsize": r"[1-9]\d*", "size": r"[1-9]\d*", "cl": "0",
    "micros": r"\d+", "msecs": r"\d+", "secs": r"\d+\.\d{6}", "tmsecs": r"\d{13}",
    "tmicros": r"\d{16}", "time": r"\d{10}", "epoch": r"\d{10}",
    "ltime": r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}",
    "ftime": r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}",
    "ctime": r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}",
    "pid": r"\d+", "wid": "1", "switches": "1", "vars": r"\d+", "core": "0",
    "vsz": r"\d{6,}", "rss": r"\d{6,}", "vszM": r"\d+", "rssM": r"\d+", "pktsize": r"[1-9]\d*",
    "modifier1": "0", "modifier2": "0", "headers": r"\d", "werr": "0", "rerr": "0", "ioerr": "0",
    "var.PATH_INFO": "/bytes/10", "var.HTTP_X_MINE": "x", "var.REQUEST_METHOD": "GET",
    "var.QUERY_STRING": "b=c", "var.SERVER_PORT": r"\d+", "var.REMOTE_PORT": r"\d+",
    "var.REQUEST_SCHEME": "http", "var.CONTENT_LENGTH": "-", "var.HTTP_Y": "-",
    "metric.mine": "7", "metric.worker.1.requests": r"\d+", "metric.none": "0",
    "noted_by_nobody": "-",
}


@pytest.mark.null
def test_every_name(bask: Bask) -> None:
    template = "|".join("%%(%s)" % name for name in NAMES)
    found = shown(bask, template, "--metric", "name=mine,initial_value=7").split("|")
    for (name, pattern), value in zip(NAMES.items(), found):
        assert re.fullmatch(pattern, value), (name, value)
    assert len(found) == len(NAMES)


@pytest.mark.null
def test_numbers_belong_together(bask: Bask) -> None:
    before = time.time()
    names = ["rsize", "hsize", "size", "time", "tmsecs", "tmicros", "epoch", "micros", "msecs",
             "pid", "vars"]
    server = bask.null("--log-format", MARK + " ".join("%%(%s)" % name for name in names),
                       workers=1)
    server.get("/sleep/150")
    line = wait_line(server).split()
    value = dict(zip(names, (int(number) for number in line)))
    assert value["size"] == value["rsize"] + value["hsize"]
    assert 150000 <= value["micros"] < 20000000 and value["msecs"] == value["micros"] // 1000
    assert value["time"] == value["tmsecs"] // 1000 == value["tmicros"] // 1000000
    assert int(before) <= value["time"] <= value["epoch"] <= time.time()
    assert value["epoch"] * 1000 - value["tmsecs"] > -1000
    assert value["pid"] == server.roster()[1]


@pytest.mark.null
def test_body_of_a_request(bask: Bask) -> None:
    server = bask.null("--log-format", MARK + "%(cl) %(var.CONTENT_LENGTH)")
    server.post("/", b"x" * 77)
    assert wait_line(server) == "77 77"
    with server.connect() as connection:
        connection.send(make_request("POST", "/env", {"Transfer-Encoding": "chunked"})
                        + b"5\r\nhello\r\n0\r\n\r\n")
        connection.answer("POST")
    assert wait_line(server, 1) == "5 -"


HOSTILE = [
    '/"', "/\\", "/\x01\x02", "/%0a%0d", "/'<>&", "/{}[]\\\"", "/\x7f", "/\xff\xfe",
    "/\xc3\xa9", "/\xe2\x80\xa8", "/\xc0\xaf", "/" + "x" * 3000, "/" + "\"" * 3000,
]
TEMPLATE = ('{"uri": "%(uri)", "agent": "%(uagent)", "referer": "%(referer)", "mine":'
            ' "%(var.HTTP_X_MINE)", "noted": "%(noted)", "status": %(status), "took": %(secs),'
            ' "metric": %(metric.none)}')


def hostile_request(text: str) -> bytes:
    """Bytes that HTTP forbids in the target go where it allows them."""
    value = text.encode("latin-1")
    target = value if re.fullmatch(rb"[!-~]+", value) else b"/plain"
    field = re.sub(rb"[\x00-\x1f\x7f]", b"\t", value)
    return (b"GET " + target + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\nUser-Agent: " + field
            + b"\r\nReferer: " + field + b"\r\nX-Mine: " + field + b"\r\n\r\n")


@pytest.mark.null
def test_template_that_is_json(bask: Bask) -> None:
    server = bask.null("--log-format", MARK + TEMPLATE, "--log-format-escape", "json")
    for number, text in enumerate(HOSTILE):
        server.raw(hostile_request(text))
        row: Dict[str, Any] = json.loads(wait_line(server, number))
        assert set(row) == {"uri", "agent", "referer", "mine", "noted", "status", "took", "metric"}
        assert row["noted"] == "-" and row["metric"] == 0 and isinstance(row["took"], float)
        try:
            meant = re.sub(r"[\x00-\x1f\x7f]", "\t", text).encode("latin-1").decode()
        except UnicodeDecodeError:
            meant = text
        assert meant.startswith(row["agent"]) and row["agent"]
        assert row["agent"].startswith(row["referer"]) and row["referer"].startswith(row["mine"])
    assert len(lines(server)) == len(HOSTILE)
    assert len(server.log().splitlines()) == server.log().count("\n")  # no other end of a line


@pytest.mark.null
def test_clients_forge_no_field(bask: Bask) -> None:
    server = bask.null("--log-format", MARK + '"%(uri)" "%(uagent)"')
    server.raw(b'GET /"%0a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n'
               b'User-Agent: a" "b\\\t\xc3\xa9\r\n\r\n')
    assert wait_line(server) == r'"/\x22%0a" "a\x22 \x22b\x5c\x09\xc3\xa9"'


@pytest.mark.null
def test_other_protocols(bask: Bask) -> None:
    template = MARK + "%(uri) %(user) %(addr) %(host) %(proto) %(modifier1) %(modifier2)" \
        " %(var.SERVER_NAME) %(var.SERVER_PORT) %(var.MINE)"
    where = ["127.0.0.1:%d" % bask.ports.take() for _ in range(3)]
    server = bask.null("--log-format", template, "--socket", where[0], "--scgi-socket", where[1],
                       "--fastcgi-socket", where[2])
    more = {"REMOTE_USER": "eve", "MINE": "x y"}
    own = uwsgi.request(path="/a", query="b", **more)
    wanted = "/a?b eve 192.0.2.7 gateway.example HTTP/1.1 %s gateway.example 443 x y"
    for number, (place, sent, modifiers) in enumerate([
            (where[0], own, "0 0"), (where[0], bytes([30]) + own[1:3] + b"\x05" + own[4:], "30 5"),
            (where[1], scgi.request(path="/a", query="b", **more), "0 0"),
            (where[2], fastcgi.request(path="/a", query="b", **more), "0 0")]):
        with socket.create_connection(("127.0.0.1", int(place.split(":")[1]))) as gateway:
            gateway.sendall(sent)
            gateway.makefile("rb").read()
        assert wait_line(server, number) == wanted % modifiers


@pytest.mark.null
def test_static_files_and_some_lines(bask: Bask) -> None:
    (bask.folder / "it").write_bytes(b"x" * 300000)
    server = bask.null("--disable-logging", "--log-sendfile", "--log-5xx", "--static-map",
                       "/file=.", "--log-format", MARK + "%(uri) %(status) %(rsize)")
    server.get("/")
    server.get("/file/it")
    assert wait_line(server) == "/file/it 200 300000"
    server.get("/fail")
    assert wait_line(server, 1).startswith("/fail 500 ")
    assert len(lines(server)) == 2


@pytest.mark.null
def test_client_that_leaves(bask: Bask) -> None:
    server = bask.null("--log-format", MARK + "%(uri) %(werr) %(rerr) %(ioerr)")
    with server.connect() as connection:
        connection.send(make_request("GET", "/stream/100000"))
        connection.line()
    assert wait_line(server) == "/stream/100000 1 0 1"


@pytest.mark.null
@pytest.mark.parametrize("fields, first, rest", [
    ({"Content-Length": "100"}, b"x", b"x"),
    ({"Transfer-Encoding": "chunked"}, b"1\r\nx\r\n", b"wrong\r\n")])
def test_client_that_does_not_send_its_body(bask: Bask, fields: Dict[str, str], first: bytes,
                                            rest: bytes) -> None:
    server = bask.null("--log-format", MARK + "%(werr) %(rerr) %(ioerr)", "--post-buffering", "0")
    server.post("/", b"whole")
    assert wait_line(server) == "0 0 0"
    head = "".join("%s: %s\r\n" % field for field in fields.items())
    with server.connect() as connection:
        connection.send(b"POST / HTTP/1.1\r\nHost: a\r\n" + head.encode() + b"\r\n" + first)
        connection.line()  # it is answered while its body comes
        connection.send(rest)
        connection.socket.shutdown(socket.SHUT_WR)
        assert wait_line(server, 1) == "0 1 1"


CONFIGURATIONS = {
    "ini": "[uwsgi]\nplace = here\nlog-format = LINE %%(method)|%(uri)|%(place)|%(status)%%|"
           '{"q": "%(nobody)"}\n',
    "yaml": "uwsgi:\n  place: here\n  log-format: 'LINE %%(method)|%(uri)|%(place)|%(status)%%|"
            "{\"q\": \"%(nobody)\"}'\n",
    "json": json.dumps({"uwsgi": {"place": "here", "logformat":
            'LINE %%(method)|%(uri)|%(place)|%(status)%%|{"q": "%(nobody)"}'}}),
    "xml": "<uwsgi><place>here</place><log-format>LINE %%(method)|%(uri)|%(place)|%(status)%%|"
           '{"q": "%(nobody)"}</log-format></uwsgi>',
}


@pytest.mark.null
@pytest.mark.parametrize("ending", sorted(CONFIGURATIONS))
def test_configurations(bask: Bask, ending: str) -> None:
    """Names of placeholders are the configuration's, all others the line's."""
    path = Path(bask.folder / ("server." + ending))
    path.write_text(CONFIGURATIONS[ending])
    server = bask.null("--%s" % ending, str(path))
    server.get("/a")
    assert wait_line(server) == 'GET|/a|here|200%|{"q": "-"}'


@pytest.mark.null
def test_command_line(bask: Bask) -> None:
    server = bask.null("--set", "place=here", "--logformat",
                       MARK + "%(method)|%(uri)|%(place)|%(status)%%")
    server.get("/a")
    assert wait_line(server) == "GET|/a|here|200%%"


@pytest.mark.null
def test_placeholder_of_the_name_of_a_variable(bask: Bask) -> None:
    assert shown(bask, "%(uri)|%(status)", "--set", "status=mine") == "/bytes/10?b=c|mine"


@pytest.mark.null
@pytest.mark.parametrize("options, error", [
    (["--log-format", "x" * 5000], "--log-format: expected at most 4096 bytes"),
    (["--log-format-escape", "none"], '--log-format-escape: "none", expected hex or json'),
    (["--memory-report=3"], "expects a whole number from 0 to 2"),
])
def test_refused(bask: Bask, options: List[str], error: str) -> None:
    assert error in bask.refused("--plugin", "null", *options)


@pytest.mark.null
def test_built_in_line(bask: Bask) -> None:
    where = "127.0.0.1:%d" % bask.ports.take()
    server = bask.null("--log-micros", "-m", "--socket", where)
    server.get("/sleep/50")
    server.wait_log(r"\{address space usage: \d+ bytes/\d+MB\} \{rss usage: \d+ bytes/\d+MB\} "
                    r"\[pid: .* in \d{5,} micros \(HTTP/1.1 200\)")
    with socket.create_connection(("127.0.0.1", int(where.split(":")[1]))) as gateway:
        gateway.sendall(uwsgi.request(REMOTE_USER="eve"))
        gateway.makefile("rb").read()
    server.wait_log(r"\] 192.0.2.7 \(eve\) \{")


@pytest.mark.null
def test_memory_in_detail(bask: Bask) -> None:
    server = bask.null("--memory-report=2")
    server.get("/")
    server.wait_log(r"MB\} \{uss usage: [1-9]\d+ bytes/\d+MB\} \{pss usage: [1-9]\d+ bytes/\d+MB\}"
                    r" \[pid: ")


FORWARDED = {"X-Forwarded-For": "198.51.100.9, 203.0.113.5"}


@pytest.mark.null
@pytest.mark.parametrize("options, fields, address", [
    ([], FORWARDED, "127.0.0.1"),
    (["--log-x-forwarded-for"], FORWARDED, "203.0.113.5"),
    (["--log-x-forwarded-for"], {}, "127.0.0.1"),
    (["--log-x-forwarded-for"], {"X-Forwarded-For": 'a" b'}, "127.0.0.1"),
    (["--log-x-forwarded-for", "--trusted-proxy", "10.0.0.1"], FORWARDED, "127.0.0.1"),
    (["--log-x-forwarded-for", "--trusted-proxy", "loopback,203.0.113.0/24"], FORWARDED,
     "198.51.100.9"),
])
def test_address_behind_a_proxy(bask: Bask, options: List[str], fields: Dict[str, str],
                                address: str) -> None:
    server = bask.null("--log-format", MARK + "%(addr) %(var.REMOTE_ADDR)", *options)
    server.get("/", fields)
    assert wait_line(server) == address + " 127.0.0.1"


@pytest.mark.null
def test_address_that_a_gateway_passes_on(bask: Bask) -> None:
    path = os.path.relpath(bask.folder / "s", bask.folder)
    server = bask.null("--log-x-forwarded-for", "--socket", path)
    with socket.socket(socket.AF_UNIX) as gateway:
        gateway.connect(str(bask.folder / "s"))
        gateway.sendall(uwsgi.request(HTTP_X_FORWARDED_FOR="198.51.100.9"))
        gateway.makefile("rb").read()
    server.wait_log(r"\] 198.51.100.9 \(\) \{")


@pytest.mark.null
@pytest.mark.parametrize("option, beginning", [
    ("--log-date", r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4} - "),
    ("--logdate=%Y@%H", r"\d{4}@\d\d - "),
    ("--log-prefix=mine", "mine - "),
    ("--log-date=false", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d "),
])
def test_date_of_the_servers_lines(bask: Bask, option: str, beginning: str) -> None:
    server = bask.null(option, workers=1)
    server.get("/")
    server.wait_log("(?m)^%s\\[\\d+\\] spawned Bask worker 1" % beginning)
    own = [line for line in server.log().splitlines() if re.search(r"\[\d+\] ", line)]
    assert own and all(re.match(beginning, line) for line in own)


@pytest.mark.null
def test_date_of_lines_and_of_requests(bask: Bask) -> None:
    found = shown(bask, "%(ftime)|%(ltime)", "--log-date=%Y@%m", "--log-format-strftime")
    assert re.fullmatch(r"\d{4}@\d\d\|\d\d/[A-Z].*", found)


def start(bask: Bask, *options: str) -> Server:
    (bask.folder / "defined.py").write_text("")
    return bask.app("services", *options)


def test_log_variables(bask: Bask) -> None:
    server = start(bask, "--log-format", MARK + '"%(mine)" "%(yours)" "%(uri)"')
    for number, (expression, mine) in enumerate([
            ("uwsgi.set_logvar('mine', b'1') or uwsgi.set_logvar(b'yours', '2')", '"1" "2"'),
            ("None", '"-" "-"'),
            ("uwsgi.set_logvar('mine', 'a') or uwsgi.set_logvar('mine', 'b')", '"b" "-"'),
            ("uwsgi.set_logvar('mine', b'a\"\\n\\xff')", r'"a\x22\x0a\xff" "-"'),
            ("uwsgi.set_logvar('mine', '')", '"-" "-"'),
            ("[uwsgi.set_logvar('n%d' % n, 'x' * 9999) for n in range(3000)]", '"-" "-"'),
            ("uwsgi.set_logvar('mine', 'x' * 100000)", '"%s" "-"' % ("x" * 2048)),
            ("uwsgi.set_logvar('uri', '/other')", '"-" "-"')]):
        server.post("/", expression.encode())
        assert wait_line(server, number) == mine + ' "/"'
    assert server.post("/", b"uwsgi.set_logvar('mine', 'a') or uwsgi.get_logvar('mine')"
                       ).text == "b'a'"


def test_variables_that_the_application_adds(bask: Bask) -> None:
    server = start(bask, "--log-format", MARK + "%(user) %(var.MINE)")
    server.post("/", b"uwsgi.add_var('REMOTE_USER', 'eve') and uwsgi.add_var('MINE', 'x')")
    assert wait_line(server) == "eve x"


def test_variables_without_a_template(bask: Bask) -> None:
    server = start(bask)
    assert server.post("/", b"uwsgi.set_logvar('a', 'b') or uwsgi.get_logvar('a')").text == "b'b'"
    server.wait_log(r"\[pid: .*POST / ")


def test_reload_takes_a_new_template(bask: Bask) -> None:
    path = bask.folder / "server.ini"
    path.write_text("[uwsgi]\nlog-format = LINE one %(method)\n")
    (bask.folder / "defined.py").write_text("")
    server = bask.app("services", "--ini", str(path), "--control-socket", "control",
                      workers=1)
    server.post("/", b"1")
    assert wait_line(server) == "one POST"
    path.write_text("[uwsgi]\nlog-format = LINE two %(mine)\n")
    before = server.workers()
    server.ctl("reload")
    wait_until(lambda: server.workers() and server.workers() != before, "there is a new worker")
    wait_until(lambda: server.post("/", b"uwsgi.set_logvar('mine', 'x')") and
               "two x" in lines(server), "its lines are of the new template")
