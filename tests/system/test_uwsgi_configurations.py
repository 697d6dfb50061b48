"""Configurations as people have them for uWSGI and CPython: they run here unchanged.

They are whole and of the usual kind; what a test adds is where its files are, by the environment.
"""
import os
import stat
from pathlib import Path
from typing import Dict

import pytest

from support import uwsgi, venv
from support.server import Bask, Server

DJANGO = """
# uwsgi --ini shop.ini
[uwsgi]
project         = shop
base            = %d
chdir           = %(base)%(project)
home            = %(base)venv
module          = %(project).wsgi:application
env             = DJANGO_SETTINGS_MODULE=%(project).settings
plugins         = python3
master          = true
processes       = 2
threads         = 2
enable-threads  = true
single-interpreter = true
need-app        = true
socket          = %(base)%(project).sock
chmod-socket    = 664
buffer-size     = 32768
post-buffering  = 4096
harakiri        = 30
max-requests    = 5000
reload-mercy    = 8
die-on-term     = true
procname-prefix = %(project)
vacuum          = true
py-call-osafterfork = true
"""
DJANGO_FILES = {
    "shop/shop/__init__.py": "",
    "shop/shop/settings.py": "SECRET_KEY = 'x'\nALLOWED_HOSTS = ['*']\nDEBUG = False\n"
                             "ROOT_URLCONF = 'shop.urls'\n",
    "shop/shop/urls.py": "import sys\nfrom django.http import HttpResponse\n"
                         "from django.urls import path\n"
                         "urlpatterns = [path('', lambda request: HttpResponse('django on '"
                         " + sys.implementation.name + ' in ' + sys.prefix))]\n",
    "shop/shop/wsgi.py": "from django.core.wsgi import get_wsgi_application\n"
                         "application = get_wsgi_application()\n",
}
FLASK = """
[uwsgi]
; the usual way of tutorials
http-socket = $(SITE_ADDRESS)
chdir = $(SITE_FOLDER)
pythonpath = lib/*
wsgi-file = run.py
callable = app
virtualenv = venv
processes = 2
master = 1
lazy-apps = true
import = warm_caches
pyargv = --config production.cfg
touch-reload = $(SITE_FOLDER)/reload
plugin = http,python3
python-version = 3.9
"""
FLASK_FILES = {
    "run.py": "import sys\nfrom flask import Flask\nimport helper, warm_caches\n"
              "app = Flask(__name__)\n@app.route('/')\ndef home():\n"
              "    return 'flask %s %s %s' % (helper.WORD, warm_caches.DONE, sys.argv[1:])\n",
    "lib/site/helper.py": "WORD = 'helped'\n",
    "warm_caches.py": "DONE = True\n",
    "reload": "",
}
PYRAMID = """
[app:main]
use = call:pyramid_site:main
title = production

[server:main]
use = egg:waitress#main
listen = localhost:6543

[uwsgi]
http-socket = $(SITE_ADDRESS)
virtualenv = $(SITE_FOLDER)/venv
master = true
processes = 2
threads = 2
harakiri = 60
pythonpath = $(SITE_FOLDER)

[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = generic
[logger_root]
level = INFO
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = NOTSET
formatter = generic
[formatter_generic]
format = %(asctime)s %(levelname)-5.5s [%(name)s:%(lineno)s] %(message)s
"""
PYRAMID_FILES = {
    "pyramid_site.py": "import logging\nfrom pyramid.config import Configurator\n"
                       "from pyramid.response import Response\n"
                       "def home(request):\n"
                       "    logging.getLogger('shop').info('seen %s', request.path)\n"
                       "    return Response('pyramid in ' + request.registry.settings['title'])\n"
                       "def main(global_config, **settings):\n"
                       "    config = Configurator(settings=settings)\n"
                       "    config.add_route('home', '/')\n"
                       "    config.add_view(home, route_name='home')\n"
                       "    return config.make_wsgi_app()\n",
}


@pytest.fixture
def site(bask: Bask) -> Path:
    """A folder with a virtualenv in it."""
    folder = bask.folder / "site"
    folder.mkdir()
    (folder / "venv").symlink_to(venv.packages())
    return folder


def fill(site: Path, config: str, files: Dict[str, str]) -> str:
    for name, text in {**files, "shop.ini": config}.items():
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(site / "shop.ini")


def start(bask: Bask, site: Path, *words: str) -> Server:
    address = ("127.0.0.1", bask.ports.take())
    env = {"SITE_ADDRESS": "%s:%d" % address, "SITE_FOLDER": str(site)}
    server = bask.launch(*words, env=env, address=address)
    server.worker_count = 2  # by the file
    server.wait_ready()
    return server


def no_warnings(server: Server) -> None:
    assert "not an option" not in server.log()
    assert "does not have" not in server.log()


def test_django_behind_nginx(bask: Bask, site: Path) -> None:
    config = fill(site, DJANGO, DJANGO_FILES)
    address = str(site / "shop.sock")
    server = bask.launch("--ini", config, address=address)
    server.worker_count = 2
    server.wait_ready()
    assert stat.S_IMODE(os.stat(address).st_mode) == 0o664
    with server.connect() as connection:
        connection.send(uwsgi.request())
        answer = connection.rest()
    assert ("django on pypy in %s" % venv.packages()).encode() in answer
    no_warnings(server)


def test_flask_with_lazy_apps(bask: Bask, site: Path) -> None:
    server = start(bask, site, fill(site, FLASK, FLASK_FILES))
    assert server.get("/").text == "flask helped True ['--config', 'production.cfg']"
    no_warnings(server)


@pytest.mark.parametrize("option", ["--ini-paste", "--ini-paste-logged"])
def test_pyramid(bask: Bask, site: Path, option: str) -> None:
    server = start(bask, site, option, fill(site, PYRAMID, PYRAMID_FILES))
    assert server.get("/").text == "pyramid in production"
    if option == "--ini-paste-logged":
        server.wait_log(r"INFO +\[shop:5\] seen /")
    no_warnings(server)
