"""Files of options: what uWSGI's users write in them, and what a reload makes of a change."""
import os
import signal
from typing import Any, Callable, List, Optional

import pytest

from support.server import Bask, Server
from support.wait import wait_until

pytestmark = pytest.mark.null

Launch = Callable[..., Server]


def write(bask: Bask, name: str, text: str) -> None:
    (bask.folder / name).write_text(text)


def get(bask: Bask, name: str, *arguments: str, **how: Any) -> str:
    """The value that an option would have."""
    ended = bask.run(*arguments, "--get", name, **how)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.rstrip("\n")


@pytest.fixture
def from_file(bask: Bask) -> Launch:
    """Starts a server from the text of an ini file, in which %(port) is its port."""

    def start(text: str, *arguments: str, name: str = "app.ini", workers: int = 1,
              **how: Any) -> Server:
        port = bask.ports.take()
        write(bask, name, text.replace("%(port)", str(port)))
        server = bask.launch(name, *arguments, address=("127.0.0.1", port), **how)
        server.worker_count = workers
        server.wait_ready()
        return server

    return start


COMMON = """\
; the usual file
[uwsgi]
project = shop
base = /srv/%(project)
http-socket = 127.0.0.1:%(port)
plugins = python3,null
master = true
workers = 2
enable-threads
die-on-term = false
chdir = %d
env-of-nobody = x
; buffer-size = 1
"""


def test_usual_file(from_file: Launch) -> None:
    server = from_file(COMMON, workers=2)
    assert server.get("/").status == 200
    assert len(server.workers()) == 2
    assert "[warn]" not in server.log()


@pytest.mark.parametrize("name, text", [
    ("app.yaml", "uwsgi:\n  http-socket: 127.0.0.1:%(port)\n  plugins: [python3, 'null']\n"
                 "  master: true\n"),
    ("app.json", '{"uwsgi": {"http-socket": "127.0.0.1:%(port)", "plugins": ["http", "null"],\n'
                 ' "master": true}}'),
    ("app.xml", "<uwsgi>\n<http-socket>127.0.0.1:%(port)</http-socket>\n<plugin>null</plugin>\n"
                "<master/>\n</uwsgi>"),
])
def test_other_formats(bask: Bask, from_file: Launch, name: str, text: str) -> None:
    write(bask, name, text)
    if "built without" in bask.run(name, "--get", "master").stderr:
        pytest.skip("this server does not read %s" % name)
    assert from_file(text, name=name).get("/").status == 200


def test_order_of_the_sources(bask: Bask) -> None:
    write(bask, "a.ini", "[uwsgi]\nprocesses = 3\n[more]\nprocesses = 4\n")
    environment = {"UWSGI_PROCESSES": "2", "BASK_THREADS": "7", "UWSGI_VERSION": "2.0"}
    assert get(bask, "processes", env=environment) == "2"
    assert get(bask, "threads", env=environment) == "7"
    assert get(bask, "processes", "-p5", env=environment) == "5"
    assert get(bask, "processes", "-p5", "--ini", "a.ini") == "3"
    assert get(bask, "processes", "--ini", "a.ini", "-p5") == "5"
    assert get(bask, "processes", "a.ini", "-p5") == "3"
    assert get(bask, "processes", "--ini", "a.ini:more") == "4"


def test_processes_auto(bask: Bask) -> None:
    assert get(bask, "processes", "-p", "auto") == "auto"
    write(bask, "a.ini", "[uwsgi]\nprocesses = %k\n")
    assert 1 <= int(get(bask, "processes", "a.ini")) <= (os.cpu_count() or 1)


def test_auto_is_one_worker_a_cpu(bask: Bask) -> None:
    write(bask, "a.ini", "[uwsgi]\nprocesses = %k\n")
    count = int(get(bask, "processes", "a.ini"))
    server = bask.launch("--plugin", "null", "--master", "--processes", "auto")
    server.worker_count = count
    server.wait_ready()
    assert server.get("/").status == 200


def test_shown_configuration_means_the_same(bask: Bask) -> None:
    write(bask, "a.ini", "[uwsgi]\nplugin = null\nfor = 1 2\nset-ph = x%(_) = 50%%\nendfor\n"
                         "chdir = /nonexistent/%(x1)\n")
    ended = bask.run("a.ini", "--show-config", "--http-socket", ":0")
    assert "; a.ini:6\nchdir = /nonexistent/50%%\n" in ended.stdout
    write(bask, "b.ini", ended.stdout)
    assert get(bask, "chdir", "b.ini") == "/nonexistent/50%"


def test_get_of_nothing(bask: Bask) -> None:
    ended = bask.run("--get", "nothing")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert 'no option and no placeholder "nothing"' in ended.stderr


def test_dump_options(bask: Bask) -> None:
    assert "if-env" in bask.run("--dump-options").stdout.split()


@pytest.mark.parametrize("text, said", [
    ("[uwsgi]\nprocesses = many\n",
     'app.ini:2: processes expects a whole number from 1 to 1024, or auto, not "many"'),
    ("[uwsgi]\nstrict = true\nproceses = 2\n",
     'app.ini:3: "proceses" is not an option; did you mean "processes"?'),
    ("[uwsgi]\ninclude = app.ini\n", "app.ini:2: cannot read app.ini: it includes itself"),
    ("[uwsgi]\nmaster\0\n", "app.ini:2: a NUL byte; expected text"),
    ("[uwsgi]\nplugin = ./app.ini\n", "app.ini:2: cannot load the plugin: ./app.ini"),
    ("[uwsgi]\nif-env = X\n", "app.ini:2: if-env has no end; expected endif"),
])
def test_refused_with_one_line(bask: Bask, text: str, said: str) -> None:
    write(bask, "app.ini", text)
    answer = bask.refused("app.ini")
    assert answer.count("\n") == 1 and said in answer, answer


