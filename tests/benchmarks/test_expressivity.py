"""What networks tell apart beside theory: colours by kind of model, resuming, the page."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import networkx as nx
import pytest
import torch
from torch_geometric.data import Data

from gnnlab import datasets
from gnnlab.datasets.values.masks import unsplit
from gnnlab.runner import configure

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
STUDY = """
[csl]
note = "why a setting was changed"
[csl.task]
name = "graph"
readout = "sum"
[csl.data]
name = "csl-generated"
copies = 5
[csl.training]
epochs = 2
[csl.run]
splits = [0]
[csl.models]
gin = { name = "gin", num_layers = 2, hidden_channels = 4 }
sp-plus6 = { name = "pathnn", kind = "all_shortest", length = 6, hidden_channels = 4 }
[csl.own.sp-plus6]
training = { epochs = 1 }
[brec]
categories = ["basic"]
seed = 0
[brec.protocol]
copies = 20
epochs = 2
lr = 1e-2
[brec.models]
gin = { name = "gin", num_layers = 2, hidden_channels = 8, dropout = 0.0 }
ap4 = { name = "pathnn", kind = "all", length = 2, hidden_channels = 8 }
sswl-plus = { name = "subgraph-gnn", num_layers = 2, hidden_channels = 8 }
[brec.left_out]
basic-sswl-plus = "a reason"
"""


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("expressivity")


def graph(made: nx.Graph) -> Data:
    edges = torch.tensor(list(made.edges)).T
    return Data(x=torch.ones(len(made), 1), edge_index=torch.cat([edges, edges.flip(0)], dim=1))


@pytest.fixture
def pairs(monkeypatch: pytest.MonkeyPatch) -> list[Data]:
    """A hexagon and two triangles; a prism and a complete bipartite graph."""
    made = [
        nx.cycle_graph(6),
        nx.disjoint_union(nx.cycle_graph(3), nx.cycle_graph(3)),
        nx.circular_ladder_graph(3),
        nx.complete_bipartite_graph(3, 3),
    ]
    graphs = [graph(each) for each in made]
    load = datasets.load

    def few(name: str, **settings: Any) -> Any:
        if not name.startswith("brec"):
            return load(name, **settings)
        return datasets.Graphs(tuple(graphs), unsplit(4), classes=4, name=name)

    monkeypatch.setattr(datasets, "load", few)
    return graphs


def test_settings_name_points_whose_models_can_be_built(bench: ModuleType) -> None:
    study = bench.read_study(FOLDER / "expressivity.toml")
    points = list(bench.points(study))
    names = {point.name for point in points}
    assert {f"csl-{curve}-0" for curve in study["csl"]["models"]} <= names
    left_out = study["brec"]["left_out"]
    known = {f"{c}-{m}" for c in study["brec"]["categories"] for m in study["brec"]["models"]}
    assert set(left_out) <= known
    page = importlib.import_module("expressivity_page")
    assert {point.curve for point in points} == set(page.MODELS)
    for point in points:
        config = configure(point.settings[0])
        assert bench.encoder_of(config)().hidden_channels in (16, 32, 64)
    assert set(study["csl"]["own"]) <= set(study["csl"]["models"])


@pytest.mark.slow
def test_colours_are_of_the_model_s_kind(bench: ModuleType, pairs: list[Data]) -> None:
    models = [
        {"name": "gin", "num_layers": 5, "hidden_channels": 4},
        {"name": "pathnn", "kind": "all", "length": 1, "hidden_channels": 4},
        {"name": "pathnn", "kind": "all", "length": 2, "hidden_channels": 4},
        {"name": "subgraph-gnn", "num_layers": 3, "hidden_channels": 4},
    ]
    found = []
    for model in models:
        config = configure({"data": {"name": "brec_basic"}, "model": model})
        colors = bench.colors_of(config.model, pairs)
        found.append([one != two for one, two in zip(colors[::2], colors[1::2], strict=True)])
    assert found == [[False, False], [False, False], [True, True], [True, True]]


@pytest.mark.slow
def test_a_study_runs_resumes_and_writes_its_page(
    bench: ModuleType, pairs: list[Data], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = tmp_path / "study.toml"
    study.write_text(STUDY, encoding="utf-8")
    files = {key: tmp_path / f"out.{key}" for key in ("json", "page")}
    arguments = ["--study", str(study), "--out", str(tmp_path / "runs")]
    arguments += [word for key, file in files.items() for word in (f"--{key}", str(file))]
    bench.main(arguments)
    rows = {(row["part"], row["curve"]): row for row in json.loads(files["json"].read_text())}
    assert rows["csl", "gin"]["theory"] == 1 and rows["csl", "sp-plus6"]["theory"] == 10
    gin, paths, left = (rows["brec-basic", name] for name in ("gin", "ap4", "sswl-plus"))
    assert (gin["told_apart"], gin["theory"], gin["beyond"]) == (0, 0, 0)
    assert (paths["told_apart"], paths["theory"]) == (2, 2)
    assert left["left_out"] == "a reason" and left["theory"] == 2 and "told_apart" not in left
    page = files["page"].read_text()
    assert "| ap4" in page and "2 / 2" in page and "– / 2" in page and "1 of 10" in page
    assert "not on this page" not in page and "\nwhy a setting was changed\n" in page
    trained = [
        json.loads((tmp_path / "runs" / rows["csl", curve]["folder"] / "results.jsonl").read_text())
        for curve in ("gin", "sp-plus6")
    ]
    assert [row["epochs"] for row in trained] == [2, 1]
    bench.main([*arguments, "--only", "csl-gin"])
    assert "not on this page: csl-sp-plus6, brec-basic-gin" in files["page"].read_text()

    lines = tmp_path / "runs" / paths["folder"] / bench.LINES
    kept = lines.read_text().splitlines(keepends=True)
    lines.write_text(kept[0] + kept[1][:9])  # cut short while it was written
    seen: list[int] = []
    compare = importlib.import_module(
        "gnnlab.tasks.graph.pair_discrimination"
    ).PairedComparison.compare

    def counted(self: Any, *given: Any) -> Any:
        seen.append(1)
        return compare(self, *given)

    monkeypatch.setattr("gnnlab.tasks.graph.pair_discrimination.PairedComparison.compare", counted)
    bench.main(arguments)
    assert len(seen) == 1
    again = {row["curve"]: row for row in json.loads(files["json"].read_text())}
    assert again["ap4"]["told_apart"] == 2
