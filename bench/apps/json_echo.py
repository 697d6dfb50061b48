"""JSON in, JSON out: reads a POST body, parses it, answers an object of about the same size."""

import json


def application(environ, start_response):
    """Parses the body, changes it a little (so that it cannot be echoed as is), answers it."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    order = json.loads(environ["wsgi.input"].read(length))
    order["status"] = "accepted"
    order["total"] = sum(item["price"] * item["quantity"] for item in order["items"])
    body = json.dumps(order).encode("ascii")
    start_response(
        "200 OK",
        [("Content-Type", "application/json"), ("Content-Length", str(len(body)))],
    )
    return [body]