def test_misspelt_key_is_a_warning(from_file: Launch) -> None:
    server = from_file(COMMON + "proceses = 3\nnobody-needs-this = 1\n", workers=2)
    server.wait_log(r'app.ini:14: "proceses" is not an option; did you mean "processes"\?')
    assert server.log().count("[warn]") == 1


def test_lazy_implies_lazy_apps(bask: Bask) -> None:
    assert get(bask, "lazy-apps", "--lazy") == "true"
    assert get(bask, "lazy-apps", "--no-lazy") == ""


# Reading it again

def reload_as(bask: Bask, server: Server, text: str) -> None:
    """Reloads with another text; the port of the first one stays."""
    assert isinstance(server.address, tuple)
    write(bask, "app.ini", text.replace("%(port)", str(server.address[1])))
    server.send_signal(signal.SIGHUP)


SMALL = "[uwsgi]\nhttp-socket = 127.0.0.1:%(port)\nplugin = null\nmaster = true\n"


def test_reload_takes_new_values(bask: Bask, from_file: Launch) -> None:
    server = from_file(SMALL + "limit-post = 3\n")
    assert server.post("/", b"four").status == 413
    reload_as(bask, server, SMALL)
    wait_until(lambda: server.post("/", b"four").status == 200, "the limit is gone")
    reload_as(bask, server, SMALL + "if-reload\nlimit-post = 3\nendif\n")
    wait_until(lambda: server.post("/", b"four").status == 413, "the limit is back")


def test_reload_takes_new_fields_of_answers(bask: Bask, from_file: Launch) -> None:
    fields = "add-header = X-First: 1\nrem-header = Content-Type\n"
    server = from_file(SMALL + fields)

    def told() -> List[Optional[str]]:
        answer = server.get("/")
        assert answer.status == 200
        return [answer.headers[name] for name in ("X-First", "X-Second", "Content-Type")]

    assert told() == ["1", None, None]
    reload_as(bask, server, SMALL + fields + "add-header = X-Second: 2\n")
    wait_until(lambda: told() == ["1", "2", None], "one more is added")
    kind = "text/plain"
    reload_as(bask, server, SMALL + "add-header = Connection: close\n")
    wait_until(lambda: told() == [None, None, kind], "nothing is added or removed")
    assert server.get("/").headers["Connection"] == "close"
    reload_as(bask, server, SMALL)
    wait_until(lambda: server.get("/").headers["Connection"] is None, "connections are kept")
    assert told() == [None, None, kind]


def test_reload_keeps_what_is_fixed(bask: Bask, from_file: Launch) -> None:
    server = from_file(SMALL)
    reload_as(bask, server, SMALL + "processes = 2\nlimit-post = 3\n")
    server.wait_log(r'app.ini:5: processes cannot change at a reload: it stays "1" \(default\), '
                    'not "2"; restart or upgrade the server')
    wait_until(lambda: server.post("/", b"four").status == 413, "the rest is new")
    assert len(server.workers()) == 1


def test_reload_of_a_bad_file_changes_nothing(bask: Bask, from_file: Launch) -> None:
    server = from_file(SMALL + "limit-post = 3\n")
    workers = server.workers()
    reload_as(bask, server, SMALL + "limit-post = lots\n")
    server.wait_log("app.ini:5: limit-post expects a size")
    server.complained("generation 2 did not load; generation 1 goes on serving")
    assert server.post("/", b"four").status == 413
    assert server.workers() == workers
    reload_as(bask, server, SMALL)
    wait_until(lambda: server.post("/", b"four").status == 200, "a good one is taken")


def test_reload_reads_relative_names_from_where_it_started(bask: Bask, from_file: Launch) -> None:
    text = SMALL + "chdir = /\ninclude = more.ini\n"
    write(bask, "more.ini", "[uwsgi]\nlimit-post = 3\n")
    server = from_file(text)
    assert server.post("/", b"four").status == 413
    write(bask, "more.ini", "[uwsgi]\nlimit-post = 4\n")
    server.send_signal(signal.SIGHUP)
    wait_until(lambda: server.post("/", b"four").status == 200, "the other file was read again")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_reload_of_a_file_that_the_user_may_not_read(bask: Bask, from_file: Launch) -> None:
    text = SMALL + "uid = nobody\nlimit-post = 3\n"
    bask.folder.chmod(0o755)
    server = from_file(text)
    (bask.folder / "app.ini").chmod(0o600)
    server.send_signal(signal.SIGHUP)
    server.wait_log("cannot be read any more: the options stay as they are")
    server.wait_log("generation 2 serves")
    assert server.post("/", b"four").status == 413


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can change its root")
def test_reload_in_another_root(bask: Bask, from_file: Launch) -> None:
    # The leak detector needs /proc.
    server = from_file(SMALL + "chroot = %d\nlimit-post = 3\n",
                       env={"ASAN_OPTIONS": "detect_leaks=0"})
    server.send_signal(signal.SIGHUP)
    server.wait_log("app.ini cannot be read any more: the options stay as they are")
    server.wait_log("generation 2 serves")
    assert server.post("/", b"four").status == 413
