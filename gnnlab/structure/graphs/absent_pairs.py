"""Absent pairs: pairs of nodes that no edge joins, drawn at random."""

from __future__ import annotations

import numpy as np

from gnnlab.structure.graphs.graph import Graph
from gnnlab.structure.graphs.pair_keys import Array, ends

FEW = 4
"""Drawing and discarding is used where at most one pair in this many is taken."""


def absent_pairs(graph: Graph, count: int, random: np.random.Generator) -> Array:
    """Draw pairs that the graph lacks, uniformly and without repeats, sorted: (2, count)."""
    left = graph.most_pairs - graph.num_pairs
    count = min(count, left)
    if FEW * count > left:
        keys = random.choice(_absent(graph), count, replace=False)
    else:
        keys = _draw(graph, count, random)
    return ends(np.sort(keys), graph.num_nodes)


def _absent(graph: Graph) -> Array:
    """The keys of all absent pairs."""
    nodes = graph.num_nodes
    absent = np.ones((nodes, nodes), bool)
    absent = np.triu(absent, 1) if graph.undirected else absent
    np.fill_diagonal(absent, False)
    absent.reshape(-1)[graph.keys] = False
    return np.flatnonzero(absent)


def _draw(graph: Graph, count: int, random: np.random.Generator) -> Array:
    """Draw pairs until enough are new; the first ``count`` distinct ones are a uniform sample."""
    found = np.empty(0, np.int64)
    while len(found) < count:
        pairs = random.integers(graph.num_nodes, size=(2, 2 * (count - len(found)) + 8))
        pairs = pairs[:, pairs[0] != pairs[1]]
        pairs = np.sort(pairs, axis=0) if graph.undirected else pairs
        keys = pairs[0] * graph.num_nodes + pairs[1]
        keys = np.concatenate([found, keys[~np.isin(keys, graph.keys)]])
        found = keys[np.sort(np.unique(keys, return_index=True)[1])]
    return found[:count]
