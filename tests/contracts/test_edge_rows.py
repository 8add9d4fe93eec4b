"""What a graph holds for each edge follows the edges, whatever it is called."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest
import torch
from torch import Tensor
from torch_geometric.data import Data

from gnnlab import datasets, rewiring
from gnnlab.contracts.edge_rows import edge_keys
from gnnlab.datasets.stress import with_wrong_edges
from gnnlab.tasks import LinkSplit
from gnnlab.tasks.link.masking import with_links, without


def named(edges: Tensor, nodes: int) -> Any:
    """Each edge's own number, which its ends give."""
    return edges.amin(0) * nodes + edges.amax(0)


def marked(graph: nx.Graph | None = None) -> Data:
    """A graph whose edges say who they are in five ways, beside what is of no edge."""
    graph = nx.karate_club_graph() if graph is None else graph
    pairs, nodes = torch.tensor(list(graph.edges)).T, graph.number_of_nodes()
    edges = torch.cat([pairs, pairs.flip(0)], dim=1)
    own = named(edges, nodes)
    return Data(
        x=torch.ones(nodes, 2), edge_index=edges, time=own, edge_weight=own.double(),
        label=own.numpy().copy(), sentence=own.tolist(), table=own[:, None].expand(-1, 3),
        y=torch.arange(len(own)), edge_label=own, age=torch.arange(nodes),
        whole=torch.arange(len(own) + 1), other_index=edges, name="karate",
    )  # fmt: skip


OWN = ("time", "edge_weight", "label", "sentence", "table")


def assert_follow(data: Data, before: Data, added: int = 0) -> None:
    """The first edges say who they are, the ``added`` last ones that nobody told them."""
    kept = data.num_edges - added
    own = named(data.edge_index[:, :kept], before.num_nodes)
    for key in OWN:
        found = torch.as_tensor(data[key][:kept])
        expected = own if found.dim() == 1 else own[:, None].expand_as(found)
        assert torch.equal(found.long(), expected), key
        assert len(data[key]) == data.num_edges
        assert type(data[key]) is type(before[key])
    for key in ("x", "y", "age", "whole", "other_index", "edge_label"):
        assert data[key] is before[key]
    assert type(before.label) is np.ndarray and len(before.time) == before.num_edges


def test_in_the_message_graph_of_a_split_and_in_a_step() -> None:
    data = marked()
    split = LinkSplit.random(data, 0.1, 0.2, seed=0)
    message = split.graph(data)
    assert (data.num_edges, message.num_edges, len(message.time)) == (156, 112, 112)
    assert_follow(message, data)
    masked, _ = without(message, split.train_positive[:, :20])
    assert masked.num_edges == 72
    assert_follow(masked, data)
    more = with_links(message, split.valid_positive, undirected=True)
    assert_follow(more, data, added=14)
    assert more.time[-14:].tolist() == [0] * 14 and more.sentence[-14:] == [None] * 14
    assert more.edge_weight[-14:].tolist() == [1.0] * 14


@pytest.mark.parametrize(
    ("method", "added"),
    [(rewiring.RandomEdges(add=9, remove=5, seed=1), 18), (rewiring.FoSR(num_edges=3), 6)],
)
def test_in_a_rewired_graph(method: Any, added: int) -> None:
    data = marked()
    assert_follow(method(data), data, added)


def test_in_a_graph_with_wrong_edges() -> None:
    data = marked()
    found = with_wrong_edges(data, 0.3, seed=0)
    told = dict(zip(found.time.tolist(), found.edge_index.T.tolist(), strict=False))
    assert sorted(found.time.tolist()) == sorted(data.time.tolist())
    assert (
        found.time.tolist() == found.label.tolist() == found.sentence == found.table.T[0].tolist()
    )
    moved = sum(number != min(ends) * 34 + max(ends) for number, ends in told.items())
    assert 0 < moved < 0.4 * len(told)


def test_with_as_many_nodes_as_edges_the_name_decides_as_in_pyg() -> None:
    data = Data(
        x=torch.ones(6, 1), edge_index=torch.arange(6).repeat(2).view(2, 6).roll(1, 1),
        age=torch.arange(6), edge_time=torch.arange(6), time_of_edge=torch.arange(6),
        train_mask=torch.ones(6, dtype=torch.bool),
    )  # fmt: skip
    found = edge_keys(data.to_dict())
    assert found == ["edge_time", "time_of_edge"]
    assert all(data.is_edge_attr(key) for key in found) and not data.is_edge_attr("age")


def test_numbers_of_a_graph_are_not_those_of_its_only_edge() -> None:
    data = Data(x=torch.ones(3, 1), edge_index=torch.tensor([[0], [1]]))
    data.gap, data.edge_attr = torch.ones(1), torch.ones(1, 4)
    assert edge_keys(data.to_dict()) == ["edge_attr"]


def test_pyg_agrees_on_a_graph_that_is_loaded_or_generated() -> None:
    for data in (datasets.load("karate"), marked()):
        ours = set(edge_keys(data.to_dict()))
        theirs = {key for key in data.keys() if key != "edge_index" and data.is_edge_attr(key)}
        assert ours == theirs - {"y", "edge_label", "other_index"}
