"""Several applications in one server: mountpoints, hosts, the list, and loading by request."""
import json
import re
import shutil
from typing import Any, Dict, List

import pytest

from support import uwsgi
from support.client import Address
from support.server import APPS, Bask, Server
from support.wait import wait_until

FILE = str(APPS / "many.py")
BY_PATH = ("--manage-script-name", "--pypy-pp", str(APPS))
TWO = ("--mount", "/one=many:one", "--mount", "/two=many:two")


def ask(server: Server, path: str, **headers: str) -> Dict[str, Any]:
    answer = server.get(path, headers)
    assert answer.status == 200, answer
    found: Dict[str, Any] = json.loads(answer.body)
    return found


def place(found: Dict[str, Any]) -> List[str]:
    return [found["name"], found["script"], found["path"]]


def apps_of(server: Server, path: str = "/workers") -> List[List[Any]]:
    """For each application its mountpoint and the counters, of all workers together."""
    workers = ask(server, path)["workers"]
    total: List[List[Any]] = [[app["mountpoint"], 0, 0] for app in workers[0]["apps"]]
    for worker in workers:
        for row, app in zip(total, worker["apps"]):
            row[1] += app["requests"]
            row[2] += app["exceptions"]
    return total


def test_applications_by_path(bask: Bask) -> None:
    server = bask.start(*BY_PATH, "--wsgi-file", FILE, *TWO, "--mount", "/one/more=many:application")
    assert place(ask(server, "/")) == ["application", "", "/"]
    assert place(ask(server, "/one")) == ["one", "/one", ""]
    assert place(ask(server, "/one/x%20y?q=/two")) == ["one", "/one", "/x y"]
    assert place(ask(server, "/one/more/x")) == ["application", "/one/more", "/x"]
    assert place(ask(server, "/ones")) == ["application", "", "/ones"]
    assert place(ask(server, "/two/../one/x")) == ["one", "/one", "/x"]
    for number, mountpoint in enumerate(["", "/one", "/two", "/one/more"]):
        server.wait_log(r"WSGI app %d \(mountpoint='%s'\) is ready in " % (number, mountpoint))
    server.wait_log(r"app: 3\|.* GET /one/more/x ")


@pytest.mark.parametrize("lazy", [[], ["--lazy-apps"]])
def test_list_of_applications(bask: Bask, lazy: List[str]) -> None:
    server = bask.start(*BY_PATH, *lazy, "--wsgi-file", FILE, *TWO, workers=2)
    for path, times in (("/one", 3), ("/two", 2), ("/", 4), ("/one/raise", 2), ("/raise", 1)):
        for _ in range(times):
            server.get(path)
    server.complained("out of order")
    looks = iter(range(5, 1000))  # each is a request to the first application

    def counted() -> bool:
        """What another worker has answered, it counts a moment later."""
        return apps_of(server) == [["", next(looks), 1], ["/one", 5, 2], ["/two", 2, 0]]

    wait_until(counted, "all requests are counted")
    app = ask(server, "/workers")["workers"][1]["apps"][1]
    assert set(app) == {"id", "modifier1", "mountpoint", "startup_time", "interpreter", "callable",
                        "requests", "exceptions", "chdir"}
    assert (app["id"], app["modifier1"], app["chdir"]) == (1, 0, "")


def test_single_application_is_in_the_list(bask: Bask) -> None:
    server = bask.start(*BY_PATH, "--wsgi-file", FILE)
    for path in ("/", "/x", "/raise"):
        server.get(path)
    server.complained("out of order")
    assert apps_of(server) == [["", 3, 1]]


def test_replaced_worker_has_the_list(bask: Bask) -> None:
    server = bask.start(*BY_PATH, *TWO, "--max-requests", "3", "--min-worker-lifetime", "0",
                        workers=1)
    first = server.workers()
    for _ in range(3):
        server.get("/two")
    wait_until(lambda: server.workers() and server.workers() != first, "the worker is replaced")
    assert apps_of(server, "/one/workers") == [["/one", 0, 0], ["/two", 3, 0]]


@pytest.mark.parametrize("options, host, name", [
    (["--vhost-host"], "one.org", "one"), (["--vhost-host"], "ONE.org:8080", "one"),
    (["--vhost-host"], "two.org", "two"), (["--vhost-host"], "three.org", "application"),
    (["--vhost"], "one.org", "application"),  # by SERVER_NAME, which no client sends
])
def test_applications_by_host(bask: Bask, options: List[str], host: str, name: str) -> None:
    server = bask.start(*BY_PATH, *options, "--mount", "/=many", "--mount", "one.org/=many:one",
                        "--mount", "two.org|=many:two")
    assert ask(server, "/", Host=host)["name"] == name


