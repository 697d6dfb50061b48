"""Applications that say who they are, where they are mounted, and what the server knows of them."""
import json
import os
import sys
from typing import Any, Iterable

import uwsgi  # type: ignore[import-not-found]


def plain(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else str(value)


class Site:
    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.endswith("/raise"):
            raise ValueError("out of order")
        found = {
            "name": self.name, "script": environ["SCRIPT_NAME"], "path": path, "pid": os.getpid(),
            "scheme": environ["wsgi.url_scheme"], "folder": os.getcwd(), "file": __file__,
        }
        if path.endswith("/workers"):
            found["workers"] = uwsgi.workers()
            found["set"] = sorted(set(os.environ) & {"LATE"})
        if path.endswith("/modules"):
            found["modules"] = sorted(name for name in sys.modules if "many" in name)
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(found, default=plain).encode()]


application = Site("application")
one = Site("one")
two = Site("two")
