"""Attention; what the gradient needs is computed again, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from gnnlab.ops.backends import attend_rows
from gnnlab.ops.backends.engine import Ends, Stats
from gnnlab.ops.backends.linear import wide
from gnnlab.ops.backends.memory import empty, empty_like
from gnnlab.ops.backends.parallel import Array, array, over_rows

from .sums import matrix

if TYPE_CHECKING:
    from gnnlab.ops.adjacency import Adjacency


def attend(
    kind: str, value: Tensor, adj: Adjacency, ends: Ends, factor: float, weight: Tensor | None
) -> Stats:
    """Attend, and keep two numbers per node and head for the gradient."""
    kernel = attend_rows.additive_rows if kind == "additive" else attend_rows.product_rows
    out = empty_like(value)
    top, share = (value.new_empty(value.shape[:2], dtype=wide(value)) for _ in range(2))
    values, number = matrix(value), array(top).dtype.type
    over_rows(
        kernel, array(adj.rowptr), 2 * values.shape[1], matrix(out), array(top), array(share),
        values, array(adj.col), array(adj.order), matrix(ends[0]), matrix(ends[1]),
        number(factor), edge_table(weight),
    )  # fmt: skip
    return out, top, share


def attend_grad(
    kind: str, grad: Tensor, value: Tensor, adj: Adjacency, ends: Ends, factor: float,
    weight: Tensor | None, stats: Stats,
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:  # fmt: skip
    """What a walk over the sources' out-edges yields."""
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
        kernel, array(reverse.rowptr), 4 * values.shape[1], matrix(grad_value), matrix(grad_end),
        array(grad_score), edge_table(grad_weight), values, matrix(grad), array(reverse.col),
        array(reverse.order), matrix(ends[0]), matrix(ends[1]), number(factor),
        edge_table(weight), array(top), array(share), array(mean),
    )  # fmt: skip
    return grad_value, grad_end, grad_score, grad_weight


def edge_table(weight: Tensor | None) -> Array | None:
    """(E, K) or (E, 1), in the caller's order."""
    return None if weight is None else matrix(weight)
