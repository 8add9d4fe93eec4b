"""Attention by compiled loops; the gradient recomputes the softmax row by row."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from torch import Tensor

from gnnlab.kernels.arrays import Array, array
from gnnlab.kernels.memory import empty_like
from gnnlab.kernels.threads import over_rows
from gnnlab.ops.backends.cpu.column_tiles import joined, tiles
from gnnlab.ops.backends.cpu.loops import attend as attend_rows
from gnnlab.ops.backends.cpu.propagate import matrix
from gnnlab.ops.backends.types import Ends, Stats
from gnnlab.ops.base.precision import wide

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency

Take = Callable[[Tensor], Tensor]


def attend(
    kind: str, value: Tensor, adj: Adjacency, ends: Ends, factor: float, weight: Tensor | None
) -> Stats:
    """Attend, and keep two numbers per node and head for the gradient; some heads at a time."""
    found = [
        _attend(kind, take(value), adj, (take(ends[0]), take(ends[1])), factor, some(weight, take))
        for take in head_tiles(value, adj)
    ]
    return found[0] if len(found) == 1 else side_by_side(found)


def _attend(
    kind: str, value: Tensor, adj: Adjacency, ends: Ends, factor: float, weight: Tensor | None
) -> Stats:
    kernel = attend_rows.additive_rows if kind == "additive" else attend_rows.product_rows
    out = empty_like(value)
    top, share = (value.new_empty(value.shape[:2], dtype=wide(value)) for _ in range(2))
    values, number = matrix(value), array(top).dtype.type
    over_rows(
        kernel, array(adj._rowptr), 2 * values.shape[1], matrix(out), array(top), array(share),
        values, array(adj._col), array(adj._order), matrix(ends[0]), matrix(ends[1]),
        number(factor), edge_table(weight),
    )  # fmt: skip
    return out, top, share


def head_tiles(value: Tensor, adj: Adjacency) -> list[Take]:
    """For each group of heads the function that takes them, out of a tensor (..., K, ...)."""
    nodes, heads, width = value.shape
    cuts = tiles(nodes, heads * width, width, value.dtype.itemsize, adj.num_edges)
    if len(cuts) < 2:
        return [lambda x: x]
    return [partial(_heads, cut.start // width, cut.stop // width) for cut in cuts]


def _heads(first: int, stop: int, x: Tensor) -> Tensor:
    return x[:, first:stop].contiguous()


def some(weight: Tensor | None, take: Take) -> Tensor | None:
    """The weights of some heads, where heads have weights of their own."""
    return weight if weight is None or weight.dim() == 1 else take(weight)


def side_by_side(found: list[Any]) -> Any:
    return tuple(joined(list(parts)) for parts in zip(*found, strict=True))


def edge_table(weight: Tensor | None) -> Array | None:
    """(E, K) or (E, 1), in the caller's order."""
    return None if weight is None else matrix(weight)
