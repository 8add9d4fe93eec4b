"""A graph without some links is the graph built anew without them, whatever reads it."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from ops_oracles import GRAPHS, graph, normal
from torch import Tensor

from gnnlab import ops
from gnnlab.ops import Adjacency, use
from gnnlab.ops.functions.common_neighbors import common_neighbors
from gnnlab.ops.graphs import adjacency, sorted_rows

Case = Callable[[Adjacency, Tensor, Tensor], Tensor]
CASES: dict[str, Case] = {  # of a graph, x (N, 4) and weights (E,)
    "sum": lambda adj, x, w: ops.propagate(x, adj),
    "weighted": lambda adj, x, w: ops.propagate(x, adj, w),
    "weighted back": lambda adj, x, w: ops.propagate(x, adj.transpose, w),
    "mean": lambda adj, x, w: ops.propagate(x, adj, w, "mean"),
    "max": lambda adj, x, w: ops.propagate(x, adj, w, "max"),
    "gcn": lambda adj, x, w: ops.gcn_propagate(x, adj),
    "gcn, loops": lambda adj, x, w: ops.gcn_propagate(x, adj.with_self_loops()),
    "gcn, no loops": lambda adj, x, w: ops.gcn_propagate(x, adj.without_self_loops()),
    "gcn_steps": lambda adj, x, w: ops.gcn_steps(x, adj.with_self_loops(), 3),
    "gcn_norm": lambda adj, x, w: ops.gcn_norm(adj),
    "degree": lambda adj, x, w: ops.degree(adj, "source"),
    "edge_softmax": lambda adj, x, w: ops.edge_softmax(w, adj),
    "edge_dot": lambda adj, x, w: ops.edge_dot(x, 2 * x, adj),
    "edge_sum": lambda adj, x, w: ops.edge_sum(w, adj, "source"),
    "gather": lambda adj, x, w: ops.gather(x, adj),
    "attend": lambda adj, x, w: ops.attend(
        x.reshape(-1, 2, 2), adj, query=x.reshape(-1, 2, 2), key=x.reshape(-1, 2, 2)
    ),
    "block_propagate": lambda adj, x, w: ops.block_propagate(
        x.reshape(-1, 2, 2), adj, w.reshape(-1, 1, 1).repeat(1, 2, 2)
    ),
    "relations": lambda adj, x, w: (
        sum(
            (r + 1) * part.propagate(x, w)
            for r, part in ops.relations(adj, (w > 0).long(), 2).items()
        )
        + torch.zeros_like(x)
    ),
}


def some_links(edge_index: Tensor, nodes: int) -> Tensor:
    """Some edges, one of them backwards and one twice, and a pair that may be no edge."""
    picked = edge_index[:, ::3]
    extra = torch.tensor([[0], [nodes - 1]]) if nodes else picked[:, :0]
    return torch.cat([picked, picked[:, :1], edge_index[:, 1:2].flip(0), extra], dim=1)


def anew(edge_index: Tensor, nodes: int, pairs: Tensor) -> tuple[Adjacency, Tensor]:
    """The graph without the links, and which edges are left, by comparing each with each."""
    left = [
        not any({s, t} == {i, j} for i, j in pairs.T.tolist()) for s, t in edge_index.T.tolist()
    ]
    kept = torch.tensor(left, dtype=torch.bool).nonzero().flatten()
    return Adjacency(edge_index[:, kept], nodes), kept


@pytest.mark.parametrize("name", GRAPHS)
def test_every_part_is_that_of_the_graph_built_anew(backend: str, name: str) -> None:
    edge_index, nodes = graph(name)
    pairs = some_links(edge_index, nodes)
    view, (expected, kept) = Adjacency(edge_index, nodes).without(pairs), anew(*graph(name), pairs)
    assert torch.equal(view.kept, kept) and view.num_edges == len(kept)
    for mine, theirs in (
        (view, expected),
        (view.transpose, expected.transpose),
        (view.with_self_loops(), expected.with_self_loops()),
        (view.without_self_loops(), expected.without_self_loops()),
        (view.with_self_loops().transpose, expected.with_self_loops().transpose),
    ):
        for part in ("rowptr", "col", "order", "edge_index"):
            assert torch.equal(getattr(mine, part), getattr(theirs, part)), part
            assert getattr(mine, part).dtype == getattr(theirs, part).dtype
        assert mine.num_edges == theirs.num_edges and mine.device == theirs.device
    assert view.transpose.transpose is view


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", ["plain", "duplicates", "loops", "hub", "sorted", "wide"])
def test_every_operation_gives_what_it_gives_anew(backend: str, name: str, case: str) -> None:
    edge_index, nodes = graph(name)
    pairs, whole = some_links(edge_index, nodes), Adjacency(edge_index, nodes)
    expected, kept = anew(edge_index, nodes, pairs)
    w = normal(edge_index.shape[1], seed=1).abs()
    before = CASES[case](whole, normal(nodes, 4), w)  # what it keeps must not serve the view
    grads, outs = [], []
    for adj in (whole.without(pairs), expected):
        x = normal(nodes, 4).requires_grad_()
        outs.append(CASES[case](adj, x, w[kept]))
        if outs[-1].requires_grad:
            grads.append(torch.autograd.grad(outs[-1].square().sum(), x)[0])
    torch.testing.assert_close(*outs, rtol=1e-12, atol=1e-12)
    if grads:
        torch.testing.assert_close(*grads, rtol=1e-12, atol=1e-12)
    assert torch.equal(CASES[case](whole, normal(nodes, 4), w), before)


@settings(max_examples=60, deadline=None)
@given(
    edges=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=25),
    pairs=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=8),
)
def test_any_links_of_any_graph(edges: list[tuple[int, int]], pairs: list[tuple[int, int]]) -> None:
    edge_index, links = (
        torch.tensor(ends, dtype=torch.int64).reshape(-1, 2).T for ends in (edges, pairs)
    )
    expected, kept = anew(edge_index, 7, links)
    x = normal(7, 3)
    for name in ("torch", "numba"):
        with use(name):
            view = Adjacency(edge_index, 7).without(links)
            assert torch.equal(view.edge_index, expected.edge_index)
            assert torch.equal(view.kept, kept)
            for mine, theirs in (
                (view, expected),
                (view.with_self_loops(), expected.with_self_loops()),
            ):
                assert torch.equal(ops.gcn_propagate(x, mine), ops.gcn_propagate(x, theirs))


def test_nothing_is_sorted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    edge_index, nodes = graph("wide")
    adj, x = Adjacency(edge_index, nodes), normal(nodes, 3).requires_grad_()

    def step(start: int) -> None:
        view = adj.without(edge_index[:, start : start + 20])
        ops.gcn_propagate(x, view.with_self_loops()).sum().backward()
        assert len(common_neighbors(view, edge_index)) == 200

    step(0)

    def sort(*_: object) -> None:
        raise AssertionError("sorted")

    monkeypatch.setattr(adjacency, "group", sort)
    monkeypatch.setattr(sorted_rows, "group", sort)
    step(5)


def test_a_view_of_a_view() -> None:
    edge_index, nodes = graph("wide")
    first = Adjacency(edge_index, nodes).without(edge_index[:, :30])
    second = first.without(edge_index[:, 30:60])
    expected, _ = anew(edge_index, nodes, edge_index[:, :60])
    assert torch.equal(second.edge_index, expected.edge_index)
    assert torch.equal(first.edge_index[:, second.kept], expected.edge_index)
    assert torch.equal(second.col, expected.col) and torch.equal(second.order, expected.order)


def test_no_link_takes_nothing() -> None:
    edge_index, nodes = graph("plain")
    view = Adjacency(edge_index, nodes).without(edge_index[:, :0])
    assert torch.equal(view.edge_index, edge_index)
    assert torch.equal(view.kept, torch.arange(edge_index.shape[1]))


def test_its_edge_index_stands_for_it() -> None:
    edge_index, nodes = graph("plain")
    view = Adjacency(edge_index, nodes).without(edge_index[:, :5])
    assert Adjacency.of(view.edge_index, nodes) is view
    assert Adjacency.of(view.edge_index, nodes + 1) is not view
    whole = Adjacency(edge_index, nodes)
    assert Adjacency.of(whole.edge_index) is whole
    changed = whole.edge_index
    changed[0, 0] = 1 - changed[0, 0].clamp(max=1)  # no longer what was sorted
    assert Adjacency.of(changed, nodes) is not whole
    assert torch.equal(whole.edge_index, edge_index) and Adjacency.of(whole.edge_index) is whole


def test_pickles_copies_and_moves() -> None:
    edge_index, nodes = graph("loops")
    view = Adjacency(edge_index, nodes).without(edge_index[:, :5])
    for twin in (pickle.loads(pickle.dumps(view)), copy.deepcopy(view)):
        assert torch.equal(twin.edge_index, view.edge_index)
        assert torch.equal(twin.kept, view.kept)
    assert view.to("cpu") is view


def test_is_freed_without_the_garbage_collector() -> None:
    edge_index, nodes = graph("plain")
    adj = Adjacency(edge_index, nodes)
    gc.disable()
    try:
        view = adj.without(edge_index[:, :5])
        assert view.transpose.col is not None and view.with_self_loops().order is not None
        gone = weakref.ref(view)
        del view
        assert gone() is None
    finally:
        gc.enable()


def test_compiled_functions_take_it() -> None:
    torch._dynamo.reset()
    edge_index, nodes = graph("plain")
    view = Adjacency(edge_index, nodes).without(edge_index[:, :5])
    x = normal(nodes, 3)
    compiled = torch.compile(ops.gcn_propagate, backend="eager")
    torch.testing.assert_close(compiled(x, view), ops.gcn_propagate(x, view))


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (torch.tensor([[0, 9], [1, 2]]), "pair 1 names node 9, but the graph has 9 nodes"),
        (torch.tensor([[0], [-1]]), "pair 0 names node -1"),
        (torch.zeros(3, 2, dtype=torch.long), r"tensor \(2, P\).*not \(3, 2\); transpose them"),
        (torch.zeros(2, 2), "must be int64, not torch.float32; use pairs.long()"),
        ([[0], [1]], r"a tensor \(2, P\), a pair of nodes a column, not list"),
    ],
)
def test_bad_pairs_are_named(pairs: Tensor, message: str) -> None:
    adj = Adjacency(*graph("plain"))
    with pytest.raises(ValueError, match=message):
        adj.without(pairs)
    with pytest.raises(ValueError, match=message):
        common_neighbors(adj, pairs)
