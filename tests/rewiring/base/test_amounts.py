"""Edges are counted, or a share of each graph's; what a dataset loses is told once."""

from __future__ import annotations

import math
import os
import warnings
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
import torch
from rewiring_graphs import data_of

from gnnlab import datasets, rewiring
from gnnlab.rewiring import BORF, GTR, SDRF, FoSR, RandomEdges, apply
from gnnlab.runner.settings.rewirings import resolved_rewiring


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path))


SETTINGS = [
    (FoSR, "num_edges", {}),
    (GTR, "num_edges", {}),
    (SDRF, "iterations", {}),
    (RandomEdges, "add", {}),
    (RandomEdges, "remove", {}),
    (BORF, "add", {"batches": 1, "remove": 0}),
    (BORF, "remove", {"batches": 1, "add": 0}),
]
every = pytest.mark.parametrize(("cls", "name", "rest"), SETTINGS)


@pytest.mark.slow
@every
def test_a_share_is_that_of_each_graph(cls: Any, name: str, rest: dict[str, Any]) -> None:
    changed = 0
    for graph in (nx.cycle_graph(20), nx.path_graph(9), nx.barbell_graph(5, 0)):
        data = data_of(graph)
        count = math.floor(0.25 * graph.number_of_edges() + 0.5)
        shared, counted = cls(**{name: 0.25}, **rest)(data), cls(**{name: count}, **rest)(data)
        assert torch.equal(shared.edge_index, counted.edge_index)
        changed += shared.num_edges != data.num_edges
    assert changed


@every
def test_other_amounts_are_refused(cls: Any, name: str, rest: dict[str, Any]) -> None:
    for wrong in (-1, 1.0, 0.0, 1.5, -0.1, math.nan, True, "0.1", None):
        sentence = f"{name} is {wrong!r}, but it must be a whole number of at least 0, or a share"
        with pytest.raises(ValueError, match=sentence):
            cls(**{name: wrong}, **rest)


def test_settings_of_runs_are_written_as_before() -> None:
    found = resolved_rewiring({"name": "borf", "batches": 1, "add": 3, "remove": 1})
    expected = {"name": "BORF", "fill": 0.0, "batches": 1, "add": 3, "remove": 1, "alpha": 0.0}
    assert found == expected and type(found["add"]) is int
    assert resolved_rewiring({"name": "fosr", "num_edges": 0.1})["num_edges"] == 0.1


def test_a_triangle_keeps_its_edges_by_default() -> None:
    triangle = data_of(nx.complete_graph(3))
    assert torch.equal(BORF()(triangle).edge_index, triangle.edge_index)
    for graph in (nx.path_graph(2), nx.star_graph(4), nx.cycle_graph(6), nx.petersen_graph()):
        assert BORF()(data_of(graph)).num_edges > 0


def test_what_is_lost_is_counted_once_for_a_dataset() -> None:
    graphs = [data_of(graph) for graph in (nx.complete_graph(3), nx.cycle_graph(30))] * 2
    with pytest.warns(UserWarning) as told:
        apply(BORF(batches=1, add=0, remove=10), graphs, progress=False)
    assert len(told) == 1
    text = str(told[0].message)
    assert "remove=10" in text and "leaves 2 of 4 graphs without an edge" in text
    lost = [nx.cycle_graph(30), nx.complete_graph(3)]
    after = [BORF(batches=1, add=0, remove=10)(data_of(graph)) for graph in lost]
    graph = nx.Graph(after[0].edge_index.T.tolist())
    graph.add_nodes_from(range(30))
    alone = 2 * (3 + len(list(nx.isolates(graph))))
    more = 2 * (2 + nx.number_connected_components(graph) - 1)
    assert f"{alone} nodes without one that had one, in {more} components more" in text


def test_nothing_is_told_where_nothing_is_lost() -> None:
    graphs = [data_of(nx.complete_graph(8)), data_of(nx.empty_graph(3))]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        apply(RandomEdges(remove=1), graphs, progress=False)
        apply(FoSR(3), graphs, progress=False)
        apply(rewiring.AddHops(2), graphs, progress=False)
        assert apply(RandomEdges(remove=1), [], progress=False) == []


@pytest.mark.skipif(not os.environ.get("GNNLAB_MIRROR"), reason="needs the real MUTAG")
def test_mutag_by_default_and_by_the_old_numbers() -> None:
    graphs = datasets.load("mutag")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        after = apply(BORF(), list(graphs), progress=False)
    assert all(data.num_edges > 0 for data in after)
    with pytest.warns(UserWarning, match="leaves 46 of 188 graphs without an edge"):
        apply(BORF(batches=3, add=20, remove=10), list(graphs), progress=False)