def test_applications_of_a_module(bask: Bask) -> None:
    (bask.folder / "told.py").write_text(
        "import uwsgi, many\nlocal = many.Site('local')\n"
        "uwsgi.applications = {'': many.application, '/one': many.one, '/local': 'local'}\n")
    server = bask.start(*BY_PATH, "--module", "told")
    assert place(ask(server, "/x")) == ["application", "", "/x"]
    assert place(ask(server, "/one/x")) == ["one", "/one", "/x"]
    assert place(ask(server, "/local/x")) == ["local", "/local", "/x"]


@pytest.mark.parametrize("workers", [0, 1])
def test_one_that_fails_stops_the_start(bask: Bask, workers: int) -> None:
    server = bask.launch(*BY_PATH, *TWO, "--mount", "/bad=nonesuch", workers=workers)
    assert server.wait_end() == 22
    server.complained("there is no module 'nonesuch'")


def test_one_that_fails_without_need_app(bask: Bask) -> None:
    server = bask.start(*BY_PATH, *TWO, "--mount", "/bad=nonesuch", "--no-need-app")
    server.complained("there is no module 'nonesuch'")
    assert ask(server, "/two")["name"] == "two"
    assert server.get("/bad/x").status == 500
    assert ask(server, "/badly")["name"] == "one"


def test_one_that_fails_keeps_the_old_generation(bask: Bask) -> None:
    shutil.copy(FILE, bask.folder / "changing.py")
    server = bask.start(*BY_PATH, *TWO, "--mount", "/changing=changing.py", workers=1)
    (bask.folder / "changing.py").write_text("1 / 0\n")
    server.send_signal(1)
    server.complained("ZeroDivisionError")
    server.wait_log("goes on|serves on|go on")
    assert ask(server, "/changing")["name"] == "application"


@pytest.mark.parametrize("written", ["/x", "/x="])
def test_mount_without_an_application(bask: Bask, written: str) -> None:
    said = bask.refused("--mount", written)
    assert "command line, argument 4: --mount %s: expected MOUNTPOINT=APP" % written in said


def test_mount_in_a_file_of_options(bask: Bask) -> None:
    (bask.folder / "app.ini").write_text(
        "[uwsgi]\nmount = /one=%s\nmount = /two = many:two\ncallable = one\n"
        "manage-script-name = true\npythonpath = %s\nsingle-interpreter = true\n" % (FILE, APPS))
    server = bask.start("--ini", "app.ini")
    assert place(ask(server, "/one/x")) == ["one", "/one", "/x"]
    assert place(ask(server, "/two/x")) == ["two", "/two", "/x"]


def test_nothing_by_default(bask: Bask) -> None:
    server = bask.start(*BY_PATH, *TWO, "--no-default-app")
    answer = server.get("/three")
    assert (answer.status, answer.text) == (404, "no application is mounted here\n")
    assert ask(server, "/two")["name"] == "two"
    server.wait_log(r"app: -1\|.* GET /three ")


