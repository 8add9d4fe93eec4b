"""Graphs of NetworkX, and the files that it writes: read back as they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx
import pytest
import torch
from torch_geometric.data import Data
from torch_geometric.utils import to_networkx

from gnnlab import datasets


def small(kind: Any = nx.Graph) -> Any:
    graph = kind(name="small")
    graph.add_node("a", size=1.5, label="p")
    graph.add_node("b", size=2.5, label="q")
    graph.add_node("c", size=0.5, label="p")
    graph.add_edge("a", "b", weight=2.0)
    graph.add_edge("c", "b", weight=3.0)
    return graph


def test_attributes_are_columns() -> None:
    data = datasets.from_networkx(small())
    assert data.node_ids.tolist() == ["a", "b", "c"] and data.name == "small"
    assert data.x.tolist() == [[1.5], [2.5], [0.5]] and data.feature_names == ("size",)
    assert data.y.tolist() == [0, 1, 0] and data.class_names == ("p", "q")
    assert data.edge_index.tolist() == [[0, 1, 1, 2], [1, 0, 2, 1]]
    assert data.edge_weight.tolist() == [2, 2, 3, 3]


def test_directions_and_parallel_edges_stay() -> None:
    data = datasets.from_networkx(small(nx.DiGraph))
    assert data.edge_index.tolist() == [[0, 2], [1, 1]]
    multi = small(nx.MultiDiGraph)
    multi.add_edge("a", "b", weight=5.0)
    data = datasets.from_networkx(multi)
    assert data.edge_index.tolist() == [[0, 0, 2], [1, 1, 1]]
    assert data.edge_weight.tolist() == [2, 5, 3]


def test_a_graph_of_pyg_comes_back() -> None:
    there = datasets.load("karate")
    given = Data(x=there.x[:, :3], y=there.y, edge_index=there.edge_index, num_nodes=34)
    back = datasets.from_networkx(to_networkx(given, ["x", "y"], to_undirected=True))
    for key in ("x", "y", "edge_index"):
        assert torch.equal(back[key], given[key]), key


def test_nodes_alone_and_nodes_of_any_name() -> None:
    graph: Any = nx.Graph()
    graph.add_nodes_from([(0, 1), (2, 3)])
    data = datasets.from_networkx(graph)
    assert data.node_ids.tolist() == [(0, 1), (2, 3)]
    assert data.edge_index.shape == (2, 0) and data.x.shape == (2, 0)
    whole = datasets.from_networkx(nx.path_graph(3))
    assert whole.node_ids.tolist() == [0, 1, 2]


def test_what_is_no_graph_is_refused() -> None:
    wrong: Any = [(0, 1)]
    with pytest.raises(ValueError, match="graph is a list, but a graph of NetworkX is read here"):
        datasets.from_networkx(wrong)
    with pytest.raises(ValueError, match="the graph has no node: give one that has"):
        datasets.from_networkx(nx.Graph())
    graph = small()
    graph.nodes["b"]["size"] = "big"
    with pytest.raises(ValueError, match="row 1 of nodes has 'big' in column 'size', which is no"):
        datasets.from_networkx(graph)


@pytest.mark.parametrize("kind", [nx.Graph, nx.DiGraph])
@pytest.mark.parametrize("ending", ["graphml", "gml", "gexf", "graphml.gz"])
def test_files_of_networkx_come_back(ending: str, kind: Any, tmp_path: Path) -> None:
    graph = small(kind)
    nx.set_node_attributes(graph, nx.get_node_attributes(graph, "label"), "group")
    for _, attributes in graph.nodes(data=True):
        del attributes["label"]  # GML and GEXF call nodes so
    path = tmp_path / f"small.{ending}"
    write = {"graphml": nx.write_graphml, "gml": nx.write_gml, "gexf": nx.write_gexf}
    write[ending.partition(".")[0]](graph, path)
    data, there = datasets.read(path, label="group"), datasets.from_networkx(graph, label="group")
    assert data.node_ids.tolist() == ["a", "b", "c"] and data.name == "small"
    for key in ("x", "y", "edge_index", "edge_weight"):
        assert torch.equal(data[key], there[key]), key
    assert set(data.keys()) - set(there.keys()) == {"raw_hash"}


@pytest.mark.parametrize("ending", ["graphml", "gml", "gexf"])
def test_a_damaged_file_is_named(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"bad.{ending}"
    path.write_text("<nothing")
    with pytest.raises(ValueError, match=rf"bad.{ending} cannot be read as {ending.upper()} \("):
        datasets.read(path)
