"""What an application finds out about the interpreter that it runs in, as JSON."""
import json
import sys

AT_IMPORT = {"__name__": __name__, "__file__": __file__}


def application(environ, start_response):
    try:
        import only_in_this_place
        marker = only_in_this_place.MARK
    except ImportError:
        marker = None
    facts = {
        "implementation": sys.implementation.name, "version": list(sys.version_info[:2]),
        "argv": sys.argv, "executable": sys.executable, "prefix": sys.prefix,
        "base_prefix": sys.base_prefix, "path": sys.path, "marker": marker,
        "main": sys.modules["__main__"].__name__, "at_import": AT_IMPORT,
        "encodings": [sys.stdout.encoding, sys.stderr.encoding],
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(facts).encode()]
