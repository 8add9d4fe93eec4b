"""Peak memory of a block of code, in bytes."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import torch

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class PeakMemory:
    """Measure the peak memory, in bytes, between construction and :meth:`bytes`.

    On CUDA: the most that torch's allocator had handed out on that device, what was allocated
    before included. On a CPU: how far the resident memory of the *whole process* rose above where
    it stood at construction, whichever thread asked for it. Linux allows this peak to be reset;
    elsewhere only what exceeds the process's earlier peak is seen, and a second, smaller run in
    the same process reads 0. Windows reads 0 always.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
            return
        _release_free_pages()
        try:
            _CLEAR.write_text("5")  # resets VmHWM to the present resident size
        except OSError:
            pass
        self.start = _peak_resident()

    def bytes(self) -> int:
        if self.device.type == "cuda":
            return int(torch.cuda.max_memory_allocated(self.device))
        return max(0, _peak_resident() - self.start)


def _peak_resident() -> int:
    try:
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        import resource
    except ImportError:
        return 0  # Windows
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, others kilobytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _release_free_pages() -> None:
    """Hand freed heap back to the system, else an earlier run's pages would hide this one's."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        pass  # another C library than glibc; Windows takes no None for "this process"
