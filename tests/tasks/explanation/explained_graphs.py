"""Small graphs and models that tests of explanations share."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch_geometric.data import Data

from gnnlab.contracts.encoder import Encoder
from gnnlab.layers import GCN
from gnnlab.ops import Adjacency, propagate


def both(pairs: list[tuple[int, int]]) -> Tensor:
    once = torch.tensor(pairs).T
    return torch.cat([once, once.flip(0)], 1)


def random_graph(nodes: int = 14, edges: int = 24, width: int = 3, seed: int = 0) -> Data:
    """An undirected graph without loops, with labels and random features."""
    generator = torch.Generator().manual_seed(seed)
    ends = torch.randint(nodes, (2, edges), generator=generator)
    ends = torch.cat([ends[:, ends[0] != ends[1]], torch.tensor([[0, 1], [1, 2]])], 1)
    index = torch.unique(torch.cat([ends, ends.flip(0)], 1), dim=1)
    x = torch.randn(nodes, width, generator=generator)
    return Data(x=x, edge_index=index, y=torch.arange(nodes) % 3)


def chain(nodes: int = 30, width: int = 3) -> Data:
    """A path with random features: few nodes are near any."""
    x = torch.randn(nodes, width, generator=torch.Generator().manual_seed(1))
    return Data(x=x, edge_index=both([(i, i + 1) for i in range(nodes - 1)]))


def gcn(layers: int = 2, width: int = 3, classes: int = 3, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return GCN(width, 8, layers, block="plain", out_channels=classes).eval()


class Counting(Encoder):
    """Two logits of a node: what it and its neighbours say, added up, and nothing."""

    out_channels = 2
    in_channels = 1

    def forward(self, data: Data) -> Tensor:
        adj = Adjacency.of(data.edge_index, len(data.x))
        heard = data.x + propagate(data.x, adj, data.to_dict().get("edge_weight"))
        return torch.cat([heard, torch.zeros_like(heard)], 1)
