"""Edge products' autograd functions: inner and outer products of the two ends of each edge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from gnnlab.ops.autograd.block import EdgeOuter
from gnnlab.ops.autograd.propagate import EdgeDot
from gnnlab.ops.backends.table import Kernels
from gnnlab.ops.base.precision import widen

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency


def edge_dot(kernels: Kernels, query: Tensor, key: Tensor, adj: Adjacency) -> Tensor:
    """Inner products."""
    ends = kernels.propagate.stored(query), kernels.propagate.stored(key)
    return EdgeDot.call(*ends, adj, kernels).to(query.dtype)


def edge_outer(kernels: Kernels, left: Tensor, right: Tensor, adj: Adjacency) -> Tensor:
    """The gradient of the maps of stalks."""
    return EdgeOuter.call(widen(left), widen(right), adj, kernels).to(left.dtype)
