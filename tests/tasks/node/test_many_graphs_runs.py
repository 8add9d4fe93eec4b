"""Runs that learn the pairs within many graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from contact_graphs import collection
from torch_geometric.data import Data

from gnnlab import datasets
from gnnlab.runner import configure, read_results, run
from gnnlab.runner.runs.run_toml import read_about, settings_of

SETTINGS: dict[str, Any] = {
    "data": {"name": "PCQM-Contact"},
    "task": {"name": "link", "also": ["raw_mrr"]},
    "model": {"name": "sage", "hidden_channels": 8, "num_layers": 1},
    "training": {"epochs": 2},
    "run": {"splits": [0, 1]},
}


def test_the_runner_learns_the_pairs_that_a_set_comes_with(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(datasets, "load", lambda **_: collection())
    config = configure({**SETTINGS, "rewiring": {"name": "laser", "snapshots": 2}})
    rows = read_results(folder := run(config, tmp_path))
    assert [row["split"] for row in rows] == [0, 1]
    assert {row["metric"] for row in rows} == {"filtered_mrr"}
    assert set(rows[0]["others"]) == {"valid raw_mrr", "test raw_mrr"}
    about = read_about(folder)
    assert about["task"] == {
        "name": "link", "metric": "auto", "also": ["raw_mrr"], "batch_size": 64, "chunk": 1 << 17,
        "head": {"name": "DotProduct"}, "negatives": "epoch",
    }  # fmt: skip
    assert configure(settings_of(about)).key() == config.key()


def test_runs_on_one_graph_keep_their_names() -> None:
    settings = {**SETTINGS, "data": {"name": "karate"}, "task": {"name": "link"}}
    task = configure(settings).task
    assert (task["batch_size"], task["mask_targets"]) == (0.1, True)
    assert task["head"] == {"name": "DotProduct"}
    assert task["links"] == {
        "protocol": "random", "valid": 0.1, "test": 0.2, "valid_as_input": False
    }  # fmt: skip
    before = configure(settings, ["task.batch_size=65536"])  # once the default
    assert before.label() == "karate-sage-a40d81b0e9da"


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("task.links.protocol='random'", "PCQM-Contact is a set of graphs that come with their"),
        ("task.mask_targets=false", "mask_targets is False, but it says how the links of one"),
        ("task.metric='hits@10'", "'hits@10', but pairs within many graphs are ranked among all"),
    ],
)
def test_a_run_within_many_graphs_draws_no_split(override: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        configure(SETTINGS, [override])


def test_the_task_must_be_one_of_the_set_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(datasets, "load", lambda **_: collection())
    for name in ("graph", "node"):
        config = configure({**SETTINGS, "task": {"name": name}})
        with pytest.raises(ValueError, match=f"but task.name is {name}: set task.name=link"):
            run(config, tmp_path)
    plain = [Data(x=one.x, edge_index=one.edge_index, y=torch.ones(1)) for one in collection()]
    monkeypatch.setattr(datasets, "load", lambda **_: collection().with_graphs(plain))
    with pytest.raises(ValueError, match="but task.name is link: set task.name=graph"):
        run(configure(SETTINGS), tmp_path)
