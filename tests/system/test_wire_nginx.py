"""Each case of tests/wire, with a request behind it, sent to Bask and to a real nginx. Where they do not
answer alike, tests/wire/nginx.differences says why; an unexplained difference fails, and so does an
explanation of none."""
import subprocess
from pathlib import Path
from typing import Callable, Dict, Tuple

import pytest

from support import wire
from support.client import Connection, make_request
from support.nginx import Nginx
from support.server import Bask, Server
from support.wire import cases

pytestmark = pytest.mark.null

DIFFERENCES = wire.WIRE / "nginx.differences"
TAIL = make_request("GET", "/bytes/5", {"Connection": "close"})
# What is refused inside a body shows only where the body is read: nginx passes it to itself. Half a body
# is given up soon.
READS_BODIES = """
    client_body_timeout 1s; proxy_ignore_client_abort on;
    if ($http_x_inner) {{ return 200; }}
    proxy_set_header X-Inner 1; proxy_pass http://127.0.0.1:$server_port;
"""


def explained() -> Dict[str, str]:
    """Case -> what nginx answers. An explanation is a line, its cases are indented below it."""
    found: Dict[str, str] = {}
    for line in DIFFERENCES.read_text().splitlines():
        if line.startswith("  "):
            case, _, answers = line.strip().partition(" ")
            assert case not in found, case
            found[case] = answers.strip().replace("nothing", "")
    return found


def version() -> str:
    told = subprocess.run(["/usr/sbin/nginx", "-v"], capture_output=True, encoding="utf-8",
                          check=True).stderr
    return told.strip().rpartition("/")[2]


@pytest.mark.parametrize("kind", ["valid", "invalid"])
def test_each_case_beside_nginx(bask: Bask, nginx: Callable[[str, str], Nginx], kind: str) -> None:
    stated = DIFFERENCES.read_text().split("\n", 1)[0].split()[-1]
    if version().rsplit(".", 1)[0] != stated.rsplit(".", 1)[0]:
        pytest.skip("the differences are those of nginx %s" % stated)
    front = nginx(READS_BODIES, "127.0.0.1:9")
    servers: Dict[Tuple[str, ...], Server] = {}
    known, wrong = explained(), []
    for case in cases(kind):
        options = tuple(wire.options(case))
        if options not in servers:
            servers[options] = bask.null(*options)
        data = case.read_bytes() + TAIL
        with servers[options].connect() as ours, Connection(front.address) as theirs:
            answers = wire.outcome(ours, data), wire.outcome(theirs, data)
        different = answers[0] != answers[1]
        if different != (case.stem in known) or (different and known[case.stem] != answers[1]):
            wrong.append("%s: Bask %r, nginx %r, explained %r"
                         % (case.stem, *answers, known.get(case.stem)))
    assert not wrong, "\n".join(wrong)


def test_explanations_are_of_cases() -> None:
    names = {case.stem for kind in ("valid", "invalid") for case in cases(kind)}
    assert set(explained()) <= names
