"""The list of applications, how it is filled, and which one a request is for."""

import os
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any, Dict, Iterator, List, Optional

import pytest

from bask_pypy import applications, dispatch, entry, loaders, wsgi
from fake import Host, Request, serve_one

PLAIN = [("Content-Type", "text/plain")]


def named(name: str) -> Any:
    """An application that says who it is and what is left of the path."""

    def application(environ: Any, start_response: Any) -> List[bytes]:
        start_response("200 OK", PLAIN)
        said = (name, environ["SCRIPT_NAME"], environ["PATH_INFO"])
        return ["|".join(said).encode("latin-1")]

    return application


def site(mounts: List[str], *flags: str, **options: List[str]) -> Any:
    """What requests call where there are applications at these mountpoints, named after them."""
    host = Host(options={**{flag: ["true"] for flag in flags}, **options})
    listed = applications.Applications(host)
    for mountpoint in mounts:
        listed.add(mountpoint, named("<%s>" % mountpoint), 0.0)
    return entry.choose(listed, host), host


def ask(application: Any, path: str = "/", script: str = "", host: str = "", **more: str) -> str:
    """The body; "404" where nobody answers."""
    environ = {"PATH_INFO": path, "SCRIPT_NAME": script, "HTTP_HOST": host, "SERVER_NAME": host}
    environ.update(more)
    status: List[str] = []
    body = application(environ, lambda said, headers: status.append(said))
    return b"".join(body).decode("latin-1") if status[0] == "200 OK" else status[0][:3]


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: Any) -> Iterator[Path]:
    """A folder on sys.path whose modules are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


class TestByPath:
    @pytest.mark.parametrize(
        "path, answer",
        [
            ("/", "<>||/"), ("", "<>||"), ("*", "<>||*"), ("/a", "</a>|/a|"), ("/a/", "</a>|/a|/"),
            ("/a/x", "</a>|/a|/x"), ("/ax", "<>||/ax"), ("/a/b", "</a/b>|/a/b|"),
            ("/a/b/c/d", "</a/b>|/a/b|/c/d"), ("/a/bc", "</a>|/a|/bc"), ("//a", "<>||//a"),
            ("/b", "<>||/b"), ("/c/d/e/", "</c/d/e/>|/c/d/e|/"), ("/c/d", "<>||/c/d"),
            ("/A", "<>||/A"), ("/a//b", "</a>|/a|//b"),
        ],
    )  # fmt: skip
    def test_longest_mountpoint_of_whole_parts(self, path: str, answer: str) -> None:
        application, _ = site(["", "/a", "/a/b", "/c/d/e/"], "manage-script-name")
        assert ask(application, path) == answer

    def test_path_of_the_gateway_gives_way(self) -> None:
        application, _ = site(["", "/a"], "manage-script-name")
        assert ask(application, "/a/x", script="/other") == "</a>|/a|/x"

    def test_mountpoint_beyond_ascii(self) -> None:
        """An option is text, a path is bytes as latin-1."""
        application, _ = site(["", "/caf\xe9"], "manage-script-name")
        assert ask(application, "/caf\xc3\xa9/x").endswith("|/caf\xc3\xa9|/x")

    def test_path_of_slashes_costs_little(self) -> None:
        application, _ = site(["", "/a", "/a/b"], "manage-script-name")
        assert ask(application, "/" * 65536) == "<>||" + "/" * 65536

    def test_without_the_option_the_path_is_left_alone(self) -> None:
        application, _ = site(["", "/a"])
        assert ask(application, "/a/x") == "<>||/a/x"


class TestByName:
    @pytest.mark.parametrize(
        "script, answer",
        [("/a", "</a>|/a|/x"), ("/a/", "</a>|/a/|/x"), ("", "<>||/x"), ("/b", "<>|/b|/x")],
    )
    def test_script_name_of_a_gateway(self, script: str, answer: str) -> None:
        application, _ = site(["", "/a"])
        assert ask(application, "/x", script=script) == answer

    def test_script_name_ignored(self) -> None:
        application, _ = site(["", "/a"], "ignore-script-name")
        assert ask(application, "/x", script="/a") == "<>|/a|/x"

    def test_key_of_a_gateway(self) -> None:
        application, _ = site(["one", "two"], "manage-script-name")
        assert ask(application, UWSGI_APPID="two") == "<two>||/"
        assert ask(application, UWSGI_APPID="three") == "<one>||/"


class TestDefault:
    def test_root_else_the_first(self) -> None:
        application, _ = site(["/a", "/b"])
        assert ask(application, "/x") == "</a>||/x"
        application, _ = site(["/a", "/"], "manage-script-name")
        assert ask(application, "/x") == "</>||/x"

    @pytest.mark.parametrize("mounts", [["/a"], ["/a", "/b"]])
    def test_none(self, mounts: List[str]) -> None:
        application, host = site(mounts, "no-default-app", "manage-script-name")
        assert ask(application, "/x") == "404"
        assert host.served == [-1]
        assert ask(application, "/a/x") == "</a>|/a|/x"

    def test_none_by_name(self) -> None:
        application, _ = site(["/a"], "no-default-app")
        assert ask(application, script="/b") == "404"
        assert ask(application, script="/a") == "</a>|/a|/"

    def test_root_is_no_default_but_mounted(self) -> None:
        application, _ = site(["/", "/b"], "no-default-app", "manage-script-name")
        assert ask(application, "/x") == "</>||/x"


class TestByHost:
    MOUNTS = ["/", "one.org", "one.org/a", "two.org|/a", "/everywhere"]

    @pytest.mark.parametrize(
        "host, path, answer",
        [
            ("one.org", "/", "<one.org>||/"), ("ONE.org:8080", "/", "<one.org>||/"),
            ("one.org", "/a/x", "<one.org/a>|/a|/x"), ("two.org", "/a/x", "<two.org|/a>|/a|/x"),
            ("two.org", "/x", "</>||/x"), ("three.org", "/a", "</>||/a"), ("", "/", "</>||/"),
            ("two.org", "/everywhere", "</everywhere>|/everywhere|"),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("option", ["vhost-host", "vhost"])
    def test_each_host_has_mountpoints(
        self, option: str, host: str, path: str, answer: str
    ) -> None:
        application, _ = site(self.MOUNTS, "vhost", option, "manage-script-name")
        assert ask(application, path, host=host) == answer

    def test_host_with_a_port_of_its_own(self) -> None:
        application, _ = site(["/", "one.org:81", "one.org"], "vhost", "vhost-host")
        assert ask(application, host="one.org:81") == "<one.org:81>||/"
        assert ask(application, host="one.org:82") == "<one.org>||/"

    def test_which_name(self) -> None:
        by_server, _ = site(["/", "one.org"], "vhost")
        assert ask(by_server, SERVER_NAME="one.org", HTTP_HOST="x") == "<one.org>||/"
        assert ask(by_server, SERVER_NAME="x", HTTP_HOST="one.org") == "</>||/"


class TestEntry:
    def test_one_application_is_called_without_a_detour(self) -> None:
        for options in ([], ["vhost"], ["manage-script-name"]):
            host = Host(options={name: ["true"] for name in options})
            listed = applications.Applications(host)
            application = named("sole")
            listed.add("", application, 0.0)
            assert entry.choose(listed, host) is application

    def test_none_is_a_500(self) -> None:
        host = Host()
        application = entry.choose(applications.Applications(host), host)
        assert application is applications.no_application

    def test_frames_of_the_dispatcher_are_not_in_tracebacks(self) -> None:
        def fails(environ: Any, start_response: Any) -> Any:
            raise ValueError("no")

        host = Host()
        listed = applications.Applications(host)
        listed.add("", fails, 0.0)
        listed.add("/b", fails, 0.0)
        host.queue.append(Request())
        wsgi.Server(host, entry.choose(listed, host)).serve(None, host.idle_moments.clear)
        assert "in fails" in host.log_text
        assert "dispatch" not in host.log_text


class TestLoading:
    def load(self, host: Host, main: Any = None) -> applications.Applications:
        listed = applications.Applications(host)
        self.good = listed.load_all(lambda: main() if main else None, "application")
        return listed

    def test_in_order(self, modules: Path) -> None:
        (modules / "one.py").write_text("application = lambda e, s: [b'one']\n")
        (modules / "two.py").write_text("app = lambda e, s: [b'two']\n")
        host = Host(options={"mount": ["/one=one", "/two=two.py:app", "/three=two:app"]})
        listed = self.load(host, lambda: named("main"))
        assert self.good
        assert [app.mountpoint for app in listed.items] == ["", "/one", "/two", "/three"]
        assert [app.call(None, None) for app in listed.items[1:]] == [[b"one"], [b"two"], [b"two"]]
        assert host.apps_added == [("", ""), ("/one", ""), ("/two", ""), ("/three", "")]
        assert "WSGI app 3 (mountpoint='/three') is ready" in host.log_text

    def test_several_of_a_mounted_module(self, modules: Path, monkeypatch: Any) -> None:
        """They are below its mountpoint, and no other module's."""
        uwsgi = ModuleType("uwsgi")
        monkeypatch.setitem(sys.modules, "uwsgi", uwsgi)
        (modules / "many.py").write_text(
            "import uwsgi\nuwsgi.applications = {'': print, '/sub': print}\n"
        )
        (modules / "one.py").write_text("application = print\n")
        listed = self.load(Host(options={"mount": ["/many=many", "/one=one", "/again=one.py"]}))
        assert [app.mountpoint for app in listed.items] == ["/many", "/many/sub", "/one", "/again"]

    @pytest.mark.parametrize(
        "target, said",
        [
            ("nonesuch", "there is no module 'nonesuch'"),
            ("nonesuch.py", "cannot read nonesuch.py"),
            ("broken.py", "ZeroDivisionError"),
            ("empty.py", "has no 'application'"),
        ],
    )
    def test_one_that_fails_answers_500_at_its_place(
        self, modules: Path, target: str, said: str
    ) -> None:
        (modules / "broken.py").write_text("1 / 0\n")
        (modules / "empty.py").write_text("\n")
        (modules / "good.py").write_text("def application(e, s): s('200 OK', []); return [b'ok']")
        host = Host(options={"mount": ["/bad=" + target, "/good=good"]})
        listed = self.load(host)
        assert not self.good
        assert said in host.log_text
        host.options["manage-script-name"] = ["true"]
        application = entry.choose(listed, host)
        assert ask(application, "/bad/x") == "500"
        assert ask(application, "/good") == "ok"

    def test_same_mountpoint_twice(self, modules: Path) -> None:
        (modules / "one.py").write_text("application = lambda e, s: [b'one']\n")
        listed = self.load(Host(options={"mount": ["/=one", "/=one"]}))
        assert not self.good
        assert len(listed.items) == 1

    def test_more_than_there_is_room_for(self, modules: Path) -> None:
        (modules / "one.py").write_text("application = lambda e, s: [b'one']\n")
        host = Host(options={"mount": ["/a=one", "/b=one"]})
        host.apps_max = 1
        self.load(host)
        assert not self.good
        assert "more than --max-apps" in host.log_text


