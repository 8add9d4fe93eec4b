"""A small graph that can be learnt, and a small encoder that learns it."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch_geometric.data import Data
from torch_geometric.data.data import BaseData

from gnnlab.tasks import NodeClassification, Result, Training, fit

NODES = 120


class Mean(nn.Module):
    """A small encoder: own features beside the mean over in-neighbours, norms and dropout."""

    level = "node"

    def __init__(
        self, in_channels: int, hidden_channels: int, out_channels: int | None = None
    ) -> None:
        super().__init__()
        self.hidden_channels, self.out_channels = hidden_channels, out_channels
        self.own = nn.Linear(in_channels, hidden_channels)
        self.others = nn.Linear(in_channels, hidden_channels)
        self.norm = nn.BatchNorm1d(hidden_channels)
        self.last = nn.Linear(hidden_channels, out_channels or hidden_channels)

    def forward(self, data: BaseData) -> Tensor:
        source, target = data.edge_index
        near = torch.zeros_like(data.x).index_add(0, target, data.x[source])
        near = near / data.x.new_zeros(len(data.x)).index_add(
            0, target, data.x.new_ones(len(source))
        ).clamp(min=1).unsqueeze(1)
        h = F.dropout(self.norm(self.own(data.x) + self.others(near)).relu(), 0.2, self.training)
        out: Tensor = self.last(h)
        return out


def graph(classes: int = 3, noise: float = 0.3, splits: int = 2) -> Data:
    """Nodes whose neighbours' features, not their own, tell their class; all splits stratified."""
    g = torch.Generator().manual_seed(0)
    y = torch.arange(NODES) % classes
    # Every node hears from four nodes of the next class.
    others = [torch.nonzero(y == (c + 1) % classes).flatten() for c in range(classes)]
    source = torch.cat([others[c][torch.randint(len(others[c]), (4,), generator=g)] for c in y])
    target = torch.arange(NODES).repeat_interleave(4)
    x = torch.eye(classes)[y] + noise * torch.randn(NODES, classes, generator=g)
    x[:, 0] += torch.randn(NODES, generator=g)
    part = torch.stack([(torch.arange(NODES) // classes + s) % 4 for s in range(splits)], 1)
    masks = {"train_mask": part < 2, "val_mask": part == 2, "test_mask": part == 3}
    return Data(x=x, edge_index=torch.stack([source, target]), y=y, **masks)


def run(training: Training | None = None, data: Data | None = None, **arguments: Any) -> Result:
    data = graph() if data is None else data
    encoder = arguments.pop("encoder", None) or Mean(data.num_features, 16)
    task = arguments.pop("task", NodeClassification())
    return fit(task, encoder, data, training or Training(epochs=12), **arguments)


def numbers(result: Result) -> tuple[Any, ...]:
    return result.valid, result.test, result.epoch, result.curve
