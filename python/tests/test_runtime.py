"""Where the application's Python looks for modules; in a process of its own."""

from pathlib import Path
from typing import Any

import apart
from bask_pypy import runtime

FOLDER = Path(runtime.__file__).resolve().parent.parent


def run(code: str, cwd: Any = None, status: int = 0, **environ: str) -> str:
    """What the code prints on both streams; it finds runtime, os and sys imported."""
    return apart.run(FOLDER, "from bask_pypy import runtime", code, cwd, status, **environ)


class TestPaths:
    """add_paths."""

    def test_order(self, tmp_path: Path) -> None:
        code = "sys.path.append('/b'); runtime.add_paths(['/a', '/b']); "
        code += "print(sys.path[:3], sys.path.count('/b'))"
        assert run(code, cwd=tmp_path) == repr(["/a", "/b", str(tmp_path)]) + " 1\n"

    def test_the_folder_we_are_in(self, tmp_path: Path) -> None:
        code = "runtime.add_paths([]); print(sys.path[0])"
        assert run(code, cwd=tmp_path) == "%s\n" % tmp_path
