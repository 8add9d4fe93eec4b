"""Wrong values in every argument: an answer or one sentence of ours, whatever is handed over."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import torch
from torch_geometric.data import Data

from gnnlab import datasets, tasks
from gnnlab.core.errors import KNOWN

WRONG: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, float("nan"), "", "x", b"x", [], [1], ["a"], {}, {"a": 1}, {"a": [1]},
    (), set(), np.ones(3), np.ones((2, 2)), torch.ones(2), torch.ones(2, 3), pd.DataFrame(),
    pd.DataFrame({"a": [1]}), pd.Series([1]), nx.path_graph(3), Data(), object(), len, int,
)  # fmt: skip
EDGES = pd.DataFrame({"source": [0, 1], "target": [1, 2], "w": [1.0, 2.0]})
NODES = pd.DataFrame({"id": [0, 1, 2], "f": [1, 2, 3.0], "label": ["a", "b", "a"]})
DATA = datasets.from_tables(NODES, EDGES)
FUNCTIONS: dict[str, tuple[Callable[..., Any], dict[str, Any], str]] = {
    "from_tables": (
        datasets.from_tables,
        {"nodes": NODES, "edges": EDGES},
        "nodes edges directed id source target features categories coding label kind split weight "
        "edge_type time edge_features edge_categories repeats missing name",
    ),
    "from_scipy": (
        datasets.from_scipy,
        {"matrix": np.eye(3)},
        "matrix features labels directed kind split name",
    ),
    "molecules": (
        datasets.molecules,
        {"smiles": ["CC", "CO", "CN"], "targets": [1.0, 2.0, 3.0], "split": None},
        "smiles targets split kind column stereo unreadable seed name",
    ),
    "split": (
        datasets.split,
        {"data": DATA, "by": "time", "time": [1, 2, 3], "fractions": (0.4, 0.34)},
        "data by fractions count seed time cuts held_out",
    ),
    "read": (datasets.read, {}, "path"),
    "card": (datasets.card, {}, "name"),
    "from_networkx": (datasets.from_networkx, {"graph": nx.path_graph(3)}, "graph label features"),
    "from_dgl": (datasets.from_dgl, {}, "graph"),
    "from_pyg": (tasks.LinkSplit.from_pyg, {"train": DATA, "valid": DATA, "test": DATA}, "valid"),
    "NodePrediction": (
        tasks.NodePrediction,
        {},
        "metric kind loss standardise missing batch_size head_layers",
    ),
}
CASES = [(name, argument) for name, (*_, own) in FUNCTIONS.items() for argument in own.split()]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "argument"), CASES)
def test_an_answer_or_one_sentence(name: str, argument: str) -> None:
    function, right, _ = FUNCTIONS[name]
    for value in WRONG:
        try:
            function(**{**right, argument: value})
        except KNOWN as error:
            last = traceback.extract_tb(error.__traceback__)[-1].filename
            assert "site-packages" not in last and "\n" not in str(error), (value, error, last)