class TestSeveralOfOneModule:
    @pytest.fixture
    def uwsgi(self, monkeypatch: Any) -> ModuleType:
        module = ModuleType("uwsgi")
        setattr(module, "applications", None)
        monkeypatch.setitem(sys.modules, "uwsgi", module)
        return module

    SOURCE = """
import uwsgi
def one(e, s): return [b'one']
def two(e, s): return [b'two']
%s = {'': one, '/two': 'two', b'/other': 'other_module:three'}
"""

    @pytest.mark.parametrize("name", ["uwsgi.applications", "applications"])
    @pytest.mark.parametrize("load", [loaders.load_any, loaders.load_any_file])
    def test_dict(self, modules: Path, uwsgi: ModuleType, name: str, load: Any) -> None:
        (modules / "many.py").write_text(self.SOURCE % name)
        (modules / "other_module.py").write_text("def three(e, s): return [b'three']\n")
        target = "many" if load is loaders.load_any else "many.py"
        found = load(target, "application")
        assert list(found) == ["", "/two", "/other"]
        assert [call(0, 0) for call in found.values()] == [[b"one"], [b"two"], [b"three"]]

    def test_named_callable_counts_more(self, modules: Path, uwsgi: ModuleType) -> None:
        (modules / "many.py").write_text(self.SOURCE % "applications")
        assert loaders.load_any("many:one", "application")(0, 0) == [b"one"]  # type: ignore

    @pytest.mark.parametrize(
        "written, said",
        [
            ("{'': 'nonesuch'}", "no 'nonesuch'"), ("{3: one}", "is no text"),
            ("{'': 3}", "not callable"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_with_it(
        self, modules: Path, uwsgi: ModuleType, written: str, said: str
    ) -> None:
        (modules / "many.py").write_text("one = print\napplications = " + written)
        with pytest.raises(loaders.LoadError, match=said):
            loaders.load_any("many", "application")

    @pytest.mark.parametrize("written", ["{}", "None", "[]", "'text'"])
    def test_what_is_no_dict_of_applications(
        self, modules: Path, uwsgi: ModuleType, written: str
    ) -> None:
        (modules / "many.py").write_text("application = print\napplications = " + written)
        assert loaders.load_any("many", "application") is print


class TestDynamic:
    def dynamic(self, *mounts: str, threads: int = 1, **flags: List[str]) -> Any:
        host = Host(options={"dynamic-apps": ["true"], **flags}, threads=threads)
        listed = applications.Applications(host)
        for mountpoint in mounts:
            listed.add(mountpoint, named("<%s>" % mountpoint), 0.0)
        self.host = host
        return entry.choose(listed, host)

    @pytest.fixture
    def late(self, modules: Path) -> Path:
        (modules / "late.py").write_text(
            "import os\nloads = open('loads', 'a'); loads.write('x'); loads.close()\n"
            "def application(e, s):\n"
            "    s('200 OK', [])\n"
            "    return [os.environ.get('LATE', '').encode(), os.getcwd().encode()]\n"
            "other = lambda e, s: s('200 OK', []) or [b'other']\n"
        )
        return modules

    @pytest.mark.parametrize(
        "variables",
        [
            {"UWSGI_SCRIPT": "late"}, {"UWSGI_SCRIPT": "late:application"},
            {"UWSGI_MODULE": "late", "UWSGI_CALLABLE": "application"}, {"UWSGI_FILE": "late.py"},
        ],
    )  # fmt: skip
    def test_loaded_once(self, late: Path, variables: Dict[str, str]) -> None:
        application = self.dynamic("/a")
        for _ in range(3):
            assert ask(application, **variables) == str(late)
        assert (late / "loads").read_text() == "x"
        assert self.host.served == [1, 1, 1]
        assert ask(application, "/x", script="/a") == "</a>|/a|/x"

    def test_callable_of_a_module(self, late: Path) -> None:
        application = self.dynamic()
        assert ask(application, UWSGI_MODULE="late", UWSGI_CALLABLE="other") == "other"

    def test_keys(self, late: Path) -> None:
        """What was loaded for one SCRIPT_NAME, host or UWSGI_APPID is not another's."""
        application = self.dynamic(vhost=["true"])
        for _ in range(2):
            ask(application, UWSGI_SCRIPT="late")
            ask(application, script="/b", UWSGI_SCRIPT="late")
            ask(application, host="one.org", UWSGI_SCRIPT="late")
            ask(application, UWSGI_APPID="key", UWSGI_SCRIPT="late")
        assert [name for name, _ in self.host.apps_added] == ["|", "|/b", "one.org|", "key"]

    def test_what_is_mounted_counts_more(self, late: Path) -> None:
        assert ask(self.dynamic(""), UWSGI_SCRIPT="late") == "<>||/"

    def test_without_variables(self) -> None:
        assert ask(self.dynamic("/a")) == "</a>||/"
        assert ask(self.dynamic()) == "404"

    def test_folder_and_environment(self, late: Path, monkeypatch: Any) -> None:
        monkeypatch.setenv("LATE", "")
        (late / "sub").mkdir()
        (late / "late.py").rename(late / "sub" / "late.py")
        application = self.dynamic("/a")
        folder = str(late / "sub")
        more = {"UWSGI_SCRIPT": "late", "UWSGI_CHDIR": folder, "UWSGI_SETENV": "LATE=yes "}
        assert ask(application, **more) == "yes " + folder
        ask(application, script="/a")
        assert os.getcwd() == str(late)
        assert ask(application, **more) == "yes " + folder

    def test_folder_with_several_threads_is_only_for_loading(self, late: Path) -> None:
        (late / "sub").mkdir()
        (late / "late.py").rename(late / "sub" / "late.py")
        application = self.dynamic(threads=2)
        more = {"UWSGI_SCRIPT": "late", "UWSGI_CHDIR": str(late / "sub")}
        assert ask(application, **more) == str(late)
        assert (late / "sub" / "loads").exists()

    @pytest.mark.parametrize(
        "variables, said",
        [
            ({"UWSGI_SCRIPT": "nonesuch"}, "there is no module 'nonesuch'"),
            ({"UWSGI_FILE": "nonesuch.py"}, "cannot read"),
            ({"UWSGI_FILE": "dies.py"}, "SystemExit"),
            ({"UWSGI_SCRIPT": "late", "UWSGI_PYHOME": "/venv"}, "UWSGI_PYHOME is refused"),
            ({"UWSGI_SCRIPT": "late", "UWSGI_CHDIR": "/nonesuch"}, "No such file"),
            ({"UWSGI_SCRIPT": "late\n2026 forged"}, r"late\n2026 forged"),
            ({"UWSGI_FILE": "x\0.py"}, "null|NUL"),
            ({"UWSGI_FILE": "several.py"}, "none of them at ''"),
        ],
    )
    def test_one_that_fails(self, late: Path, variables: Dict[str, str], said: str) -> None:
        (late / "dies.py").write_text("import sys; sys.exit(3)\n")
        (late / "several.py").write_text("applications = {'/a': print}\n")
        application = self.dynamic()
        assert ask(application, **variables) == "500"
        assert any(part in self.host.log_text for part in said.split("|")), self.host.log_text
        assert self.host.apps_added == []

    def test_one_that_failed_is_tried_again(self, late: Path) -> None:
        application = self.dynamic()
        assert ask(application, UWSGI_FILE="soon.py") == "500"
        (late / "soon.py").write_text((late / "late.py").read_text())
        assert ask(application, UWSGI_FILE="soon.py") == str(late)

    def test_more_than_there_is_room_for(self, late: Path) -> None:
        application = self.dynamic()
        self.host.apps_max = 1
        assert ask(application, UWSGI_SCRIPT="late") == str(late)
        assert ask(application, script="/b", UWSGI_SCRIPT="late") == "500"
        assert "more than --max-apps" in self.host.log_text

    def test_many_threads_load_it_once(self, late: Path) -> None:
        slow = "import time; time.sleep(0.05)\n"
        (late / "late.py").write_text(slow + (late / "late.py").read_text())
        application = self.dynamic(threads=8)
        said: List[str] = []
        threads = [
            threading.Thread(target=lambda: said.append(ask(application, UWSGI_FILE="late.py")))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert said == [str(late)] * 8
        assert (late / "loads").read_text() == "x"

    def test_touched_file_reloads_once(self, late: Path, monkeypatch: Any) -> None:
        killed: List[Any] = []
        monkeypatch.setattr(os, "kill", lambda *words: killed.append(words))
        application = self.dynamic("")
        touched = late / "touched"
        ask(application, UWSGI_TOUCH_RELOAD=str(touched))  # it is not there: no reason to fail
        touched.write_text("")
        ask(application, UWSGI_TOUCH_RELOAD=str(touched))
        ask(application, UWSGI_TOUCH_RELOAD=str(touched))
        assert killed == []
        os.utime(touched, (1, 1))
        ask(application, UWSGI_TOUCH_RELOAD=str(touched))
        ask(application, UWSGI_TOUCH_RELOAD=str(touched))
        assert killed == [(77, 1)]


class TestIgnoredVariables:
    def test_one_warning(self) -> None:
        host = Host()
        server = wsgi.Server(host, named("a"))
        for key in ("UWSGI_SCRIPT", "UWSGI_FILE", "UWSGI_SCRIPT", "UWSGI_CHDIR"):
            host.queue.append(Request(headers=[(key, b"os")]))
        server.serve(None, host.idle_moments.clear)
        assert [level for level, _ in host.logged] == [1]
        assert "UWSGI_SCRIPT" in host.log_text and "--dynamic-apps" in host.log_text

    @pytest.mark.parametrize("key", ["UWSGI_APPID", "HTTP_UWSGI_SCRIPT", "UWSGI_SCHEMES"])
    def test_none_where_nothing_is_ignored(self, key: str) -> None:
        host = Host()
        host.queue.append(Request(headers=[(key, b"os")]))
        wsgi.Server(host, named("a")).serve(None, host.idle_moments.clear)
        assert host.logged == []


class TestFlags:
    @staticmethod
    def fails(environ: Any, start_response: Any) -> Any:
        raise ValueError("told \u20ac")

    def options(self, *names: str) -> Dict[str, List[str]]:
        return {name: ["true"] for name in names}

    def test_traceback_for_the_client(self) -> None:
        answer = serve_one(self.fails, options=self.options("catch-exceptions"))
        assert answer.status == 500
        assert dict(answer.headers)["Content-Type"] == "text/plain"
        assert "in fails" in answer.sent.decode()
        assert answer.sent.decode().endswith("ValueError: told \u20ac\n")

    def test_no_traceback_without_it(self) -> None:
        assert serve_one(self.fails).sent == b"Internal Server Error\n"

    def test_no_traceback_inside_a_response(self) -> None:
        def application(environ: Any, start_response: Any) -> Iterator[bytes]:
            start_response("200 OK", PLAIN)
            yield b"some"
            raise ValueError("late")

        answer = serve_one(application, options=self.options("catch-exceptions"))
        assert answer.broken and answer.sent == b"some"

    @pytest.mark.parametrize("strict, status", [((), 200), (("wsgi-strict",), 500)])
    def test_bytes_as_a_result(self, strict: Any, status: int) -> None:
        def application(environ: Any, start_response: Any) -> bytes:
            start_response("200 OK", PLAIN)
            return b"whole"

        assert serve_one(application, options=self.options(*strict)).status == status

    def test_file_wrapper(self) -> None:
        seen: List[Optional[Any]] = []

        def application(environ: Any, start_response: Any) -> List[bytes]:
            seen.append(environ.get("wsgi.file_wrapper"))
            start_response("200 OK", PLAIN)
            return [b""]

        serve_one(application)
        serve_one(application, options=self.options("wsgi-disable-file-wrapper"))
        assert seen == [wsgi.FileWrapper, None]

    def test_buffers(self) -> None:
        import array

        def application(environ: Any, start_response: Any) -> List[Any]:
            start_response("200 OK", PLAIN)
            return [bytearray(b"a"), memoryview(b"b"), array.array("b", b"c")]

        assert serve_one(application).sent == b"abc"


def test_split_host() -> None:
    for written, host, path in (
        ("one.org", "one.org", ""), ("One.org/a/b", "one.org", "/a/b"), ("/a", "", "/a"),
        ("one.org|/a", "one.org", "/a"), ("|", "", ""), ("", "", ""),
    ):  # fmt: skip
        assert dispatch.split_host(written) == (host, path)
