"""The decorators of uWSGI's module of this name that have something to decorate in this server."""
import functools
import pickle
import sys
import threading
import traceback
from typing import Any, Callable, Dict, List, Optional, TypeVar, Union

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


# Mules

mule_functions: Dict[str, Callable[..., Any]] = {}
MULE_SERVICE = "uwsgi_mulefunc"


def mule_msg_dispatcher(message: bytes) -> Any:
    """What uwsgi.mule_msg_hook is set to: calls what @mulefunc decorated."""
    call = pickle.loads(message)
    if call["service"] == MULE_SERVICE:
        return mule_functions[call["func"]](*call["args"], **call["kwargs"])
    return None


class mulefunc:  # noqa: N801
    """@mulefunc: calling the function has a mule do it; @mulefunc(2): that mule; @mulefunc("farm"):
    one of that farm."""

    def __init__(self, f: Any) -> None:
        self.fname: Optional[str] = None
        self.mule: Union[int, str] = 0
        if callable(f):
            self._learn(f)
        else:
            self.mule = f

    def _learn(self, f: Callable[..., Any]) -> None:
        self.fname = f.__name__
        mule_functions[f.__name__] = f

    def real_call(self, *args: Any, **kwargs: Any) -> Any:
        call = {"service": MULE_SERVICE, "func": self.fname, "args": args, "kwargs": kwargs}
        return uwsgi.mule_msg(pickle.dumps(call), self.mule)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.fname is None:
            self._learn(args[0])
            return self.real_call
        return self.real_call(*args, **kwargs)


class _InMule:
    """A function that is run in a mule, when that begins. The decorated name stays the function."""

    def __init__(self, num: int) -> None:
        self.num = num

    def __call__(self, f: Handler) -> Handler:
        def begin() -> None:
            if uwsgi.mule_id() == self.num:
                self.attempt(f)

        postfork_chain.append(begin)
        return f

    def attempt(self, f: Callable[..., Any]) -> None:
        try:
            self.run(f)
        except Exception:
            traceback.print_exc()
            sys.exit(1)

    def run(self, f: Callable[..., Any]) -> None:
        f()


class mule(_InMule):  # noqa: N801
    """@mule(1): the function runs once in mule 1."""


class muleloop(_InMule):  # noqa: N801
    """@muleloop(1): the function runs again and again in mule 1."""

    def run(self, f: Callable[..., Any]) -> None:
        while True:
            f()


class mulemsg(_InMule):  # noqa: N801
    """@mulemsg(1): the function gets each message to mule 1."""

    def run(self, f: Callable[..., Any]) -> None:
        while True:
            message = uwsgi.mule_get_msg()
            if message:
                f(message)


class farm(_InMule):  # noqa: N801
    """@farm("name"): the function gets messages to the farm, in each of its mules."""

    def __init__(self, name: Any = None, **kwargs: Any) -> None:
        self.name = name

    def __call__(self, f: Handler) -> Handler:
        def begin() -> None:
            if uwsgi.mule_id() and uwsgi.in_farm(self.name):
                self.attempt(f)

        postfork_chain.append(begin)
        return f

    def run(self, f: Callable[..., Any]) -> None:
        while True:
            message = uwsgi.farm_get_msg()
            if message:
                f(message)


# The spooler

spooler_functions: Dict[str, Callable[..., Any]] = {}
RESERVED = ("spooler", "priority", "at", "body")  # what uwsgi.spool takes beside items


def _text(value: Any) -> Any:
    """Bytes as the text they were; a body that is none stays as it is."""
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def manage_spool_request(env: Dict[Any, bytes]) -> Any:
    """What uwsgi.spooler is set to: calls what @spool decorated. What it did not decorate nobody
    else wants either."""
    values: Dict[str, Any] = {_text(key): value for key, value in env.items()}
    function = spooler_functions.get(_text(values.get("ud_spool_func", b"")))
    if function is None:
        return uwsgi.SPOOL_IGNORE
    if "args" in values and "kwargs" in values:
        result = function(*pickle.loads(values["args"]), **pickle.loads(values["kwargs"]))
    else:
        result = function({key: _text(value) for key, value in values.items()})
    return int(values["ud_spool_ret"]) if "ud_spool_ret" in values else result


class _Spooled:
    """A decorated function: calling it, or its `spool`, makes a task of it."""

    result: Optional[int] = None  # of the task; None: what the function returns

    def __init__(self, f: Callable[..., Any], pass_arguments: bool) -> None:
        if "spooler" not in uwsgi.opt and "spooler-external" not in uwsgi.opt:
            raise Exception("you have to enable the spooler to use the @spool decorator")
        self.f = f
        self.pass_arguments = pass_arguments
        functools.update_wrapper(self, f)
        spooler_functions[f.__name__] = f

    def spool(self, *args: Any, **kwargs: Any) -> Any:
        arguments: Dict[str, Any] = {"ud_spool_func": self.f.__name__}
        if self.result is not None:
            arguments["ud_spool_ret"] = str(self.result)
        if self.pass_arguments:
            for key in RESERVED:
                if key in kwargs:
                    arguments[key] = kwargs.pop(key)
            arguments["args"] = pickle.dumps(args)
            arguments["kwargs"] = pickle.dumps(kwargs)
        else:
            for more in (*args[:1], kwargs):
                arguments.update((_text(key), value) for key, value in more.items())
        return uwsgi.spool(arguments)

    __call__ = spool


class _Spool:
    """@spool, or @spool(pass_arguments=True)."""

    result: Optional[int] = None

    def __new__(cls, f: Any = None, pass_arguments: bool = False) -> Any:
        def decorate(function: Callable[..., Any]) -> _Spooled:
            spooled = _Spooled(function, pass_arguments)
            spooled.result = cls.result
            return spooled

        return decorate(f) if callable(f) else decorate


class spool(_Spool):  # noqa: N801
    """The function is a task of the spooler: done, whatever it returns."""

    result = uwsgi.SPOOL_OK


class spoolforever(_Spool):  # noqa: N801
    """A task that is done again and again."""

    result = uwsgi.SPOOL_RETRY


class spoolraw(_Spool):  # noqa: N801
    """A task that decides by what it returns: uwsgi.SPOOL_OK, SPOOL_RETRY, SPOOL_IGNORE."""


uwsgi.post_fork_hook = postfork_chain_hook
uwsgi.mule_msg_hook = mule_msg_dispatcher
uwsgi.spooler = manage_spool_request
