"""What an application may do to the process it runs in: a path each."""
import atexit
import ctypes
import gc
import locale
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from gate import make, wait_for

POOL = ThreadPoolExecutor(4)


class TooLate(Exception):
    pass


def ring(*_):
    raise TooLate("the alarm came too late")


signal.signal(signal.SIGALRM, ring)


def alarm(environ):
    """It rings when the request is over."""
    signal.setitimer(signal.ITIMER_REAL, 0.1)


def storm(environ):
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)


def calm(environ):
    signal.setitimer(signal.ITIMER_REAL, 0)


RANG = []


def handler(environ):
    """As a library would: in a request, in the one thread that may."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGUSR2, lambda *_: RANG.append(1))
        make("has-handler")
    wait_for("has-handler")


def rang(environ):
    return str(len(RANG))


def takes_our_signals(environ):
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP,
                   signal.SIGURG):
        signal.signal(number, lambda number, _: make("got-%d" % number))


def square(number):
    return number * number


def threads(environ):
    results = []
    crowd = [threading.Thread(target=lambda n=n: results.append(square(n))) for n in range(50)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    return str(sum(results))


def pool(environ):
    return str(sum(POOL.map(square, range(50))))


def processes(environ):
    """QUERY_STRING names the way in which they are started."""
    context = multiprocessing.get_context(environ["QUERY_STRING"])
    with context.Pool(2) as workers:
        return str(sum(workers.map(square, range(50))))


def terminated(environ):
    """A child that is told to end ends: it has no handlers of the server's."""
    process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(1000,))
    process.start()
    process.terminate()
    process.join(20)
    return str(process.exitcode)


def process_with_queue(environ):
    context = multiprocessing.get_context(environ["QUERY_STRING"])
    queue = context.Queue()
    process = context.Process(target=queue.put, args=("from the child",))
    process.start()
    text = queue.get(timeout=30)
    process.join()
    return "%s, %s" % (text, process.exitcode)


def program(environ):
    done = subprocess.run(["cat"], input=b"through a program", stdout=subprocess.PIPE, check=True)
    status = subprocess.run(["sh", "-c", "kill -TERM $$"], check=False).returncode
    return "%s, %d" % (done.stdout.decode(), status)


def program_signals(environ):
    """What signals a program finds blocked."""
    listing = subprocess.run(["cat", "/proc/self/status"], stdout=subprocess.PIPE, check=True)
    return next(line for line in listing.stdout.decode().splitlines() if line.startswith("SigBlk"))


def background_program(environ):
    """It outlives its request."""
    subprocess.Popen(["sh", "-c", "until [ -e go ]; do sleep 0.02; done"])


