"""What is wrong with the PyPy plugin of uWSGI, by the numbers of the reference: here it is right."""
import json
import subprocess
from typing import Any, Dict, List

import pytest

from support import uwsgi
from support.client import Address
from support.server import APPS, Bask, Server
from support.venv import packages
from support.wait import wait_until
from test_websockets import connect


@pytest.fixture
def server(bask: Bask) -> Server:
    return bask.app("defects", workers=1)


def told(server: Server) -> Dict[str, Any]:
    found: Dict[str, Any] = json.loads(server.get("/told").body)
    return found


def wait_seen(server: Server, what: str) -> None:
    wait_until(lambda: what in told(server)["seen"], "the application has seen %r" % what)


@pytest.mark.parametrize("form", ["none", "text", "bytes", "empty"])
def test_defect_02_handshakes_need_no_arguments(bask: Bask, form: str) -> None:
    server = bask.app("talking", "--threads", "2", workers=1)
    client = connect(server.address, "/arguments?" + form, subprotocols=["chat", "other"])
    assert client.recv() == "text \xe4"
    client.close()


def test_defect_03_keys_of_opt_are_text(bask: Bask) -> None:
    server = bask.app("defects", "--max-requests", "1000", workers=1)
    opt = told(server)["opt"]
    assert opt["max-requests"] == "1000" and opt["master"] is True
    assert told(server)["kinds"] == [["str"], ["bool", "bytes"]]


def test_defect_04_rows_of_workers_are_complete(bask: Bask) -> None:
    server = bask.launch("--wsgi-file", str(APPS / "defects.py"), "--cheaper", "1", workers=2)
    server.worker_count = 1  # that run
    server.wait_ready()
    first, second = told(server)["workers"]
    assert {"id", "pid", "requests", "delta_requests", "signals", "exceptions", "status", "rss",
            "vsz", "running_time", "last_spawn", "respawn_count", "tx", "avg_rt", "apps"
            } <= set(first) & set(second)
    assert (first["status"], second["status"]) == ("busy", "cheap")
    assert first["vsz"] > first["rss"] > 0 and second["pid"] == 0
    assert told(server)["rows"] == "tuple"


def test_defect_08_values_do_not_end_at_a_zero_byte(bask: Bask) -> None:
    address: Address = ("127.0.0.1", bask.ports.take())
    server = bask.app("defects", "--socket", "%s:%d" % address, address=address)
    sent = uwsgi.request(path="/show", HTTP_X_ZERO="before\0after", query="a=\0b")
    environ = json.loads(uwsgi.answer(server.raw(sent)).body)
    assert environ["HTTP_X_ZERO"] == "before\0after"
    assert environ["QUERY_STRING"] == "a=\0b"


