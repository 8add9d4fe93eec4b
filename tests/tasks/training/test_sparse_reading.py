"""Features that are mostly zeros are read by their entries, and give what dense ones give."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from torch import nn
from torch_geometric.data import Data
from torch_geometric.utils import erdos_renyi_graph

from gnnlab import layers, tasks
from gnnlab.tasks.training import sparse_reading

COLUMNS = 600


@pytest.fixture(autouse=True)
def small_graphs_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparse_reading, "NUMBERS", 1 << 10)


def words(share: float = 0.02, nodes: int = 60) -> Data:
    """Two classes with words of their own."""
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(nodes) % 2
    own = (torch.arange(COLUMNS) % 2 == y[:, None]).float()
    x = (torch.rand(nodes, COLUMNS, generator=generator) < share * (0.5 + own)).float()
    x[:, 0] = 1.0
    torch.manual_seed(0)
    part = torch.arange(nodes) // 2 % 3
    masks = dict(train_mask=part == 0, val_mask=part == 1, test_mask=part == 2)
    return Data(x=x, y=y, edge_index=erdos_renyi_graph(nodes, 0.1), **masks)


def fit(encoder: Any, data: Data) -> tasks.Result:
    return tasks.fit(tasks.NodeClassification(), encoder, data, tasks.Training(epochs=4))


@pytest.mark.parametrize("name", ["GCN", "GAT", "SAGE", "GIN", "LINKX", "SheafDiffusion", "SGC"])
def test_entries_alone_give_the_losses_of_dense_features(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = words()
    own = {"num_nodes": data.num_nodes} if name == "LINKX" else {}
    make = partial(layers.find(name), COLUMNS, 16, **own)
    sparse = fit(make, data)
    monkeypatch.setattr(sparse_reading, "DENSITY", 0.0)
    dense = fit(make, data)
    assert sparse.sparse_features and not dense.sparse_features
    torch.testing.assert_close(sparse.curve.loss, dense.curve.loss, rtol=1e-4, atol=1e-5)


def test_the_callers_features_stay_dense() -> None:
    data = words()
    fit(layers.GCN(COLUMNS, 16), data)
    assert data.x.layout is torch.strided


def test_links_are_predicted_from_entries_too() -> None:
    data = words()
    data = Data(x=data.x, edge_index=data.edge_index[:, data.edge_index[0] < data.edge_index[1]])
    data.edge_index = torch.cat([data.edge_index, data.edge_index.flip(0)], dim=1)
    graph = tasks.LinkSplit.random(data, 0.1, 0.2, seed=0).graph(data)
    result = tasks.fit(
        tasks.LinkPrediction(), layers.GCN(COLUMNS, 16), graph, tasks.Training(epochs=2)
    )
    assert result.sparse_features


class Foreign(nn.Module):
    """A module that only knows dense features."""

    hidden_channels = 16

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(COLUMNS, 16)

    def forward(self, data: Data) -> torch.Tensor:
        out: torch.Tensor = self.linear(data.x.clone().clamp(max=1.0))
        return out


def with_degrees() -> nn.Module:
    from gnnlab.structure.transforms import RandomWalkPE

    step = layers.PositionalEncoder(RandomWalkPE(2), 4)
    return layers.WithInputs(COLUMNS, [step], partial(layers.GCN, hidden_channels=16))


@pytest.mark.parametrize("make", [Foreign, with_degrees])
def test_who_reads_dense_features_gets_them(make: Any) -> None:
    assert not fit(make, words()).sparse_features


def test_features_with_many_entries_stay_dense() -> None:
    assert not fit(layers.GCN(COLUMNS, 16), words(share=0.3)).sparse_features


def test_small_features_stay_dense(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparse_reading, "NUMBERS", 1 << 19)
    assert not fit(layers.GCN(COLUMNS, 16), words()).sparse_features
