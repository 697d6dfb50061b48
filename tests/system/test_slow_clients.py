"""slowhttptest's four modes: each slow client is cut off, and others are served meanwhile."""
import json
import shutil
import subprocess
import time
from typing import List, Tuple

import pytest

from support.client import make_request
from support.server import Bask

PROGRAM = shutil.which("slowhttptest")

pytestmark = [pytest.mark.null,
              pytest.mark.skipif(not PROGRAM, reason="slowhttptest is not installed")]

CLIENTS = 100
MODES: List[Tuple[str, List[str], str, str]] = [
    ("slow heads", ["-H", "-i", "1"], "/", "slow_heads"),
    ("slow bodies", ["-B", "-s", "8192", "-i", "1"], "/", "slow_bodies"),
    ("ranges", ["-R", "-t", "HEAD", "-a", "10", "-b", "3000"], "/", ""),
    ("slow readers", ["-X", "-w", "512", "-y", "1024", "-n", "1", "-z", "32", "-k", "3"],
     "/bytes/5000000", "slow_readers"),
]


@pytest.mark.parametrize("mode, path, counter", [mode[1:] for mode in MODES],
                         ids=[mode[0] for mode in MODES])
def test_slowhttptest(bask: Bask, mode: List[str], path: str, counter: str) -> None:
    server = bask.null("--control-socket", "control", "--http-headers-timeout", "2",
                       "--socket-timeout", "2", "--min-response-rate", "100k", workers=1)
    assert PROGRAM
    attack = subprocess.Popen(
        [PROGRAM, *mode, "-u", server.url + path, "-c", str(CLIENTS), "-r", str(CLIENTS),
         "-l", "8", "-p", "3"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, encoding="utf-8", cwd=bask.folder)
    with server.connect() as connection:
        while attack.poll() is None:
            connection.send(make_request("GET", "/"))
            assert connection.answer().status == 200
            time.sleep(0.02)
    assert attack.stdout
    text = attack.stdout.read()
    attack.stdout.close()
    assert "service available:   NO" not in text, text
    if counter:
        status = json.loads(server.ctl("status", "--json").stdout)
        assert status["workers"][0]["clients"][counter] >= CLIENTS * 0.9, text
