"""A split graph of communities, the task on it and an encoder."""

from __future__ import annotations

from typing import Any

from link_graphs import blocks
from torch import nn
from torch_geometric.data import Data

from gnnlab import layers
from gnnlab.tasks import LinkPrediction, LinkSplit
from gnnlab.tasks.link.one_graph import LinkProblem


def graph(**settings: Any) -> Data:
    data = blocks(**settings)
    return LinkSplit.random(data, 0.1, 0.2, seed=0).graph(data)


def problem(data: Data | None = None, **settings: Any) -> LinkProblem:
    return LinkPrediction(**settings).setup(graph() if data is None else data, 0)


def gcn(width: int = 8) -> nn.Module:
    return layers.GCN(3, width, 2, block="plain", dropout=0.0)
