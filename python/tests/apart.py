"""Python code in a process of its own, for what changes the interpreter."""
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict


def run(folder: Path, imports: str, code: str, cwd: Any, status: int, **environ: str) -> str:
    """What the code prints on both streams. It finds os and sys imported, and `imports` run with
    `folder` in front of sys.path; no PYTHON variable but those of `environ` is set."""
    prelude = "import os, sys; sys.path.insert(0, %r); %s\n" % (str(folder), imports)
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
