"""Column tiles: wide tables cut into columns that fit the cache."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gnnlab.kernels.memory import empty

CACHE = 8 << 20
"""Bytes of a table whose rows can be read at random without waiting for memory."""
REUSE = 16
"""Reads of a row, on average, that pay for copying it."""


Work = Callable[[Tensor, Tensor, slice], None]


def tiles(nodes: int, columns: int, unit: int, itemsize: int, edges: int) -> list[slice]:
    """Cut the columns of a table (N, columns) into multiples of ``unit``, or not at all."""
    width = CACHE // max(1, nodes * itemsize) // unit * unit
    if width == 0 or edges < REUSE * nodes:
        width = columns
    return [slice(first, min(first + width, columns)) for first in range(0, columns, width or 1)]


def by_tiles(
    x: Tensor, unit: int, edges: int, work: Work, own: Tensor | None = None,
    other: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Fill a tensor like ``x`` by ``work(out, x, columns)`` on tables of some of the columns.

    What is computed for a column must not depend on the other columns. The rows of x are multiplied
    by ``other`` (N,) before and those of the result by ``own`` (N,).
    """
    out = empty(x.shape, x.dtype)
    shape = len(x), x.shape[1:].numel()
    table, into = x.reshape(shape), out.view(shape)
    cuts = tiles(len(x), table.shape[1], unit, x.dtype.itemsize, edges)
    if len(cuts) < 2 and own is None and other is None:
        work(into, table, slice(0, table.shape[1]))
        return out
    for cut in cuts:
        size = len(x), cut.stop - cut.start
        piece = _times(table[:, cut], other, empty(size, x.dtype))
        part = into if len(cuts) == 1 else empty(size, x.dtype)
        work(part, piece, cut)
        if own is not None or len(cuts) > 1:
            _times(part, own, into[:, cut])
    return out


def _times(x: Tensor, rows: Tensor | None, out: Tensor) -> Tensor:
    """Write x, its rows multiplied by numbers if there are some, into ``out``."""
    return out.copy_(x) if rows is None else torch.mul(x, rows.unsqueeze(1), out=out)


def joined(parts: list[Tensor | None]) -> Tensor | None:
    """Tensors of some heads each, side by side again."""
    kept = [part for part in parts if part is not None]
    return torch.cat(kept, dim=1) if kept else None
