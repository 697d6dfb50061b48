"""Java for tests: compiled once a run, against the jar that was built with the server."""
import subprocess
import tempfile
from pathlib import Path

from support.server import BINARY

JAR = Path(BINARY).parent / "plugins" / "jvm" / "uwsgi.jar"
JAVAC = "/usr/bin/javac"

# A method for a class that registers functions.
IN_THREAD = """
    static String inThread(java.util.function.Supplier<String> work) {
        String[] out = new String[1];
        Thread thread = new Thread(() -> out[0] = work.get());
        thread.start();
        try { thread.join(); } catch (InterruptedException error) { throw new RuntimeException(error); }
        return out[0];
    }

"""
# A function for the Python beside it.
CALLS_IN_THREADS = """
def in_threads(count, *call):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(uwsgi.call(*call)))
               for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers

"""


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
