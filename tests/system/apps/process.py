"""What an application may do to its process: one function each."""
import atexit
import os
import signal
import subprocess
import sys
import threading
import time

from gate import make, wait_for


def answer(start_response, text):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [text.encode()]


def prints(environ, start_response):
    print("caf\u00e9 \u2603 on stdout")
    print("caf\u00e9 \u2603 on stderr", file=sys.stderr)
    environ["wsgi.errors"].write("caf\u00e9 \u2603 on wsgi.errors\n")
    environ["wsgi.errors"].flush()
    print("a surrogate: \udcff")
    return answer(start_response, "printed")


def starts_thread(environ, start_response):
    results = []
    thread = threading.Thread(target=lambda: results.append(threading.current_thread().name))
    thread.start()
    thread.join()
    return answer(start_response, results[0])


def counts_in_background(environ, start_response):
    """The thread goes on while no request is there."""
    if not COUNTER:
        COUNTER.append(0)
        threading.Thread(target=count_for_ever, daemon=True).start()
    return answer(start_response, str(COUNTER[0]))


COUNTER = []


def count_for_ever():
    while True:
        COUNTER[0] += 1
        time.sleep(0.001)


def forks(environ, start_response):
    pid = os.fork()
    if pid == 0:
        os._exit(7)
    _, status = os.waitpid(pid, 0)
    return answer(start_response, str(os.WEXITSTATUS(status)))


def runs_program(environ, start_response):
    """The other program must not inherit sockets of the server."""
    listing = subprocess.run(["/bin/ls", "-l", "/proc/self/fd"], stdout=subprocess.PIPE,
                             encoding="utf-8", check=True)
    return answer(start_response, listing.stdout)


def runs_itself(environ, start_response):
    done = subprocess.run([sys.executable, "-c", "import sys; print(sys.implementation.name)"],
                          stdout=subprocess.PIPE, encoding="utf-8", check=True)
    return answer(start_response, done.stdout.strip())


def handles_signal(environ, start_response):
    return answer(start_response, str(len(SIGNALS)))


SIGNALS = []
signal.signal(signal.SIGUSR1, lambda number, frame: SIGNALS.append(number))


def registers_exit(environ, start_response):
    atexit.register(make, "at-exit", "%d\n" % os.getpid())
    return answer(start_response, str(os.getpid()))


def leaves_thread(environ, start_response):
    """A thread that is no daemon is waited for at the end, as at the end of any program."""
    def run():
        wait_for("go")
        make("thread-ended")

    threading.Thread(target=run).start()
    return answer(start_response, "started")


def deep_where_asked(environ, start_response):
    """/block holds its thread; /recurse fails in whichever thread is left."""
    number = environ["QUERY_STRING"]
    if environ["PATH_INFO"] == "/block":
        make("blocked-" + number)
        wait_for("go-" + number)
    elif environ["PATH_INFO"] == "/recurse":
        def recurse():
            return recurse()

        make("threads", "%s\n" % (threading.current_thread() is threading.main_thread()))
        recurse()
    return answer(start_response, "fine")
