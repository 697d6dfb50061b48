"""What to run, as data: matrix.toml and the command line become experiments."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Interpreter:
    """A name for the tables and the command that starts it."""

    name: str
    command: tuple[str, ...]

    @property
    def has_jit(self) -> bool:
        return not self.name.startswith("cpython")


@dataclass(frozen=True)
class Experiment:
    """One parent: it warms an application and forks children on the way."""

    app: str
    interpreter: Interpreter
    warm: str
    plan: dict
    nursery: str


def interpreter(text: str) -> Interpreter:
    """NAME=COMMAND, with blanks between the words of the command."""
    name, equals, command = text.partition("=")
    if not equals or not name or not command.split():
        raise ValueError(f"{text}: NAME=COMMAND expected, such as pypy=/usr/bin/pypy3")
    return Interpreter(name, tuple(command.split()))


def phases(jit: str, seconds: list[float]) -> list[dict]:
    """Warm-up in steps: the parameters are set in the first, each step adds what is missing."""
    if sorted(set(seconds)) != list(seconds):
        raise ValueError("seconds: a list that grows expected")
    steps, before = [], 0.0
    for index, until in enumerate(seconds):
        steps.append(
            {"name": f"{until:g}", "seconds": until - before, "jit": jit if index == 0 else ""}
        )
        before = until
    return steps


def read(path: Path) -> dict:
    """matrix.toml, checked for the tables that it must have."""
    matrix = tomllib.loads(path.read_text(encoding="utf-8"))
    for table in ("app", "warm", "calm"):
        if not isinstance(matrix.get(table), dict) or not matrix[table]:
            raise ValueError(f"{path}: no table [{table}]")
    return matrix


def experiments(
    matrix: dict, interpreters: list[Interpreter], apps: list[str], warm: list[str]
) -> list[Experiment]:
    """Every combination; an interpreter without a JIT is warmed once, and shortly."""
    known = [(apps, "app"), (warm, "warm")]
    for names, table in known:
        for name in names:
            if name not in matrix[table]:
                raise ValueError(f"{name}: no such {table}; there are {', '.join(matrix[table])}")
    children = [{"name": name, **child} for name, child in matrix["calm"].items()]
    for child in children:
        child.setdefault("requests", matrix["requests"])
    result = []
    for app in apps:
        for one in interpreters:
            for name in warm if one.has_jit else ["-"]:
                jit = matrix["warm"][name]["jit"] if one.has_jit else ""
                seconds = matrix["seconds"] if one.has_jit else [2]
                forks = children if one.has_jit else [{"name": "-", "requests": matrix["requests"]}]
                plan = {"app": app, "phases": phases(jit, seconds), "children": forks}
                nursery = matrix["warm"].get(name, {}).get("nursery", matrix["nursery"])
                result.append(Experiment(app, one, name, plan, nursery))
    return result
