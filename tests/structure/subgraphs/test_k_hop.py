"""k_hop_subgraph beside PyG's function of the same name."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch_geometric.utils import k_hop_subgraph as of_pyg

from gnnlab.ops import Adjacency
from gnnlab.structure import KHopSubgraph, k_hop_subgraph, k_hop_subgraphs

Drawn = tuple[int, Tensor]


@st.composite
def graphs(draw: st.DrawFn) -> Drawn:
    """Any edges, in any order, with loops, repeats and nodes that have none."""
    nodes = draw(st.integers(1, 12))
    ends = st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1))
    edges = draw(st.lists(ends, max_size=40))
    return nodes, torch.tensor(edges, dtype=torch.int64).reshape(-1, 2).T


def same(found: KHopSubgraph, theirs: Any) -> None:
    subset, edge_index, mapping, mask = theirs
    assert torch.equal(found.subset, subset) and torch.equal(found.mapping, mapping)
    assert torch.equal(found.edge_index, edge_index)
    assert torch.equal(torch.zeros_like(mask).index_fill(0, found.edge_id, True), mask)


@settings(max_examples=60, deadline=None)
@given(drawn=graphs(), hops=st.integers(0, 4), relabel=st.booleans(), directed=st.booleans())
def test_each_node_as_pyg(drawn: Drawn, hops: int, relabel: bool, directed: bool) -> None:
    nodes, edges = drawn
    adj = Adjacency(edges, nodes)
    many = k_hop_subgraphs(torch.arange(nodes), hops, adj, relabel, directed=directed)
    for node in range(nodes):
        theirs = of_pyg(node, hops, edges, relabel, nodes, directed=directed)
        same(k_hop_subgraph(node, hops, adj, relabel, directed=directed), theirs)
        same(many.one(node), theirs)


def wide() -> Drawn:
    """More than 2^16 edges, so that numbers take three bytes, and a hub that all nodes join."""
    random = torch.Generator().manual_seed(0)
    edges = torch.randint(3000, (2, 70_000), generator=random)
    hub = torch.stack([torch.arange(2999), torch.full((2999,), 2999)])
    return 3000, torch.cat([edges, hub, hub.flip(0)], dim=1)


@pytest.mark.parametrize("hops", [1, 2])
def test_a_large_graph_as_pyg(hops: int) -> None:
    nodes, edges = wide()
    roots = torch.tensor([2999, 5, 5, 17])
    many = k_hop_subgraphs(roots, hops, edges, True, nodes)
    assert many.node_ptr.shape == many.edge_ptr.shape == (5,)
    for number, root in enumerate(roots.tolist()):
        theirs = of_pyg(root, hops, edges, True, nodes)
        same(many.one(number), theirs)
        same(k_hop_subgraph(root, hops, edges, True, nodes), theirs)


def test_many_threads_ask_at_once() -> None:
    nodes, edges = wide()
    adj = Adjacency(edges[:, :9000], nodes)
    alone = [k_hop_subgraph(root, 2, adj) for root in range(200)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda root: k_hop_subgraph(root, 2, adj), range(200)))
    for ours, theirs in zip(found, alone, strict=True):
        assert all(map(torch.equal, ours, theirs))


def test_numbers_of_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes, edges = wide()
    monkeypatch.setattr("gnnlab.kernels.threads.GRAIN", 1)  # so that all is shared out
    roots, threads = torch.arange(0, 3000, 7), torch.get_num_threads()
    found = []
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            found.append(k_hop_subgraphs(roots, 1, edges, True, nodes))
    finally:
        torch.set_num_threads(threads)
    assert all(map(torch.equal, *found))


def test_no_roots_and_no_edges() -> None:
    none = torch.empty(2, 0, dtype=torch.int64)
    assert (
        k_hop_subgraphs(torch.empty(0, dtype=torch.int64), 2, none, num_nodes=3).subset.numel() == 0
    )
    found = k_hop_subgraph(1, 10**12, none, True, 3)
    assert found.subset.tolist() == [1] and found.edge_index.shape == (2, 0)


def test_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    edges = torch.tensor([[0, 1], [1, 2]])
    for wrong in (3, -1, 1.0, True):
        with pytest.raises(ValueError, match="but it must be a whole number"):
            k_hop_subgraph(wrong, 1, edges)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="nodes names 7, but the graph has nodes 0 to 2"):
        k_hop_subgraphs(torch.tensor([0, 7]), 1, edges)
    with pytest.raises(ValueError, match=r"nodes is torch.float32 \(1,\), but the roots are"):
        k_hop_subgraphs(torch.ones(1), 1, edges)
    for call in (k_hop_subgraph, k_hop_subgraphs):
        root: Any = 0 if call is k_hop_subgraph else torch.tensor([0])
        with pytest.raises(ValueError, match="num_hops is -1, but it must be a whole number"):
            call(root, -1, edges)
    monkeypatch.setattr("gnnlab.kernels.budget.free_memory", lambda: 100)
    with pytest.raises(
        ValueError, match="a list of 3 subgraphs with 6 nodes and 3 edges takes 0.0 GB"
    ):
        k_hop_subgraphs(torch.tensor([0, 1, 2]), 2, edges)
