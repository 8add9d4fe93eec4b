"""Allocator of the C library, set to keep freed memory between the steps of a training."""

from __future__ import annotations

import ctypes

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""glibc's names for the settings, in malloc.h."""
LARGEST, FREE = (1 << 30, 32 << 20), (1 << 31) - 1
"""Bytes of a piece that comes from kept memory, the second where the library is too old for the
first, and of free memory that is kept."""


def keep_freed_pages() -> bool:
    """Let glibc keep freed memory for the next operation; return whether it does.

    It would hand every larger piece back to the system, whose fresh pages cost a fault for every
    4 KB: 5 to 9 % of a training's processor time. The whole process is set so, which is for
    commands to decide and not for whoever imports gnnlab. Other C libraries stay as they are.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False  # Windows and macOS
    large = any(mallopt(MMAP_THRESHOLD, size) for size in LARGEST)
    return bool(mallopt(TRIM_THRESHOLD, FREE)) and large
