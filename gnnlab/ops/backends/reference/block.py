"""Block message passing of stalks in plain torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from gnnlab.ops.backends.reference.scatter import scatter, take
from gnnlab.ops.base.precision import widen

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency


def block_propagate(x: Tensor, adj: Adjacency, maps: Tensor) -> Tensor:
    """Gather the sources' stalks, map them, sum them by target."""
    message = widen(maps) @ take(widen(x), adj._source)
    return scatter(message, adj._target, adj.num_nodes, "sum").to(x.dtype)
