"""Flask's hello, called often enough while it is loaded that workers are forked warm."""
import io
from typing import Any

from flask_hello import application

ENVIRON = {
    "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/", "QUERY_STRING": "",
    "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
    "HTTP_HOST": "127.0.0.1", "wsgi.version": (1, 0), "wsgi.url_scheme": "http",
    "wsgi.errors": None, "wsgi.multithread": False, "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}  # fmt: skip


def start_response(status: str, headers: Any, exc_info: Any = None) -> None:
    pass


for _ in range(20000):
    for _piece in application(dict(ENVIRON, **{"wsgi.input": io.BytesIO()}), start_response):
        pass
