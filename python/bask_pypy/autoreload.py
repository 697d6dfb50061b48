"""--py-autoreload: reloads the server when the file of a loaded module changes. For development.

Worker 1 looks; what it loaded is what all have. The reload is the ordinary one: a version that does
not load never takes over, and the present one goes on, and looks for the next change.
"""
import os
import signal
import sys
import threading
import time
from typing import Any, Dict, Iterable, Iterator, List

from bask_pypy.applications import INFO

WATCHING_WORKER = 1


def module_files(ignored: Iterable[str]) -> Iterator[str]:
    """The files of all modules that are loaded."""
    skip = set(ignored)
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and name not in skip:
            yield path[:-1] if path.endswith(".pyc") else path


class Autoreload:
    """The files, and when each was modified."""

    def __init__(self, host: Any) -> None:
        self.host = host
        self.seconds = int("".join(host.option("py-autoreload")) or 0)
        self.ignored = list(host.option("py-auto-reload-ignore"))
        self.seen: Dict[str, int] = {}

    def look(self) -> List[str]:
        """Files that are others than at the last look. One that is gone will come back."""
        changed: List[str] = []
        if not self.seconds:
            return changed
        for path in module_files(self.ignored):
            try:
                modified = os.stat(path).st_mtime_ns
            except OSError:
                continue
            if self.seen.setdefault(path, modified) != modified:
                self.seen[path] = modified
                changed.append(path)
        return changed

    def start(self, worker_id: int) -> None:
        """A worker begins; what it inherited was seen when it was loaded."""
        if self.seconds and worker_id == WATCHING_WORKER:
            threading.Thread(target=self._watch, name="autoreload", daemon=True).start()

    def _watch(self) -> None:
        while True:
            time.sleep(self.seconds)
            changed = self.look()
            if changed:
                self.host.log(INFO, "%s changed: reloading" % ", ".join(sorted(changed)))
                os.kill(self.host.server_info().master_pid or os.getpid(), signal.SIGHUP)
