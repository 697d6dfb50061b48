"""Everything the demo keeps: the data folder, its secret key and the sqlite database.

Several worker processes, each with several threads, use the same folder. So whatever is created
once is created under a file lock, the database is in WAL mode (readers never wait for the writer)
and every request opens its own connection, because a sqlite3 connection belongs to one thread.
"""
import contextlib
import fcntl
import os
import secrets
import sqlite3
import stat
import tempfile
import time
from typing import Any, Dict, Iterator, List, Optional

Row = Dict[str, Any]

BUSY_SECONDS = 5.0
KEEP_ROWS = 500
"""Notes and guest book entries beyond this number push out the oldest: a demo must not grow."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    text TEXT NOT NULL,
    created INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS guests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    mood TEXT NOT NULL,
    message TEXT NOT NULL,
    created INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS files (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    blob TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    created INTEGER NOT NULL
);
"""


class UnsafeFolder(RuntimeError):
    """The default data folder exists but another user could have prepared it."""


def data_folder() -> str:
    """Return the data folder, making it when it is missing.

    A folder named by BASK_DEMO_DATA is the operator's choice and is taken as it is. The default
    one lives in a directory everybody can write to, where another user may have made the same
    name first (or a symbolic link of that name), so it must be a real directory of ours that
    nobody else can enter.
    """
    chosen = os.environ.get("BASK_DEMO_DATA")
    if chosen:
        chosen = os.path.abspath(chosen)
        os.makedirs(chosen, mode=0o700, exist_ok=True)
        return chosen
    folder = os.path.join(tempfile.gettempdir(), "bask-demo-%d" % os.geteuid())
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder, 0o700)
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise UnsafeFolder(
            "%s is not a private directory of this user; remove it or set BASK_DEMO_DATA" % folder)
    return folder


def prepare(folder: str) -> bytes:
    """Create the database, the blob folder and the secret key once; return the key.

    Workers may start at the same moment. Turning WAL on needs the database for itself, and a key
    that differs between workers would make a form work in one worker only: hence the lock.
    """
    lock = os.open(os.path.join(folder, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.makedirs(blob_folder(folder), mode=0o700, exist_ok=True)
        database = database_path(folder)
        os.close(os.open(database, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        with contextlib.closing(_connect(database)) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(_SCHEMA)
        return _secret_key(os.path.join(folder, "key"))
    finally:
        os.close(lock)


def database_path(folder: str) -> str:
    return os.path.join(folder, "demo.sqlite3")


def blob_folder(folder: str) -> str:
    return os.path.join(folder, "blobs")


def _secret_key(path: str) -> bytes:
    """Read the key of the folder or write a new one; called with the lock held."""
    with contextlib.suppress(FileNotFoundError):
        with open(path, "rb") as existing:
            key = existing.read()
        if len(key) == 32:
            return key
    key = secrets.token_bytes(32)
    part = path + ".part"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as new:
        new.write(key)
    os.replace(part, path)
    return key


def _connect(path: str) -> sqlite3.Connection:
    """Open a connection in autocommit: transactions below are opened by name, never by surprise."""
    db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA synchronous = NORMAL")
    return db


class StorageFull(Exception):
    """Keeping one more file would pass the limit on the sum of sizes."""


class Store:
    """One connection to the database, for the length of one request."""

    def __init__(self, folder: str) -> None:
        self._db = _connect(database_path(folder))

    def close(self) -> None:
        """Close now: PyPy has no reference counts, so a forgotten connection would stay open."""
        self._db.close()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Take the write lock at the start, so that what was read is still true at the commit."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _rows(self, sql: str, *values: Any) -> List[Row]:
        return [dict(row) for row in self._db.execute(sql, values).fetchall()]

    def _row(self, sql: str, *values: Any) -> Optional[Row]:
        rows = self._rows(sql, *values)
        return rows[0] if rows else None

    def _insert(self, sql: str, *values: Any) -> int:
        row_id = self._db.execute(sql, values).lastrowid
        assert row_id is not None
        return row_id

    # Notes: the JSON API.

    def notes(self) -> List[Row]:
        return self._rows("SELECT id, text, created FROM notes ORDER BY id DESC")

    def note(self, note_id: int) -> Optional[Row]:
        return self._row("SELECT id, text, created FROM notes WHERE id = ?", note_id)

    def add_note(self, text: str) -> Row:
        created = int(time.time())
        with self._writing():
            note_id = self._insert(
                "INSERT INTO notes (text, created) VALUES (?, ?)", text, created)
            self._db.execute(
                "DELETE FROM notes WHERE id <= (SELECT id FROM notes ORDER BY id DESC"
                " LIMIT 1 OFFSET ?)", (KEEP_ROWS,))
        return {"id": note_id, "text": text, "created": created}

    def delete_note(self, note_id: int) -> bool:
        return self._db.execute("DELETE FROM notes WHERE id = ?", (note_id,)).rowcount == 1

    # Guest book: the form.

    def guests(self) -> List[Row]:
        return self._rows(
            "SELECT id, name, email, mood, message, created FROM guests ORDER BY id DESC")

    def add_guest(self, name: str, email: str, mood: str, message: str) -> int:
        with self._writing():
            guest_id = self._insert(
                "INSERT INTO guests (name, email, mood, message, created)"
                " VALUES (?, ?, ?, ?, ?)", name, email, mood, message, int(time.time()))
            self._db.execute(
                "DELETE FROM guests WHERE id <= (SELECT id FROM guests ORDER BY id DESC"
                " LIMIT 1 OFFSET ?)", (KEEP_ROWS,))
        return guest_id

    def delete_guest(self, guest_id: int) -> bool:
        return self._db.execute("DELETE FROM guests WHERE id = ?", (guest_id,)).rowcount == 1

    # Files: what is known about each blob.

    def files(self) -> List[Row]:
        return self._rows(
            "SELECT id, blob, name, size, sha256, created FROM files ORDER BY id DESC")

    def file(self, file_id: int) -> Optional[Row]:
        return self._row(
            "SELECT id, blob, name, size, sha256, created FROM files WHERE id = ?", file_id)

    def add_file(self, blob: str, name: str, size: int, sha256: str, limit: int) -> int:
        """Record a blob, unless all blobs together would pass the limit.

        The sum and the insert share one transaction, so two uploads at once cannot both take the
        last free space.
        """
        with self._writing():
            used = self._db.execute("SELECT COALESCE(SUM(size), 0) FROM files").fetchone()[0]
            if used + size > limit:
                raise StorageFull()
            return self._insert(
                "INSERT INTO files (blob, name, size, sha256, created) VALUES (?, ?, ?, ?, ?)",
                blob, name, size, sha256, int(time.time()))

    def delete_file(self, file_id: int) -> bool:
        return self._db.execute("DELETE FROM files WHERE id = ?", (file_id,)).rowcount == 1
