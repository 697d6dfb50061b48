"""Java for tests: compiled once a run, against the jar that was built with the server."""
import subprocess
import tempfile
from pathlib import Path

from support.server import BINARY

JAR = Path(BINARY).parent / "plugins" / "jvm" / "uwsgi.jar"
JAVAC = "/usr/bin/javac"


def compile_to(folder: Path, source: str, name: str = "Functions") -> Path:
    """The folder, with the classes of a source in it."""
    with tempfile.TemporaryDirectory() as sources:
        file = Path(sources) / (name + ".java")
        file.write_text(source, encoding="utf-8")
        done = subprocess.run(
            [JAVAC, "-encoding", "UTF-8", "-cp", str(JAR), "-d", str(folder), str(file)],
            check=False, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return folder
