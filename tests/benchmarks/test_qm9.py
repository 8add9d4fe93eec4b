"""The comparison on molecules: equal sizes, one learning rate each, errors by target."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch_geometric.data import Data

from gnnlab import datasets
from gnnlab.datasets.values.masks import Masks
from gnnlab.runner import configure
from gnnlab.structure.transforms import AddHops

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
STUDY = """
budget = 4_000
lr = [1e-2, 1e-4]
num_layers = 2
[task]
name = "graph"
standardise = true
[data]
name = "qm9"
[training]
epochs = 2
[run]
seeds = [0, 1]
[models]
gin = { name = "gin", dropout = 0.0 }
drew = { name = "drew", conv = "gin" }
"""


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("qm9")


def molecule(number: int) -> Data:
    """A path of some atoms, whose 13 targets are of its size."""
    random, nodes = torch.Generator().manual_seed(number), 4 + number % 5
    path = torch.stack([torch.arange(nodes - 1), torch.arange(1, nodes)])
    x = torch.rand(nodes, 15, generator=random)
    y = nodes * torch.arange(1.0, 14.0) + torch.rand(13, generator=random)
    edge_index = torch.cat([path, path.flip(0)], 1)
    return Data(x=x, edge_index=edge_index, edge_type=edge_index[0] % 4, y=y[None])


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> datasets.Graphs:
    """Sixty molecules in the place of ten thousand."""
    parts = [torch.arange(60)[:, None] % 3 == part for part in range(3)]
    targets = tuple(f"t{number}" for number in range(13))
    graphs = tuple(map(molecule, range(60)))
    found = datasets.Graphs(graphs, Masks(*parts), classes=13, name="qm9", targets=targets)
    monkeypatch.setattr(datasets, "load", lambda **_: found)
    return found


def test_models_are_as_wide_as_one_budget_allows(bench: ModuleType) -> None:
    study = bench.read_study(FOLDER / "qm9.toml")
    points = list(bench.points(study))
    assert {point.curve for point in points} == {"gin", "rgin", "all", "drewinf", "drew"}
    for point in points:
        assert len(point.settings) == len(study["lr"])
        model = configure(point.settings[0]).model
        given = {key: value for key, value in model.items() if key != "name"}
        if model["name"] == "RGIN":
            given["num_relations"] = 4
        cls = importlib.import_module("gnnlab.layers").find(model["name"])
        sizes = []
        for width in (model["hidden_channels"], model["hidden_channels"] + 1):
            encoder = cls(15, **{**given, "hidden_channels": width})
            sizes.append(sum(p.numel() for p in encoder.parameters()) + 13 * (width + 1))
        assert sizes[0] <= study["budget"] < sizes[1]
        assert sizes[0] > 0.9 * study["budget"]


def test_tries_learning_rates_on_the_first_seed_and_reports_each_target(
    bench: ModuleType,
    few: datasets.Graphs,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    study, out, page = tmp_path / "study.toml", tmp_path / "points.json", tmp_path / "page.md"
    study.write_text(STUDY)
    command = ["--study", str(study), "--out", str(tmp_path / "runs"), "--json", str(out)]
    for _ in range(2):  # the second time nothing is trained
        bench.main([*command, "--page", str(page)])
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 4 and printed[:2] == printed[2:] and " of sigma" in printed[0]
    rows = json.loads(out.read_text())
    assert [(row["curve"], row["at"], row["runs"]) for row in rows] == [
        ("gin", 2, 2), ("drew", 2, 2),
    ]  # fmt: skip
    lines = {
        path.parent.name: list(map(json.loads, path.read_text().splitlines()))
        for path in (tmp_path / "runs").glob("*/results.jsonl")
    }
    assert sorted(map(len, lines.values())) == [1, 1, 2, 2]
    for row in rows:
        kept = lines[row["folder"]]
        assert len(kept) == 2 and row["tried"][f"{row['lr']:g}"] == min(row["tried"].values())
        assert row["tried"][f"{row['lr']:g}"] == pytest.approx(kept[0]["valid"])
        # The metric of a run is the mean over targets of what is noted of each.
        assert sum(row["mae"]) / 13 == pytest.approx(sum(r["test"] for r in kept) / 2, rel=1e-5)
        shares = [e / s for e, s in zip(row["mae"], row["sigma"], strict=True)]
        assert row["by_target"] == pytest.approx(shares)
        assert row["relative"] == pytest.approx(sum(shares) / 13)
    text = page.read_text()
    assert "| drew  |" in text and "errs least" in text and "| t12    |" in text
    assert "more on" in text and "sha256" in text


def test_sigma_and_the_median_are_of_the_training_molecules(
    bench: ModuleType, few: datasets.Graphs
) -> None:
    class Zero(torch.nn.Module):
        encoder = torch.nn.Identity()

        def forward(self, batch: Any) -> torch.Tensor:
            return torch.zeros(batch.num_graphs, 13)

    result = type("Result", (), {"model": Zero()})
    found = bench.errors({}, (0, 0), result, few)
    y = few.y.double().numpy()
    train, test = y[0::3], y[2::3]
    assert found["sigma"] == pytest.approx(train.std(0).tolist())
    assert found["mae"] == pytest.approx(abs(test).mean(0).tolist())  # in units of y
    import numpy as np

    assert found["median"] == pytest.approx(abs(test - np.median(train, 0)).mean(0).tolist())


def test_predictions_see_what_an_encoder_prepares(bench: ModuleType, few: datasets.Graphs) -> None:
    class Count(torch.nn.Module):
        transform = AddHops(2)

    class Pairs(torch.nn.Module):
        encoder = Count()

        def forward(self, batch: Any) -> torch.Tensor:
            graph = batch.batch[batch.hop_index[0]]
            return torch.bincount(graph, minlength=batch.num_graphs)[:, None].float()

    expected = [2 * (2 * n - 3) for n in (graph.num_nodes for graph in few)]
    assert bench.predictions(Pairs(), few[:])[:, 0].tolist() == expected
    assert "hop" not in few[0]


def test_findings_count_targets(bench: ModuleType) -> None:
    page = importlib.import_module("qm9_page")
    rows = [
        {"curve": "gin", "relative": 0.6, "relative_std": 0.01, "by_target": [0.4, 0.8]},
        {"curve": "drew", "relative": 0.5, "relative_std": 0.01, "by_target": [0.5, 0.5]},
    ]
    assert list(page.findings(rows)) == [
        "`drew` errs least, 0.500 ± 0.010",
        "`gin` errs 20.0% more, and more on 1 of 2 targets",
    ]
