"""Threads for compiled loops over rows: torch's, or else a few of Python's.

The kernels release the GIL, so plain threads run them side by side. Unlike numba's own threads
(which kill a forked child, or abort when two threads enter), both kinds survive forks, spawned
processes and callers on several threads: a forked child starts Python threads of its own.
Every row is computed by one call and in an order that the graph alone decides, so how many
threads there are, and who takes which chunk, changes no bit.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import torch

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled
from gnnlab.kernels.openmp import on_torchs_threads

GRAIN = 1 << 19
"""Numbers a chunk touches at least; less than two chunks' worth is not shared out."""
ROW_COST = 4
"""What a row costs beside its edges, in edges."""
CHUNKS_PER_THREAD = 4

_pool: ThreadPoolExecutor | None = None
_size = 0


def over_rows(kernel: Callable[..., None], rowptr: Array, width: int, *args: Any) -> None:
    """Call ``kernel(first, last, rowptr, *args)`` over all rows, split by equal work."""
    rows = len(rowptr) - 1
    _run(kernel, _row_bounds(rowptr, rows, width), (rowptr, *args))


def over_items(kernel: Callable[..., None], items: int, work: int, *args: Any) -> None:
    """Call ``kernel(first, last, *args)`` over equal shares of ``items``."""
    chunks = max(1, min(_chunks(work), items))
    _run(kernel, [items * c // chunks for c in range(chunks + 1)], args)


def _row_bounds(rowptr: Array, rows: int, width: int) -> list[int]:
    total = int(rowptr[-1]) + ROW_COST * rows
    chunks = _chunks(total * width)
    if chunks == 1:
        return [0, rows]

    def cost(row: int) -> int:
        return int(rowptr[row]) + ROW_COST * row

    cuts = [bisect_left(range(rows), total * c // chunks, key=cost) for c in range(1, chunks)]
    return [0, *cuts, rows]


def _chunks(work: int) -> int:
    threads = torch.get_num_threads()
    return 1 if threads == 1 else max(1, min(threads * CHUNKS_PER_THREAD, work // GRAIN))


def _run(kernel: Callable[..., None], bounds: list[int], args: tuple[Any, ...]) -> None:
    chunks = len(bounds) - 1
    if chunks == 1:
        kernel(bounds[0], bounds[1], *args)
        return
    ticket = count()

    def work() -> None:
        while (chunk := next(ticket)) < chunks:
            kernel(bounds[chunk], bounds[chunk + 1], *args)

    if on_torchs_threads(work, torch.get_num_threads()):
        return
    helpers = _submit(work, min(torch.get_num_threads(), chunks) - 1)
    work()
    for helper in helpers:
        if not helper.cancel():  # one that never woke up has nothing left to do
            helper.result()


def _submit(work: Callable[[], None], helpers: int) -> list[Any]:
    global _pool, _size
    if _pool is None or _size < helpers:
        _pool, _size = ThreadPoolExecutor(helpers, thread_name_prefix="gnnlab-ops"), helpers
    try:
        return [_pool.submit(work) for _ in range(helpers)]
    except RuntimeError:  # the interpreter is shutting down; the caller does all of it
        return []


def _after_fork() -> None:
    """The parent's threads do not exist in a forked child."""
    global _pool, _size
    _pool, _size = None, 0


if hasattr(os, "register_at_fork"):  # Windows does not fork
    os.register_at_fork(after_in_child=_after_fork)


def _longest_row(first: int, last: int, rowptr: Array) -> int:
    longest = 0
    for i in range(first, last):
        longest = max(longest, rowptr[i + 1] - rowptr[i])
    return longest


longest_row = compiled(_longest_row)
"""The most edges that one of the rows first .. last has: the size of a kernel's scratch."""
