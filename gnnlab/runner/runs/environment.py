"""Environment of a run: versions, machine, state of the source."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from gnnlab._version import __version__

PACKAGES = ("torch", "torch-geometric", "numpy", "numba", "scikit-learn")


def environment(device: str = "cpu", packages: Sequence[str] = ()) -> dict[str, dict[str, str]]:
    """Return versions (of more ``packages`` too), machine and git state as tables of strings."""
    versions = {"gnnlab": __version__, "python": platform.python_version()}
    for name in (*PACKAGES, *packages):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    machine = {"system": platform.system(), "processor": _processor(), "cores": str(os.cpu_count())}
    if device.startswith("cuda"):
        import torch

        machine["device"] = torch.cuda.get_device_name(torch.device(device))
    return {"versions": versions, "machine": machine, "source": _git()}


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _git() -> dict[str, str]:
    home = Path(__file__).resolve().parents[3]

    def ask(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=home, capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else ""

    try:
        # An installed package may lie inside a repository that is not its own.
        if not (home / "layers").is_dir() or ask("rev-parse", "--show-toplevel") != str(home):
            return {}
        commit = ask("rev-parse", "HEAD")
        changed = ask("status", "--porcelain", "--untracked-files=no")
    except OSError:
        return {}
    return {"commit": commit, "changed": "yes" if changed else "no"} if commit else {}
