"""uwsgi.alarm, and what an application writes where lines of the log raise alarms."""
import pytest

from support.server import Bask, Server
from support.wait import wait_until
from test_alarms import told

APPLICATION = """
import logging, sys, uwsgi
logging.basicConfig()
uwsgi.alarm("a", "loaded")

def application(environ, start_response):
    what = environ["QUERY_STRING"]
    if what == "alarm":
        uwsgi.alarm(b"a", "asked: \u00e4")
        uwsgi.alarm("no such", "x")
        uwsgi.alarm("no such", "y")
    elif what == "print":
        print("printed fire")
        sys.stdout.flush()
    elif what == "log":
        logging.error("logged fire")
    elif what == "errors":
        environ["wsgi.errors"].write("written fire\\n")
    elif what == "raise":
        raise ValueError("raised fire")
    start_response("200 OK", [])
    return [b"ok"]
"""


def start(bask: Bask, *options: str) -> Server:
    (bask.folder / "application.py").write_text(APPLICATION, encoding="utf-8")
    return bask.start("--wsgi-file", "application.py", "--disable-logging", *options, workers=1)


def test_alarm(bask: Bask) -> None:
    server = start(bask, "--alarm", "a log:it says")
    wait_until(lambda: told(server) == ["it says loaded"], "an alarm of the zygote")
    assert server.get("/?alarm").status == 200
    wait_until(lambda: told(server)[1:] == ["it says asked: \u00e4"], "an alarm of a worker")
    assert server.log().count("there is no alarm 'no such': nobody is told") == 1


def test_server_without_alarms(bask: Bask) -> None:
    """The same application on a developer's machine."""
    (bask.folder / "application.py").write_text(APPLICATION, encoding="utf-8")
    server = bask.start("--wsgi-file", "application.py")
    assert server.get("/?alarm").body == b"ok"
    assert "no alarm" not in server.log()


@pytest.mark.parametrize("what, line", [
    ("print", "printed fire"), ("log", "ERROR:root:logged fire"), ("errors", "written fire"),
    ("raise", "ValueError: raised fire")])
def test_what_the_application_writes(bask: Bask, what: str, line: str) -> None:
    server = start(bask, "--alarm", "a log:", "--log-alarm", "a fire$")
    assert server.get("/?" + what).status == (500 if what == "raise" else 200)
    wait_until(lambda: line in told(server), "the line is an alarm")
    assert line in server.log().splitlines()  # and still a line of the log
    assert told(server) == ["loaded", line]
    if what == "raise":
        server.complained("Traceback")
