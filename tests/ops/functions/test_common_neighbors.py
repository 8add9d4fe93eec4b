"""Common and residual neighbours are what sets of neighbours say, on every backend."""

from __future__ import annotations

import networkx as nx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from ops_oracles import GRAPHS, graph, normal
from torch import Tensor

from gnnlab.ops import Adjacency, use
from gnnlab.ops.functions.common_neighbors import (
    EdgeDrop,
    common_neighbors,
    count_common_neighbors,
    neighbor_sum,
    residual_neighbors,
)
from gnnlab.ops.graphs.neighbor_lists import NeighborLists, stacked
from gnnlab.ops.rows import intersection as overlap


def around(adj: Adjacency) -> list[set[int]]:
    """The sources of every node's incoming edges."""
    found: list[set[int]] = [set() for _ in range(adj.num_nodes)]
    for s, t in adj.edge_index.T.tolist():
        found[t].add(s)
    return found


def listed(lists: NeighborLists) -> list[list[int]]:
    return [part.tolist() for part in lists.node.split(lists.count.tolist())]


def all_pairs(nodes: int) -> Tensor:
    """Every ordered pair, a node with itself too."""
    return torch.cartesian_prod(torch.arange(nodes), torch.arange(nodes)).T


def hubs(nodes: int = 300, degree: int = 250) -> Tensor:
    """Three nodes with many neighbours among others with few, repeats and loops included."""
    generator = torch.Generator().manual_seed(3)
    ends = torch.randint(nodes, (2, 4 * nodes), generator=generator)
    far = torch.randint(nodes, (3 * degree,), generator=generator)
    spokes = torch.stack([far, torch.tensor([5, 17, 91]).repeat_interleave(degree)])
    return torch.cat([ends, spokes, spokes.flip(0)], dim=1)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("name", GRAPHS)
def test_lists_are_the_sets(backend: str, name: str, masked: bool) -> None:
    edge_index, nodes = graph(name)
    adj = Adjacency(edge_index, nodes)
    if masked:
        adj = adj.without(edge_index[:, ::4])
    sets, pairs = around(adj), all_pairs(nodes)
    ends = [(sets[i], sets[j]) for i, j in pairs.T.tolist()]
    both = common_neighbors(adj, pairs)
    assert listed(both) == [sorted(a & b) for a, b in ends]
    assert count_common_neighbors(adj, pairs).tolist() == both.count.tolist()
    assert both.pair.tolist() == [p for p, (a, b) in enumerate(ends) for _ in a & b]
    for known in (None, both):
        first, second = residual_neighbors(adj, pairs, common=known)
        assert listed(first) == [sorted(a - b) for a, b in ends]
        assert listed(second) == [sorted(b - a) for a, b in ends]


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("most", [1 << 26, 500])
def test_hubs_take_every_way(monkeypatch: pytest.MonkeyPatch, masked: bool, most: int) -> None:
    edge_index = hubs()
    adj = Adjacency(edge_index, 300)
    if masked:
        adj = adj.without(edge_index[:, ::5])
    generator = torch.Generator().manual_seed(1)
    hub = torch.tensor([5, 17, 91])[torch.randint(3, (400,), generator=generator)]
    pairs = torch.stack([hub, torch.randint(300, (400,), generator=generator)])
    sets = around(adj)
    expected = [sorted(sets[i] & sets[j]) for i, j in pairs.T.tolist()]
    monkeypatch.setattr(overlap, "MOST", most)  # the scratch of few pairs: halves of halves
    for hub_size in (0, 64, 1000):  # marks for all, for hubs, for none
        for gallop in (0, 64):
            monkeypatch.setattr(overlap, "HUB", hub_size)
            monkeypatch.setattr(overlap, "GALLOP", gallop)
            assert listed(common_neighbors(adj, pairs)) == expected


def test_networkx_counts_the_same() -> None:
    theirs = nx.barabasi_albert_graph(60, 3, seed=0)
    edges = torch.tensor(list(theirs.edges)).T
    edge_index = torch.cat([edges, edges.flip(0)], dim=1)
    pairs = all_pairs(60)[:, all_pairs(60)[0] != all_pairs(60)[1]]
    expected = [len(list(nx.common_neighbors(theirs, i, j))) for i, j in pairs.T.tolist()]
    assert count_common_neighbors(edge_index, pairs).tolist() == expected


