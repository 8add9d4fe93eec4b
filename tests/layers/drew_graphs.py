"""Graphs with their distances that DRew is tried on."""

from __future__ import annotations

import torch
from hop_keys import distances, with_hops
from torch import Tensor, nn
from torch_geometric.data import Data

FAR = 4


def sparse_graph(nodes: int, chords: int = 2, seed: int = 0, directed: bool = False) -> Data:
    """A path with a few chords, and a node that nothing reaches."""
    generator = torch.Generator().manual_seed(seed)
    path = torch.stack([torch.arange(nodes - 2), torch.arange(1, nodes - 1)])
    ends = torch.randint(nodes - 1, (2, chords), generator=generator)
    edge_index = torch.cat([path, ends[:, ends[0] != ends[1]]], 1)
    if not directed:
        edge_index = torch.cat([edge_index, edge_index.flip(0)], 1)
    x = torch.randn(nodes, 3, generator=generator, dtype=torch.float64)
    return with_hops(Data(x=x, edge_index=edge_index.unique(dim=1)), FAR)


def hop_matrices(data: Data) -> list[Tensor]:
    """A[i, j] = 1 where i hears j at distance 1, 2, …"""
    hop = distances(data.edge_index, data.num_nodes)
    return [(hop == k).double() for k in range(1, FAR + 1)]


def spread(layer: nn.Module) -> nn.Module:
    """In float64 and eval mode, with statistics other than 0 and 1."""
    for norm in (m for m in layer.modules() if isinstance(m, nn.BatchNorm1d)):
        for values in (norm.running_mean, norm.running_var, norm.weight, norm.bias):
            nn.init.uniform_(values, 0.5, 1.5)
    return layer.double().eval()
