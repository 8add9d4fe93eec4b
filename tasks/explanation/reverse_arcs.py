"""Reverse arcs: for each directed edge the number of the one that goes back."""

from __future__ import annotations

import torch
from torch import Tensor


def reverse_arcs(edge_index: Tensor) -> Tensor:
    """Return for every edge the number of its other direction, itself where there is none.

    Repeated edges are paired in order: the second one there is that of the second one back.

    Shapes:
        edge_index (2, E) -> (E,)

    Cost:
        O(E log E).

    Example:
        >>> reverse_arcs(torch.tensor([[0, 1, 2], [1, 0, 0]])).tolist()
        [1, 0, 2]
    """
    there = _sorted(edge_index)
    back = _sorted(edge_index.flip(0))
    same = (edge_index[:, there] == edge_index.flip(0)[:, back]).all(0)
    if bool(same.all()):  # undirected: the two lists of pairs are one
        found = torch.empty_like(there)
        found[there] = back
        return found
    return _by_number(edge_index)


def _sorted(edge_index: Tensor) -> Tensor:
    """Edges by source, then target, then number."""
    order = torch.argsort(edge_index[1], stable=True)
    return order[torch.argsort(edge_index[0][order], stable=True)]


def _by_number(edge_index: Tensor) -> Tensor:
    waiting: dict[tuple[int, int], list[int]] = {}
    pairs = list(zip(*edge_index.tolist(), strict=True))
    found = list(range(len(pairs)))
    for number, (source, target) in enumerate(pairs):
        if source == target:
            continue
        back = waiting.get((target, source))
        if back:
            other = back.pop(0)
            found[number], found[other] = other, number
        else:
            waiting.setdefault((source, target), []).append(number)
    return torch.tensor(found, device=edge_index.device, dtype=torch.int64)


def both_ways(mask: Tensor, edge_index: Tensor, wanted: bool = True) -> Tensor:
    """Return the mask with the mean of both directions for each edge; as it is if not wanted.

    Shapes:
        mask (E,), edge_index (2, E) -> (E,)
    """
    return (mask + mask[reverse_arcs(edge_index)]) / 2 if wanted else mask
