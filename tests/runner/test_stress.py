"""Stress in a run's settings: its name, its data, and what comes out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from gnnlab.datasets import Stress
from gnnlab.runner import Config, configure, read_results, run, summarise
from gnnlab.runner.runs.data import load_data, stressed
from gnnlab.runner.runs.run_toml import read_about, settings_of

SMALL: dict[str, Any] = {
    "task": {"name": "graph", "readout": "root", "batch_size": 16},
    "data": {"name": "ring-transfer", "nodes": 6, "graphs": 50, "splits": 2},
    "model": {"name": "gin", "hidden_channels": 8, "num_layers": 3},
    "training": {"epochs": 2},
}


def config(*overrides: str) -> Config:
    return configure(SMALL, overrides)


def test_settings_that_change_nothing_leave_the_run_s_name() -> None:
    plain = config()
    assert config("stress.edges=0", "stress.seed=3", "stress.imbalance=1") == plain
    assert config("stress={}").key() == plain.key()
    hard = config("stress.labels=0.5")
    assert hard.stress == {"labels": 0.5, "seed": 0} and hard.key() != plain.key()
    assert config("stress.labels=0.5", "stress.seed=1").key() != hard.key()
    assert config("stress.imbalance=4").stress == {"imbalance": 4.0, "seed": 0}


def test_edges_are_wrong_before_and_labels_within_a_split() -> None:
    told = config("stress={edges=0.4, labels=0.5, shots=4}")
    data, clean = load_data(told), load_data(config())
    assert not torch.equal(data[0].edge_index, clean[0].edge_index)
    assert torch.equal(data.y, clean.y)
    for split in (0, 1):
        expected = Stress(edges=0.4, labels=0.5, shots=4).training(data, split)
        found = stressed(told, data, split)
        assert torch.equal(found.train_mask, expected.train_mask)
        assert torch.equal(found.y, expected.y) and not torch.equal(found.y, data.y)
        assert int(found.train_mask[:, split].sum()) == 20


def test_a_run_says_what_it_was_trained_under(tmp_path: Path) -> None:
    told = config("stress={labels=0.5, shots=4}", "run.splits=[0, 1]")
    folder = run(told, tmp_path)
    rows = read_results(folder)
    assert [row["split"] for row in rows] == [0, 1]
    assert summarise(rows).data == "ring-transfer (labels 0.5, shots 4)"
    assert configure(settings_of(read_about(folder))).key() == told.key()
    assert run(told, tmp_path) == folder and len(read_results(folder)) == 2


def test_what_cannot_be_stressed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stress.shot"):
        config("stress.shot=3")
    with pytest.raises(ValueError, match="labels is 2"):
        config("stress.labels=2")
    one = configure(
        {"data": {"name": "karate"}, "model": {"name": "gcn"}, "stress": {"edges": 0.1}}
    )
    with pytest.raises(ValueError, match="karate is one graph: it is for sets of graphs"):
        run(one, tmp_path)
