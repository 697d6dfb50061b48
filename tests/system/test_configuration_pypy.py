"""Files of options with an application in PyPy, and a reload that changes them."""
import signal

from support.server import Bask
from support.wait import wait_until

APP = """\
import uwsgi


def make(name):
    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [("%s %s" % (name, uwsgi.opt.get("callable", uwsgi.opt["app"]).decode())).encode()]
    return application


one, two = make("one"), make("two")
"""

INI = """\
[uwsgi]
app = %%n
http-socket = 127.0.0.1:%d
module = %%(app)
pythonpath = %%d
callable = %s
master = true
need-app
"""


def test_reload_changes_the_application(bask: Bask) -> None:
    port = bask.ports.take()
    (bask.folder / "site_app.py").write_text(APP)
    ini = bask.folder / "site_app.ini"
    ini.write_text(INI % (port, "one"))
    server = bask.launch("site_app.ini", address=("127.0.0.1", port))
    server.worker_count = 1
    server.wait_ready()
    assert server.get("/").text == "one one"
    ini.write_text((INI % (port, "two")).replace("need-app\n", ""))
    server.send_signal(signal.SIGHUP)
    wait_until(lambda: server.get("/").text == "two two", "the other application answers")


def test_value_that_is_gone_is_not_kept(bask: Bask) -> None:
    """Options of a plugin, too, are what the file says and not what it once said."""
    port = bask.ports.take()
    (bask.folder / "site_app.py").write_text(APP + "application = make('default')\n")
    ini = bask.folder / "site_app.ini"
    ini.write_text(INI % (port, "one"))
    server = bask.launch("site_app.ini", address=("127.0.0.1", port))
    server.worker_count = 1
    server.wait_ready()
    ini.write_text((INI % (port, "one")).replace("callable = one\n", ""))
    server.send_signal(signal.SIGHUP)
    wait_until(lambda: server.get("/").text == "default site_app", "the default is back")


def test_reload_changes_the_environment(bask: Bask) -> None:
    port = bask.ports.take()
    (bask.folder / "site_app.py").write_text(
        "import os\n\n\ndef application(environ, start_response):\n"
        "    start_response('200 OK', [])\n"
        "    names = ('COLOUR', 'SHAPE', 'KEPT')\n"
        "    return [' '.join(os.environ.get(name, '-') for name in names).encode()]\n")
    ini = bask.folder / "site_app.ini"
    text = INI.replace("callable = %s\n", "env = %s\n")
    ini.write_text(text % (port, "COLOUR=red"))
    server = bask.launch("site_app.ini", address=("127.0.0.1", port), env={"KEPT": "yes"})
    server.worker_count = 1
    server.wait_ready()
    assert server.get("/").text == "red - yes"
    ini.write_text(text % (port, "SHAPE=round"))
    server.send_signal(signal.SIGHUP)
    wait_until(lambda: server.get("/").text == "- round yes", "the environment is new")
