"""Edge products in plain torch: inner products of the two ends of each edge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from gnnlab.ops.backends.reference.scatter import take
from gnnlab.ops.base.precision import widen

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency


def edge_dot(query: Tensor, key: Tensor, adj: Adjacency) -> Tensor:
    """Inner products over the last axis of the two ends of each edge."""
    product = take(widen(query), adj._target) * take(widen(key), adj._source)
    return product.sum(-1).to(query.dtype)


def edge_outer(left: Tensor, right: Tensor, adj: Adjacency) -> Tensor:
    """Inner products over channels of the stalks at both ends of each edge."""
    product = take(widen(left), adj._target) @ take(widen(right), adj._source).transpose(1, 2)
    return product.to(left.dtype)
