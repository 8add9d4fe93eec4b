"""Encodings as transforms: the same by every road, on every kind of graph, in a batch."""

from __future__ import annotations

from copy import copy
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import torch
from torch import Tensor
from torch_geometric import transforms as pyg
from torch_geometric.data import Batch, Data
from torch_geometric.utils import from_networkx

from gnnlab import rewiring
from gnnlab.structure.transforms import Encoding, LaplacianPE, RandomWalkPE

BOTH: list[Encoding] = [LaplacianPE(4), RandomWalkPE(5)]
each = pytest.mark.parametrize("transform", BOTH, ids=["laplacian", "random walk"])


def graph(seed: int, nodes: int = 12) -> Data:
    """A random graph, a triangle beside it, and a node that nothing reaches."""
    parts = [nx.connected_watts_strogatz_graph(nodes, 4, 0.3, seed=seed), nx.complete_graph(3)]
    data = from_networkx(nx.disjoint_union_all([*parts, nx.empty_graph(1)]))
    data.x = torch.randn(nodes + 4, 3, generator=torch.Generator().manual_seed(seed))
    return data


@pytest.mark.parametrize("nodes", [9, 150])  # PyG changes its solver in between
def test_laplacian_equals_pyg_but_for_signs(nodes: int) -> None:
    data = from_networkx(nx.connected_watts_strogatz_graph(nodes, 4, 0.5, seed=3))
    ours = LaplacianPE(5)(data).laplacian_eigenvector_pe
    theirs = pyg.AddLaplacianEigenvectorPE(5, is_undirected=True)(data).laplacian_eigenvector_pe
    # PyG's Lanczos steps run in single precision, from a start of their own drawing.
    turned = (ours * theirs).sum(0).sign()
    torch.testing.assert_close(ours, theirs * turned, rtol=0, atol=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_random_walk_equals_pyg(seed: int) -> None:
    data = graph(seed)
    theirs = pyg.AddRandomWalkPE(6)(data).random_walk_pe
    torch.testing.assert_close(RandomWalkPE(6)(data).random_walk_pe, theirs)
    one_way = Data(edge_index=data.edge_index[:, data.edge_index.sum(0) % 3 > 0], num_nodes=16)
    theirs = pyg.AddRandomWalkPE(6)(one_way).random_walk_pe
    torch.testing.assert_close(RandomWalkPE(6)(one_way).random_walk_pe, theirs)


def stored(data: Data, transform: Encoding) -> Tensor:
    found: Tensor = data[transform.key]
    return found


@each
def test_loops_repeats_and_the_order_of_edges_do_not_matter(transform: Encoding) -> None:
    data = graph(0)
    order = torch.randperm(data.num_edges, generator=torch.Generator().manual_seed(1))
    loops = torch.arange(data.num_nodes).expand(2, -1)
    other = copy(data)
    other.edge_index = torch.cat([data.edge_index[:, order], data.edge_index, loops], 1)
    assert torch.equal(stored(transform(other), transform), stored(transform(data), transform))


@each
def test_a_batch_holds_what_its_graphs_hold(transform: Encoding) -> None:
    graphs = [transform(graph(seed, 8 + seed)) for seed in range(3)]
    batch = Batch.from_data_list(graphs)
    expected = torch.cat([stored(data, transform) for data in graphs])
    assert torch.equal(stored(batch, transform), expected)
    assert batch[1][transform.key].shape == (13, transform.k)
    assert not any(word in transform.key for word in ("index", "batch", "adj"))


@each
def test_a_union_gets_what_its_parts_get(transform: Encoding) -> None:
    graphs = [graph(seed, 8 + seed) for seed in range(3)]
    starts = np.cumsum([0, *(data.num_nodes for data in graphs)])
    ends = [data.edge_index + int(start) for data, start in zip(graphs, starts, strict=False)]
    whole = transform(Data(edge_index=torch.cat(ends, 1), num_nodes=int(starts[-1])))
    parts = torch.cat([stored(transform(data), transform) for data in graphs])
    torch.testing.assert_close(stored(whole, transform), parts)


@each
def test_apply_gives_the_same_and_keeps_it(
    transform: Encoding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path))
    graphs = [graph(seed, 8 + seed % 5) for seed in range(30)]
    expected = [transform(data) for data in graphs]
    once = rewiring.apply(transform, graphs, progress=False)
    monkeypatch.setattr(type(transform), "rows", lambda *_: pytest.fail("computed again"))
    again = rewiring.apply(transform, graphs, progress=False)
    for data, first, second in zip(expected, once, again, strict=True):
        assert torch.equal(stored(first, transform), stored(data, transform))
        assert torch.equal(stored(second, transform), stored(data, transform))
        assert transform.holds(second)


@each
def test_what_holds_is_not_computed_again(
    transform: Encoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = transform(graph(0))
    fewer = copy(data)
    fewer.edge_index = data.edge_index[:, data.edge_index.amax(0) < 5]
    assert transform.holds(data) and not transform.holds(fewer) and not transform.holds(graph(0))
    assert not type(transform)(transform.k + 1).holds(data)
    after = transform(fewer)
    assert not torch.equal(stored(after, transform), stored(data, transform))
    monkeypatch.setattr(type(transform), "rows", lambda *_: pytest.fail("computed again"))
    assert torch.equal(stored(transform(data), transform), stored(data, transform))


@each
def test_leaves_the_data_alone_and_is_stored_in_single(transform: Encoding) -> None:
    data = graph(0)
    keys = data.keys()
    after = transform(data)
    assert data.keys() == keys and set(after.keys()) > set(keys)
    assert stored(after, transform).dtype == torch.float32
    assert stored(after, transform).shape == (16, transform.k)
    empty = Data(edge_index=torch.empty(2, 0, dtype=torch.int64), num_nodes=3)
    assert not stored(transform(empty), transform).any()


def test_refusals() -> None:
    with pytest.raises(ValueError, match="k is 0"):
        LaplacianPE(0)
    one_way = Data(edge_index=torch.tensor([[0], [1]]), num_nodes=2)
    with pytest.raises(ValueError, match="0 -> 1 but none back, and LaplacianPE"):
        LaplacianPE(2)(one_way)
    with pytest.raises(ValueError, match="a Batch of 1 graphs was given"):
        RandomWalkPE(2)(Batch.from_data_list([one_way]))
    with pytest.raises(ValueError, match="random_walk_pe is missing: call encoder.transform"):
        RandomWalkPE(2).of(one_way)
    with pytest.raises(
        ValueError, match=r"random_walk_pe is torch.float32 of shape \(2, 2\), but it is"
    ):
        RandomWalkPE(3).of(RandomWalkPE(2)(one_way))
