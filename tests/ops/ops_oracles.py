"""Graphs that cover what goes wrong, and dense formulas to compare with."""

from __future__ import annotations

import torch
from torch import Tensor

GRAPHS = ("plain", "empty", "no_nodes", "isolated", "duplicates", "loops", "hub", "sorted", "wide")


def graph(name: str) -> tuple[Tensor, int]:
    generator = torch.Generator().manual_seed(7)

    def random(nodes: int, edges: int, low: int = 0) -> Tensor:
        return torch.randint(low, nodes, (2, edges), generator=generator)

    if name == "empty":
        return torch.empty(2, 0, dtype=torch.long), 5
    if name == "no_nodes":
        return torch.empty(2, 0, dtype=torch.long), 0
    if name == "isolated":
        return random(8, 20, low=3), 12
    if name == "duplicates":
        return random(5, 9).repeat(1, 3)[:, torch.randperm(27, generator=generator)], 5
    if name == "loops":
        edges = torch.cat([random(7, 20), torch.arange(4).repeat(2, 2)], dim=1)
        return edges, 7
    if name == "hub":
        leaves = torch.randperm(60, generator=generator)
        hub = torch.full((60,), 13)
        return torch.cat([torch.stack([leaves, hub]), torch.stack([hub, leaves])], dim=1), 60
    if name == "sorted":
        edges = random(9, 40)
        return edges[:, edges[1].argsort(stable=True)], 9
    if name == "wide":
        return random(30, 200), 30
    return random(9, 31), 9


def normal(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)


def incidence(index: Tensor, num: int) -> Tensor:
    """(num, E): 1 where edge e ends at node i."""
    return (torch.arange(num).unsqueeze(1) == index.unsqueeze(0)).double()


def dense_propagate(
    x: Tensor, edge_index: Tensor, weight: Tensor | None = None, reduce: str = "sum"
) -> Tensor:
    """The reduction written over all pairs of node and edge."""
    nodes = x.shape[0]
    message = x[edge_index[0]]
    if weight is not None:
        message = message * weight.reshape(*weight.shape, *(1,) * (x.dim() - weight.dim()))
    return dense_segment(message, edge_index[1], nodes, reduce)


def dense_segment(values: Tensor, index: Tensor, num: int, reduce: str) -> Tensor:
    ends = incidence(index, num)
    if reduce in ("sum", "mean"):
        total = torch.einsum("ne,e...->n...", ends, values.double())
        if reduce == "sum":
            return total
        return total / ends.sum(1).clamp(min=1).reshape(-1, *(1,) * (values.dim() - 1))
    result = []
    for row in ends.bool():
        mine = values[row]
        if len(mine) == 0:
            result.append(values.new_zeros(values.shape[1:]) + 0 * values.sum())
        else:
            result.append(mine.amax(0) if reduce == "max" else mine.amin(0))
    return torch.stack(result) if result else values
