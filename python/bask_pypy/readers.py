"""uwsgi.extract and uwsgi.parsefile: what is to be read from elsewhere, and packets kept in files.

What reads pages and runs commands brings a hundred modules along, so it is imported where it is used.
"""
import os
import struct
from typing import Any, Callable, Dict, Optional

HEADER = struct.Struct("<BHB")  # modifier1, size, modifier2: the uwsgi protocol
LENGTH = struct.Struct("<H")
HTTP_TIMEOUT = 10.0  # seconds without progress


def _file(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _descriptor(number: str) -> bytes:
    with os.fdopen(os.dup(int(number)), "rb") as file:
        return file.read()


def _output(command: str) -> bytes:
    import subprocess

    done = subprocess.run(command, shell=True, stdout=subprocess.PIPE)
    if done.returncode:
        raise OSError("%r ended with %d" % (command, done.returncode))
    return done.stdout


def _page(address: str) -> bytes:
    from http.client import HTTPException
    from urllib.request import urlopen

    try:
        with urlopen("http://" + address, timeout=HTTP_TIMEOUT) as answer:
            return bytes(answer.read())
    except HTTPException as error:
        raise OSError("%s does not speak HTTP: %s" % (address, error)) from error


SCHEMES: Dict[str, Callable[[str], bytes]] = {
    "file": _file,
    "fd": _descriptor,
    "exec": _output,
    "data": lambda text: text.encode("utf-8", "surrogateescape"),
    "http": _page,
}


def extract(uri: Any) -> Optional[bytes]:
    """What file:, fd:, exec:, data: or http:// names, or a path; None if it cannot be read."""
    name = os.fsdecode(uri)
    scheme, found, rest = name.partition("://")
    read = SCHEMES.get(scheme) if found else None
    try:
        return read(rest) if read else _file(name)
    except (OSError, ValueError):
        return None


def _variables(packet: bytes) -> Dict[bytes, bytes]:
    """ValueError: a length that lies."""
    size = HEADER.unpack_from(packet)[1]
    data = packet[HEADER.size : HEADER.size + size]
    if len(data) != size:
        raise ValueError("the packet ends too early")
    items, at = [], 0
    while at < size:
        start = at + LENGTH.size
        at = start + LENGTH.unpack_from(data, at)[0]
        if at > size:
            raise ValueError("an item ends behind its packet")
        items.append(data[start:at])
    if len(items) % 2:
        raise ValueError("a key without a value")
    return dict(zip(items[::2], items[1::2]))


def parsefile(path: Any) -> Optional[Dict[bytes, bytes]]:
    """The variables of a file with one uwsgi packet, such as a spool file; None if it has none."""
    try:
        return _variables(_file(os.fsdecode(path)))
    except (OSError, ValueError, struct.error):
        return None


def install(uwsgi: Any) -> None:
    """Gives the module its functions."""
    for function in (extract, parsefile):
        setattr(uwsgi, function.__name__, function)
