"""Cycles and paths, labelled."""

from __future__ import annotations

import torch
from torch_geometric.data import Data


def cycle(nodes: int, label: int) -> Data:
    one = torch.arange(nodes)
    edge_index = torch.cat([torch.stack([one, one.roll(1)]), torch.stack([one.roll(1), one])], 1)
    return Data(x=torch.ones(nodes, 1), edge_index=edge_index, y=torch.tensor([label]))


def path(nodes: int, label: int) -> Data:
    one = torch.arange(nodes - 1)
    edge_index = torch.cat([torch.stack([one, one + 1]), torch.stack([one + 1, one])], 1)
    return Data(x=torch.ones(nodes, 1), edge_index=edge_index, y=torch.tensor([label]))