def reap(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def child_that_returns(environ):
    pid = os.fork()
    if pid == 0:
        make("child", "%d\n" % os.getpid())
        return "from the child, which must not answer"
    return "the child ended with %d" % reap(pid)


def child_that_streams(environ):
    pid = os.fork()
    if pid == 0:
        return iter(["from ", "the child"])
    return "the child ended with %d" % reap(pid)


def child_that_reads(environ):
    pid = os.fork()
    if pid == 0:
        environ["wsgi.input"].read()
    status = reap(pid)
    return "the child ended with %d, the parent read %d" % (
        status, len(environ["wsgi.input"].read()))


def child_that_exits(environ):
    pid = os.fork()
    if pid == 0:
        os._exit(7)
    return "the child ended with %d" % reap(pid)


def child_that_calls_exit(environ):
    pid = os.fork()
    if pid == 0:
        atexit.register(make, "child-atexit")
        sys.exit(8)
    return "the child ended with %d" % reap(pid)


def child_that_raises(environ):
    pid = os.fork()
    if pid == 0:
        raise ValueError("raised in the child")
    return "the child ended with %d" % reap(pid)


def count_open(pipes):
    count = 0
    for fd in (fd for pipe in pipes for fd in pipe):
        try:
            os.fstat(fd)
            count += 1
        except OSError:
            pass
    return count


def child_that_forks(environ):
    """Its own descriptors have the numbers of those that were closed in it."""
    pid = os.fork()
    if pid == 0:
        pipes = [os.pipe() for _ in range(8)]
        inner = os.fork()
        os._exit(reap(inner) if inner else count_open(pipes))
    return "the child ended with %d" % reap(pid)


def child_that_stays(environ):
    """Longer than the server, and than its sockets."""
    if os.fork() == 0:
        make("child", "%d\n" % os.getpid())
        wait_for("go")
        os._exit(0)


def child_of_a_thread(environ):
    statuses = []

    def run():
        pid = os.fork()
        if pid == 0:
            os._exit(9)
        statuses.append(reap(pid))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return "the child ended with %d" % statuses[0]


def exits(environ):
    sys.exit(3)


def exits_at_once(environ):
    os._exit(3)


def recurses(environ):
    return recurses(environ)


def recurses_in_thread(environ):
    caught = []

    def run():
        try:
            recurses(environ)
        except RecursionError as error:
            caught.append(type(error).__name__)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return caught[0]


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class Quitter(Exception):
    def __str__(self):
        sys.exit("no text, and no more requests")

    __repr__ = __str__


class Interrupter(Exception):
    def __str__(self):
        raise KeyboardInterrupt

    __repr__ = __str__


class Nameless(type):
    def __getattribute__(cls, name):
        raise RuntimeError("nothing is known of this class")


class Anonymous(Exception, metaclass=Nameless):
    pass


class Deep(Exception):
    def __str__(self):
        return str(self)


class NotText(Exception):
    def __str__(self):
        return 42


EXCEPTIONS = {
    "mute": Mute, "quitter": Quitter, "interrupter": Interrupter, "anonymous": Anonymous,
    "deep": Deep, "not-text": NotText,
    "surrogates": lambda: ValueError("a surrogate \udcff, a null \0, a snowman \u2603"),
    "long": lambda: ValueError("x" * 5000000),
    "chain": lambda: make_chain(20000),
    "group": lambda: type("Circle", (Exception,), {})("circle"),
}


def make_chain(length):
    last = None
    for number in range(length):
        error = ValueError(number)
        error.__context__ = last
        last = error
    return last


def raises(environ):
    error = EXCEPTIONS[environ["QUERY_STRING"]]()
    if environ["QUERY_STRING"] == "group":
        error.__cause__ = error
    raise error


def hoards(environ):
    """Until there is no memory left."""
    kept = []
    while True:
        kept.append(list(range(100000)))


def wants_all(environ):
    return str(len(bytearray(1 << 60)))


def crashes(environ):
    ctypes.CDLL(None).strlen(ctypes.c_void_p(8))


def closes_streams(environ):
    for fd in (0, 1, 2):
        os.close(fd)
    print("to a closed stream")


def changes_folder(environ):
    os.mkdir("other")
    os.chdir("other")


def changes_umask(environ):
    os.umask(0o777)


def changes_locale(environ):
    return locale.setlocale(locale.LC_ALL, "de_DE.UTF-8")


def length(environ):
    return str(len(environ["wsgi.input"].read()))


def count_for_ever():
    while True:
        gc.collect(0)
        make("counting")


def daemons(environ):
    """Threads that are in the middle of something when everything ends."""
    for _ in range(3):
        threading.Thread(target=count_for_ever, daemon=True).start()
    wait_for("counting")


def stays(environ):
    """A thread that is no daemon and never ends."""
    threading.Thread(target=lambda: time.sleep(1000)).start()


def bad_ends(environ):
    atexit.register(make, "first-registered")
    atexit.register(lambda: 1 / 0)
    atexit.register(lambda: sys.exit("from atexit"))
    atexit.register(lambda: print("printed at exit"))


def pid(environ):
    return str(os.getpid())


def application(environ, start_response):
    name = environ["PATH_INFO"][1:].replace("-", "_") or "pid"
    body = globals()[name](environ)
    start_response("200 OK", [("Content-Type", "text/plain")])
    if body is None or isinstance(body, str):
        return [(body or "done").encode()]
    return (piece.encode() for piece in body)
