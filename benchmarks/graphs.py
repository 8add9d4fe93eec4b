"""The graphs that are measured: random ones, of the sizes of well-known ones."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

SOURCE, TARGET = 0, 1


class Graph(NamedTuple):
    """What a graph is made from."""

    nodes: int
    edges: int
    skew: float = 1.0
    """1 is uniform; above it, a few nodes have most of the edges."""
    sorted_by: int = SOURCE


SMALL = {
    "cora-like": Graph(2_708, 10_556, 1.5),
    "minesweeper-like": Graph(10_000, 78_804),
}
MEDIUM = {
    "tolokers-like": Graph(11_758, 1_038_000, 2.5),
    "tolokers-like by target": Graph(11_758, 1_038_000, 2.5, TARGET),
    "uniform 100k/1M": Graph(100_000, 1_000_000),
    "power law 100k/1M": Graph(100_000, 1_000_000, 2.5),
}
LARGE = {  # propagate alone
    "uniform 1M/10M": Graph(1_000_000, 10_000_000),
    "power law 1M/10M": Graph(1_000_000, 10_000_000, 2.5),
}
TINY = {"tiny": Graph(60, 400, 1.5)}


def build(graph: Graph) -> Tensor:
    """Draw an ``edge_index`` sorted by one end (data sets are sorted by source)."""
    generator = torch.Generator().manual_seed(0)
    place = torch.rand(2, graph.edges, generator=generator) ** graph.skew * graph.nodes
    edge_index = torch.randperm(graph.nodes, generator=generator)[place.long()]
    first, second = edge_index[graph.sorted_by], edge_index[1 - graph.sorted_by]
    return edge_index[:, (first * graph.nodes + second).argsort()]
