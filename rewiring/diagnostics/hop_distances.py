"""Hop distances: the number of edges on a shortest path between two nodes."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gnnlab.core.arguments import check_count
from gnnlab.core.settings import checked
from gnnlab.kernels.budget import require_memory
from gnnlab.kernels.effort import alike, stretches
from gnnlab.structure.graphs.undirected_lists import undirected
from gnnlab.structure.hops.bfs import FAR, hop_matrix
from gnnlab.structure.hops.node_search import require_searches

BLOCK = 1 << 20
"""Pairs that are found before they are laid out as 64-bit numbers."""


@checked
def hop_distances(edge_index: Tensor, num_nodes: int, max_hop: int | None = None) -> Tensor:
    r"""Give the length of the shortest path between every two nodes.

    .. math:: d(u, v) = \min \{k : (A^k)_{uv} > 0\}

    Args:
        edge_index: (2, E) int64, both directions of every edge.
        num_nodes: N.
        max_hop: look no farther; the whole component if None.

    Shapes:
        (N, N) int64; -1 beyond ``max_hop`` and between components

    Raises:
        ValueError: bad edges, an edge without its reverse, a bad ``max_hop``, or too many nodes for
            the memory or for a day.

    Cost:
        O(N E) at most; 8 N^2 bytes.

    Source:
        Moore, "The shortest path through a maze", 1959: breadth-first search
        (https://en.wikipedia.org/wiki/Breadth-first_search).
    """
    if max_hop is not None:
        check_count("max_hop", max_hop, 0)
    graph = undirected(edge_index, num_nodes)
    limit, rows = FAR if max_hop is None else max_hop, max(1, BLOCK // max(num_nodes, 1))
    require_memory(
        8 * num_nodes**2 + 8 * min(rows, num_nodes) * num_nodes,
        f"the hop distance between all pairs of {num_nodes:,} nodes",
        "ask for near pairs with gnnlab.structure.hop_pairs, at 32 bytes for each of them",
    )
    cost = require_searches(graph.rowptr, graph.col, limit)
    out = torch.empty(num_nodes, num_nodes, dtype=torch.int64)
    for begin, end in stretches(alike(num_nodes, cost), "node"):
        for first in range(begin, end, rows):
            sources = np.arange(first, min(first + rows, end))
            found = hop_matrix(graph.rowptr, graph.col, limit, sources)
            out[first : first + len(sources)] = torch.from_numpy(found)
    return out
