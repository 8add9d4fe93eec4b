"""How far a step's resident memory rises above what was resident before it."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def peak_megabytes(step: Callable[[], T]) -> tuple[float | None, T]:
    """Run the step: its peak in MB above the start (None where Linux's /proc is not), its result.

    The kernel's own high-water mark (VmHWM) is set back before the step, so that every allocator
    counts: torch's, numpy's, the kernels' scratch and what a peer's library takes. It is good to
    about a megabyte, and what a library keeps from earlier steps is not in it.
    """
    before = _start()
    result = step()
    if before is None:
        return None, result
    return max(0.0, _kilobytes("VmHWM") - before) * 1024 / 1e6, result


def _start() -> float | None:
    """Set the mark back; what is resident now."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)  # what earlier steps freed goes back to the system
        Path("/proc/self/clear_refs").write_text("5")
        return _kilobytes("VmRSS")
    except (OSError, AttributeError):
        return None


def _kilobytes(name: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return float(line.split()[1])
    raise OSError(f"/proc/self/status has no {name}")
