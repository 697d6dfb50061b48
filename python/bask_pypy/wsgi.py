"""WSGI as PEP 3333 has it: from a request to an environ, from an application's answer to bytes.

Each application thread is one `serve` loop, so that the whole way of a request lies in one trace of
the JIT. Nothing here knows cffi: the host and its requests come as arguments.
"""
import io
import os
import stat
import sys
import traceback
from types import TracebackType
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple, Type

from bask_pypy import strays, waits
from bask_pypy.applications import is_set
from bask_pypy.body import Body
from bask_pypy.dynamic import VARIABLES as DYNAMIC
from bask_pypy.gone import ClientGone
from bask_pypy.recycling import Rules

Headers = List[Tuple[str, str]]
Application = Callable[..., Iterable[bytes]]

SYSTEM = -2
SYNTAX = -3
CLOSED = -7
ERROR_LEVEL, WARN_LEVEL = 0, 1
OURS = (__name__, "bask_pypy.dispatch", "bask_pypy.dynamic")  # between the server and the application

FAILED_HEAD = b"500 Internal Server Error\r\nContent-Type: text/plain\r\n"
FAILED_BODY = b"Internal Server Error\n"


# The fields of a connection's last request, and the environ they gave if they came twice.
Repeat = Tuple[bytes, Optional[Dict[str, Any]]]
NO_REPEAT: Repeat = (b"", None)
TEMPLATES_MAX = 1024  # connections for which that is kept: 3 MB at most


# The files of the io module whose bytes are those of their descriptor. Others have a descriptor,
# too, but decode or decompress what they read from it.
PLAIN_FILES = (io.FileIO, io.BufferedReader, io.BufferedRandom)


def _is_plain(filelike: Any) -> bool:
    """Whether reading the object is reading its descriptor."""
    if not isinstance(filelike, io.IOBase):
        return True  # a wrapper around a file: its fileno() is its word (PEP 3333)
    raw = getattr(filelike, "raw", filelike)
    return type(filelike) in PLAIN_FILES and type(raw) is io.FileIO


class FileWrapper:
    """`wsgi.file_wrapper`: the rest of a file as a response.

    A regular file is sent by the kernel, from its present position. Anything else that has read()
    is read block by block.
    """

    def __init__(self, filelike: Any, block_size: int = 8192) -> None:
        self.filelike = filelike
        self.block_size = block_size
        if hasattr(filelike, "close"):
            self.close = filelike.close

    def __iter__(self) -> "FileWrapper":
        return self

    def __next__(self) -> bytes:
        data = self.filelike.read(self.block_size)
        if not data:
            raise StopIteration
        return data

    def extent(self) -> Optional[Tuple[int, int, int]]:
        """(descriptor, offset, length) of what is left of a regular file, else None."""
        filelike = self.filelike
        if not _is_plain(filelike) or getattr(filelike, "encoding", None):
            return None
        try:
            fd = filelike.fileno()
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode) or not status.st_size:
                return None  # files of the kernel say 0, and have something all the same
            offset = filelike.tell()
        except (AttributeError, OSError, TypeError, ValueError):
            return None
        if type(offset) is not int or offset < 0:
            return None
        return fd, offset, max(status.st_size - offset, 0)


