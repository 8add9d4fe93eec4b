"""Edge lists as sets: sorted, without repeats, in both directions where asked for."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def simple(edge_index: Tensor, num_nodes: int, loops: bool = True) -> Tensor:
    """Sort the edges by source, then target, and merge repeats.

    Args:
        edge_index: (2, E) int64.
        num_nodes: N.
        loops: keep self-loops.

    Shapes: (2, E) -> (2, E'), E' <= E.

    Cost: O(E log E).
    """
    source, target = edge_index
    if not loops:
        source, target = source[source != target], target[source != target]
    key = torch.unique(source * num_nodes + target)
    return torch.stack([key // max(num_nodes, 1), key % max(num_nodes, 1)])


def both_directions(edge_index: Tensor, num_nodes: int, loops: bool = True) -> Tensor:
    """Add the reverse of every edge; the result is sorted and repeats are merged.

    Args:
        edge_index: (2, E) int64.
        num_nodes: N.
        loops: keep self-loops.

    Shapes: (2, E) -> (2, E'), every edge beside its reverse, a loop once.

    Cost: O(E log E).
    """
    return simple(torch.cat([edge_index, edge_index.flip(0)], dim=1), num_nodes, loops)


def both_directions_typed(
    edge_index: Tensor, edge_type: Tensor, num_nodes: int
) -> tuple[Tensor, Tensor]:
    """Add the reverse of every edge, of the same type; sorted, and repeats are merged.

    Args:
        edge_index: (2, E) int64.
        edge_type: (E,) int64.
        num_nodes: N.

    Shapes: (2, E), (E,) -> (2, E'), (E',).

    Raises:
        ValueError: two nodes are joined by edges of different types.

    Cost: O(E log E).
    """
    both = both_directions(edge_index, num_nodes)
    keys = both[0] * num_nodes + both[1]  # ascending
    types = edge_type.new_empty(len(keys))
    places = []
    for source, target in (edge_index, edge_index.flip(0)):
        places.append(torch.searchsorted(keys, source * num_nodes + target))
        types[places[-1]] = edge_type
    wrong = (types[torch.cat(places)] != edge_type.repeat(2)).nonzero().flatten().tolist()
    if wrong:
        source, target = edge_index[:, wrong[0] % len(edge_type)].tolist()
        raise ValueError(f"nodes {source} and {target} are joined by edges of different types")
    return both, types


def count_undirected(edge_index: Tensor, num_nodes: int) -> int:
    """Count distinct unordered pairs of different nodes that some edge joins."""
    low, high = edge_index.min(dim=0).values, edge_index.max(dim=0).values
    return int(simple(torch.stack([low, high]), num_nodes, loops=False).shape[1])


def largest_component(edge_index: Tensor, num_nodes: int) -> Tensor:
    """Mark the nodes of the largest connected component, directions left out of account.

    Of equally large ones it is the one with the lowest node.

    Args:
        edge_index: (2, E) int64.
        num_nodes: N.

    Shapes: (2, E) -> (N,) bool.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    source, target = edge_index.numpy()
    ones = np.ones(len(source), dtype=np.int8)
    matrix = coo_matrix((ones, (source, target)), shape=(num_nodes, num_nodes))
    _, label = connected_components(matrix, directed=False)
    return torch.from_numpy(label == np.bincount(label).argmax())
