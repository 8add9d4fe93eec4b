"""A graph split by edge type is summed and averaged type by type, and sorted once."""

from __future__ import annotations

import gc
import weakref

import pytest
import torch
from ops_oracles import graph, normal

from gnnlab.ops import Adjacency, propagate, relations


@pytest.mark.parametrize("reduce", ["sum", "mean"])
@pytest.mark.parametrize("weighted", [False, True])
def test_each_part_is_the_graph_of_its_edges(reduce: str, weighted: bool) -> None:
    edge_index, nodes = graph("plain")
    count = edge_index.shape[1]
    kind = torch.arange(count) % 3
    x, weight = normal(nodes, 4), normal(count, seed=1) if weighted else None
    parts = relations(Adjacency(edge_index, nodes), kind, 5)
    assert sorted(parts) == [0, 1, 2]
    for r, part in parts.items():
        own = kind == r
        expected = propagate(x, edge_index[:, own], None if weight is None else weight[own], reduce)
        torch.testing.assert_close(part.propagate(x, weight, reduce), expected)


def test_one_type_is_the_graph_itself() -> None:
    adj = Adjacency(*graph("plain"))
    for kind in (None, torch.full((adj.num_edges,), 1)):
        ((r, part),) = relations(adj, kind, 2).items()
        assert (r, part.own) == (0 if kind is None else 1, adj)


def test_takes_all_types_where_no_number_is_given() -> None:
    adj = Adjacency(*graph("plain"))
    kind = 7 * (torch.arange(adj.num_edges) % 2)
    parts = relations(adj, kind, None)
    assert sorted(parts) == [0, 7]
    assert torch.equal(parts[7].own.edge_index, adj.edge_index[:, kind == 7])
    with pytest.raises(ValueError, match="edge_type holds -1"):
        relations(adj, kind - 1, None)


def test_is_sorted_once_for_each_graph_and_anew_after_a_change() -> None:
    adj, other = Adjacency(*graph("plain")), Adjacency(*graph("plain"))
    kind = torch.arange(adj.num_edges) % 2
    first = relations(adj, kind, 2)
    assert relations(adj, kind, 2)[1].own is first[1].own
    assert relations(other, kind, 2)[1].own is not first[1].own
    kind[0] = 1
    again = relations(adj, kind, 2)
    assert again[1].own.num_edges == first[1].own.num_edges + 1


def test_types_do_not_keep_the_graph_alive() -> None:
    kind = torch.zeros(graph("plain")[0].shape[1], dtype=torch.int64)
    adj = Adjacency(*graph("plain"))
    relations(adj, kind, 2)
    seen = weakref.ref(adj)
    del adj
    gc.collect()
    assert seen() is None


def test_refuses_what_does_not_fit() -> None:
    edge_index, nodes = graph("plain")
    kind = torch.zeros(edge_index.shape[1], dtype=torch.int64)
    part = relations(Adjacency(edge_index, nodes), kind, 1)[0]
    with pytest.raises(ValueError, match="reduce is 'max', but a relation takes 'sum' or 'mean'"):
        part.propagate(normal(nodes, 2), reduce="max")
    with pytest.raises(ValueError, match="weight has 1 rows"):
        part.propagate(normal(nodes, 2), torch.ones(1))
