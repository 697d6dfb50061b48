"""Takes SIGPIPE for itself, as programs for the command line do."""
import signal

signal.signal(signal.SIGPIPE, signal.SIG_DFL)


def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
