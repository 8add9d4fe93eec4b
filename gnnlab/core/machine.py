"""Machine memory: the bytes that this process may still take, by the machine and its limits."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

UNKNOWN = 4 << 30
"""Where neither the system nor Python says how much memory there is."""
NONE = 1 << 60
"""A limit from here on is none; version 1 writes one so where there is none."""
HOST = Path("/")
GROUPS = (("max", "current"), ("high", "current"), ("limit_in_bytes", "usage_in_bytes"))
"""Files of a control group's limits and of what it uses: of version 2 twice, of version 1."""


def free_memory(root: Path = HOST) -> int:
    """The least of what the host, the control groups and the process's own limits leave, in bytes.

    A control group counts the file pages that it could drop at once (``inactive_file``) as used;
    they are given back here. Groups lie within each other, and each may have a limit.

    Args:
        root: where ``proc`` and ``sys`` lie.

    Cost:
        some ten small files, a fraction of a millisecond.
    """
    left = [_host(root), *_groups(root), *_process(root)]
    return max(min(left), 0)


def _host(root: Path) -> int:
    """What the machine has left; what it has in all where it does not say."""
    found = re.search(r"^MemAvailable:\s+(\d+) kB", _text(root / "proc/meminfo"), re.MULTILINE)
    if found:
        return 1024 * int(found[1])
    with suppress(AttributeError, ValueError, OSError):  # Windows has no sysconf
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return UNKNOWN


def _groups(root: Path) -> Iterator[int]:
    """What each control group around this process leaves."""
    for folder in _group_folders(root):
        for limit, used in GROUPS:
            most = _text(folder / f"memory.{limit}").strip()
            if most.isdigit() and int(most) < NONE:
                now = _text(folder / f"memory.{used}").strip()
                if now.isdigit():
                    yield int(most) - int(now) + _droppable(_text(folder / "memory.stat"))


def _droppable(stat: str) -> int:
    """Bytes of file pages that no one needs soon; version 1 sums up those of groups within."""
    for name in ("total_inactive_file", "inactive_file"):
        if found := re.search(rf"^{name} (\d+)", stat, re.MULTILINE):
            return int(found[1])
    return 0


def _group_folders(root: Path) -> Iterator[Path]:
    """The folders of this process's memory groups, from its own to the outermost that is seen."""
    mounts = _mounts(root)
    for line in _text(root / "proc/self/cgroup").splitlines():
        controllers, _, path = line.partition(":")[2].partition(":")
        kind = "cgroup2" if not controllers else "cgroup"
        if controllers and "memory" not in controllers.split(","):
            continue
        for shown, place in mounts.get(kind, []):
            inside = path[len(shown) :] if path.startswith(shown) else ""
            folder = root / place.lstrip("/")
            parts = [part for part in inside.split("/") if part not in ("", "..")]
            for length in range(len(parts), -1, -1):
                yield folder.joinpath(*parts[:length])


def _mounts(root: Path) -> dict[str, list[tuple[str, str]]]:
    """For version 2 (``cgroup2``) and 1, the part of its tree that a mount shows, and where."""
    found: dict[str, list[tuple[str, str]]] = {}
    for line in _text(root / "proc/self/mountinfo").splitlines():
        left, _, right = line.partition(" - ")
        before, after = left.split(), right.split()
        if len(before) < 5 or not after or after[0] not in ("cgroup", "cgroup2"):
            continue
        if after[0] == "cgroup2" or "memory" in after[-1].split(","):
            found.setdefault(after[0], []).append((before[3].rstrip("/"), before[4]))
    return found


def _process(root: Path) -> Iterator[int]:
    """What the process's limits on its address space and on its data leave."""
    try:
        import resource
    except ImportError:
        return  # Windows
    status = _text(root / "proc/self/status")
    for limit, name in (("RLIMIT_AS", "VmSize"), ("RLIMIT_DATA", "VmData")):
        with suppress(AttributeError, ValueError, OSError):
            most = resource.getrlimit(getattr(resource, limit))[0]
            if most != resource.RLIM_INFINITY:
                yield most - _used(status, name)


def _used(status: str, name: str) -> int:
    """What the process has of it; its largest resident size where the system does not say."""
    if found := re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE):
        return 1024 * int(found[1])
    import resource

    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _text(path: Path) -> str:
    """What a file of the system holds, nothing where it cannot be read."""
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except OSError:
        return ""
