"""Block message passing of stalks by compiled loops, which read blocks where they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from gnnlab.kernels.arrays import Array, array
from gnnlab.kernels.memory import empty
from gnnlab.kernels.threads import over_rows
from gnnlab.ops.backends.cpu.loops.block import block_rows

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency


def block(x: Tensor, maps: Tensor, adj: Adjacency, turned: bool) -> Tensor:
    """The neighbours' stalks through the maps of the edges."""
    rows, columns = maps.shape[1:] if not turned else (maps.shape[2], maps.shape[1])
    out = empty((x.shape[0], rows, x.shape[2]), x.dtype)
    width = rows * columns * x.shape[2]
    over_rows(
        block_rows, array(adj._rowptr), width, channels(out), channels(x), array(adj._col),
        array(adj._order), edges(maps), rows, columns, turned,
    )  # fmt: skip
    return out


def channels(x: Tensor) -> Array:
    """(N D, F): one row per node and dimension of its stalk."""
    return array(x).reshape(x.shape[0] * x.shape[1], x.shape[2])


def edges(maps: Tensor) -> Array:
    """(E, P D): one row per edge."""
    return array(maps).reshape(maps.shape[0], maps.shape[1] * maps.shape[2])
