"""The metric on a set's card is the one that tasks and runs take of it unasked."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch_geometric.data import Data

from gnnlab import tasks
from gnnlab.datasets import Graphs
from gnnlab.datasets.cards.given_graphs import TITLES
from gnnlab.datasets.catalogue.records import Record, records
from gnnlab.datasets.kinds.given_graphs import as_graphs
from gnnlab.datasets.readers import GivenGraphs
from gnnlab.datasets.values.masks import Masks
from gnnlab.runner import configure
from gnnlab.runner.runs.encoder import make_task

NAMED = [record for record in records() if "metric" in record.options]
SIZE = 30
TASKS: dict[str, Any] = {
    "graph": tasks.GraphPrediction,
    "node": tasks.NodeClassification,
    "link": tasks.LinkPrediction,
}


def target(record: Record, number: int) -> dict[str, Tensor]:
    """What a graph of the set has to be predicted, as its card describes it."""
    serves = str(record.options["serves"])
    if serves.startswith("link"):
        pairs = torch.tensor([[0, 1, 2], [2, 0, 0]])
        return {"edge_label_index": pairs, "edge_label": torch.tensor([1, 0, 0])}
    found = re.search(r"(\d+) (classes|labels|number)", serves)
    assert found is not None
    width, kind = int(found[1]), found[2]
    if serves.startswith("node"):
        return {"y": torch.arange(number, number + 100) % width}
    if kind == "classes":
        return {"y": torch.tensor([number // 3 % width])}
    if kind == "labels":
        return {"y": (torch.arange(number, number + width)[None] // 3 % 2).float()}
    return {"y": torch.arange(number, number + width)[None] + 0.5}


def small(record: Record) -> Graphs:
    """A set as the record's reader would give it, of a few graphs."""
    edges = torch.tensor([[0, 1], [1, 0]])
    graphs = [
        Data(x=torch.zeros(100, 1), edge_index=edges, **target(record, i)) for i in range(SIZE)
    ]
    part = torch.arange(SIZE) % 3
    raw = GivenGraphs(tuple(graphs), Masks(part == 0, part == 1, part == 2))
    classes = record.statistics.get("classes")
    only = {} if classes is None else {"classes": classes}
    serves = str(record.options["serves"])
    checked = only if "classes" in serves and not serves.startswith("link") else {}
    return as_graphs(replace(record, statistics=checked), raw, "")


@pytest.mark.parametrize("record", NAMED, ids=lambda r: f"{r.name} {r.source}")
def test_tasks_and_runs_take_it(record: Record) -> None:
    data, name = small(record), str(record.options["serves"]).partition(" ")[0]
    more = {"kind": "labels"} if " labels " in record.options["serves"] else {}
    assert data.metric == record.options["metric"]
    assert TASKS[name](**more).setup(data, 0).metric == record.options["metric"]
    settings = {
        "task": {"name": name, **more},
        "data": {"name": record.name, "source": record.source},
        "model": {"name": "gcn"},
    }
    assert make_task(configure(settings)).setup(data, 0).metric == record.options["metric"]


def test_every_card_with_targets_says_how_they_are_judged() -> None:
    told = [r.options for r in records() if "serves" in r.options and r not in NAMED]
    assert all(own["serves"].startswith("telling graphs apart") for own in told)
    assert {record.options["metric"] for record in NAMED} == set(TITLES)


def test_a_run_that_would_go_on_by_another_metric_has_another_name() -> None:
    def run(name: str, **task: Any) -> Any:
        return configure(
            {"task": {"name": "graph", **task}, "data": {"name": name}, "model": {"name": "gcn"}}
        )

    assert run("esol").task["metric"] == "rmse" and run("bbbp").task["metric"] == "roc_auc"
    assert run("esol").key() == run("esol", metric="rmse").key() != run("esol", metric="mae").key()
    for unchanged in ("peptides-struct", "aqsol", "MUTAG"):
        assert run(unchanged).task["metric"] == "auto"
    assert run("bbbp", kind="regression").task["metric"] == "auto"


def test_what_a_user_asks_for_comes_first() -> None:
    (bbbp,) = (record for record in NAMED if record.name == "bbbp")
    data = small(bbbp)
    assert tasks.GraphPrediction(metric="accuracy").setup(data, 0).metric == "accuracy"
    numbers = tasks.GraphPrediction(kind="regression").setup(data, 0)
    assert numbers.metric == "mae"  # ROC AUC is none of numbers
    assert tasks.GraphPrediction().setup(replace(data, metric=""), 0).metric == "accuracy"
