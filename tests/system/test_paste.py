"""Applications that a file of paste.deploy describes, with the real paste.deploy and Pyramid."""
from pathlib import Path
from typing import Dict, List

import pytest

from support import venv
from support.server import Bask

SITE = """
import logging
from pyramid.config import Configurator
from pyramid.response import Response

def home(request):
    logging.getLogger("site").info("asked for %s", request.path)
    return Response("%s of %s" % (request.registry.settings["greeting"], __name__))

def main(global_config, **settings):
    with Configurator(settings=settings) as config:
        config.add_route("home", "/")
        config.add_view(home, route_name="home")
        return config.make_wsgi_app()
"""
APP = """
[app:main]
paste.app_factory = site_of_paste:main
greeting = hello
pyramid.reload_templates = false

[app:other]
paste.app_factory = site_of_paste:main
greeting = other
"""
LOGGING = """
[loggers]
keys = root, site
[handlers]
keys = file
[formatters]
keys = plain
[logger_root]
level = WARN
handlers = file
[logger_site]
level = INFO
handlers =
qualname = site
[handler_file]
class = FileHandler
args = (r'%(here)s/site.log', 'a')
level = NOTSET
formatter = plain
[formatter_plain]
format = %(levelname)s %(name)s %(message)s
"""


@pytest.fixture
def env(bask: Bask) -> Dict[str, str]:
    """The environment for servers whose virtualenv has paste.deploy."""
    (bask.folder / "site_of_paste.py").write_text(SITE)
    return {"UWSGI_VIRTUALENV": str(venv.packages())}


def config(bask: Bask, *parts: str, name: str = "site.ini") -> Path:
    path = bask.folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(parts))
    return path


def logged(bask: Bask) -> str:
    path = bask.folder / "site.log"
    return path.read_text() if path.exists() else ""


@pytest.mark.parametrize("option", ["--paste", "--pypy-paste"])
@pytest.mark.parametrize("value, greeting", [
    ("config:site.ini", "hello"), ("config:%s", "hello"), ("site.ini", "hello"),
    ("config:site.ini#other", "other")])
def test_paste(bask: Bask, env: Dict[str, str], option: str, value: str, greeting: str) -> None:
    path = config(bask, APP)
    value = value.replace("%s", str(path))
    server = bask.start(option, value, env=env)
    assert server.get("/").text == greeting + " of site_of_paste"


@pytest.mark.parametrize("option", ["--ini-paste", "--pypy-ini-paste", "--ini-paste-logged"])
@pytest.mark.parametrize("absolute", [False, True])
def test_options_in_the_file(
        bask: Bask, env: Dict[str, str], option: str, absolute: bool) -> None:
    """The section [uwsgi] is read at once; a relative path is meant from the folder of the start."""
    path = config(bask, APP, "[uwsgi]\nthreads = 3\nchdir = elsewhere\npythonpath = ..\n",
                  "procname-prefix = paste-%n\n")
    (bask.folder / "elsewhere").mkdir()
    server = bask.start(option, str(path) if absolute else "site.ini", env=env)
    assert server.get("/").text == "hello of site_of_paste"
    server.wait_log("cores: 3")


@pytest.mark.parametrize("option", ["--ini-paste", "--pypy-ini-paste", "--ini-paste-logged"])
def test_file_without_options_and_without_logging(
        bask: Bask, env: Dict[str, str], option: str) -> None:
    config(bask, APP)
    assert bask.start(option, "site.ini", env=env).get("/").status == 200


@pytest.mark.parametrize("words, expected", [
    (["--ini-paste", "site.ini"], False),
    (["--paste", "config:site.ini"], False),
    (["--ini-paste-logged", "site.ini"], True),
    (["--ini-paste", "site.ini", "--paste-logger"], True),
    (["--paste", "config:site.ini", "--paste-logger"], True),
    (["--pypy-paste", "config:site.ini"], True),
    (["--pypy-ini-paste", "site.ini"], True),
    (["--pypy-ini-paste", "site.ini", "--no-paste-logger"], False),
])
def test_logging(
        bask: Bask, env: Dict[str, str], words: List[str], expected: bool) -> None:
    config(bask, APP, LOGGING)
    server = bask.launch(*words, env=env)
    server.wait_ready()
    server.idle = False  # the handler's file
    assert server.get("/").status == 200
    assert logged(bask) == ("INFO site asked for /\n" if expected else "")


def test_options_of_the_file_are_those_of_a_reload(bask: Bask, env: Dict[str, str]) -> None:
    config(bask, APP, "[uwsgi]\nmaster = true\nprocesses = 1\ncontrol-socket = control\n")
    server = bask.start("--ini-paste", "site.ini", env=env, workers=1)
    config(bask, APP.replace("hello", "changed"),
           "[uwsgi]\nmaster = true\nprocesses = 1\ncontrol-socket = control\n")
    server.ctl("reload")
    assert server.get("/").text == "changed of site_of_paste"


def test_a_file_that_is_missing(bask: Bask, env: Dict[str, str]) -> None:
    assert "cannot read none.ini" in bask.refused("--ini-paste", "none.ini", env=env)
    said = bask.refused("--paste", "config:none.ini", env=env, status=22)
    assert "cannot read %s/none.ini" % bask.folder in said
    assert "Traceback" not in said


def test_without_paste_deploy(bask: Bask) -> None:
    config(bask, APP)
    said = bask.refused("--paste", "config:site.ini", status=22)
    assert "pip install PasteDeploy" in said
    assert "Traceback" not in said


def test_a_part_of_the_application_that_fails(bask: Bask, env: Dict[str, str]) -> None:
    config(bask, APP.replace("site_of_paste:main", "no_such_module:main"))
    assert "no_such_module" in bask.refused("--paste", "config:site.ini", env=env, status=22)


def test_bad_option_in_the_file_is_named(bask: Bask, env: Dict[str, str]) -> None:
    config(bask, APP, "[uwsgi]\nthreads = many\n")
    said = bask.refused("--ini-paste", "site.ini", env=env)
    assert "site.ini:" in said and "threads" in said
