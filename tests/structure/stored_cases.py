"""Every structure that is stored beside a graph, with an encoder that reads it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch_geometric.data import Data
from torch_geometric.utils import to_undirected

from gnnlab import layers
from gnnlab.structure.transforms import Encoding, LaplacianPE, RandomWalkPE


def with_encoding(transform: Encoding) -> layers.WithInputs:
    """A GCN on features beside an encoding."""
    make = partial(layers.GCN, hidden_channels=4, num_layers=1)
    return layers.WithInputs(3, [layers.PositionalEncoder(transform, 4)], make)


# Named by what stores it; the encoder's own transform runs that.
READERS: dict[str, Callable[[], nn.Module]] = {
    "AddHops": lambda: layers.DRew(3, 4, 3),
    "AddPaths": lambda: layers.PathNN(3, 4, length=3),
    "AddPaths all": lambda: layers.PathNN(3, 4, length=2, kind="all"),
    "AddPaths all_shortest": lambda: layers.PathNN(3, 4, length=3, kind="all_shortest"),
    "KPathSubgraphs": lambda: layers.KPathSubgraphGNN(3, 4, 2, length=2),
    "LaplacianPE": lambda: with_encoding(LaplacianPE(2)),
    "PairDistances": lambda: layers.SubgraphGNN(3, 4, 1, max_distance=3),
    "PairDistances ego": lambda: layers.SubgraphGNN(3, 4, 1, policy="ego", radius=2),
    "RandomWalkPE": lambda: with_encoding(RandomWalkPE(3)),
    "SGC": lambda: layers.SGC(3, 4, 2, precomputed=True),
    "ConnectionSheaf": lambda: layers.ConnectionSheaf(3, 4, 1, stalk_dim=2),
}


def graph(nodes: int = 8, seed: int = 0) -> Data:
    """A ring with two chords, connected, sorted."""
    draw = torch.Generator().manual_seed(seed)
    ring = torch.arange(nodes)
    edges = torch.stack([ring, (ring + 1) % nodes])
    chords = torch.tensor([[0, 1], [nodes // 2, nodes - 2]])
    both = to_undirected(torch.cat([edges, chords], dim=1), num_nodes=nodes)
    return Data(x=torch.rand(nodes, 3, generator=draw), edge_index=both)


def prepared(name: str, nodes: int = 8, seed: int = 0) -> tuple[nn.Module, Data]:
    """An encoder in eval mode, and a graph that its transform has seen."""
    torch.manual_seed(seed)
    encoder = READERS[name]().eval()
    return encoder, encoder.transform(graph(nodes, seed))  # type: ignore[operator]


def stored_keys(data: Data) -> list[str]:
    """The keys of the tensors that were stored."""
    return [key for key in data.keys() if key not in graph() and isinstance(data[key], Tensor)]
