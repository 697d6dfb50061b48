"""The decorators of uWSGI's module of this name that have something to decorate in this server."""
import functools
import threading
from typing import Any, Callable, List, TypeVar

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


Handler = TypeVar("Handler", bound=Callable[..., Any])


def get_free_signal() -> int:
    """A number that has no handler yet."""
    for number in range(256):
        if not uwsgi.signal_registered(number):
            return number
    raise Exception("No free uwsgi signal available")  # the words are uWSGI's


class signal:  # noqa: N801
    """@signal(17): the function handles this signal; target: which workers it runs in."""

    def __init__(self, num: int, **kwargs: Any) -> None:
        self.num = num
        self.target = kwargs.get("target", "")

    def __call__(self, f: Handler) -> Handler:
        uwsgi.register_signal(self.num, self.target, f)
        self.add()
        return f

    def add(self) -> None:
        """What else raises it."""


class _Raised(signal):
    """A signal that is raised by something the decorator names, with its number or a free one."""

    def __init__(self, **kwargs: Any) -> None:
        number = kwargs.get("signum")
        super().__init__(get_free_signal() if number is None else number, **kwargs)


class timer(_Raised):  # noqa: N801
    """@timer(3): the function runs every three seconds."""

    def __init__(self, secs: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.secs = secs

    def add(self) -> None:
        uwsgi.add_timer(self.num, self.secs)


class rbtimer(_Raised):  # noqa: N801
    """@rbtimer(3): the same; iterations: how often."""

    def __init__(self, secs: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.secs = secs
        self.iterations = kwargs.get("iterations", 0)

    def add(self) -> None:
        uwsgi.add_rb_timer(self.num, self.secs, self.iterations)


class mstimer(_Raised):  # noqa: N801
    """@mstimer(500): the function runs every half second."""

    def __init__(self, msecs: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.msecs = msecs

    def add(self) -> None:
        uwsgi.add_ms_timer(self.num, self.msecs)


class cron(_Raised):  # noqa: N801
    """@cron(30, 3, -1, -1, -1): the function runs at half past three."""

    def __init__(
        self, minute: int, hour: int, day: int, month: int, dayweek: int, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.when = (minute, hour, day, month, dayweek)

    def add(self) -> None:
        uwsgi.add_cron(self.num, *self.when)


class filemon(_Raised):  # noqa: N801
    """@filemon("/a/path"): the function runs when the file, or something in the folder, changes."""

    def __init__(self, fsobj: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fsobj = fsobj

    def add(self) -> None:
        uwsgi.add_file_monitor(self.num, self.fsobj)


class rpc:  # noqa: N801
    """@rpc("name"): the function can be called by that name."""

    def __init__(self, name: Any) -> None:
        self.name = name

    def __call__(self, f: Handler) -> Handler:
        uwsgi.register_rpc(self.name, f)
        return f


def lock(f: Callable[..., Any]) -> Callable[..., Any]:
    """@lock: the function runs in one thread of one worker at a time (lock 0)."""

    @functools.wraps(f)
    def locked(*args: Any, **kwargs: Any) -> Any:
        uwsgi.lock()
        try:
            return f(*args, **kwargs)
        finally:
            uwsgi.unlock()

    return locked


class harakiri:  # noqa: N801
    """@harakiri(30): a request that is longer than that in the function is cut off."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds

    def __call__(self, f: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(f)
        def limited(*args: Any, **kwargs: Any) -> Any:
            uwsgi.set_user_harakiri(self.seconds)
            try:
                return f(*args, **kwargs)
            finally:
                uwsgi.set_user_harakiri(0)

        return limited


uwsgi.post_fork_hook = postfork_chain_hook
