"""Random wrong questions to trained models, one a case: spoilt graphs, pairs and numbers."""

from __future__ import annotations

import sys
import warnings
from functools import cache
from random import Random
from typing import Any

import torch
from ops_calls import spoiled
from room_calls import COLUMNS, graph, graphs, spoilt
from torch_geometric.data import Data

from gnnlab import layers, tasks

ENCODERS = ("GCN", "GINE", "DRew", "LINKX", "JKNet")


@cache
def model(kind: str, name: str) -> tuple[Any, Any]:
    """A trained model, and data that it reads."""
    torch.manual_seed(0)
    rng, training = Random(0), tasks.Training(epochs=1)
    data: Any = graphs(rng) if kind == "graph" else graph(rng)
    if kind == "link":
        data = tasks.LinkSplit.random(data, 0.1, 0.2, seed=0).graph(data)
    first = data[0] if kind == "graph" else data
    cls = layers.find(name)
    encoder = cls(COLUMNS, 8, **cls.from_data(first, hidden_channels=8))
    task: Any = {
        "node": tasks.NodeClassification(),
        "graph": tasks.GraphPrediction(),
        "link": tasks.LinkPrediction(batch_size=4),
    }[kind]
    return tasks.fit(task, encoder, data, training).predictor, data


def ask(case: int) -> str:
    """Ask a trained model about something that may not fit."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    rng = Random(case)
    kind = rng.choice(["node", "link", "graph"])
    name = rng.choice(["GCN", "GINE", "DRew"] if kind == "graph" else ENCODERS)
    asked, data = model(kind, name)
    given: dict[str, Any] = {"data": data}
    question = rng.choice(["predict", "embed"])
    if kind == "link" and question == "predict":
        given["pairs"] = torch.tensor([[0, 1, 2], [3, 4, 5]])
        if rng.random() < 0.4:
            question, given = "recommend", {"data": data, "nodes": torch.arange(3), "k": 2}
    key = rng.choice(sorted(given))
    value = given[key]
    if isinstance(value, Data):
        given[key] = rng.choice([spoilt(rng, value), [spoilt(rng, value), value]])
    elif key == "data":
        given[key] = [spoilt(rng, one) if rng.random() < 0.3 else one for one in list(value)[:4]]
    else:
        given[key] = spoiled(rng, value)
    if rng.random() < 0.1:
        given[key] = spoiled(rng, value)
    getattr(asked, question)(**given)
    return f"{kind} {name} {question}"


if __name__ == "__main__":  # python tests/fuzz/asked_models.py FIRST STOP
    import children

    outcomes = children.run("asked_models:ask", range(*map(int, sys.argv[1:3])), 60)
    print(children.counts(outcomes))
    for outcome in children.bad(outcomes):
        print(outcome)
