"""What a tree of processes has cost so far, from /proc.

Two sources are read. `schedstat` counts nanoseconds on a CPU, exactly, for each live thread. `stat`
counts in ticks (10 ms) but keeps what ended threads and reaped children have used. The first is the
figure; the second checks it, and replaces it when a thread has ended within a window.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
# utime, stime, cutime and cstime are each rounded down to a tick, before and after a window.
ROUNDING_NS = 4 * TICK_NS


def _stat_fields(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state (field 3) on; the name before may hold anything."""
    text = (PROC / str(pid) / "stat").read_text()
    return text[text.rindex(")") + 2 :].split()


def tree(root: int) -> list[int]:
    """A process, all its live descendants, and orphans of its session (root must lead one)."""
    children: dict[int, list[int]] = {}
    session: set[int] = {root}
    for entry in os.listdir(PROC):
        if not entry.isdigit():
            continue
        try:
            fields = _stat_fields(int(entry))
        except (OSError, ValueError):
            continue
        children.setdefault(int(fields[1]), []).append(int(entry))
        if int(fields[3]) == root:
            session.add(int(entry))
    found = sorted(session)
    for pid in found:
        found += [child for child in children.get(pid, []) if child not in session]
    return found


def start_time(pid: int) -> str | None:
    """Tells a process from a later one with the same number; None if there is none."""
    try:
        return _stat_fields(pid)[19]
    except (OSError, ValueError):
        return None


@dataclass(frozen=True)
class CpuReading:
    """CPU time used by a tree up to now."""

    exact_ns: int
    ticks_ns: int
    tasks: frozenset[tuple[int, int]]
    processes: int


def read_cpu(root: int) -> CpuReading:
    """Reads both sources for the tree under root. Raises OSError if root itself is gone."""
    _stat_fields(root)
    exact = ticks = processes = 0
    tasks: set[tuple[int, int]] = set()
    for pid in tree(root):
        try:
            ticks += sum(int(f) for f in _stat_fields(pid)[11:15])
            for tid in os.listdir(PROC / str(pid) / "task"):
                exact += int((PROC / str(pid) / "task" / tid / "schedstat").read_text().split()[0])
                tasks.add((pid, int(tid)))
        except OSError:
            continue  # it ended while we looked: the window's set of tasks will differ
        processes += 1
    return CpuReading(exact, ticks * TICK_NS, frozenset(tasks), processes)


def cpu_between(before: CpuReading, after: CpuReading) -> tuple[int, str]:
    """Nanoseconds used between two readings, and a remark if they are not beyond doubt."""
    exact = after.exact_ns - before.exact_ns
    ticks = after.ticks_ns - before.ticks_ns
    if before.tasks - after.tasks:
        return ticks, "a thread or process ended within a window: CPU time counted in ticks"
    allowed = 0.03 * exact + ROUNDING_NS * max(before.processes, after.processes)
    if abs(exact - ticks) > allowed:
        return exact, f"schedstat says {exact / 1e9:.3f} s, stat {ticks / 1e9:.3f} s of CPU"
    return exact, ""


def busy_ns(cpu: int) -> int:
    """What everybody has used of one CPU so far, with what the hypervisor took away."""
    for line in (PROC / "stat").read_text().splitlines():
        name, *fields = line.split()
        if name == f"cpu{cpu}":
            user, nice, system, _idle, _iowait, irq, softirq, steal = (int(f) for f in fields[:8])
            return (user + nice + system + irq + softirq + steal) * TICK_NS
    return 0


def rss_bytes(root: int) -> int:
    """Resident memory of the tree; pages shared by two of its processes count twice."""
    total = 0
    for pid in tree(root):
        try:
            total += int((PROC / str(pid) / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            continue
    return total
