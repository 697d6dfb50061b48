"""Where the application's Python looks for modules; in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict

from bask_pypy import runtime

FOLDER = Path(runtime.__file__).resolve().parent.parent


def run(code: str, cwd: Any = None, status: int = 0, **environ: str) -> str:
    """What the code prints on both streams; it finds runtime, os and sys imported."""
    prelude = "import os, sys; sys.path.insert(0, %r); from bask_pypy import runtime\n" % str(
        FOLDER
    )
    variables: Dict[str, str] = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [sys.executable, "-E", "-c", prelude + code],
        cwd=cwd,
        env={**variables, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
    )
    output = done.stdout.decode("utf-8", "surrogateescape")
    assert done.returncode == status, output
    return output


class TestPaths:
    """add_paths."""

    def test_order(self, tmp_path: Path) -> None:
        code = "sys.path.append('/b'); runtime.add_paths(['/a', '/b']); "
        code += "print(sys.path[:3], sys.path.count('/b'))"
        assert run(code, cwd=tmp_path) == repr(["/a", "/b", str(tmp_path)]) + " 1\n"

    def test_the_folder_we_are_in(self, tmp_path: Path) -> None:
        code = "runtime.add_paths([]); print(sys.path[0])"
        assert run(code, cwd=tmp_path) == "%s\n" % tmp_path
