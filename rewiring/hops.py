"""How many edges lie between two nodes."""

from __future__ import annotations

import torch
from torch import Tensor

from gnnlab.arguments import check_count
from gnnlab.structure.csr import undirected
from gnnlab.structure.hops import FAR, hop_matrix


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
            the memory.

    Cost:
        O(N E) at most; 12 N^2 bytes.

    Source:
        Moore, "The shortest path through a maze", 1959: breadth-first search
        (https://en.wikipedia.org/wiki/Breadth-first_search).
    """
    if max_hop is not None:
        check_count("max_hop", max_hop, 0)
    graph = undirected(edge_index, num_nodes)
    found = hop_matrix(graph.rowptr, graph.col, FAR if max_hop is None else max_hop)
    return torch.from_numpy(found).long()
