"""Write a C file that holds the glue's Python sources, so that the server is one file.

usage: gen_sources.py OUTPUT SOURCE.py...
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
    output, *sources = (pathlib.Path(name) for name in sys.argv[1:])
    rows = []
    for source in sources:
        text = source.read_bytes()
        literal = "\n".join(as_c_string(text))
        rows.append(f'    {{"{source.stem}",\n{literal},\n     {len(text)}}},')
    output.write_text(
        "/* Written by gen_sources.py. */\n"
        '#include "sources.h"\n\n'
        "const struct glue_source_row glue_source_rows[] = {\n"
        + "\n".join(rows)
        + "\n    {0},\n};\n"
    )


if __name__ == "__main__":
    main()