def test_defect_08_what_is_received_does_not_end_at_a_zero_byte(bask: Bask) -> None:
    server = bask.app("talking", "--threads", "2", workers=1)
    with server.connect() as connection:
        connection.send(b"GET /raw HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.bytes(29)
        connection.send(b"a\0b\0")
        assert connection.rest() == b"got a\0b\0"


def test_defect_09_text_is_latin_1(server: Server) -> None:
    environ = json.loads(server.get("/show/caf%C3%A9/%FF").body)
    assert environ["PATH_INFO"] == "/show/caf\xc3\xa9/\xff"
    raw = server.raw(b"GET /latin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert raw.startswith(b"HTTP/1.1 200 Caf\xe9\r\n")
    assert b"\r\nX-Name: caf\xe9 \xff\r\n" in raw


def test_defect_10_exc_info_is_not_swallowed(server: Server) -> None:
    answer = server.get("/error_instead")
    assert (answer.status, answer.headers["X-Instead"], answer.body) == (503, "yes", b"instead")
    late = server.get("/error_too_late")
    assert (late.status, late.body, late.complete) == (200, b"sent", False)
    wait_seen(server, "raised too late")
    server.complained("ValueError: too late")


def test_defect_11_nothing_is_dropped_silently(server: Server) -> None:
    with server.connect() as connection:
        connection.send(b"GET /long_header HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"\r\nX-Long: " + b"x" * 100000 + b"\r\n" in connection.rest()
    answer = server.get("/bad_header")
    assert answer.status == 500 and "X-Forged" not in answer.headers
    server.complained("malformed status or header")
    for path, what in (("/endless", "closed"), ("/written", "OSError")):
        with server.connect() as connection:
            connection.send(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode())
            connection.start_answer().read(100000)
        wait_seen(server, what)


def test_defect_12_exceptions_are_answered_and_counted(bask: Bask, server: Server) -> None:
    for count in (1, 2):
        answer = server.get("/fails")
        assert (answer.status, answer.body) == (500, b"Internal Server Error\n")
        worker = told(server)["workers"][0]
        assert (worker["exceptions"], worker["apps"][0]["exceptions"]) == (count, count)
    server.complained("LookupError: nothing here")
    shown = bask.app("defects", "--catch-exceptions")
    assert shown.get("/fails").text.endswith("LookupError: nothing here\n")
    shown.complained("LookupError")
    for option, value in (("", ""), ("-type", "LookupError"), ("-value", "nothing here"),
                          ("-repr", "LookupError('nothing here')")):
        words = ["--reload-on-exception" + option] + ([value] if value else [])
        replaced = bask.app("defects", *words, "--min-worker-lifetime", "0", workers=1)
        before = replaced.workers()
        assert replaced.get("/fails").status == 500
        wait_until(lambda: replaced.workers() and replaced.workers() != before, "it is replaced")
        replaced.complained("LookupError")


def test_defect_13_bytes_are_a_response_and_text_is_an_error(server: Server) -> None:
    answer = server.get("/as_bytes")
    assert (answer.status, answer.headers["Content-Length"], answer.body) == (200, "5", b"whole")
    assert server.get("/as_text").status == 500
    server.complained("an iterable of bytes, not str")


def test_defect_14_file_wrapper(bask: Bask, server: Server) -> None:
    assert server.get("/file_of_bytes").body == b"0123456789"
    assert server.get("/file_from_here").body == b"456789"
    without = bask.app("defects", "--wsgi-disable-file-wrapper")
    assert without.get("/file_of_bytes").status == 500
    without.complained(r"KeyError: 'wsgi\.file_wrapper'")


def test_defect_15_input_is_a_file(bask: Bask, server: Server) -> None:
    found = json.loads(server.post("/read", b"abcdef").body)
    assert found == {"two": "ab", "none": "", "rest": "cdef", "end": "", "tell": 6,
                     "again": "bcdef", "fileno": "unsupported"}
    small = bask.app("defects", "--post-buffering", "0")
    found = json.loads(small.post("/read", b"abcdef" * 20000).body)
    assert found["two"] + found["rest"] == "abcdef" * 20000 and "tell" not in found


def test_defect_16_there_is_a_list_of_applications(bask: Bask, server: Server) -> None:
    apps: List[Dict[str, Any]] = told(server)["workers"][0]["apps"]
    assert [(app["id"], app["mountpoint"]) for app in apps] == [(0, "")]
    server.wait_log(r"\[pid: \d+\|app: 0\|req: ")
    assert "dynamic mode" not in server.log()
    needed = bask.app("defects", "--need-app")
    assert needed.get("/").status == 200
    assert "there is no module" in bask.refused("--need-app", "--module", "nonesuch", status=22)


def test_defect_17_more_than_one_application(bask: Bask) -> None:
    address: Address = ("127.0.0.1", bask.ports.take())
    many = ["--pypy-pp", str(APPS), "--mount", "/one=many:one", "--manage-script-name"]
    factory = bask.start(*many[:2], "--module", "defects", "--callable", "create()")
    assert factory.get("/as_bytes").body == b"whole"
    server = bask.start(*many, "--module", "many:two", "--vhost-host", "--mount",
                        "one.org=many:application")
    for path, host, name in (("/x", "", "two"), ("/one/x", "", "one"),
                             ("/x", "one.org", "application")):
        assert json.loads(server.get(path, {"Host": host or "x"}).body)["name"] == name
    dynamic = bask.start(*many, "--dynamic-apps", "--socket", "%s:%d" % address, address=address)
    sent = uwsgi.request(SCRIPT_NAME="/late", UWSGI_MODULE="many", UWSGI_CALLABLE="two")
    assert json.loads(uwsgi.answer(dynamic.raw(sent)).body)["name"] == "two"


def test_defect_18_what_waits(bask: Bask) -> None:
    """Seconds may have fractions; instead of continulets there are threads, and that is said."""
    (bask.folder / "defined.py").write_text("import time")
    server = bask.app("services", workers=1)
    asked = b"(lambda t: (uwsgi.async_sleep(0.25), time.monotonic() - t > 0.2))(time.monotonic())"
    assert server.post("/", asked).text == "(b'', True)"
    assert "use --threads 10" in bask.refused("--async", "10", "--module", "defects")
    said = bask.refused("--pypy-eval", "uwsgi_pypy_setup_continulets()", status=22)
    assert "use --threads N" in said and "TypeError" not in said


def test_defect_19_no_compiler_and_a_folder_that_cannot_be_written(bask: Bask) -> None:
    """uWSGI's plugin compiled C at each start, into the working folder, by a module that is gone."""
    folder = bask.folder / "bin"
    folder.mkdir()
    before = sorted(path.name for path in bask.folder.iterdir())
    server = bask.start("--wsgi-file", str(APPS / "hello.py"), "--pypy-eval", "import sys; print("
                        "'imp' in sys.modules, 'pycparser' in sys.modules, 'cffi' in sys.modules)",
                        env={"PATH": str(folder)})
    server.wait_log("False False False")
    assert server.get("/").status == 200
    made = {path.name for path in bask.folder.iterdir()} - {*before, "server-0.log"}
    assert not {name for name in made if name.startswith("__") or name.endswith((".c", ".so"))}


def test_defect_20_library_of_a_virtualenv_is_found(bask: Bask) -> None:
    """It has none of its own: it is that of the PyPy that made it, whatever it is called."""
    venv = bask.folder / "venv"
    subprocess.run(["/usr/bin/pypy3", "-m", "venv", "--without-pip", str(venv)], check=True,
                   timeout=60)
    server = bask.app("interpreter", "--pypy-home", str(venv))
    found = json.loads(server.get("/").body)
    assert (found["implementation"], found["prefix"]) == ("pypy", str(venv))


@pytest.mark.parametrize("name", ["uwsgi_pypy_setup", "_uwsgi_pypy_setup"])
def test_defect_21_setup_file_is_shown_on_standard_output(bask: Bask, name: str) -> None:
    shown = bask.run("--print-sym", name)
    assert (shown.returncode, shown.stderr) == (0, "")
    compile(shown.stdout, name, "exec")
    assert "hooks.loader" in shown.stdout


@pytest.mark.parametrize("option, value", [
    ("--pypy-paste", "config:site.ini"), ("--pypy-ini-paste", "site.ini")])
def test_defect_23_paste_without_sections_on_logging(bask: Bask, option: str, value: str) -> None:
    (bask.folder / "site_module.py").write_text(
        "def main(global_config, **settings):\n"
        "    return lambda e, start: start('200 OK', []) and [] or [settings['word'].encode()]\n")
    (bask.folder / "site.ini").write_text(
        "[app:main]\npaste.app_factory = site_module:main\nword = served\n")
    server = bask.start(option, value, "-H", str(packages()))
    assert server.get("/").text == "served"


# What users complained of (the numbers are those of the list of complaints)

def test_complaint_01_python_3_and_need_app(bask: Bask) -> None:
    (bask.folder / "app.py").write_text(
        "def application(environ, start_response):\n    start_response('200 OK', [])\n"
        "    return [f'{environ[\"REQUEST_METHOD\"]!r}'.encode()]\n")
    server = bask.start("--need-app", "--pypy-wsgi", "app")
    assert server.get("/").text == "'GET'"


def test_complaint_03_home_that_is_wrong_is_explained(bask: Bask) -> None:
    said = bask.refused("--pypy-home", str(bask.folder), "--pypy-wsgi", "app")
    assert "PyPy cannot be used" in said and str(bask.folder) in said
    assert "No module named" not in said and "Traceback" not in said


def test_complaint_10_any_script_with_the_library_of_the_distribution(bask: Bask) -> None:
    (bask.folder / "plain.py").write_text("import json, threading, ssl, ctypes\nprint('ran it')\n")
    server = bask.start("--wsgi-file", str(APPS / "hello.py"), "--pypy-exec", "plain.py")
    server.wait_log("ran it")


@pytest.mark.parametrize("workers", [0, 1])
def test_complaint_11_import_error_is_shown_and_answered(bask: Bask, workers: int) -> None:
    """Not "'NoneType' object is not callable" for each request."""
    (bask.folder / "site_module.py").write_text("import django_settings_that_are_missing\n")
    server = bask.start("--no-need-app", "--pypy-wsgi", "site_module", workers=workers)
    server.complained("site_module.py\", line 1(.|\n)*django_settings_that_are_missing")
    assert server.get("/").status == 500
    assert "NoneType" not in server.log()


def test_complaint_12_callable_with_a_file(bask: Bask) -> None:
    (bask.folder / "app.py").write_text(
        "def other(environ, start_response):\n    start_response('200 OK', [])\n"
        "    return [b'other']\n")
    server = bask.start("--pypy-wsgi-file", "app.py", "--callable", "other")
    assert server.get("/").text == "other"


def test_defect_03_decorators_see_the_spooler(bask: Bask) -> None:
    """`'spooler' in uwsgi.opt`, on which the decorators look, and names as text."""
    (bask.folder / "defined.py").write_text(
        "import uwsgidecorators\n"
        "@uwsgidecorators.spool\n"
        "def task(env): note(env['k'])\n"
        "assert 'spooler' in uwsgi.opt\n")
    server = bask.app("services", "--spooler", "tasks", workers=1)
    server.post("/", b"task(k='text')")
    seen = bask.folder / "seen"
    wait_until(lambda: seen.exists() and seen.read_text() == "text\n", "the task is done")


def test_defect_22_spooler_mules_and_atexit(bask: Bask) -> None:
    """Functions of the application are found: for tasks, for messages, for the end."""
    (bask.folder / "defined.py").write_text(
        "import atexit\n"
        "atexit.register(lambda: note('atexit %d' % uwsgi.mule_id()))\n"
        "uwsgi.spooler = lambda env: [note(env[b'k'].decode()), uwsgi.SPOOL_OK][1]\n"
        "uwsgi.mule_msg_hook = lambda message: note(message.decode())\n")
    server = bask.app("services", "--spooler", "tasks", "--mule", workers=1)
    server.post("/", b"[uwsgi.spool(k='task'), uwsgi.mule_msg('message')]")
    seen = bask.folder / "seen"
    wait_until(lambda: seen.exists() and {"task", "message"} <= set(seen.read_text().split("\n")),
               "both are done")
    server.stop()
    assert "atexit 1" in seen.read_text().split("\n")
    assert "unable to find the spooler function" not in server.log()