class Response:
    """What one call of the application says: start_response, write, and what became of them."""

    __slots__ = ("host", "request", "head", "count", "begun", "done", "gone")

    def __init__(self, host: Any, request: Any) -> None:
        self.host = host
        self.request = request
        self.head: Optional[bytes] = None
        self.count = 0
        self.begun = False  # the host has the head
        self.done = False  # the host has everything: the request is over
        self.gone = False  # the client left, or is too slow

    def start(self, status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], None]:
        """start_response (PEP 3333, "The start_response() Callable")."""
        if self.head is not None:
            if exc_info is None:
                raise AssertionError("start_response was called twice without exc_info")
            try:
                if self.done or (self.begun and self.host.headers_sent(self.request)):
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # a cycle through the traceback otherwise
            self.begun = False
        if not isinstance(headers, list):
            raise TypeError("the headers must be a list, not %s" % type(headers).__name__)
        head = status + "\r\n"
        for header in headers:
            if not isinstance(header, tuple):
                raise TypeError("a header must be a tuple, not %s" % type(header).__name__)
            name, value = header
            head += name + ": " + value + "\r\n"
        self.head = head.encode("latin-1")
        self.count = len(headers)
        return self.write

    def _begin(self) -> None:
        head = self.head
        if head is None:
            raise self._no_head()
        error = self.host.begin(self.request, head, self.count)
        if error:
            if error == SYNTAX:
                raise ValueError("malformed status or header: %r" % head)
            if error == CLOSED:
                self.gone = True
                raise ClientGone("the request took too long and was cut off")
            raise MemoryError("no memory for the head of the response")
        self.begun = True

    def taken_over(self) -> bool:
        """Bytes went out, and no head of ours: the connection carries something else."""
        return self.head is None and bool(self.host.headers_sent(self.request))

    def _no_head(self) -> Exception:
        if self.taken_over():
            return ClientGone("the connection was taken over")
        return AssertionError("the application did not call start_response")

    def push(self, data: bytes) -> None:
        """Every piece of an iterable."""
        if type(data) is not bytes:
            data = _as_bytes(data)
        if self.done:  # the request is another's by now
            raise ClientGone("the response is complete, nothing can be added to it")
        if not data:
            waits.settle()  # yield uwsgi.wait_fd_read(fd)
            return
        if not self.begun:
            self._begin()
        error = self.host.write(self.request, data)
        if error:
            self.gone = True
            raise ClientGone("the client left" if error == CLOSED else "the client is too slow")

    write = push  # the write() callable

    def whole(self, body: bytes) -> None:
        """A response that is there at once."""
        head = self.head
        if head is None:
            raise self._no_head()
        if self.host.respond(self.request, head, self.count, body) == SYNTAX:
            raise ValueError("malformed status or header: %r" % head)
        self.done = True

    def file(self, wrapper: FileWrapper) -> bool:
        """Lets the kernel send a file; False if it is none that the kernel can send."""
        extent = wrapper.extent()
        return extent is not None and self.extent(*extent)

    def extent(self, fd: int, offset: int, length: int) -> bool:
        """The same for a part of a file."""
        if self.head is None:
            return False
        error = self.host.respond_file(self.request, self.head, self.count, fd, offset, length)
        if error == SYNTAX:
            raise ValueError("malformed status or header: %r" % self.head)
        self.done = error != SYSTEM  # then nothing was sent
        return self.done

    def finish(self) -> None:
        if not self.begun:
            self._begin()
        self.done = True
        self.host.finish(self.request)

    def leave(self, gone: ClientGone) -> None:
        """Nobody waits for an answer, or for another one than the application has."""
        if gone.answer is None or self.done or self.host.headers_sent(self.request):
            self.gone = True
        else:
            self.done = True
            self.host.respond(self.request, *gone.answer)

    def abort(self, text: bytes = FAILED_BODY) -> None:
        """The application failed: a 500 where that is still possible, else a broken response. Where
        the client failed there is nobody to tell, and the application is not to blame."""
        if not self.done:
            self.done = True
            if self.gone:
                self.host.drop(self.request)
            else:
                self.host.abort(self.request, FAILED_HEAD, 1, text)


class TolerantResponse(Response):
    """What --write-errors-tolerance and --disable-write-exception make of a client that leaves."""

    __slots__ = ("failures",)
    tolerance = 0  # so many pieces may be lost before the application is told
    is_silent = False  # the write() callable never raises

    def __init__(self, host: Any, request: Any) -> None:
        Response.__init__(self, host, request)
        self.failures = 0

    def push(self, data: bytes) -> None:
        if not self.gone:
            try:
                Response.push(self, data)
                return
            except ClientGone:
                pass
        self.failures += 1
        if self.failures > self.tolerance:
            raise ClientGone("the client left, or is too slow")

    def write(self, data: bytes) -> None:
        try:
            self.push(data)
        except ClientGone:
            if not self.is_silent:
                raise

    def finish(self) -> None:
        if self.gone:
            self.abort()
        else:
            Response.finish(self)


