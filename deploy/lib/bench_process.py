"""What the benchmarks read of a process in /proc."""

import os
import pathlib

TICK = 1e6 / os.sysconf("SC_CLK_TCK")


def stat(pid: int) -> list[str]:
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def family(pid: int) -> list[int]:
    """A process and its children: the workers of nginx, the backends of PostgreSQL."""
    found = [pid]
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if int(stat(int(entry.name))[1]) == pid:
                    found.append(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                pass
    return found


def family_cpu(pid: int) -> float:
    """User and system time so far in µs, with the time of children that have ended; steps of 10 ms."""
    total = 0.0
    for member in family(pid):
        try:
            fields = stat(member)
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += (int(fields[11]) + int(fields[12])) * TICK
        if member == pid:
            total += (int(fields[13]) + int(fields[14])) * TICK
    return total


def thread_cpu(pid: int) -> dict[str, float]:
    """The time so far in µs of the threads that live, by their names; exact, from the scheduler."""
    found: dict[str, float] = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            name = (task / "comm").read_text().strip()
            found[name] = found.get(name, 0.0) + int((task / "schedstat").read_text().split()[0]) / 1000
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def resident(pid: int) -> int:
    """KiB."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("VmRSS:")).split()[1])
