"""Programs that embed PyPy, compiled by what `make` built, and run in the real one.

    /usr/bin/python3 -m pytest tests/embed
"""
import os
import subprocess
from pathlib import Path
from typing import Callable, Dict, List, Optional

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BUILD", ROOT / "build")).resolve()
WARNINGS = ["-Wall", "-Wextra", "-Wshadow", "-Werror"]
LANGUAGES = {
    ".c": ["-std=gnu11", "-Wvla", "-Wmissing-prototypes", "-Wstrict-prototypes"],
    ".cc": ["-std=c++17"],
}
SECONDS = 60

Compile = Callable[..., Path]
Run = Callable[..., str]


def flags(package: str, folder: Path) -> List[str]:
    """What pkg-config says of the library."""
    return subprocess.run(
        ["pkg-config", "--cflags", "--libs", package],
        env={**os.environ, "PKG_CONFIG_PATH": str(folder)},
        stdout=subprocess.PIPE, encoding="utf-8", check=True,
    ).stdout.split()


def clean_environment() -> Dict[str, str]:
    """Without what would choose another PyPy or change how it runs."""
    return {
        name: value for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "PYPY", "PYTEST")) and name != "VIRTUAL_ENV"
    }


@pytest.fixture(scope="session")
def compile_program(tmp_path_factory: pytest.TempPathFactory) -> Compile:
    """Compiles and links a source; a warning is an error."""
    made: Dict[str, Path] = {}

    def compile_one(source: Path, compiler: str, *more: str,
                    link: Optional[List[str]] = None) -> Path:
        key = " ".join([str(source), compiler, *more])
        if key not in made:
            output = tmp_path_factory.mktemp("program") / source.stem
            libraries = link or flags("pypy-embed", BUILD / "meson-uninstalled")
            subprocess.run([compiler, *LANGUAGES[source.suffix], *WARNINGS, *more, str(source),
                            *libraries, "-o", str(output)], check=True, timeout=SECONDS)
            made[key] = output
        return made[key]

    return compile_one


def run(*command: str, cwd: Optional[Path] = None, env: Optional[Dict[str, str]] = None,
        status: int = 0) -> str:
    """What a program writes on both streams; it must end as expected."""
    done = subprocess.run(
        command, cwd=cwd, env={**clean_environment(), **(env or {})}, timeout=SECONDS,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    output = done.stdout.decode("utf-8", "surrogateescape")
    assert done.returncode == status, output
    return output


@pytest.fixture(scope="session")
def driver_path(compile_program: Compile) -> Path:
    return compile_program(Path(__file__).with_name("driver.c"), "cc")


@pytest.fixture
def drive(driver_path: Path, tmp_path: Path) -> Run:
    """Runs the driver: words of its command line, in an empty folder."""

    def drive_it(*words: str, env: Optional[Dict[str, str]] = None, status: int = 0) -> str:
        return run(str(driver_path), *words, cwd=tmp_path, env=env, status=status)

    return drive_it
