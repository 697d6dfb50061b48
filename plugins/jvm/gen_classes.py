"""Compile the classes that Java code sees, for those who compile against them and for the server.

usage: gen_classes.py JAVAC SOURCE.java CLASSES.c UWSGI.jar

The jar is for javac; the C file holds the same classes as bytes, so that no file is needed at run
time.
"""
import pathlib
import subprocess
import sys
import tempfile
import zipfile
from typing import Iterator

OLDEST = "8"  # the Java that the classes ask for
THE_SAME_TIME = (1980, 1, 1, 0, 0, 0)  # or each build would differ


def as_c_bytes(data: bytes) -> Iterator[str]:
    for at in range(0, len(data), 20):
        yield "    " + "".join("%d," % byte for byte in data[at : at + 20])


def main() -> None:
    javac, source, output, jar = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [javac, "-encoding", "UTF-8", "-Xlint:-options", "--release", OLDEST, "-d", folder, source],
            check=True,
        )
        classes = [(path.stem, path.read_bytes()) for path in sorted(pathlib.Path(folder).iterdir())]
    with zipfile.ZipFile(jar, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in classes:
            archive.writestr(zipfile.ZipInfo(name + ".class", THE_SAME_TIME), data)
    lines = ["/* Written by gen_classes.py. */", '#include "classes.h"', ""]
    for number, (name, data) in enumerate(classes):
        lines += [f"static const signed char class_{number}[] = {{ /* {name} */", *as_c_bytes(data), "};"]
    lines += ["", "const struct jvm_class jvm_classes[] = {"]
    for number, (name, _) in enumerate(classes):
        lines.append(f'    {{"{name}", class_{number}, sizeof class_{number}}},')
    lines += ["    {0},", "};", ""]
    pathlib.Path(output).write_text("\n".join(lines))


if __name__ == "__main__":
    main()
