"""The script that times training epochs."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch_geometric.data import Data

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def epochs(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("epochs")


def small(epochs: ModuleType) -> Data:
    data: Data = epochs.random_graph(epochs.Graph(40, 160, 1.5), columns=12)
    data.x = data.x * (data.x > 1.5)
    return data


def test_dense_and_sparse_features_train_the_same_model(epochs: ModuleType) -> None:
    data, sides = small(epochs), epochs.kipf(8)
    losses = []
    for name in ("ours, dense x", "ours, sparse x"):
        model, step = epochs.training(sides[name], data)
        torch.manual_seed(1)
        for _ in range(3):
            step()
        losses.append(model.eval()(data))
    torch.testing.assert_close(*losses)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Platonov GCN", "Platonov SAGE", "Platonov GAT-sep"])
def test_every_side_of_a_wide_model_takes_its_turn(epochs: ModuleType, name: str) -> None:
    data, sides = small(epochs), epochs.WIDE[name]()
    steps = {side: epochs.training(sides[side], data)[1] for side in sides}
    times = epochs.measure(steps, rounds=1, warm=0)
    assert set(times) == set(sides) and all(len(found) == 1 for found in times.values())
    row = epochs.row(name, "PyG", times, None)
    assert row["ratio"] == 1 and "PyG" in epochs.line(row)


def test_the_floor_does_not_look_at_the_graph(epochs: ModuleType) -> None:
    data = small(epochs)
    other = data.clone()
    other.edge_index = other.edge_index.flip(1)[:, :7]
    for make in epochs.WIDE.values():
        side = make()["floor"]
        torch.manual_seed(0)
        model = side.model(data).eval()
        with epochs.changed(side):
            assert torch.equal(model(data), model(other))
        assert not torch.equal(model(data), model(other))
