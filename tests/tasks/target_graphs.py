"""Sets of graphs with numbers or labels to predict."""

from __future__ import annotations

from typing import Any

import torch
from small_graphs import cycle, path
from torch import Tensor
from torch_geometric.data import Batch

from gnnlab import layers, tasks
from gnnlab.datasets import Graphs
from gnnlab.datasets.values.masks import stratified

NAN = float("nan")


def collection(rows: list[Any] | Tensor) -> Graphs:
    """A cycle or a path of several sizes for each y."""
    graphs = [(cycle if i % 2 else path)(4 + i % 5, 0) for i in range(len(rows))]
    for data, y in zip(graphs, rows, strict=True):
        data.y = y
    masks = stratified(torch.zeros(len(rows), dtype=torch.int64), 2, (0.6, 0.2), 0)
    return Graphs(tuple(graphs), masks, classes=0, name="drawn")


def numbers(width: int = 3, size: int = 40) -> Graphs:
    """Targets of very different mean and spread."""
    random = torch.Generator().manual_seed(0)
    y = torch.randn(size, 1, width, generator=random) * torch.logspace(-1, 2, width)
    return collection(y + 50)


def labels(size: int = 40) -> Graphs:
    """Four labels with unknown ones; the last is never known."""
    random = torch.Generator().manual_seed(1)
    y = torch.randint(2, (size, 1, 4), generator=random).float()
    y[torch.rand(y.shape, generator=random) < 0.3] = NAN
    y[..., 3] = NAN
    return collection(y)


def part(data: Graphs, mask: Tensor) -> Batch:
    return Batch.from_data_list([data[i] for i in mask[:, 0].nonzero().flatten().tolist()])


def fit(data: Graphs, task: tasks.GraphPrediction, epochs: int = 3, **more: Any) -> tasks.Result:
    training = tasks.Training(lr=1e-2, epochs=epochs, **more)
    return tasks.fit(task, layers.GIN(1, 8, 2, dropout=0.0), data, training)