def response_kind(host: Any) -> Optional[Type[Response]]:
    """The class of responses where the options ask for another one."""
    tolerance = int(next(iter(host.option("write-errors-tolerance")), 0))
    is_silent = is_set(host, "disable-write-exception")
    if not tolerance and not is_silent:
        return None
    members = {"__slots__": (), "tolerance": tolerance, "is_silent": is_silent}
    return type("TolerantResponse", (TolerantResponse,), members)


class Server:
    """Everything about WSGI that is the same for all requests of a process."""

    def __init__(self, host: Any, application: Application) -> None:
        self.host = host
        self.application = application
        self.keys = host.key_names()
        self.methods = host.method_names()
        self.protocols = ["HTTP/1.0", "HTTP/1.1"]
        self.has_file_wrapper = not is_set(host, "wsgi-disable-file-wrapper")
        self.templates: List[Dict[str, Any]] = self._templates()
        self.repeats: List[Repeat] = []  # by the connection's slot
        self.unknown_keys: Dict[bytes, str] = {}
        self.warming = False
        self.quiet = False  # an exception was logged while warming: one tells enough
        self.rules = Rules(host)
        self.tolerant = response_kind(host)
        self.shows_exceptions = is_set(host, "catch-exceptions")
        self.is_strict = is_set(host, "wsgi-strict")
        self.told = is_set(host, "dynamic-apps")  # that variables of a gateway are ignored

    def _templates(self) -> List[Dict[str, Any]]:
        """An environ for each listener, with every key that all requests have, in place."""
        host = self.host
        info = host.server_info()
        hostname = host.string(info.hostname)
        beyond = {"wsgi.file_wrapper": FileWrapper} if self.has_file_wrapper else {}
        return [
            {
                "REQUEST_METHOD": "GET",
                "SCRIPT_NAME": "",
                "PATH_INFO": "/",
                "QUERY_STRING": "",
                "REQUEST_URI": "/",
                "SERVER_NAME": hostname,
                "SERVER_PORT": listener.port or "0",
                "SERVER_PROTOCOL": "HTTP/1.1",
                "REMOTE_ADDR": "",
                "REMOTE_PORT": "",
                "wsgi.version": (1, 0),
                "wsgi.url_scheme": "http",
                "wsgi.input": None,
                "wsgi.input_terminated": True,
                "wsgi.errors": sys.stderr,
                "wsgi.multithread": info.threads > 1,
                "wsgi.multiprocess": info.workers > 1,
                "wsgi.run_once": False,
                "uwsgi.version": host.string(info.version).encode(),
                "uwsgi.node": hostname.encode(),
                **beyond,
            }
            for listener in host.listeners()
        ]

    def warm(self, warming: bool, quiet: bool = False) -> None:
        """Requests of the server's own making begin or end. The application can see them.

        `quiet`: what goes wrong in them was told by another process.
        """
        self.warming = warming
        self.quiet = quiet
        self.repeats.clear()  # no environ of theirs is a template for a client's
        for index, template in enumerate(self._templates()):
            if warming:
                template["bask.warmup"] = True
            self.templates[index] = template

    def environ(self, request: Any, body: Body) -> Dict[str, Any]:
        """The environ of one request, a new dict each time."""
        text = self.host.text
        environ = self._from_fields(request)
        method = request.method_id
        if method:  # 0 is GET, which is there already
            environ["REQUEST_METHOD"] = self.methods[method] if method > 0 else text(request.method)
        path = text(request.path)
        environ["PATH_INFO"] = path
        environ["REQUEST_URI"] = path if request.uri_is_path else text(request.uri)
        environ["wsgi.input"] = body
        if not request.is_plain:
            environ["QUERY_STRING"] = text(request.query)
            protocol = request.protocol_id
            environ["SERVER_PROTOCOL"] = (
                self.protocols[protocol] if protocol >= 0 else text(request.protocol)
            )
        return environ

    def _from_fields(self, request: Any) -> Dict[str, Any]:
        """All of an environ that does not come from the request line.

        A client that keeps its connection mostly repeats its fields to the byte. What they gave
        twice in a row is kept as a template, and comparing bytes is all that is left to do.
        """
        slot = request.peer_slot
        repeats = self.repeats
        if slot >= len(repeats):
            if slot >= TEMPLATES_MAX:
                return self._build(request)
            repeats.extend([NO_REPEAT] * (slot + 1 - len(repeats)))
        if request.peer_is_new:
            repeats[slot] = NO_REPEAT
            return self._build(request)
        fields = self.host.copy(request.fields)
        repeat = repeats[slot]
        if repeat[0] == fields and fields:
            template = repeat[1]
            if template is None:
                template = self._build(request)
                repeats[slot] = (fields, template)
            return template.copy()
        repeats[slot] = (fields, None)
        return self._build(request)

    def _build(self, request: Any) -> Dict[str, Any]:
        text = self.host.text
        environ = self.templates[request.listener_id].copy()
        environ["REMOTE_ADDR"] = text(request.remote_addr)
        environ["REMOTE_PORT"] = text(request.remote_port)
        if request.scheme.len != 4:
            environ["wsgi.url_scheme"] = text(request.scheme)
        if request.host.ptr:
            environ["HTTP_HOST"] = text(request.host)
        if request.content_type.ptr:
            environ["CONTENT_TYPE"] = text(request.content_type)
        if request.has_length:
            environ["CONTENT_LENGTH"] = str(request.content_length)
        if request.script_name.len:
            environ["SCRIPT_NAME"] = text(request.script_name)
        if request.server_name.len:
            environ["SERVER_NAME"] = text(request.server_name)
        if request.server_port.len:
            environ["SERVER_PORT"] = text(request.server_port)
        if request.pair_count:
            self._add_pairs(environ, request)
        return environ

    def _add_pairs(self, environ: Dict[str, Any], request: Any) -> None:
        host = self.host
        keys = self.keys
        pairs = request.pairs
        for index in range(request.pair_count):
            pair = pairs[index]
            key_id = pair.key_id
            value = host.text(pair.value)
            key = keys[key_id] if key_id >= 0 else self._unknown_key(host.copy(pair.key))
            if key in environ and key.startswith("HTTP_"):
                # RFC 9110 5.3; the field that may not be joined by a comma is Cookie (RFC 6265).
                # Variables that are no fields come from a gateway: there the last one counts.
                value = environ[key] + ("; " if key == "HTTP_COOKIE" else ", ") + value
            environ[key] = value

    def _unknown_key(self, name: bytes) -> str:
        """Most names recur, so their text is kept; not for ever, because clients choose them."""
        key = self.unknown_keys.get(name)
        if key is None:
            key = name.decode("latin-1")
            if not self.told and key in DYNAMIC:
                self._tell_of(key)
            if len(self.unknown_keys) < 512 and len(name) < 64:
                self.unknown_keys[name] = key
        return key

    def _tell_of(self, key: str) -> None:
        self.told = True
        self.host.log(
            WARN_LEVEL,
            "%s and the like, which a gateway sends, are ignored: with --dynamic-apps they would "
            "say what is loaded and run" % key,
        )

    def serve(
        self,
        thread: Any,
        on_idle: Callable[[], None],
        do_job: Callable[[Any], bool] = lambda thread: False,
    ) -> None:
        """One application thread: answers requests until the server says stop."""
        host = self.host
        if host.current(thread):  # what interrupted us, interrupted `resume` as well
            host.abort(host.current(thread), FAILED_HEAD, 1, FAILED_BODY)
        while True:
            request = host.next(thread)
            if request:
                self.handle(request)
            elif host.is_idle(thread):
                on_idle()
            elif not do_job(thread):
                return

    def resume(self, thread: Any, error: BaseException) -> None:
        """A signal handler of the application raised where it met none of the application.

        Mostly it has waited for the next request, which is to blame for nothing and is served; but
        never twice.
        """
        strays.end_of_one(error)
        text = "a signal handler raised between two requests:\n" + _describe(error)
        self.host.log(ERROR_LEVEL, text)
        request = self.host.current(thread)
        if request and _has_been_in(error, Server.handle):
            self.host.abort(request, FAILED_HEAD, 1, FAILED_BODY)
        elif request:
            self.handle(request)

    def handle(self, request: Any) -> None:
        """Answers one request, whatever the application does."""
        body = Body(self.host, request)
        tolerant = self.tolerant  # a class that is not a constant would cost each request more
        response = tolerant(self.host, request) if tolerant else Response(self.host, request)
        environ: Dict[str, Any] = {}
        result: Any = None
        try:
            environ = self.environ(request, body)
            result = self.application(environ, response.start)
            self._send(response, result)
            if not response.done:
                response.finish()
        except ClientGone as gone:
            response.leave(gone)
        except BaseException as error:  # noqa: B902: SystemExit too: it ends a request, not us
            strays.end_of_one(error)
            text = self._log_exception(error, environ)
            response.done = False  # a signal handler may have raised anywhere; the host knows
            if self.shows_exceptions:
                response.abort(text.encode("utf-8", "backslashreplace"))
        finally:
            response.abort()  # unless all went well
            body.detach()
            self._close(result, environ)

    def _send(self, response: Response, result: Any) -> None:
        """Sends what the application returned, in one piece where it is one."""
        kind = type(result)
        if not response.begun:
            if (kind is list or kind is tuple) and len(result) == 1 and type(result[0]) is bytes:
                response.whole(result[0])
                return
            if kind is bytes and not self.is_strict:  # not WSGI, but uWSGI takes it
                response.whole(result)
                return
            if kind is FileWrapper and response.file(result):
                return
        if kind is str or result is None or (kind is bytes and self.is_strict):
            if response.taken_over():
                return  # whatever it is, nobody would get it
            raise TypeError(
                "a WSGI application returns an iterable of bytes, not %s" % kind.__name__
            )
        push = response.push
        if kind is bytes:
            push(result)
            return
        for piece in result:
            push(piece)

    def _close(self, result: Any, environ: Dict[str, Any]) -> None:
        try:
            close = getattr(result, "close", None)
            if close is not None:
                close()
        except ClientGone:
            pass
        except BaseException as error:  # noqa: B902: the response is out; nobody else would hear
            self._log_exception(error, environ)

    def _log_exception(self, error: BaseException, environ: Dict[str, Any]) -> str:
        """Its text, as it was logged."""
        if self.quiet:
            return ""
        self.quiet = self.warming
        # The request may be over and its memory another's: the environ still knows its name.
        method, uri = _printable(environ, "REQUEST_METHOD"), _printable(environ, "REQUEST_URI")
        text = "%s %s: the application raised:\n%s" % (method, uri, _describe(error))
        self.host.log(ERROR_LEVEL, text)
        rule = self.rules.match(error)
        if rule is not None:
            self.host.recycle(rule)
        return text + "\n"


