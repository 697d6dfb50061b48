"""Jobs: what application threads do between requests, a function for each kind."""
import os
import sys
import traceback
from typing import Any, Callable, Dict

from bask_pypy import strays

ERROR = 0
SIGNAL, CALL = 1, 2  # enum bask_job_kind

Work = Callable[[Any], bytes]


class Failed(Exception):
    """The application raised in a job. What and where is in the log."""


class Jobs:
    """Runs jobs; `work` says how, by kind."""

    def __init__(self, services: Any) -> None:
        self._services = services
        self.work: Dict[int, Work] = {}

    def step(self, thread: Any) -> bool:
        """Does the job that `next` announced to a thread; False: it announced none."""
        services = self._services
        job = services.job(thread)
        if not job:
            return False
        failed, answer = True, b""
        try:
            answer = self.work[job.kind](job)
            failed = False
            strays.end_of_one(None)
        except Failed:
            pass
        except BaseException as error:  # noqa: B902: sys.exit() of a child ends it, too
            strays.end_of_one(error)
            raise
        finally:
            services.end_job(job, failed, answer)
        return True


def run(host: Any, what: str, function: Callable[..., Any], *args: Any) -> Any:
    """Calls a function of the application; whatever it raises is logged, and is Failed.

    In a process that the function has forked it is as it is: that process ends by it.
    """
    began_in = os.getpid()
    try:
        return function(*args)
    except BaseException:  # noqa: B902: sys.exit() too: it ends a job, not the worker
        if os.getpid() != began_in:
            raise
        at = sys.exc_info()[2]
        own = at.tb_next if at is not None and at.tb_next is not None else at
        kind, error, _ = sys.exc_info()
        lines = "".join(traceback.format_exception(kind, error, own)).rstrip("\n")
        host.log(ERROR, "%s raised:\n%s" % (what, lines))
        raise Failed from None
