"""Attention's gradient by compiled loops, which recompute the softmax row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from gnnlab.kernels.arrays import array
from gnnlab.kernels.memory import empty, empty_like
from gnnlab.kernels.threads import over_rows
from gnnlab.ops.backends.cpu.loops import attend as attend_rows
from gnnlab.ops.backends.cpu.propagate import matrix
from gnnlab.ops.backends.types import Ends, Stats
from gnnlab.ops.base.precision import wide

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency
from gnnlab.ops.backends.cpu.attend import edge_table, head_tiles, side_by_side, some

Gradients = tuple[Tensor, Tensor, Tensor, Tensor | None]


def attend_grad(
    kind: str, grad: Tensor, value: Tensor, adj: Adjacency, ends: Ends, factor: float,
    weight: Tensor | None, stats: Stats,
) -> Gradients:  # fmt: skip
    """What a walk over the sources' out-edges yields; some heads at a time."""
    found = []
    for take in head_tiles(value, adj):
        mine = (take(ends[0]), take(ends[1])), factor, some(weight, take)
        kept = take(stats[0]), take(stats[1]), take(stats[2])
        found.append(_attend_grad(kind, take(grad), take(value), adj, *mine, kept))
    return found[0] if len(found) == 1 else side_by_side(found)


def _attend_grad(
    kind: str, grad: Tensor, value: Tensor, adj: Adjacency, ends: Ends, factor: float,
    weight: Tensor | None, stats: Stats,
) -> Gradients:  # fmt: skip
    out, top, share = stats
    additive, reverse = kind == "additive", adj.transpose
    kernel = attend_rows.additive_grad_rows if additive else attend_rows.product_grad_rows
    grad_value = empty_like(value)
    # Where the walk over sources ends up by itself: the source's score, or the key.
    grad_end = empty_like(ends[0 if additive else 1])
    grad_score = empty((adj.num_edges, value.shape[1]), wide(value))
    grad_weight = empty_like(grad_score) if weight is not None else None
    mean = (grad.to(top.dtype) * out).sum(-1)
    values, number = matrix(value), array(top).dtype.type
    over_rows(
        kernel, array(reverse._rowptr), 4 * values.shape[1], matrix(grad_value), matrix(grad_end),
        array(grad_score), edge_table(grad_weight), values, matrix(grad), array(reverse._col),
        array(reverse._order), matrix(ends[0]), matrix(ends[1]), number(factor),
        edge_table(weight), array(top), array(share), array(mean),
    )  # fmt: skip
    return grad_value, grad_end, grad_score, grad_weight
