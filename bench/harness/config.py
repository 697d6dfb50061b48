"""Reads servers.toml and scenarios.toml, and refuses what it does not know.

A misspelt key in a benchmark's data silently measures something else, so unknown keys are errors.
"""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parent.parent
REPO = BENCH.parent


class BenchError(Exception):
    """Something the reader of the terminal must know; its text is the whole message."""


@dataclass(frozen=True)
class Server:
    """How one server is built, started and asked for its version. Strings hold {placeholders}."""

    name: str
    title: str
    command: list[str]
    needs: dict[str, str] = field(default_factory=dict)
    build: list[str] = field(default_factory=list)
    templates: list[str] = field(default_factory=list)
    blobs: dict[str, int] = field(default_factory=dict)
    version: list[str] = field(default_factory=list)
    warmup_seconds: float = 5.0


@dataclass(frozen=True)
class Scenario:
    """One request, asked of several servers."""

    name: str
    title: str
    app: str
    servers: list[str]
    method: str
    path: str
    connections: int
    seconds: int
    bytes: int | dict[str, int]
    body: str = ""
    content_type: str = ""
    pipeline: int = 1  # requests that a connection sends before it reads

    def bytes_from(self, server: str) -> int:
        """The length of the body that this server must answer with."""
        if isinstance(self.bytes, int):
            return self.bytes
        return self.bytes.get(server, self.bytes["default"])

    @property
    def body_path(self) -> Path | None:
        """The file that is posted, if any."""
        return BENCH / "data" / self.body if self.body else None


@dataclass(frozen=True)
class Startup:
    """A server whose time from exec to the first response is wanted."""

    server: str
    app: str


@dataclass(frozen=True)
class Plan:
    """Everything the data files say."""

    servers: dict[str, Server]
    scenarios: list[Scenario]
    startups: list[Startup]


def _make(kind: type, values: dict[str, Any], where: str) -> Any:
    known = {f.name for f in dataclasses.fields(kind)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise BenchError(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(sorted(known))}")
    try:
        return kind(**values)
    except TypeError as error:
        raise BenchError(f"{where}: {error}") from error


def load(folder: Path = BENCH) -> Plan:
    """The plan of a folder that holds the two files."""
    servers_toml = tomllib.loads((folder / "servers.toml").read_text())
    scenarios_toml = tomllib.loads((folder / "scenarios.toml").read_text())
    servers = {
        name: _make(Server, {"name": name, **values}, f"servers.toml [{name}]")
        for name, values in servers_toml.items()
    }
    defaults = scenarios_toml.get("defaults", {})
    scenarios = [
        _make(Scenario, {**defaults, **values}, f"scenarios.toml, {values.get('name', 'a scenario')}")
        for values in scenarios_toml["scenario"]
    ]
    startups = [_make(Startup, v, "scenarios.toml, startup") for v in scenarios_toml.get("startup", [])]
    for where, names in [(s.name, s.servers) for s in scenarios] + [("startup", [s.server]) for s in startups]:
        for name in names:
            if name not in servers:
                raise BenchError(f"scenarios.toml, {where}: no server {name!r} in servers.toml")
    return Plan(servers, scenarios, startups)


def fill(text: str, values: dict[str, str]) -> str:
    """Replaces {placeholders}; other braces stay, so that an nginx configuration can be a template."""
    for key, value in values.items():
        text = text.replace("{" + key + "}", value)
    return text
