"""The decorators of uWSGI's module of this name that have something to decorate in this server."""
import threading
from typing import Any, Callable, List

import uwsgi  # type: ignore[import-not-found]

postfork_chain: List["postfork"] = []


def postfork_chain_hook() -> None:
    """What uwsgi.post_fork_hook is set to: calls what @postfork decorated, in that order."""
    for hook in postfork_chain:
        hook()


class postfork:  # noqa: N801: the name is uWSGI's
    """Calls a function in each worker before its first request.

    @postfork for all workers, @postfork(2) for the worker with that id.
    """

    def __init__(self, f: Any) -> None:
        self.f: Any = None
        self.wid = 0
        if callable(f):
            self.f = f
        else:
            self.wid = int(f)
        postfork_chain.append(self)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.f is None:
            self.f = args[0]
            return self.f
        if self.wid in (0, uwsgi.worker_id()):
            return self.f(*args, **kwargs)
        return None


def thread(f: Callable[..., Any]) -> Callable[..., threading.Thread]:
    """@thread: calling the function runs it in a thread of its own, which does not keep a worker
    from ending."""

    def start(*args: Any, **kwargs: Any) -> threading.Thread:
        started = threading.Thread(target=f, args=args, kwargs=kwargs, daemon=True)
        started.start()
        return started

    return start


uwsgi.post_fork_hook = postfork_chain_hook
