"""A program that calls the server as a library, as uWSGI's documentation shows, and says what it
still has afterwards: hosting.py LIBRARY OPTION...

It has an application of its own, and a thread that is always busy.
"""
import atexit
import ctypes
import faulthandler
import os
import signal
import sys
import threading
import time

CALLER = os.getpid()


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d of %d" % (os.getpid(), CALLER)]


def be_busy(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(1000))


def leave():
    print("hosting: leaving in", os.getpid(), flush=True)


def main():
    atexit.register(leave)
    threading.Thread(target=be_busy, args=(2,), daemon=True).start()
    signal.signal(signal.SIGTERM, lambda number, frame: print("hosting: SIGTERM", flush=True))
    streams, argv = (sys.stdout, sys.stderr), list(sys.argv)
    library = ctypes.CDLL(sys.argv[1], mode=ctypes.RTLD_GLOBAL)
    words = [sys.argv[0].encode()] + [os.fsencode(word) for word in sys.argv[2:]]
    argv_c = (ctypes.c_char_p * (len(words) + 1))(*words)
    code = library.uwsgi_init(len(words), argv_c, (ctypes.c_char_p * 1)())
    print("hosting: the server returned", code, flush=True)
    try:
        signal.raise_signal(signal.SIGINT)
        time.sleep(5)
    except KeyboardInterrupt:
        print("hosting: KeyboardInterrupt", flush=True)
    signal.raise_signal(signal.SIGTERM)
    print("hosting: unchanged", (sys.stdout, sys.stderr) == streams, sys.argv == argv,
          sys.modules["__main__"].__dict__ is globals(), not faulthandler.is_enabled(), flush=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
