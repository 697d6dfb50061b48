"""Flask hello: one route, the framework as it comes."""

from flask import Flask, Response

application = Flask(__name__)


@application.route("/")
def hello() -> Response:
    """Answers with the bytes of the other hello applications, so that floors compare."""
    return Response("Hello, World!", mimetype="text/plain")
