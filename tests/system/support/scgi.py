"""The tests' own SCGI."""
from typing import Dict


def variables(pairs: Dict[str, str]) -> bytes:
    block = "".join("%s\0%s\0" % pair for pair in pairs.items()).encode("latin-1")
    return b"%d:%s," % (len(block), block)


def request(method: str = "GET", path: str = "/", query: str = "", body: bytes = b"",
            **more: str) -> bytes:
    return variables({
        "CONTENT_LENGTH": str(len(body)), "SCGI": "1", "REQUEST_METHOD": method, "PATH_INFO": path,
        "REQUEST_URI": path + ("?" + query if query else ""), "QUERY_STRING": query,
        "SERVER_PROTOCOL": "HTTP/1.1", "SERVER_NAME": "gateway.example", "SERVER_PORT": "443",
        "REMOTE_ADDR": "192.0.2.7", "REMOTE_PORT": "4711", "HTTP_HOST": "gateway.example", **more,
    }) + body
