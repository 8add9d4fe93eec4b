"""Walk counts: the number of walks of a given length between every two nodes."""

from __future__ import annotations

import torch
from torch import Tensor

from gnnlab.core.arguments import check_count
from gnnlab.core.settings import checked
from gnnlab.structure.graphs.undirected_lists import undirected
from gnnlab.structure.walks.counts import walk_matrix


@checked
def walk_counts(edge_index: Tensor, num_nodes: int, length: int, *, lazy: bool = False) -> Tensor:
    r"""Count the walks of a given length between every two nodes.

    .. math:: A^k, \quad \text{or } (A + I)^k \text{ for lazy walks}

    Args:
        edge_index: (2, E) int64, both directions of every edge.
        num_nodes: N.
        length: k, 0 or more.
        lazy: a walk may also stay where it is.

    Shapes:
        (N, N) float64; whole numbers, exact up to 2^53

    Raises:
        ValueError: bad edges, an edge without its reverse, a bad ``length``, or too many nodes for
            the memory.

    Cost:
        O(N E k); 8 N^2 bytes.

    Source:
        Biggs, "Algebraic graph theory", Cambridge 1974, lemma 2.5
        (https://doi.org/10.1017/CBO9780511608704).
    """
    check_count("length", length, 0)
    graph = undirected(edge_index, num_nodes)
    return torch.from_numpy(walk_matrix(graph.rowptr, graph.col, length, lazy))
