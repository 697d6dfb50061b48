"""Plugins that files written for uWSGI name."""
from typing import Any

import pytest

from support.server import Bask

pytestmark = pytest.mark.null


@pytest.mark.parametrize("names", [
    "python,python2,python3,python35,python310,0:python3,http,corerouter,wsgi,cache,rpc,signal,spooler,ping",
    "logfile,logsocket,syslog,rsyslog,cheaper_busyness,cheaper_backlog2",
    "gevent,asyncio,ugreen,greenlet,symcall,clock_monotonic,stats_pusher_statsd",
    "/usr/lib/uwsgi/python3,/usr/lib/uwsgi/plugins/logfile_plugin.so",
])
def test_part_of_the_server_or_of_no_use(bask: Bask, names: str) -> None:
    (bask.folder / "app.ini").write_text("[uwsgi]\nplugins = %s\nneed-plugin = null\n" % names)
    server = bask.start("app.ini")
    assert server.get("/").status == 200
    assert "plugin" not in server.log()


@pytest.mark.parametrize("name, said", [
    ("php", r'app.ini:2: uWSGI\'s plugin "php" is not in this server: .*PHP-FPM'),
    ("psgi", r'plugin "psgi" is not .*a server of its own'),
    ("router_static", r"there is no internal routing"),
    ("transformation_gzip", r"there is no internal routing"),
    ("emperor_pg", r"systemd"),
    ("alarm_xmpp", r"--alarm can"),
    ("graylog2", r"log to a file"),
    ("sentry", r'there is no plugin named "sentry" .*no sentry_plugin.so in .*; going on without it'),
    ("/none/sentry_plugin.so", r"there is no plugin /none/sentry_plugin.so; going on without it"),
    ("/none/php", r'plugin "/none/php" is not in this server'),
])
def test_not_here(bask: Bask, name: str, said: str) -> None:
    (bask.folder / "app.ini").write_text("[uwsgi]\nplugins = http,%s,null\n" % name)
    server = bask.start("app.ini")
    server.complained(r"\[alert\] .*" + said)
    assert server.get("/").status == 200


def test_needed(bask: Bask) -> None:
    for name in ("php", "sentry", "/none/x.so"):
        for option in ("--need-plugin", "--need-plugins"):
            said = bask.refused("--plugin", "null", option, "http," + name)
            assert 'there is no plugin named "%s" in this server' % name in said


@pytest.mark.parametrize("name", ["php", "/none/php", "sentry"])
def test_only_a_plugin_that_is_not_here(bask: Bask, name: Any) -> None:
    said = bask.refused("--plugin", name)
    assert "plugin" in said and "no application was named" in said


def test_plugin_of_uwsgi_in_its_folder(bask: Bask) -> None:
    """A file that is there and no plugin of this server's ends the start, unless uWSGI put it there."""
    folder = bask.folder / "plugins"
    folder.mkdir()
    for name in ("python3", "php", "sentry", "python_of_mine"):
        (folder / (name + "_plugin.so")).write_bytes(b"\x7fELF for uWSGI")
    server = bask.start("--plugins-dir", str(folder), "--plugin", "php,python3,null")
    server.complained(r'plugin "php" is not in this server')
    for name in ("sentry", "python_of_mine"):
        said = bask.refused("--plugins-dir", str(folder), "--plugin", name + ",null")
        assert "cannot load the plugin" in said
