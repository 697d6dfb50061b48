"""The ways to install that the documentation of uWSGI's PyPy plugin has: pip, setup.py, make, the installer."""
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support import unpacked
from support.server import BINARY, ROOT, Bask

INSTALLER = ROOT / "packaging" / "install.sh"
HELLO = """
import sys

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [sys.prefix.encode()]
"""

pytestmark = pytest.mark.timeout(900)  # a whole build each


def run(*words: Any, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([str(word) for word in words], check=False, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
                          env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **env})


def serve(bask: Bask, program: Path) -> str:
    """What an application says on it, without a word about PyPy."""
    (bask.folder / "hello.py").write_text(HELLO)
    address = ("127.0.0.1", bask.ports.take())
    server = bask.launch("--http-socket", "%s:%d" % address, "--module", "hello:application",
                         program=(str(program),), address=address)
    server.wait_ready()
    return server.get("/").text


@pytest.mark.parametrize("command", ["-m pip install .", "setup.py install"])
def test_pip_installs_into_a_virtualenv_of_pypy(bask: Bask, command: str) -> None:
    """The server is on the virtualenv's PyPy, which nothing has named."""
    venv = bask.folder / "venv"
    assert run(unpacked.PYPY, "-m", "venv", venv).returncode == 0
    words = [str(ROOT) if word == "." else word.replace("setup.py", str(ROOT / "setup.py"))
             for word in command.split()]
    done = run(venv / "bin" / "pypy3", *words, TMPDIR=str(bask.folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert serve(bask, venv / "bin" / "bask") == str(venv)
    assert run(venv / "bin" / "bask-ctl", "--version").returncode == 0


def test_server_in_an_unpacked_pypy_takes_it(bask: Bask) -> None:
    home = bask.folder / "unpacked"
    unpacked.make(home)
    (home / "bin" / "pypy3").symlink_to(unpacked.PYPY)
    shutil.copy(BINARY, home / "bin" / "bask")
    assert serve(bask, home / "bin" / "bask") == str(home)


def test_setup_py_is_for_installing() -> None:
    done = run(unpacked.PYPY, ROOT / "setup.py", "bdist")
    assert done.returncode == 1 and "usage: setup.py install" in done.stderr


def test_installer_is_piped_into_bash(bask: Bask) -> None:
    """`curl .../install | bash -s pypy /tmp/uwsgi`, from an archive with a checksum."""
    archive, program = bask.folder / "bask.tar.gz", bask.folder / "uwsgi"
    assert run("tar", "-C", ROOT, "--exclude=./build*", "--exclude=./.git", "-czf", archive,
               "--transform=s,^,bask/,", ".").returncode == 0
    checksum = run("sha256sum", archive).stdout.split()[0]
    pipe = "curl -fsS file://%s | bash -s pypy %s" % (INSTALLER, program)
    temporary = bask.folder / "tmp"
    temporary.mkdir()
    env = {"BASK_SOURCE": "file://%s" % archive, "TMPDIR": str(temporary)}
    done = run("bash", "-c", pipe, **env, BASK_SHA256="0" * 64)
    assert done.returncode == 1 and "another checksum" in done.stderr and not program.exists()
    done = run("bash", "-c", pipe, **env, BASK_SHA256=checksum)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("%s " % program)
    assert not list(temporary.iterdir())
    assert serve(bask, program) == "/usr"


@pytest.mark.parametrize("arguments, complaint", [
    ("", "usage: install.sh PROFILE BINARY"),
    ("pypy", "usage: install.sh PROFILE BINARY"),
    ("pypy x", '"x", expected the absolute path of the program to make'),
    ("pypy /nonexistent/x", "there is no folder /nonexistent"),
    ("pypy /tmp/x", "BASK_SOURCE is not set"),
])
def test_installer_says_what_it_wants(arguments: str, complaint: str) -> None:
    done = run("bash", "-c", "cat %s | bash -s %s" % (INSTALLER, arguments))
    assert done.returncode == 1 and complaint in done.stderr


@pytest.mark.parametrize("source, complaint", [
    ("/nonexistent/bask.tar.gz", "No such file"),
    ("/nonexistent", "/nonexistent is no source tree, archive or repository"),
])
def test_installer_finds_no_source(tmp_path: Path, source: str, complaint: str) -> None:
    done = run(INSTALLER, "pypy", tmp_path / "bask", BASK_SOURCE=source, TMPDIR=str(tmp_path))
    assert done.returncode != 0 and complaint in done.stderr
    assert not list(tmp_path.iterdir())


def test_installer_takes_the_profiles_of_make(tmp_path: Path) -> None:
    done = run(INSTALLER, "ruby", tmp_path / "bask", TMPDIR=str(tmp_path))
    assert done.returncode != 0 and '"ruby", expected default, pypy' in done.stderr
    assert not list(tmp_path.iterdir())


def test_make_takes_a_profile() -> None:
    done = run("make", "-C", ROOT, "--no-print-directory", "-n", "all", UWSGI_PROFILE="pypy")
    assert done.returncode == 0
    done = run("make", "-C", ROOT, "--no-print-directory", "profile", UWSGI_PROFILE="ruby")
    assert done.returncode == 2 and '"ruby", expected default, pypy' in done.stderr
