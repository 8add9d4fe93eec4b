"""Memory of large results (more than a few MB), kept and used again.

Fresh memory costs a page fault every 4 KB, which for a large graph takes longer than filling it,
and its small pages make the next operation's random reads miss the address cache. A result's memory
comes back here when its tensor dies; it is mapped in huge pages where the system has them.
"""

from __future__ import annotations

import math
import mmap
import weakref
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

SMALL = 4 << 20
"""Bytes below which torch's own allocator is as fast."""
KEPT = 1 << 30
"""Bytes that wait here at most, beside what is in use."""
WASTE = 1.25
"""A kept buffer serves requests of at least its size divided by this."""
PAGE, FEW = 4096, 8
"""Bytes that a page fault brings, and how many times longer it takes than clearing them."""

# Only appended to and popped, which needs no lock: a tensor may die in any thread, or in the
# middle of a call to take().
_kept: deque[mmap.mmap] = deque()


def empty_like(x: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """A contiguous tensor with the shape of ``x``, its numbers not set."""
    return empty(x.shape, dtype or x.dtype)


def empty(shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    """A contiguous CPU tensor, its numbers not set."""
    size = math.prod(shape) * dtype.itemsize
    if size < SMALL:
        return torch.empty(shape, dtype=dtype, device="cpu")
    buffer = _take(size)
    memory = np.frombuffer(buffer, np.uint8, size)
    weakref.finalize(memory, _keep, buffer).atexit = False
    return _tensor(memory, shape, dtype)


def zeros(shape: Sequence[int], dtype: torch.dtype, writes: int = 0) -> Tensor:
    """A contiguous CPU tensor of zeros; of a large one, pages never written cost nothing.

    Where so many ``writes`` are to come that few pages stay so, used memory is cleared instead.
    """
    size = math.prod(shape) * dtype.itemsize
    if size >= SMALL and FEW * PAGE * writes > size:
        return empty(shape, dtype).zero_()
    return _tensor(np.zeros(math.prod(shape) * dtype.itemsize, np.uint8), shape, dtype)


def _tensor(memory: NDArray[np.uint8], shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    # Not a view of another tensor, which autograd would not let its owner change in place.
    storage = torch.from_numpy(memory).untyped_storage()
    strides = torch.empty(shape, device="meta").stride()
    return torch.empty(0, dtype=dtype, device="cpu").set_(storage, 0, shape, strides)


def _take(size: int) -> mmap.mmap:
    for _ in range(len(_kept)):
        try:
            buffer = _kept.popleft()
        except IndexError:  # another thread was faster
            break
        if size <= len(buffer) <= WASTE * size:
            return buffer
        _kept.append(buffer)
    return _fresh(size)


def _fresh(size: int) -> mmap.mmap:
    buffer = mmap.mmap(-1, size, **_PRIVATE)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with suppress(OSError):  # a kernel without huge pages
            buffer.madvise(mmap.MADV_HUGEPAGE)
    return buffer


def _keep(buffer: mmap.mmap) -> None:
    """Take a dead tensor's memory back, and let the oldest go where too much is waiting."""
    _kept.append(buffer)
    waiting = sum(map(len, tuple(_kept)))
    while waiting > KEPT and _kept:
        waiting -= len(_kept.popleft())


# A forked child must not write into its parent's memory, as it would through a shared mapping.
_POSIX = hasattr(mmap, "MAP_PRIVATE")
_PRIVATE = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if _POSIX else {}
