"""Graphs copied and filled as dictionaries are the graphs that PyG would have made."""

from __future__ import annotations

from copy import copy

import pytest
import torch
from torch_geometric.data import Data

from gnnlab import rewiring
from gnnlab.contracts.nodes import count_nodes
from gnnlab.structure.graphs.reading import read_graph, read_graphs
from gnnlab.structure.transforms import shallow
from gnnlab.structure.transforms.data_stores import put

CASES = {
    "Hops": lambda: rewiring.AddHops(3),
    "Paths": lambda: rewiring.AddPaths(3, "all"),
    "Paths shortest": lambda: rewiring.AddPaths(4),
}


class Own(Data):  # type: ignore[misc]  # PyG ships no types
    """A graph of a user's."""


def graph(kind: type[Data] = Data) -> Data:
    edges = torch.tensor([[0, 1, 2, 1], [1, 0, 1, 2]])
    return kind(x=torch.ones(3, 2), edge_index=edges, edge_attr=torch.ones(4, 1), name="a")


@pytest.mark.parametrize("kind", [Data, Own])
@pytest.mark.parametrize("remembered", [False, True])
def test_copies_are_pygs(kind: type[Data], remembered: bool) -> None:
    data = graph(kind)
    if remembered:
        assert data.is_node_attr("x")
    found, other = shallow(data), copy(data)
    assert type(found) is kind and found.to_dict() == other.to_dict()
    assert vars(found._store).keys() == vars(other._store).keys()
    assert found._store._parent() is found and found.x is data.x
    put(found, {"x": torch.zeros(3, 1), "more": 1})
    assert found.more == 1 and found.num_features == 1
    assert "more" not in data and data.num_features == 2
    del found.edge_attr
    assert data.edge_attr is not None


def test_what_was_remembered_of_a_key_is_forgotten() -> None:
    data = graph()
    assert data.is_node_attr("x") and not data.is_node_attr("name")
    put(data, {"name": torch.ones(3)})
    assert data.is_node_attr("name")


def test_nodes_are_counted_as_pyg_does() -> None:
    for data in (graph(), Data(num_nodes=4), Data(x=torch.ones(2, 1), num_nodes=5)):
        assert count_nodes(data) == (data.num_nodes or 0)


@pytest.mark.parametrize("undirected", [False, True])
def test_many_graphs_are_read_as_each_one(undirected: bool) -> None:
    turned, doubled, looped = graph(), graph(), graph()
    turned.edge_index = turned.edge_index.flip(1)
    doubled.edge_index = doubled.edge_index.repeat(1, 2)
    doubled.edge_attr = doubled.edge_attr.repeat(2, 1)
    looped.edge_index = torch.tensor([[0, 0, 1, 2], [0, 1, 0, 2]])
    data = [
        graph(),
        turned,
        doubled,
        looped,
        Data(num_nodes=1, edge_index=graph().edge_index[:, :0]),
    ]
    before = [one.edge_index.clone() for one in data]
    for found, one in zip(read_graphs(data, undirected, "X"), data, strict=True):
        expected = read_graph(one, undirected, "X")
        assert found.content == expected.content and found.digest == expected.digest
    assert all(torch.equal(one.edge_index, old) for one, old in zip(data, before, strict=True))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("edge_attr", torch.tensor([[1.0], [2.0], [float("nan")], [1.0]]), "is nan in row 2"),
        ("edge_attr", torch.ones(3, 1), "must have one row for each of the 4 edges"),
        ("edge_weight", torch.ones(4, 1), "each edge has one floating number"),
        ("edge_weight", torch.ones(4, dtype=torch.int64), "each edge has one floating number"),
        ("edge_type", [0, 0, 0, 0], "must have one row for each of the 4 edges"),
        ("edge_index", torch.tensor([[0, 3], [1, 1]]), "names node 3"),
        ("edge_index", torch.tensor([[0, -1], [1, 1]]), "names node -1"),
    ],
)
def test_a_bad_graph_among_many_is_named(key: str, value: object, message: str) -> None:
    bad = graph()
    bad[key] = value
    with pytest.raises(ValueError, match=f"graph 1 of the dataset: .*{message}"):
        read_graphs([graph(), bad], False, "X")
