"""Flask with a cache that is always renewed: what a major collection finds grows all the time."""
from collections import deque
from typing import Any, Deque, Dict, List

from flask import Flask, Response

application = Flask(__name__)
settled: List[Dict[str, Any]] = [{"id": i, "tags": ["t%d" % i] * 4} for i in range(150000)]
cache: Deque[List[Dict[str, Any]]] = deque(maxlen=300)


@application.route("/")
def page() -> Response:
    """Makes some hundred objects that live for the next 300 requests."""
    cache.append([{"id": i, "text": "row %d" % i, "of": settled[i]} for i in range(300)])
    return Response(str(len(cache)), mimetype="text/plain")
