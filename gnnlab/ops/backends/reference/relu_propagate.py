"""ReLU propagation in plain torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from gnnlab.ops.backends.reference.scatter import scatter, take
from gnnlab.ops.base.precision import widen

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency


def relu_propagate(
    x: Tensor, adj: Adjacency, table: Tensor, edges: Tensor, weight: Tensor | None
) -> Tensor:
    """Shift what each edge carries, rectify it, sum it by target."""
    message = shift(widen(x), adj, table, edges).relu()
    if weight is not None:
        message = message * weight.unsqueeze(1)
    return scatter(message, adj._target, adj.num_nodes, "sum").to(x.dtype)


def shift(x: Tensor, adj: Adjacency, table: Tensor, edges: Tensor) -> Tensor:
    """The sources' rows and the edges' own, added up: (E, F)."""
    own = take(table, edges) if edges.dim() == 1 else edges @ table
    return take(x, adj._source) + own
