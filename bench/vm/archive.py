"""A root file system as an initramfs: files of this machine, at their own places, in one cpio archive.

A kernel unpacks it into memory before it starts /init, so a virtual machine made of it needs no disk, no
drivers and nobody who is root. The format is "newc" (Linux, Documentation/driver-api/early-userspace).
"""
import os
import re
import stat
import subprocess
from pathlib import Path
from typing import BinaryIO, Dict, Iterable, List, NamedTuple, Union

# Of Python's libraries: what is large and nothing of a server's.
LEFT_OUT = {"test", "tests", "idlelib", "lib2to3", "dist-packages", "site-packages", "ensurepip"}


class Entry(NamedTuple):
    mode: int
    content: Union[bytes, Path]


class Root:
    def __init__(self) -> None:
        self.entries: Dict[str, Entry] = {}

    def folder(self, path: str) -> None:
        self.entries.setdefault(path, Entry(stat.S_IFDIR | 0o755, b""))

    def text(self, path: str, content: str, mode: int = 0o644) -> None:
        self._lead_to(Path(path))
        self.entries[path] = Entry(stat.S_IFREG | mode, content.encode())

    def put(self, source: Path, path: str) -> None:
        """A file under another name."""
        self._lead_to(Path(path))
        self.entries[path] = Entry(stat.S_IFREG | stat.S_IMODE(source.stat().st_mode), source)

    def take(self, path: Path) -> None:
        """A file, or a folder with all that is in it, and the links that lead there."""
        if str(path) in self.entries and path.is_symlink():
            return  # links may lead in a circle
        for parent in reversed(path.parents):
            if parent.is_symlink():
                self._link(parent)
                self.take(parent.resolve() / path.relative_to(parent))
                return
        if path.is_symlink():
            self._link(path)
            self.take(Path(os.path.normpath(path.parent / os.readlink(path))))
        elif path.is_dir():
            self._lead_to(path / "any")
            for child in path.iterdir():
                if child.name not in LEFT_OUT:
                    self.take(child)
        elif path.is_file():
            self.put(path, str(path))

    def take_libraries(self, programs: Iterable[Path]) -> None:
        """What the loader would load for them."""
        said = subprocess.run(["ldd", *map(str, programs)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              encoding="utf-8").stdout
        for path in sorted(set(re.findall(r"(?:=> |^\s+)(/\S+) \(0x", said, re.MULTILINE))):
            self.take(Path(path))

    def _lead_to(self, path: Path) -> None:
        for parent in reversed(path.parents):
            if parent != Path("/"):
                self.folder(str(parent))

    def _link(self, path: Path) -> None:
        self._lead_to(path)
        self.entries[str(path)] = Entry(stat.S_IFLNK | 0o777, os.readlink(path).encode())

    def write(self, file: BinaryIO) -> None:
        for number, path in enumerate(sorted(self.entries), 1):
            mode, content = self.entries[path]
            data = content.read_bytes() if isinstance(content, Path) else content
            file.write(record(number, path.lstrip("/"), mode, data))
        file.write(record(0, "TRAILER!!!", 0, b""))


def record(number: int, name: str, mode: int, data: bytes) -> bytes:
    named = name.encode() + b"\0"
    fields: List[int] = [number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(named), 0]
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + named
    return head + padding(head) + data + padding(data)


def padding(data: bytes) -> bytes:
    return b"\0" * (-len(data) % 4)


def is_program(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"
