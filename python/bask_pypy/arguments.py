"""What functions of the `uwsgi` module take: text or bytes wherever there is a name."""
from typing import Any

BytesLike = (bytes, bytearray, memoryview)


def to_bytes(value: Any, what: str) -> bytes:
    """A name, a key, a message: text is encoded as UTF-8. TypeError for everything else."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, BytesLike):
        return bytes(value)
    raise TypeError("%s must be str or bytes, not %s" % (what, type(value).__name__))
