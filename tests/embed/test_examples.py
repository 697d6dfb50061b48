"""The examples of embed/examples: each compiles without a warning, and does what it says."""
import re
import subprocess
from pathlib import Path

import pytest

from conftest import BUILD, ROOT, Compile, flags, run
from outputs import EXPECTED

EXAMPLES = ROOT / "embed" / "examples"
COMPILERS = {".c": ["gcc", "clang"], ".cc": ["g++", "clang++"]}


def test_every_example_is_here() -> None:
    assert {path.name for path in EXAMPLES.iterdir()} == set(EXPECTED)


@pytest.mark.parametrize(
    "name, compiler",
    [(name, compiler) for name in EXPECTED for compiler in COMPILERS[Path(name).suffix]],
)
def test_example(name: str, compiler: str, compile_program: Compile, tmp_path: Path) -> None:
    program = compile_program(EXAMPLES / name, compiler)
    for _ in range(3):
        assert re.fullmatch(EXPECTED[name], run(str(program), cwd=tmp_path))


def test_installed(compile_program: Compile, tmp_path: Path) -> None:
    """The header, the library and the pkg-config file are all that a program needs."""
    subprocess.run(["meson", "install", "-C", str(BUILD), "--no-rebuild", "--tags", "devel", "--destdir",
                    str(tmp_path)], check=True, stdout=subprocess.DEVNULL, timeout=60)
    (package,) = tmp_path.rglob("pypy-embed.pc")
    prefix = re.search(r"^prefix=(.*)$", package.read_text(), re.M)
    assert prefix
    package.write_text(package.read_text().replace(prefix[0], f"prefix={tmp_path}{prefix[1]}"))
    linked = flags("pypy-embed", package.parent)
    assert str(ROOT) not in " ".join(linked)
    program = compile_program(EXAMPLES / "single.c", "cc", "-O2", link=linked)
    assert re.fullmatch(EXPECTED["single.c"], run(str(program)))
    (stub,) = tmp_path.rglob("pypy_embed/Python.h")
    assert stub.with_name("pyconfig.h").exists()


def test_manual_shows_the_first_example(compile_program: Compile, tmp_path: Path) -> None:
    """The program at the beginning of the manual compiles and runs as it stands there."""
    manual = (ROOT / "docs" / "embedding" / "README.md").read_text()
    blocks = re.findall(r"```(c|console)\n(.*?)```", manual, re.S)
    source = tmp_path / "hello.c"
    source.write_text(next(text for kind, text in blocks if kind == "c"))
    shown = next(text for kind, text in blocks if kind == "console").splitlines(keepends=True)
    output = "".join(line for line in shown if not line.startswith("$"))
    program = compile_program(source, "cc")
    assert run(str(program)) == output
