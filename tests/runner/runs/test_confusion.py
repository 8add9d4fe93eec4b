"""Confusion matrices: they count what the scores were made of."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from gnnlab import cli, datasets
from gnnlab.runner import configure, read_results, run
from gnnlab.runner.runs.confusion import FILE, keep_confusion, read_confusion

NODE: dict[str, Any] = {
    "task": {"name": "node", "metric": "accuracy"},
    "data": {"name": "csbm", "seed": 1, "nodes": 90},
    "model": {"name": "gcn", "hidden_channels": 8, "num_layers": 1},
    "training": {"epochs": 6},
    "run": {"splits": [0, 1]},
}
CASES: dict[str, dict[str, Any]] = {
    "nodes": NODE,
    "a rewired graph": {**NODE, "rewiring": {"name": "fosr", "num_edges": 5}},
    "an encoder with a transform": {**NODE, "model": {"name": "drew", "hidden_channels": 8}},
    "graphs": {
        **NODE,
        "task": {"name": "graph", "metric": "accuracy"},
        "data": {"name": "csl-generated", "copies": 6},
        "model": {"name": "gin", "hidden_channels": 8, "num_layers": 2},
    },
    "nodes of many graphs": {
        **NODE,
        "data": {"name": "pattern-generated", "train": 12, "valid": 4, "test": 4},
        "run": {"splits": [0]},
        "task": {"name": "node", "metric": "accuracy"},
    },
}


@pytest.mark.parametrize("settings", CASES.values(), ids=CASES)
def test_a_matrix_agrees_with_the_accuracy(settings: dict[str, Any], tmp_path: Path) -> None:
    config = configure(settings)
    run(config, tmp_path, inspect=partial(keep_confusion, tmp_path / config.label()))
    folder = tmp_path / config.label()
    found, rows = read_confusion(folder), read_results(folder)
    assert list(found) == [(row["split"], row["seed"]) for row in rows] and rows
    for row in rows:
        counts = torch.tensor(found[row["split"], row["seed"]].counts)
        assert counts.diag().sum() / counts.sum() == pytest.approx(row["test"], rel=1e-6)
        assert len(counts) >= 2 and counts.sum() > 5


def test_rows_are_true_classes(tmp_path: Path) -> None:
    config = configure({**NODE, "run": {"splits": [1]}}, ["training.epochs=1"])
    run(config, tmp_path, inspect=partial(keep_confusion, tmp_path / config.label()))
    data = datasets.csbm(seed=1, nodes=90)
    true = data.y[data.test_mask[:, 1]].bincount()
    counts = torch.tensor(read_confusion(tmp_path / config.label())[1, 0].counts)
    assert counts.sum(1).tolist() == true.tolist() != counts.sum(0).tolist()


def test_what_predicts_no_classes_has_none(tmp_path: Path) -> None:
    links = {**NODE, "task": {"name": "link"}, "data": {"name": "karate"}}
    config = configure({**links, "run": {"splits": [0]}})
    run(config, tmp_path, inspect=partial(keep_confusion, tmp_path / config.label()))
    assert not (tmp_path / config.label() / FILE).exists()


def test_the_command_keeps_it_and_another_run_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["run", "--data", "karate", "--model", "gcn", "--set", "training.epochs=2"]
    assert cli.main([*words, "--confusion", "--out", "kept"]) == 0
    assert cli.main([*words, "--out", "plain"]) == 0
    (folder,) = Path("kept").iterdir()
    assert sum(map(sum, read_confusion(folder)[0, 0].counts)) == 8
    assert not list(Path("plain").glob(f"*/{FILE}"))


@pytest.mark.parametrize("line", ["3", '{"split":0}', '{"split":0,"seed":0,"counts":[[1,2]]}'])
def test_a_damaged_matrix_is_told(line: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(f"{line}\n")
    with pytest.raises(ValueError, match="line 1 of .*confusion.jsonl is no confusion matrix"):
        read_confusion(tmp_path)
