"""Reloads of a server whose user may not read what root did at the start."""
import json
import os
import re
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

from support.server import Bask

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

ENVIRONMENT = """
import json, os
loaded = dict(os.environ)
def application(environ, start_response):
    start_response('200 OK', [])
    return [json.dumps(loaded).encode()]
"""


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest) -> Path:
    """The server's folder: one that everybody may enter, so that nothing else is in the way. Reports
    of failed tests need it once more."""
    folder = tempfile.mkdtemp(prefix="bask-", dir="/tmp")
    request.config.add_cleanup(lambda: shutil.rmtree(folder))
    os.chmod(folder, 0o755)
    return Path(folder)


def variables(bask: Bask, folder_mode: int, file_mode: int) -> None:
    folder = bask.folder / "env"
    folder.mkdir()
    (folder / "EMPTY").touch(0o600)  # nobody has to read it
    (folder / "SECRET").write_text("sesame\n")
    (folder / "SECRET").chmod(file_mode)
    folder.chmod(folder_mode)


def test_folder_of_variables_that_is_roots(bask: Bask) -> None:
    variables(bask, 0o700, 0o600)
    (bask.folder / "app.py").write_text(ENVIRONMENT)
    server = bask.start("--wsgi-file", "app.py", "--envdir", "env", "--uid", "nobody", workers=1)
    server.send_signal(signal.SIGHUP)
    server.wait_log("generation 2 serves")
    assert "env cannot be read any more: the options stay as they are" in server.log()
    assert json.loads(server.get("/").body)["SECRET"] == "sesame"


@pytest.mark.null
@pytest.mark.parametrize("folder_mode, file_mode, what", [
    (0o700, 0o644, "env"), (0o744, 0o644, "env/[A-Z]+"), (0o755, 0o600, "env/SECRET")])
def test_what_of_it_is_roots(bask: Bask, folder_mode: int, file_mode: int, what: str) -> None:
    variables(bask, folder_mode, file_mode)
    server = bask.null("--envdir", "env", "--uid", "nobody", workers=1)
    server.send_signal(signal.SIGHUP)
    server.wait_log("generation 2 serves")
    said = " %s cannot be read any more: the options stay as they are" % what
    assert re.search(said, server.log())


@pytest.mark.null
def test_folder_of_variables_that_is_everybodys(bask: Bask) -> None:
    variables(bask, 0o755, 0o644)
    server = bask.null("--envdir", "env", "--uid", "nobody", workers=1)
    server.send_signal(signal.SIGHUP)
    server.wait_log("generation 2 serves")
    assert "cannot be read" not in server.log()


@pytest.mark.null
def test_folder_of_variables_in_another_root(bask: Bask) -> None:
    """There its name is another folder's."""
    variables(bask, 0o755, 0o644)
    root = bask.folder / "root"
    (root / str(bask.folder / "env").lstrip("/")).mkdir(parents=True)
    # The leak detector needs /proc.
    server = bask.null("--envdir", "env", "--chroot", str(root), workers=1,
                       env={"ASAN_OPTIONS": "detect_leaks=0"})
    server.send_signal(signal.SIGHUP)
    server.wait_log("generation 2 serves")
    assert " env cannot be read any more: the options stay as they are" in server.log()
