"""Uploads: from the client's stream to a blob on disk, and its way back out.

The name a client gives is shown and sent back, but never becomes part of a path: a blob is named
by random digits of our own.
"""
import contextlib
import hashlib
import os
import re
import secrets
import unicodedata
from typing import IO

from store import Store

MAX_FILE = 16 * 1024 * 1024
MAX_TOTAL = 256 * 1024 * 1024
MAX_NAME = 120
_PIECE = 64 * 1024
_BLOB_NAME = re.compile(r"[0-9a-f]{32}")


class TooBig(Exception):
    """The file is larger than MAX_FILE."""


def shown_name(client_name: str) -> str:
    """Make the client's file name fit to be shown and sent back.

    Only the last piece of a path is kept (some clients send the whole one, with either slash).
    Control characters would break a header and invisible direction marks can make "gpj.exe" read
    as "exe.jpg", so every character of Unicode's "other" classes goes.
    """
    name = re.split(r"[/\\]", client_name)[-1]
    name = "".join(c for c in name if not unicodedata.category(c).startswith("C"))
    name = unicodedata.normalize("NFC", " ".join(name.split()))
    if len(name) > MAX_NAME:
        stem, dot, ending = name.rpartition(".")
        if dot and stem and len(ending) <= 12:
            name = stem[:MAX_NAME - len(ending) - 1] + "." + ending
        else:
            name = name[:MAX_NAME]
    return "unnamed" if name.strip(". ") == "" else name


def blob_path(folder: str, blob: str) -> str:
    """Return where a blob lives; the check keeps a damaged database from naming another file."""
    if not _BLOB_NAME.fullmatch(blob):
        raise ValueError("not a blob name: %r" % blob)
    return os.path.join(folder, blob)


def save(folder: str, store: Store, stream: IO[bytes], client_name: str) -> int:
    """Write the stream to a new blob, hash it on the way, record it and return its id."""
    blob = secrets.token_hex(16)
    path = blob_path(folder, blob)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        digest = hashlib.sha256()
        size = 0
        with os.fdopen(descriptor, "wb") as target:
            while True:
                piece = stream.read(_PIECE)
                if not piece:
                    break
                size += len(piece)
                if size > MAX_FILE:
                    raise TooBig()
                digest.update(piece)
                target.write(piece)
        return store.add_file(blob, shown_name(client_name), size, digest.hexdigest(), MAX_TOTAL)
    except BaseException:
        os.unlink(path)
        raise


def delete(folder: str, store: Store, file_id: int) -> bool:
    """Forget a file; True for the one caller that deleted it.

    The row goes first: a download already under way keeps its open file, a later one finds
    nothing, and no listed file ever lacks its blob.
    """
    row = store.file(file_id)
    if row is None or not store.delete_file(file_id):
        return False
    with contextlib.suppress(FileNotFoundError):
        os.unlink(blob_path(folder, row["blob"]))
    return True