OPTIONS = [
    {"limit": 3, "seed": 5},
    {"limit": 1},
    {"limit": 10_000},
    {"drop": EdgeDrop(0.4, 9)},
    {"limit": 2, "drop": EdgeDrop(0.3, 1)},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("masked", [False, True])
def test_backends_draw_the_same(options: dict[str, object], masked: bool) -> None:
    pytest.importorskip("numba")
    edge_index = hubs()
    adj = Adjacency(edge_index, 300)
    if masked:
        adj = adj.without(edge_index[:, ::5])
    pairs = torch.cat([edge_index[:, ::7], torch.tensor([[5, 91], [17, 5]])], dim=1)
    found = []
    for name in ("torch", "numba"):
        with use(name):
            both = common_neighbors(adj, pairs, **options)  # type: ignore[arg-type]
            sides = residual_neighbors(adj, pairs, **options)  # type: ignore[arg-type]
            found.append((both, *sides))
    for one, other in zip(*found, strict=True):
        assert torch.equal(one.rowptr, other.rowptr) and torch.equal(one.node, other.node)
        assert (one.weight is None) == (other.weight is None) == ("limit" not in options)
        if one.weight is not None and other.weight is not None:
            torch.testing.assert_close(one.weight, other.weight)


@pytest.mark.parametrize("limit", [1, 4, 20, 400])
def test_draws_are_few_belong_and_stand_for_all(backend: str, limit: int) -> None:
    edge_index = hubs()
    adj = Adjacency(edge_index, 300)
    pairs = torch.tensor([[5, 17, 3, 5], [17, 91, 4, 8]])
    whole = residual_neighbors(adj, pairs)
    for drawn, lists in zip(residual_neighbors(adj, pairs, limit=limit), whole, strict=True):
        assert drawn.weight is not None
        assert drawn.count.tolist() == lists.count.clamp(max=limit).tolist()
        for some, every in zip(listed(drawn), listed(lists), strict=True):
            assert set(some) <= set(every) and some == sorted(set(some))
        total = torch.zeros(4).double().index_add(0, drawn.pair, drawn.weight)
        torch.testing.assert_close(total, lists.count.double())


def test_draws_keep_the_expectation() -> None:
    adj = Adjacency(hubs(), 300)
    pairs = torch.tensor([[5, 5], [17, 91]])
    x = normal(300, 2)
    expected = neighbor_sum(x, common_neighbors(adj, pairs))
    sums = torch.stack(
        [neighbor_sum(x, common_neighbors(adj, pairs, limit=60, seed=s)) for s in range(600)]
    )
    error = sums.std(0) / 600**0.5
    assert bool((error > 0).all())
    assert bool(((sums.mean(0) - expected).abs() < 4 * error).all())


def test_draws_do_not_depend_on_the_other_pairs_or_the_order_of_ends(backend: str) -> None:
    adj = Adjacency(hubs(), 300)
    pairs = torch.tensor([[5, 17, 5, 4], [17, 91, 91, 5]])
    for draw in (common_neighbors, lambda *args, **kw: residual_neighbors(*args, **kw)[0]):
        together = listed(draw(adj, pairs, limit=3, seed=2))
        alone = [listed(draw(adj, pairs[:, p : p + 1], limit=3, seed=2))[0] for p in range(4)]
        assert together == alone
    turned = common_neighbors(adj, pairs.flip(0), limit=3, seed=2)
    assert listed(turned) == listed(common_neighbors(adj, pairs, limit=3, seed=2))
    first, second = residual_neighbors(adj, pairs, limit=3, seed=2)
    back = residual_neighbors(adj, pairs.flip(0), limit=3, seed=2)
    assert listed(first) == listed(back[1]) and listed(second) == listed(back[0])


def test_a_dropped_edge_is_dropped_for_all_pairs_and_each_way_by_itself() -> None:
    edge_index = hubs()
    adj, drop = Adjacency(edge_index, 300), EdgeDrop(0.3, 4)
    nodes = torch.arange(300)
    kept = [set(row) for row in listed(common_neighbors(adj, nodes.repeat(2, 1), drop=drop))]
    sets = around(adj)
    assert all(some <= every for some, every in zip(kept, sets, strict=True))
    share = sum(map(len, kept)) / sum(map(len, sets))
    assert abs(share - 0.7) < 0.03
    pairs = all_pairs(300)[:, ::11]
    found = listed(common_neighbors(adj, pairs, drop=drop))
    assert found == [sorted(kept[i] & kept[j]) for i, j in pairs.T.tolist()]
    one_way = sum(1 for i in range(300) for u in kept[i] if i in sets[u] and i not in kept[u])
    assert one_way > 100


@settings(max_examples=60, deadline=None)
@given(
    edges=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=30),
    links=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=6),
)
def test_masked_inside_is_masked_before(
    edges: list[tuple[int, int]], links: list[tuple[int, int]]
) -> None:
    edge_index, hidden = (
        torch.tensor(ends, dtype=torch.int64).reshape(-1, 2).T for ends in (edges, links)
    )
    view, pairs = Adjacency(edge_index, 7).without(hidden), all_pairs(7)
    anew = Adjacency(view.edge_index.clone(), 7)
    for name in ("torch", "numba"):
        with use(name):
            assert listed(common_neighbors(view, pairs)) == listed(common_neighbors(anew, pairs))
            for one, other in zip(
                residual_neighbors(view, pairs), residual_neighbors(anew, pairs), strict=True
            ):
                assert listed(one) == listed(other)


