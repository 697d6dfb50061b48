"""Shows the environ as JSON; what is no text is shown by its repr."""
import json


def application(environ, start_response):
    shown = {key: value if type(value) is str else repr(value) for key, value in environ.items()}
    shown["key types"] = sorted({type(key).__name__ for key in environ})
    environ["left.by.the.request.before"] = "yes"
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(shown).encode()]