def _as_bytes(data: Any) -> bytes:
    """Whatever has a buffer, as uWSGI takes it with --wsgi-accept-buffer."""
    try:
        return bytes(memoryview(data))
    except TypeError:
        raise TypeError(
            "a response is made of bytes, the application gave %s" % type(data).__name__
        ) from None


def _printable(environ: Dict[str, Any], key: str) -> str:
    """A variable as it may stand in a log: clients choose it, and the application may change it."""
    value = environ.get(key)
    return ascii(value)[1:-1] if type(value) is str else "?"


def _describe(error: BaseException) -> str:
    """Its traceback, or what can be had of it: an exception may fail to print in any way."""
    kind = type(error)
    try:
        return "".join(traceback.format_exception(kind, error, _from_application(error))).rstrip()
    except BaseException:  # noqa: B902: SystemExit too, if it is its __str__ that raises it
        name = type.__dict__["__name__"].__get__(kind)  # as it is, whatever a metaclass says
    try:
        where = "".join(traceback.format_tb(_from_application(error))).rstrip()
    except BaseException:  # noqa: B902
        where = "  (its traceback cannot be had)"
    return "%s\n%s, which cannot be printed" % (where, name)


def _has_been_in(error: BaseException, function: Callable[..., Any]) -> bool:
    at = error.__traceback__
    while at is not None and at.tb_frame.f_code is not function.__code__:
        at = at.tb_next
    return at is not None


def _from_application(error: BaseException) -> Optional[TracebackType]:
    """Its traceback without our own frames at the beginning, which tell nobody anything."""
    at = error.__traceback__
    while at is not None and at.tb_frame.f_globals.get("__name__") in OURS:
        at = at.tb_next
    return at or error.__traceback__  # all is ours: then it does tell something
