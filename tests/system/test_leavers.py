"""Clients that leave at random points; bench/soak/leavers does the same for longer."""
import pytest

from support import leavers
from support.server import Bask

pytestmark = pytest.mark.null

CLIENTS = 300


@pytest.mark.parametrize("options", [
    ["--threads", "1"], ["--threads", "4"], ["--threads", "2", "--post-buffering", "0"],
], ids=" ".join)
def test_whoever_stays_is_served(bask: Bask, options: "list[str]") -> None:
    """Descriptors and processes are looked at afterwards, as in every test."""
    server = bask.null(*options, "--disable-logging", "--socket-timeout", "5")
    leavers.soak(server.address, seed=len(options[1]) + len(options), count=CLIENTS)
    assert server.get("/").status == 200
    server.complained("")
