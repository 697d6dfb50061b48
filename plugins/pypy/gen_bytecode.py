"""Write a C file that holds the glue's modules as bytecode, so that a start need not compile them.

usage: gen_bytecode.py OUTPUT IMPORTER.py "PYPY..." SOURCE.py...

Bytecode is of one version of PyPy, which its rows name: each PYPY compiles for itself, by running
this same file. Another PyPy at run time compiles the sources.
"""
import base64
import json
import marshal
import pathlib
import runpy
import subprocess
import sys
from typing import Any, Dict, Iterator, List

PACKAGE = "bask_pypy"


def full_name(path: pathlib.Path) -> str:
    """As it is imported."""
    if path.parent.name != PACKAGE:
        return path.stem
    return PACKAGE if path.stem == "__init__" else "%s.%s" % (PACKAGE, path.stem)


def compile_here(importer: Dict[str, Any], sources: List[pathlib.Path]) -> Dict[str, str]:
    """What this interpreter makes of the sources, in base64, by the names of the C table."""
    return {
        path.stem: base64.b64encode(marshal.dumps(
            importer["compile_module"](full_name(path), path.read_text(encoding="utf-8")))).decode()
        for path in sources
    }


def rows_of(pypy: str, importer: str, sources: List[str]) -> Iterator[str]:
    """The rows of an interpreter."""
    done = subprocess.run([pypy, __file__, "--here", importer, *sources], check=True, stdout=subprocess.PIPE)
    made = json.loads(done.stdout)
    for name, encoded in made["code"].items():
        code = base64.b64decode(encoded)
        pieces = (code[at:at + 64] for at in range(0, len(code), 64))
        literal = "\n".join('     "%s"' % "".join("\\%03o" % byte for byte in piece) for piece in pieces)
        yield '    {"%s", "%s",\n%s,\n     %d},\n' % (made["interpreter"], name, literal, len(code))


def main() -> None:
    if sys.argv[1] == "--here":
        importer = runpy.run_path(sys.argv[2])
        code = compile_here(importer, [pathlib.Path(path) for path in sys.argv[3:]])
        json.dump({"interpreter": importer["BYTECODE"], "code": code}, sys.stdout)
        return
    output, importer_path, pypys, *sources = sys.argv[1:]
    rows = [row for pypy in pypys.split() for row in rows_of(pypy, importer_path, sources)]
    pathlib.Path(output).write_text(
        '/* Written by gen_bytecode.py. */\n#include "sources.h"\n\n'
        "const struct glue_bytecode_row glue_bytecode_rows[] = {\n" + "".join(rows) + "    {0},\n};\n")


if __name__ == "__main__":
    main()
