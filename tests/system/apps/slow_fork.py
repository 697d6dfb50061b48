"""A worker that takes its time between the fork and its first instruction of the server."""
import os

from gate import make, wait_for


def after_fork():
    make("forking")
    wait_for("go")


os.register_at_fork(after_in_child=after_fork)


def application(environ, start_response):
    start_response("200 OK", [])
    return [b"here"]