@pytest.mark.parametrize("weighted", [False, True])
def test_sums_are_products_of_matrices(backend: str, weighted: bool) -> None:
    edge_index, nodes = graph("wide")
    lists = common_neighbors(edge_index, all_pairs(nodes)[:, ::5])
    matrix = torch.zeros(len(lists), nodes).double()
    w = normal(len(lists.node), seed=1) if weighted else None
    matrix[lists.pair, lists.node.long()] = 1.0 if w is None else w
    x = normal(nodes, 3).requires_grad_()
    torch.testing.assert_close(neighbor_sum(x, lists, w), matrix @ x)
    grad = normal(len(lists), 3, seed=2)
    (found,) = torch.autograd.grad(neighbor_sum(x, lists, w), x, grad)
    torch.testing.assert_close(found, matrix.T @ grad)


def test_stacked_lists_are_summed_as_their_parts() -> None:
    edge_index, nodes = graph("wide")
    pairs, x = all_pairs(nodes)[:, ::5], normal(nodes, 3)
    both = common_neighbors(edge_index, pairs)
    first, second = residual_neighbors(edge_index, pairs, limit=2)
    first = first.weighted(normal(len(first.node)))
    parts = [both, first, second]
    joined = stacked(parts)
    assert listed(joined) == [nodes for lists in parts for nodes in listed(lists)]
    expected = torch.cat([neighbor_sum(x, lists) for lists in parts])
    torch.testing.assert_close(neighbor_sum(x, joined), expected)
    assert stacked([both]) is both


def test_gradients(backend: str) -> None:
    edge_index, nodes = graph("plain")
    lists = common_neighbors(edge_index, all_pairs(nodes)[:, ::9])
    x, w = normal(nodes, 2).requires_grad_(), normal(len(lists.node), seed=1).requires_grad_()
    assert len(lists.node)
    assert torch.autograd.gradcheck(lambda x, w: neighbor_sum(x, lists, w), (x, w))
    assert torch.autograd.gradgradcheck(lambda x, w: neighbor_sum(x, lists, w), (x, w))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_other_precisions(backend: str, dtype: torch.dtype) -> None:
    edge_index, nodes = graph("wide")
    lists = common_neighbors(edge_index, edge_index, limit=2)
    x = normal(nodes, 5)
    out = neighbor_sum(x.to(dtype), lists)
    assert out.dtype == dtype
    torch.testing.assert_close(
        out.double(),
        neighbor_sum(x, lists),
        rtol=0.02,
        atol=0.05 if dtype != torch.float32 else 1e-5,
    )


def test_no_pair_gives_no_list(backend: str) -> None:
    edge_index, nodes = graph("plain")
    none = torch.empty(2, 0, dtype=torch.long)
    for options in ({}, {"limit": 2}):
        lists = common_neighbors(edge_index, none, **options)  # type: ignore[arg-type]
        assert len(lists) == 0 and lists.node.numel() == 0
        x = normal(lists.num_nodes, 3).requires_grad_()
        out = neighbor_sum(x, lists)
        assert out.shape == (0, 3)
        assert not torch.autograd.grad(out.sum(), x)[0].any()
        first, second = residual_neighbors(edge_index, none, **options)  # type: ignore[arg-type]
        assert len(first) == len(second) == 0
    assert count_common_neighbors(edge_index, none).shape == (0,)
    empty = Adjacency(none, 4)
    assert count_common_neighbors(empty, all_pairs(4)).tolist() == [0] * 16


def test_bad_input_is_named() -> None:
    edge_index, nodes = graph("plain")
    lists = common_neighbors(Adjacency(edge_index, nodes), edge_index)
    with pytest.raises(ValueError, match="limit is 0, but it must be a whole number"):
        common_neighbors(edge_index, edge_index, limit=0)
    with pytest.raises(ValueError, match="x has 4 rows but the lists name nodes of a graph of 9"):
        neighbor_sum(normal(4, 2), lists)
    with pytest.raises(ValueError, match="weight has 1 entries but the lists"):
        neighbor_sum(normal(9, 2), lists, normal(1))