class TestOnUwsgiSockets:
    """What a gateway says with variables of its own."""

    def start(self, bask: Bask, *options: str, **how: Any) -> Server:
        address: Address = ("127.0.0.1", bask.ports.take())
        return bask.start("--socket", "%s:%d" % address, "--pypy-pp", str(APPS), *options,
                          address=address, **how)

    def ask(self, server: Server, **variables: str) -> Dict[str, Any]:
        answer = uwsgi.answer(server.raw(uwsgi.request(**variables)))
        return {"status": answer.status, **(json.loads(answer.body) if answer.status == 200 else {})}

    def test_script_name(self, bask: Bask) -> None:
        server = self.start(bask, *TWO)
        assert self.ask(server, SCRIPT_NAME="/two", path="/x")["name"] == "two"
        assert self.ask(server, SCRIPT_NAME="/three", path="/two")["name"] == "one"

    def test_key(self, bask: Bask) -> None:
        server = self.start(bask, "--mount", "example.com=many:one", "--mount", "key=many:two")
        assert self.ask(server, UWSGI_APPID="key")["name"] == "two"
        assert self.ask(server, UWSGI_APPID="other")["name"] == "one"

    def test_host_by_server_name(self, bask: Bask) -> None:
        server = self.start(bask, "--vhost", "--mount", "/=many:one",
                            "--mount", "gateway.example|/a=many:two")
        assert self.ask(server, SCRIPT_NAME="/a")["name"] == "two"
        assert self.ask(server, SCRIPT_NAME="/a", SERVER_NAME="other")["name"] == "one"

    def test_names_are_ignored_with_one_warning(self, bask: Bask) -> None:
        server = self.start(bask, "--wsgi-file", FILE)
        for _ in range(3):
            for name, value in (("UWSGI_FILE", "/nonesuch.py"), ("UWSGI_SCRIPT", "many:two"),
                                ("UWSGI_CHDIR", "/"), ("UWSGI_PYHOME", "/")):
                found = self.ask(server, **{name: value})
                assert (found["name"], found["folder"]) == ("application", str(bask.folder))
        assert len(re.findall("are ignored: with --dynamic-apps", server.log())) == 1

    @pytest.mark.parametrize("variables, name", [
        ({"UWSGI_SCRIPT": "many:two"}, "two"), ({"UWSGI_MODULE": "many"}, "application"),
        ({"UWSGI_MODULE": "many", "UWSGI_CALLABLE": "one"}, "one"),
        ({"UWSGI_FILE": FILE}, "application"),
    ])
    @pytest.mark.parametrize("threads", ["1", "4"])
    def test_loaded_by_a_request(
            self, bask: Bask, variables: Dict[str, str], name: str, threads: str) -> None:
        server = self.start(bask, "--dynamic-apps", "--threads", threads, workers=1)
        assert self.ask(server)["status"] == 404
        for _ in range(2):
            found = self.ask(server, path="/workers", SCRIPT_NAME="/a", **variables)
            assert found["name"] == name
        assert [app["mountpoint"] for app in found["workers"][0]["apps"]] == ["/a"]
        assert server.log().count("WSGI app 0 (mountpoint='/a')") == 1

    def test_folder_and_environment(self, bask: Bask) -> None:
        (bask.folder / "sub").mkdir()
        shutil.copy(FILE, bask.folder / "sub" / "late.py")
        folder = str(bask.folder / "sub")
        server = self.start(bask, "--dynamic-apps", "--mount", "/one=many:one")
        found = self.ask(server, path="/workers", UWSGI_SCRIPT="late", UWSGI_CHDIR=folder,
                         UWSGI_SETENV="LATE=1")
        assert (found["folder"], found["set"]) == (folder, ["LATE"])
        assert [app["chdir"] for app in found["workers"][0]["apps"]] == ["", folder]
        assert self.ask(server, SCRIPT_NAME="/one")["folder"] == str(bask.folder)

    def test_no_more_than_there_may_be(self, bask: Bask) -> None:
        server = self.start(bask, "--dynamic-apps", "--max-apps", "2")
        statuses = [self.ask(server, SCRIPT_NAME="/%d" % i, UWSGI_SCRIPT="many")["status"]
                    for i in (1, 2, 3, 1)]
        assert statuses == [200, 200, 500, 200]
        server.complained("more than --max-apps")

    def test_other_interpreter_is_refused(self, bask: Bask) -> None:
        server = self.start(bask, "--dynamic-apps")
        assert self.ask(server, UWSGI_SCRIPT="many", UWSGI_PYHOME="/venv")["status"] == 500
        server.complained("UWSGI_PYHOME is refused: all applications share one interpreter")

    def test_touched_file_reloads(self, bask: Bask) -> None:
        touched = bask.folder / "touched"
        touched.write_text("")
        server = self.start(bask, "--dynamic-apps", "--mount", "/=many", workers=1)
        worker = server.workers()
        self.ask(server, UWSGI_TOUCH_RELOAD=str(touched))
        touched.write_text("again")
        self.ask(server, UWSGI_TOUCH_RELOAD=str(touched))
        server.wait_log("touched: reloading")
        wait_until(lambda: server.workers() and server.workers() != worker, "the worker is new")


def test_clients_cannot_name_applications(bask: Bask) -> None:
    server = bask.start(*BY_PATH, "--dynamic-apps", "--wsgi-file", FILE)
    for name in ("UWSGI_FILE", "UWSGI-FILE", "Uwsgi-Script", "UWSGI-APPID"):
        assert ask(server, "/", **{name: "/nonesuch.py"})["name"] == "application"
    assert "nonesuch" not in server.log()
