"""What a user's module holds: the source that tests write into a folder and name by import path."""

from __future__ import annotations

from pathlib import Path

SOURCE = '''
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch_geometric.data import Data
from torch_geometric.nn import GCNConv

from gnnlab.contracts.encoder import Encoder
from gnnlab.datasets import Graphs, Masks
from gnnlab.rewiring import Changes, Rewiring
from gnnlab.tasks import NodeClassification

MARK = 0


def ring(nodes=24, seed=0):
    generator = torch.Generator().manual_seed(seed)
    number = torch.arange(nodes)
    arcs = torch.stack([number, (number + 1) % nodes])
    y = number % 2
    x = torch.randn(nodes, 5, generator=generator) + y[:, None]
    part = torch.randperm(nodes, generator=generator) % 3
    masks = {name: part == i for i, name in enumerate(["train_mask", "val_mask", "test_mask"])}
    return Data(x=x, edge_index=torch.cat([arcs, arcs.flip(0)], 1), y=y, **masks)


def bare():
    data = ring()
    return Data(x=data.x, edge_index=data.edge_index)


def rings(count=12):
    graphs = [ring(4 + i % 3) for i in range(count)]
    graphs = [Data(x=g.x, edge_index=g.edge_index, y=torch.tensor([i % 2]))
              for i, g in enumerate(graphs)]
    part = torch.arange(count)[:, None] // 2 % 3
    return Graphs(tuple(graphs), Masks(part == 0, part == 1, part == 2), classes=2, name="rings")


class Net(nn.Module):
    """As people write them for PyG."""

    def __init__(self, in_channels, hidden_channels, out_channels, dropout=0.5):
        super().__init__()
        self.first = GCNConv(in_channels, hidden_channels)
        self.last = GCNConv(hidden_channels, out_channels)
        self.dropout = dropout

    def forward(self, x, edge_index, edge_weight=None):
        h = F.dropout(self.first(x, edge_index, edge_weight).relu(), self.dropout, self.training)
        return self.last(h, edge_index, edge_weight)


class Ours(Encoder):
    """An encoder as gnnlab writes them: what the graph decides it says itself."""

    from_graph = {"count": lambda data: data.num_nodes}

    def __init__(self, in_channels, hidden_channels, count):
        super().__init__()
        self.hidden_channels = hidden_channels
        self.map, self.own = nn.Linear(in_channels, hidden_channels), nn.Embedding(count, 1)

    def forward(self, data):
        return self.map(data.x) + self.own.weight


class Wrong(NodeClassification):
    """A task whose metric is another one where none is named."""

    listed = "wrong"

    def setup(self, data, split):
        return NodeClassification("accuracy").setup(data, split)


def small(in_channels, out_channels):
    return Net(in_channels, 4, out_channels)


@dataclass(frozen=True)
class Chord(Rewiring):
    """Join node 0 to so many others."""

    count: int = 2

    def changes(self, graph):
        ends = np.arange(2, 2 + self.count)
        return Changes(added=np.stack([np.zeros_like(ends), ends]))


def without_edges(data, keep=0):
    data.edge_index = data.edge_index[:, :keep]
    return data


def share_wrong(predictions, truth):
    return float(((predictions[:, 0] > 0).long() != truth).double().mean())


share_wrong.higher_is_better = False


def smooth(logits, truth):
    return F.binary_cross_entropy_with_logits(logits[:, 0], truth.to(logits.dtype) * 0.9 + 0.05)


NUMBER = 3
'''


def write(folder: Path, name: str, mark: int = 0) -> None:
    """Write the module; another ``mark`` is another source that does the same."""
    source = SOURCE.replace("MARK = 0", f"MARK = {mark}")
    (folder / f"{name}.py").write_text(source, encoding="utf-8")
