"""Traced node pairs: their edges and bounds, laid out only when the operators run."""

from __future__ import annotations

import torch
from torch import Tensor

from gnnlab.ops.graphs.adjacency import Adjacency
from gnnlab.ops.graphs.node_pairs import Bounds, Pairs
from gnnlab.ops.graphs.traced import Traced, sorted_graph


class TracedPairs(Pairs):
    """The edges and the bounds, from which the operators find the layout when they run."""

    def __init__(self, adj: Adjacency, bounds: Bounds, num_pairs: int | None) -> None:
        assert isinstance(adj, Traced)
        self._adj = adj
        self.cuts = None if bounds is None else torch.as_tensor(bounds)
        if num_pairs is None and bounds is None:
            num_pairs = adj.num_nodes**2
        if num_pairs is None:
            raise ValueError(
                "torch.compile cannot count the pairs of several graphs: give num_pairs, as "
                "policy='distance' does, or compile for one graph"
            )
        self._num_pairs = num_pairs

    @property
    def graph(self) -> tuple[Tensor, int, Tensor | None]:
        """What an operator is given."""
        assert isinstance(self._adj, Traced)
        self._adj.without_loops("a table of pairs")
        return self._adj._index, self._adj.num_nodes, self.cuts


def laid_out(edge_index: Tensor, nodes: int, bounds: Tensor | None) -> Pairs:
    """The pairs behind what was traced."""
    return Pairs(sorted_graph(edge_index, nodes, 0, False), bounds)
