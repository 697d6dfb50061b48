"""What tests of several workers ask of apps/workers.py."""
import json
from typing import Set

from support.client import make_request
from support.server import Server
from support.wait import wait_until


def wait_both_answer(server: Server) -> None:
    """Asks two slow questions at once until each of two workers has answered one."""
    seen: Set[int] = set()

    def both() -> bool:
        with server.connect() as one, server.connect() as two:
            one.send(make_request("GET", "/slow"))
            two.send(make_request("GET", "/slow"))
            seen.update(json.loads(each.answer().body)["pid"] for each in (one, two))
        return seen == set(server.workers())

    wait_until(both, "both workers have answered")
