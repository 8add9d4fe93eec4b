"""Graphs that tests of expressive power are made of: graph6 against networkx, and the real sets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import torch
from torch_geometric.data import Data

from gnnlab import datasets
from gnnlab.datasets import Graphs
from gnnlab.datasets.catalogue.records import Record, find
from gnnlab.datasets.kinds.node import load_graphs


def twin(folder: Path, like: str, **contents: bytes) -> Record:
    original = find(like)
    home = folder / "expressivity" / "twin"
    home.mkdir(parents=True)
    for name, content in contents.items():
        (home / name).write_bytes(content)
    paths = tuple(f"expressivity/twin/{name}" for name in contents)
    return replace(original, name="twin", files=paths, url=None, statistics={}, splits={})


def drawn(data: Data) -> nx.Graph:
    graph = nx.empty_graph(data.num_nodes)
    graph.add_edges_from(data.edge_index.T.tolist())
    return graph


def test_graph6_is_read_as_networkx_writes_it(tmp_path: Path) -> None:
    sizes = [1, 2, 5, 62, 63, 70]
    graphs = [nx.gnp_random_graph(n, 0.3, seed=n) for n in sizes]
    lines = [
        nx.to_graph6_bytes(graph, header=n == 5) for graph, n in zip(graphs, sizes, strict=True)
    ]
    found = load_graphs(twin(tmp_path, "sr16622", a=b"".join(lines)), "constant", "none", tmp_path)
    assert found.y.tolist() == list(range(6)) and not bool(found.train_mask.any())
    for data, graph in zip(found, graphs, strict=True):
        assert data.x.shape == (len(graph), 1)
        matrix = torch.zeros(len(graph), len(graph))
        matrix[data.edge_index[0], data.edge_index[1]] = 1
        assert np.array_equal(matrix.numpy(), nx.to_numpy_array(graph))
        assert data.edge_index.T.tolist() == matrix.nonzero().tolist()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"D?", "too short or too long for 5 nodes"),
        (b"D????", "too short or too long for 5 nodes"),
        (b"D?@", "too short or too long for 5 nodes"),
        (b"D\x10?", "holds other signs"),
        (b"~~????", "larger than 258,047 nodes"),
        (b"~?", "larger than 258,047 nodes"),
    ],
)
def test_damaged_lines_are_named(content: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        load_graphs(twin(tmp_path, "sr16622", a=content), "constant", "none", tmp_path)


def test_classes_lie_in_a_second_file(tmp_path: Path) -> None:
    record = twin(tmp_path / "a", "CSL", a=b"Bw\nBW\n", b=b"1\n0\n")
    assert load_graphs(record, "constant", "none", tmp_path / "a").y.tolist() == [1, 0]
    for place, text, message in [("b", b"1\n", "it has 1"), ("c", b"one two", "as classes")]:
        record = twin(tmp_path / place, "CSL", a=b"Bw\nBW\n", b=text)
        with pytest.raises(ValueError, match=message):
            load_graphs(record, "constant", "none", tmp_path / place)


def test_tags_become_columns(tmp_path: Path) -> None:
    record = twin(tmp_path, "CEXP", a=b"2\n2 1\n0 1 1\n3 1 0\n1 0\n3 0\n")
    found = load_graphs(record, "tags", "none", tmp_path)
    assert found[0].x.tolist() == [[1, 0], [0, 1]] and found[1].x.tolist() == [[0, 1]]
    assert found.y.tolist() == [1, 0]


def loaded(name: str, **given: str) -> Graphs:
    try:
        found = datasets.load(name, **given)
    except FileNotFoundError:
        pytest.skip(f"{name} is not in the mirror")
    assert isinstance(found, Graphs)
    return found


@pytest.mark.parametrize(
    ("name", "nodes", "degree", "joined", "apart"),
    [
        ("sr16622", 16, 6, 2, 2),
        ("SR251256", 25, 12, 5, 6),
        ("sr261034", 26, 10, 3, 4),
        ("sr281264", 28, 12, 6, 4),
        ("sr361446", 36, 14, 4, 6),
    ],
)
def test_families_are_strongly_regular(
    name: str, nodes: int, degree: int, joined: int, apart: int
) -> None:
    for data in loaded(name):
        adjacency = torch.zeros(nodes, nodes)
        adjacency[data.edge_index[0], data.edge_index[1]] = 1
        eye = torch.eye(nodes)
        expected = degree * eye + joined * adjacency + apart * (1 - eye - adjacency)
        assert torch.equal(adjacency @ adjacency, expected)


@pytest.mark.parametrize(
    ("name", "pairs"), [("brec_basic", 60), ("brec_regular", 50), ("brec_str", 50)]
)
def test_pairs_look_alike_and_differ(name: str, pairs: int) -> None:
    data = loaded(name)
    assert len(data) == 2 * pairs
    for first, second in datasets.pairs(data):
        assert first.num_edges == second.num_edges and first.num_nodes == second.num_nodes
        if name == "brec_basic":  # others would take networkx too long
            assert not nx.is_isomorphic(drawn(first), drawn(second))
    with pytest.raises(ValueError, match="3 graphs are no pairs"):
        datasets.pairs(data[:3])


def test_circular_skip_links(mirror: Path) -> None:
    data = loaded("csl")
    assert data.split == "benchmarking-gnns" and data.masks.sizes == (90, 30, 30)
    assert bool((data.test_mask.sum(1) == 1).all()) and data.classes == 10
    assert torch.bincount(data.y).tolist() == [15] * 10
    assert int((datasets.first_alike(data) > 0).sum()) == 0  # 1-WL sees one class


def test_pairs_of_formulas() -> None:
    data = loaded("CEXP")
    assert data.y[::2].tolist() == [1] * 600 and data.y[1::2].tolist() == [0] * 600
    first = datasets.first_alike(data, rounds=30)
    assert int((first[::2] == first[1::2]).sum()) == 300


def test_tasks_refuse_a_set_without_a_split(mirror: Path) -> None:
    from gnnlab import layers, tasks

    data = loaded("sr16622")
    with pytest.raises(ValueError, match="selects no graph in split 0"):
        tasks.fit(tasks.GraphPrediction(), layers.GIN(1, 4), data)
