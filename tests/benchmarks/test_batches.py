"""The script that times mini-batches."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch
from torch_geometric.data import Data

from gnnlab import datasets
from gnnlab.datasets.values.masks import stratified

FILE = Path(__file__).resolve().parents[2] / "benchmarks" / "batches.py"


def test_both_sides_are_timed_and_train_alike(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = importlib.util.spec_from_file_location("benchmark_batches", FILE)
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    pair = torch.tensor([[0, 1], [1, 0]])
    own = [
        Data(x=torch.rand(2 + i % 3, 2), edge_index=pair, y=torch.tensor([i % 2]))
        for i in range(70)
    ]
    masks = stratified(torch.arange(70) % 2, 1, (0.8, 0.1), 0)
    pairs = datasets.Graphs(tuple(own), masks, classes=2, name="pairs")
    monkeypatch.setattr(datasets, "load", lambda name: pairs)
    script.main(["pairs", "--rounds", "1", "--epochs", "1"])
    titles = [line[:28].strip() for line in capsys.readouterr().out.splitlines()]
    assert titles == ["pairs, a batch of 64", "pairs, GCN, an epoch", "pairs, GIN, an epoch"]
