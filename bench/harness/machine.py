"""What a figure is worth nothing without: the machine and the versions."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

from .config import REPO, Server, fill
from .server import ENVIRONMENT

TOOLS = {
    "wrk": ["wrk", "--version"],
    "C compiler": ["cc", "--version"],
    "CPython": ["/usr/bin/python3", "--version"],
    "PyPy": ["pypy3", "--version"],
    "Flask": ["/usr/bin/python3", "-c", "import importlib.metadata as m; print(m.version('flask'))"],
    "Django": ["/usr/bin/python3", "-c", "import importlib.metadata as m; print(m.version('django'))"],
}


def machine() -> dict[str, str]:
    """CPU, cores, cache, memory, kernel, and how busy it was at the start."""
    names = [line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    facts = {
        "CPU": names[0] if names else platform.machine(),
        "cores": str(os.cpu_count()),
        "memory": f"{memory / 2**30:.1f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "load average at the start": f"{os.getloadavg()[0]:.2f}",
    }
    cache = Path("/sys/devices/system/cpu/cpu0/cache/index3/size")
    if cache.exists():
        facts["last-level cache"] = cache.read_text().strip()
    return facts


def _ask(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=ENVIRONMENT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "not found"
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    # pypy3 --version says what it is in its second line.
    return next((line for line in lines if "PyPy" in line), lines[0] if lines else "unknown")


def versions(servers: list[Server], bask: Path) -> dict[str, str]:
    """Versions of the tools, and of every server that can be asked."""
    found = {name: _ask(command) for name, command in TOOLS.items()}
    for server in servers:
        if server.version:
            found[server.title.split(",")[0]] = _ask([fill(w, {"bask": str(bask)}) for w in server.version])
    commit = _ask(["git", "-C", str(REPO), "describe", "--always", "--dirty"])
    found["commit"] = commit if "fatal" not in commit else "none"
    return found
