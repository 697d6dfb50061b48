"""Write a C file that holds Python sources, so that a program is one file.

usage: gen_text.py OUTPUT HEADER STRUCT ROWS SOURCE.py...
"""
import pathlib
import sys
from typing import Iterator


def as_c_string(source: bytes) -> Iterator[str]:
    """The lines of a C string literal; octal escapes, because hexadecimal ones have no end."""
    for line in source.splitlines(keepends=True):
        escaped = "".join(
            f"\\{byte:03o}" if byte < 32 or byte > 126 else chr(byte).replace("\\", "\\\\").replace('"', '\\"')
            for byte in line
        )
        yield f'     "{escaped}"'


def main() -> None:
    output, header, struct, name, *sources = sys.argv[1:]
    rows = []
    for source in (pathlib.Path(path) for path in sources):
        text = source.read_bytes()
        literal = "\n".join(as_c_string(text))
        rows.append(f'    {{"{source.stem}",\n{literal},\n     {len(text)}}},')
    pathlib.Path(output).write_text(
        "/* Written by gen_text.py. */\n"
        f'#include "{header}"\n\n'
        f"const struct {struct} {name}[] = {{\n" + "\n".join(rows) + "\n    {0},\n};\n"
    )


if __name__ == "__main__":
    main()
