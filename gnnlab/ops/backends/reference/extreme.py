"""Extremes in plain torch: the edges that each max or min comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from gnnlab.ops.backends.reference.propagate import messages
from gnnlab.ops.backends.reference.scatter import first_item

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency


def extreme_edge(x: Tensor, adj: Adjacency, weight: Tensor | None, reduce: str) -> Tensor:
    """The edge of each max or min, -1 where there is none."""
    return first_item(messages(x, adj, weight), adj._target, adj.num_nodes, reduce)
