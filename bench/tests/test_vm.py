"""Tests of the virtual machine's root: what is written is what a kernel would unpack."""

import io
import os
import stat
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from vm import archive  # noqa: E402


def unpack(data: bytes) -> dict[str, tuple[int, bytes]]:
    """Mode and content by name, in the order of the archive."""
    files, place = {}, 0
    while True:
        assert data[place:place + 6] == b"070701", place
        fields = [int(data[place + 6 + 8 * n:place + 14 + 8 * n], 16) for n in range(13)]
        name_end = place + 110 + fields[11]
        name = data[place + 110:name_end - 1].decode()
        content = name_end + -name_end % 4
        if name == "TRAILER!!!":
            return files
        files[name] = (fields[1], data[content:content + fields[6]])
        place = content + fields[6]
        place += -place % 4


class Root(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()
        self.root = archive.Root()

    def written(self) -> dict[str, tuple[int, bytes]]:
        file = io.BytesIO()
        self.root.write(file)
        return unpack(file.getvalue())

    def test_contents_of_all_lengths_come_back(self):
        for length in range(9):
            self.root.text("/etc/" + "n" * (length + 1), "x" * length)
        files = self.written()
        self.assertEqual(files["etc"][0], stat.S_IFDIR | 0o755)
        for length in range(9):
            self.assertEqual(files["etc/" + "n" * (length + 1)], (stat.S_IFREG | 0o644, b"x" * length))

    def test_folders_come_before_what_is_in_them(self):
        self.root.text("/a/b/c", "")
        self.assertEqual(list(self.written()), ["a", "a/b", "a/b/c"])

    def test_a_file_is_taken_through_links(self):
        (self.folder / "real").mkdir()
        program = self.folder / "real" / "program-1.2"
        program.write_bytes(b"code")
        program.chmod(0o755)
        os.symlink("program-1.2", self.folder / "real" / "program")
        os.symlink("real", self.folder / "short")
        self.root.take(self.folder / "short" / "program")
        files, place = self.written(), str(self.folder).lstrip("/")
        self.assertEqual(files[place + "/short"], (stat.S_IFLNK | 0o777, b"real"))
        self.assertEqual(files[place + "/real/program"], (stat.S_IFLNK | 0o777, b"program-1.2"))
        self.assertEqual(files[place + "/real/program-1.2"], (stat.S_IFREG | 0o755, b"code"))

    def test_a_folder_is_taken_whole_but_for_what_is_left_out(self):
        (self.folder / "test").mkdir()
        (self.folder / "test" / "large").write_text("")
        (self.folder / "module").write_text("1")
        os.symlink("nowhere", self.folder / "broken")
        self.root.take(self.folder)
        place = str(self.folder).lstrip("/")
        self.assertEqual({name for name in self.written() if name.startswith(place + "/")},
                         {place + "/module", place + "/broken"})

    def test_libraries_of_a_program_are_taken(self):
        self.root.take_libraries([Path(sys.executable).resolve()])
        self.assertTrue(any(Path(path).name.startswith("libc.so") for path in self.root.entries))


if __name__ == "__main__":
    unittest.main()
