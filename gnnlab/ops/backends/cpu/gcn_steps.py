"""GCN propagation repeated on a narrow table, which is padded to whole vectors once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gnnlab.kernels.arrays import Array, array
from gnnlab.kernels.compile import inner
from gnnlab.kernels.memory import empty
from gnnlab.kernels.threads import over_rows
from gnnlab.ops.backends.cpu.loops.reduce import sum4, sum8, sum16

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency

WIDEST = 64
"""Columns up to which a table is kept whole; wider ones are cut into tiles, step by step."""


def why_not(x: Tensor) -> str | None:
    """Why the functions below do not read such a table; None where they do."""
    if x.dtype not in (torch.float32, torch.float64):
        return f"x is {x.dtype}, and several steps together read float32 and float64"
    width = x.shape[1:].numel()
    return f"x has {width} columns, and more than {WIDEST} are cut" if width > WIDEST else None


def steps(x: Tensor, scale: Tensor, adj: Adjacency, count: int) -> Tensor:
    """y[k] = (S A S)^k x for k = 0 to count."""
    out = empty((count + 1, *x.shape), x.dtype)
    out[0] = x
    tables = array(out).reshape(count + 1, len(x), x.shape[1:].numel())
    table, spare = _scaled(x, scale), _padded(x)
    rows, col, own = array(adj._rowptr), array(adj._col), array(scale)
    for y in tables[1:]:
        over_rows(step_rows, rows, table.shape[1], y, spare, table, col, own, None)
        table, spare = spare, table
    return out


def horner(x: Tensor, scale: Tensor, adj: Adjacency) -> Tensor:
    """The sum over k of (S A S)^k x[k], from the last k on."""
    out = x[-1].clone(memory_format=torch.contiguous_format)
    added = array(x).reshape(*x.shape[:2], x.shape[2:].numel())
    y = array(out).reshape(added.shape[1:])
    table, spare = _scaled(out, scale), _padded(out)
    rows, col, own = array(adj._rowptr), array(adj._col), array(scale)
    for add in added[-2::-1]:
        over_rows(step_rows, rows, table.shape[1], y, spare, table, col, own, add)
        table, spare = spare, table
    return out


def _scaled(x: Tensor, scale: Tensor) -> Array:
    """S x in a padded table."""
    table = _padded(x)
    width = x.shape[1:].numel()
    torch.mul(x.reshape(len(x), width), scale.unsqueeze(1), out=torch.from_numpy(table)[:, :width])
    return table


def _padded(x: Tensor) -> Array:
    """Zeros with room for x in columns that vectors take whole."""
    width = x.shape[1:].numel()
    lanes = 8 if width > 4 else 4
    return torch.zeros(len(x), -(-width // lanes) * lanes, dtype=x.dtype, device="cpu").numpy()


def _step_rows(
    first: int, last: int, rowptr: Array, y: Array, z: Array, x: Array, col: Array, scale: Array,
    add: Array | None,
) -> None:  # fmt: skip
    """y[i] = add[i] + scale[i] * the sum of the row of x, and z[i] = scale[i] * y[i]."""
    width = x.shape[1]
    for i in range(first, last):
        start, end = rowptr[i], rowptr[i + 1]
        if start == end:
            z[i] = 0
        else:  # written out, because calling sum_row takes as long as adding up a short row
            f = 0
            while f + 16 <= width:
                sum16(z, None, i, x, col, None, None, width, start, end, f)
                f += 16
            while f + 8 <= width:
                sum8(z, None, i, x, col, None, None, width, start, end, f)
                f += 8
            while f < width:
                sum4(z, None, i, x, col, None, None, width, start, end, f)
                f += 4
        own = scale[i]
        for f in range(y.shape[1]):
            value = z[i, f] * own
            if add is not None:
                value += add[i, f]
            y[i, f] = value
            z[i, f] = value * own


step_rows = inner(_step_rows)
