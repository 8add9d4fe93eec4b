"""Propagation in plain torch: sums, means and extremes of the in-neighbours."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from torch import Tensor

from gnnlab.ops.backends.reference.scatter import scatter, take
from gnnlab.ops.base.precision import widen

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency


def propagate(x: Tensor, adj: Adjacency, weight: Tensor | None, reduce: str) -> Tensor:
    """Gather the sources' rows, weigh them, reduce them by target."""
    message = messages(x, adj, weight)
    return scatter(message, adj._target, adj.num_nodes, reduce).to(x.dtype)


def messages(x: Tensor, adj: Adjacency, weight: Tensor | None) -> Tensor:
    """What the edges carry, widened: (E, ...)."""
    message = take(widen(x), adj._source)
    if weight is None:
        return message
    return message * widen(weight).reshape(weight.shape + (1,) * (x.dim() - weight.dim()))


def gcn_propagate(x: Tensor, adj: Adjacency, scale: Tensor) -> Tensor:
    """Scale, sum over the neighbours, scale again."""
    return scaled(propagate, x, adj, scale)


def scaled(propagate: Callable[..., Tensor], x: Tensor, adj: Adjacency, scale: Tensor) -> Tensor:
    """``gcn_propagate`` by any backend's ``propagate``."""
    wide = widen(x)
    columns = scale.to(wide.dtype).reshape(-1, *(1,) * (x.dim() - 1))
    return (columns * propagate(columns * wide, adj, None, "sum")).to(x.dtype)
