"""The memory that is left, read off made-up systems."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gnnlab.core import machine
from gnnlab.core.machine import free_memory

GB = 1 << 30
V1 = "32 31 0:32 {shown} /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
V2 = "30 23 0:27 {shown} /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"


def system(root: Path, files: dict[str, str | int]) -> Path:
    """A tree of the files that a system would show; the host has 8 GB left."""
    for name, text in {
        "proc/meminfo": "MemTotal: 1 kB\nMemAvailable: 8388608 kB\n",
        **files,
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return root


def group(folder: str, limit: int | str, used: int, dropped: int = 0) -> dict[str, str | int]:
    """The files of a control group of version 2."""
    return {
        f"{folder}/memory.max": limit,
        f"{folder}/memory.current": used,
        f"{folder}/memory.stat": f"anon 5\ninactive_file {dropped}\nactive_file 7",
    }


def old_group(folder: str, limit: int, used: int, dropped: int = 0) -> dict[str, str | int]:
    """The files of a control group of version 1."""
    return {
        f"{folder}/memory.limit_in_bytes": limit,
        f"{folder}/memory.usage_in_bytes": used,
        f"{folder}/memory.stat": f"inactive_file 1\ntotal_inactive_file {dropped}",
    }


@pytest.fixture(autouse=True)
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """No limits of the process that runs the tests."""
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (resource.RLIM_INFINITY,) * 2)


def test_host_alone(tmp_path: Path) -> None:
    assert free_memory(system(tmp_path, {})) == 8 * GB


def test_group_of_version_2_gives_its_file_pages_back(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/job",
        "proc/self/mountinfo": V2.format(shown="/"),
        **group("sys/fs/cgroup/job", 4 * GB, 3 * GB, GB // 2),
    }
    assert free_memory(system(tmp_path, files)) == GB + GB // 2


def test_no_limit_is_none(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/job",
        "proc/self/mountinfo": V2.format(shown="/"),
        **group("sys/fs/cgroup/job", "max", 3 * GB),
    }
    assert free_memory(system(tmp_path, files)) == 8 * GB


@pytest.mark.parametrize("tight", [0, 1, 2])
def test_tightest_of_nested_groups(tmp_path: Path, tight: int) -> None:
    folders = ["sys/fs/cgroup", "sys/fs/cgroup/a", "sys/fs/cgroup/a/b"]
    files: dict[str, str | int] = {
        "proc/self/cgroup": "0::/a/b", "proc/self/mountinfo": V2.format(shown="/")
    }  # fmt: skip
    for number, folder in enumerate(folders):
        files |= group(folder, 2 * GB if number == tight else 6 * GB, GB)
    assert free_memory(system(tmp_path, files)) == GB


def test_throttled_group(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/",
        "proc/self/mountinfo": V2.format(shown="/"),
        **group("sys/fs/cgroup", "max", GB),
        "sys/fs/cgroup/memory.high": 3 * GB,
    }
    assert free_memory(system(tmp_path, files)) == 2 * GB


@pytest.mark.parametrize(
    ("shown", "path", "folder"),
    [
        ("/", "/docker/1", "sys/fs/cgroup/memory/docker/1"),
        ("/docker/1", "/docker/1", "sys/fs/cgroup/memory"),  # what a container sees of itself
        ("/docker/1", "/docker/1/sub", "sys/fs/cgroup/memory/sub"),
        ("/docker/1", "/elsewhere", "sys/fs/cgroup/memory"),
    ],
)
def test_group_of_version_1(tmp_path: Path, shown: str, path: str, folder: str) -> None:
    files = {
        "proc/self/cgroup": f"9:name=systemd:/x\n4:cpu,memory:{path}\n0::/",
        "proc/self/mountinfo": V1.format(shown=shown),
        **old_group("sys/fs/cgroup/memory", 1 << 62, 5 * GB),
        **old_group(folder, 4 * GB, 3 * GB, GB),
    }
    assert free_memory(system(tmp_path, files)) == 2 * GB


def test_full_group_leaves_nothing(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/",
        "proc/self/mountinfo": V2.format(shown="/"),
        **group("sys/fs/cgroup", GB, 2 * GB),
    }
    assert free_memory(system(tmp_path, files)) == 0


@pytest.mark.parametrize(("name", "used"), [("RLIMIT_AS", 3), ("RLIMIT_DATA", 2)])
def test_limits_of_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, used: int
) -> None:
    import resource

    kind, none = getattr(resource, name), resource.RLIM_INFINITY
    monkeypatch.setattr(
        resource, "getrlimit", lambda asked: (4 * GB if asked == kind else none, none)
    )
    status = f"VmSize: {3 * GB >> 10} kB\nVmData:\t {2 * GB >> 10} kB"
    assert free_memory(system(tmp_path, {"proc/self/status": status})) == (4 - used) * GB


@pytest.mark.parametrize(
    "text", ["", "x", "0::", ":::::", "4:memory:", "\0\xff", "0::/../..", "0::/a\n4:memory:/b"]
)
def test_files_that_say_nothing(tmp_path: Path, text: str) -> None:
    files = {name: text for name in ("proc/self/cgroup", "proc/self/mountinfo", "proc/self/status")}
    assert free_memory(system(tmp_path, files)) == 8 * GB


def test_machine_without_proc(tmp_path: Path) -> None:
    assert free_memory(tmp_path) == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_system_that_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows: no proc, no sysconf, no resource."""
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "resource":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.delattr(os, "sysconf")
    assert free_memory(tmp_path) == machine.UNKNOWN


def test_limit_of_a_real_process() -> None:
    """A child that may take 1 GB more says so, and says less once it has taken half of it."""
    code = (
        "import mmap, resource; from gnnlab.core.machine import free_memory, _used; "
        "from pathlib import Path; used = _used(Path('/proc/self/status').read_text(), 'VmSize'); "
        "resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30),) * 2); a = free_memory(); "
        "m = mmap.mmap(-1, 1 << 29); print(a, free_memory())"
    )
    if not Path("/proc/self/status").exists():
        pytest.skip("only Linux says how much address space a process has")
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, after = map(int, told.stdout.split())
    assert 0.9 * GB < before <= GB
    assert 0.9 * (GB >> 1) < before - after < 1.1 * (GB >> 1)
