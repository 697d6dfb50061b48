"""tools/check-rooms: each rule finds what it is for, nothing else, and the real tree passes."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

CLEAN = {
    "src/ROOMS": "# a comment\nbase:\nsys: base # the OS\nmain: base sys\n",
    "src/base/str.h": "/* Text. */\n#pragma once\n\n#include <bask/str.h>\n#include <sys/types.h>\n",
    "src/base/str.c": '// Text.\n#include "base/str.h"\n',
    "src/base/private.h": "/* exit(1) here */\n#pragma once\n#ifndef LIMIT\n#define LIMIT 3\n#endif\n",
    "src/sys/clock.h": '/* Time. */\n#pragma once\n\n#include "base/str.h"\n',
    "src/sys/clock.c": '/* Time. */\n#include "sys/clock.h"\nconst char *x = "exit(1) \\" _exit(";\n'
    "void on_exit_run(int n); // exit(2)\nvoid g(struct s *s) { s->exit(1); on_exit_run(2); atexit(g); }\n",
    "src/main/main.c": '/* The root. */\n#include "sys/clock.h"\nvoid f(void) { exit(1); }\n',
    "include/bask/str.h": "/* Text. */\n#pragma once\n\n#include <stddef.h>\n#include <bask/plugin.h>\n",
    "include/bask/plugin.h": "/* The ABI. */\n#pragma once\n",
    "plugins/null/null.h": "/* Null. */\n#pragma once\n",
    "plugins/null/deep/deep.c": '/* Null. */\n#include "null.h"\n#include "generated.h"\n#include <math.h>\n',
    "plugins/null/null.c": '/* Null. */\n#include <bask/plugin.h>\n#include "null.h"\n#include "deep/deep.h"\n',
    "plugins/null/deep/deep.h": "/* Null. */\n#pragma once\n",
    "embed/include/pypy_embed.h": "/* PyPy. */\n#pragma once\n#include <stddef.h>\n",
    "embed/src/call.c": '/* PyPy. */\n#include "private.h"\n#include <pypy_embed.h>\n',
    "embed/src/private.h": "/* PyPy. */\n#pragma once\n",
}


def run(root: Path) -> "tuple[int, list[str]]":
    result = subprocess.run(
        [sys.executable, str(ROOT / "tools/check-rooms"), str(root)], capture_output=True, text=True, cwd="/"
    )
    assert result.stderr == ""
    return result.returncode, result.stdout.splitlines()


def write(root: Path, files: "dict[str, str]") -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_clean_tree_passes(tmp_path: Path) -> None:
    assert run(write(tmp_path, CLEAN)) == (0, [])


# file, its text, the one finding that begins with this
VIOLATIONS = {
    "embed: the server's": (
        "embed/src/up.c",
        "/* x */\n#include <bask/plugin.h>\n",
        "embed/src/up.c:2: embed: bask/plugin.h: ",
    ),
    "embed: a room's": ("embed/src/up.c", '/* x */\n#include "base/str.h"\n', "embed/src/up.c:2: embed: base/str.h: "),
    "rooms: below": (
        "src/ROOMS",
        "base: sys\nsys: base\nmain: base sys\n",
        "src/ROOMS:1: rooms: base names sys, which is not listed above it",
    ),
    "rooms: itself": (
        "src/ROOMS",
        "base: base\nsys: base\nmain: base sys\n",
        "src/ROOMS:1: rooms: base names base, which is not listed above it",
    ),
    "rooms: twice": (
        "src/ROOMS",
        "base:\nsys: base\nmain: base sys\nsys: base\n",
        "src/ROOMS:4: rooms: sys is listed twice",
    ),
    "rooms: syntax": (
        "src/ROOMS",
        "base:\nsys: base\nmain: base sys\nbase sys\n",
        'src/ROOMS:4: rooms: "base sys" is not "room: rooms"',
    ),
    "rooms: unlisted": ("src/loop/loop.c", "/* x */\n", "src/loop/loop.c:1: rooms: "),
    "rooms: no room": ("src/stray.c", "/* x */\n", "src/stray.c:1: rooms: "),
    "include: not granted": (
        "src/base/up.c",
        '/* x */\n\n#  include "sys/clock.h"\n',
        'src/base/up.c:3: include: base may not include "sys/clock.h"; it may include no other room',
    ),
    "include: without a room": ("src/base/up.c", '/* x */\n#include "str.h"\n', "src/base/up.c:2: include: "),
    "include: by a detour": (
        "src/base/up.c",
        '/* x */\n#include "base/../sys/clock.h"\n',
        "src/base/up.c:2: include: ",
    ),
    "include: public in quotes": (
        "src/base/up.c",
        '/* x */\n#include "bask/str.h"\n',
        "src/base/up.c:2: include: ",
    ),
    "include: private": (
        "src/sys/up.c",
        '/* x */\n#include "base/private.h"\n',
        'src/sys/up.c:2: include: "base/private.h" belongs to base alone',
    ),
    "shadow": ("src/main/up.c", "/* x */\n#include <sys/clock.h>\n", "src/main/up.c:2: shadow: "),
    "public: quotes": (
        "include/bask/x.h",
        '/* x */\n#pragma once\n#include "bask/str.h"\n',
        "include/bask/x.h:3: public: ",
    ),
    "public: a room": (
        "include/bask/x.h",
        "/* x */\n#pragma once\n#include <base/str.h>\n",
        "include/bask/x.h:3: public: ",
    ),
    "plugin: a room": (
        "plugins/null/x.c",
        '/* x */\n#include "base/str.h"\n',
        "plugins/null/x.c:2: plugin: base/str.h",
    ),
    "plugin: a room in brackets": (
        "plugins/null/x.c",
        "/* x */\n#include <base/str.h>\n",
        "plugins/null/x.c:2: plugin: base/str.h",
    ),
    "plugin: another plugin": (
        "plugins/other/x.c",
        '/* x */\n#include "../null/null.h"\n',
        "plugins/other/x.c:2: plugin: ../null/null.h",
    ),
    "comment": ("src/base/x.c", "\nint x;\n", "src/base/x.c:1: comment: "),
    "comment: plugin": ("plugins/null/x.c", "int x;\n", "plugins/null/x.c:1: comment: "),
    "once: missing": ("src/base/x.h", "/* x */\n\n#include <stddef.h>\n", "src/base/x.h:3: once: "),
    "once: late": (
        "src/base/x.h",
        "/* x */\n#include <stddef.h>\n#pragma once\n",
        "src/base/x.h:2: once: ",
    ),
    "once: empty": ("src/base/x.h", "/* x */\n", "src/base/x.h:1: once: "),
    "once: guard": (
        "src/base/x.h",
        "/* x */\n#pragma once\n#ifndef X_H\n#define X_H\n#endif\n",
        "src/base/x.h:3: once: no include guard (X_H)",
    ),
    "exit": ("src/base/x.c", "/* x */\nvoid f(void)\n{\n    exit (1);\n}\n", "src/base/x.c:4: exit: "),
    "_exit": ("src/sys/x.c", "/* x */\nvoid f(void) { _exit(1); }\n", "src/sys/x.c:2: exit: "),
    "exit: plugin": ("plugins/null/x.c", "/* x */\nint f(void) { _Exit(1); }\n", "plugins/null/x.c:2: exit: "),
}


@pytest.mark.parametrize("case", VIOLATIONS)
def test_a_violation_is_found(case: str, tmp_path: Path) -> None:
    file, text, expected = VIOLATIONS[case]
    status, lines = run(write(tmp_path, {**CLEAN, file: text}))
    assert status == 1
    assert len(lines) == 1 and lines[0].startswith(expected), lines


def test_all_findings_are_listed(tmp_path: Path) -> None:
    status, lines = run(write(tmp_path, {**CLEAN, "src/base/a.c": "int a;\n", "src/sys/b.c": "int b;\n"}))
    assert status == 1
    assert [line.split(":")[0] for line in lines] == ["src/base/a.c", "src/sys/b.c"]


def test_the_real_tree_passes() -> None:
    status, lines = run(ROOT)
    assert status == 0, "\n".join(lines)
