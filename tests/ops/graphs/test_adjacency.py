from __future__ import annotations

import copy
import gc
import pickle
import threading
import weakref

import pytest
import torch
from ops_oracles import GRAPHS, graph

from gnnlab.ops import Adjacency, degree, propagate


@pytest.mark.parametrize("name", GRAPHS)
def test_rows_are_a_stable_sort(backend: str, name: str) -> None:
    edge_index, nodes = graph(name)
    adj = Adjacency(edge_index, nodes)
    for side, (source, target) in ((adj, edge_index), (adj.transpose, edge_index.flip(0))):
        order = target.argsort(stable=True)
        assert side.order.tolist() == order.tolist()
        assert side.col.tolist() == source[order].tolist()
        ends = [int((target < i).sum()) for i in range(nodes + 1)]
        assert side.rowptr.tolist() == ends
        assert {t.dtype for t in (side.rowptr, side.col, side.order)} == {torch.int32}
    assert torch.equal(adj.edge_index, edge_index)


def test_transpose_is_shared_both_ways() -> None:
    adj = Adjacency(*graph("plain"))
    assert adj.transpose is adj.transpose
    assert adj.transpose.transpose is adj
    back = Adjacency(*graph("plain")).transpose  # its origin is gone
    assert torch.equal(back.transpose.edge_index, adj.edge_index)


def test_graphs_are_freed_without_the_garbage_collector() -> None:
    gc.disable()
    try:
        adj = Adjacency(*graph("plain"))
        assert adj.transpose.rowptr is not None
        gone = weakref.ref(adj)
        del adj
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("name", GRAPHS)
def test_self_loops_are_added_where_none_is(name: str) -> None:
    edge_index, nodes = graph(name)
    adj = Adjacency(edge_index, nodes)
    looped = adj.with_self_loops()
    edges = edge_index.shape[1]
    assert torch.equal(looped.edge_index[:, :edges], edge_index)
    have = {int(s) for s, t in edge_index.T.tolist() if s == t}
    expected = [[i, i] for i in range(nodes) if i not in have]
    assert looped.edge_index[:, edges:].T.tolist() == expected
    assert adj.with_self_loops() is looped
    assert looped.with_self_loops().num_edges == looped.num_edges


def test_of_remembers_the_tensor() -> None:
    edge_index, nodes = graph("plain")
    adj = Adjacency.of(edge_index, nodes)
    assert Adjacency.of(edge_index, nodes) is adj
    assert Adjacency.of(edge_index, nodes + 1) is not adj
    assert Adjacency.of(edge_index.clone(), nodes) is not adj
    assert Adjacency.of(adj) is adj


def test_of_notices_a_change_in_place(backend: str) -> None:
    edge_index = torch.tensor([[0, 1], [1, 2]])
    x = torch.tensor([[1.0], [2.0], [3.0]])
    assert propagate(x, edge_index).flatten().tolist() == [0, 1, 2]
    edge_index[1, 0] = 0
    assert propagate(x, edge_index).flatten().tolist() == [1, 0, 2]
    view = edge_index[:, :1]
    adj = Adjacency.of(view, 3)
    edge_index[0, 0] = 2  # a view shares its base's version
    assert Adjacency.of(view, 3) is not adj
    assert adj.edge_index.tolist() == [[0], [0]]  # and an adjacency is a copy
    edge_index.data = torch.tensor([[2], [2]])
    assert propagate(x, edge_index).flatten().tolist() == [0, 0, 3]


def test_of_keeps_nothing_alive() -> None:
    edge_index, nodes = graph("plain")
    adj = weakref.ref(Adjacency.of(edge_index, nodes))
    assert adj() is not None
    tensor = weakref.ref(edge_index)
    del edge_index
    gc.collect()
    assert tensor() is None
    assert adj() is None


def test_of_from_several_threads() -> None:
    edge_index, nodes = graph("wide")
    found: list[Adjacency] = []
    threads = [
        threading.Thread(target=lambda: found.append(Adjacency.of(edge_index, nodes)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(adj) for adj in found}) == 1


def test_of_torch_csr() -> None:
    edge_index, nodes = torch.tensor([[2, 0, 1], [0, 1, 1]]), 3
    dense = torch.zeros(nodes, nodes)
    dense[edge_index[1], edge_index[0]] = 1  # row = target
    csr = dense.to_sparse_csr()
    adj = Adjacency.of(csr)
    assert Adjacency.of(csr) is adj
    x = torch.tensor([[1.0], [10.0], [100.0]])
    torch.testing.assert_close(propagate(x, csr), dense @ x)
    with pytest.raises(ValueError, match="values other than 1"):
        Adjacency.of((2 * dense).to_sparse_csr())
    with pytest.raises(ValueError, match="must be square"):
        Adjacency.of(dense[:2].to_sparse_csr())


def test_of_pyg_edge_index() -> None:
    EdgeIndex = pytest.importorskip("torch_geometric").EdgeIndex
    edge_index, _ = graph("plain")
    theirs = EdgeIndex(edge_index, sparse_size=(12, 12))
    adj = Adjacency.of(theirs)
    assert adj.num_nodes == 12
    assert type(adj.edge_index) is torch.Tensor
    assert torch.equal(adj.edge_index, edge_index)
    assert Adjacency.of(theirs, 12) is not None
    with pytest.raises(ValueError, match="has 12 nodes but 9 were given"):
        Adjacency.of(theirs, 9)
    assert degree(EdgeIndex(edge_index)).shape[0] == int(edge_index.max()) + 1


class SparseLike:
    """What this reads of a torch_sparse.SparseTensor (which needs a compiler to install)."""

    def __init__(self, edge_index: torch.Tensor, nodes: int, value: torch.Tensor | None) -> None:
        self.edge_index, self.nodes, self.value = edge_index, nodes, value

    def coo(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
        return self.edge_index[1], self.edge_index[0], self.value

    def sparse_sizes(self) -> tuple[int, int]:
        return self.nodes, self.nodes


def test_of_what_looks_like_a_sparse_tensor() -> None:
    edge_index, nodes = graph("plain")
    adj = Adjacency.of(SparseLike(edge_index, nodes, None))
    assert torch.equal(adj.edge_index, edge_index)
    with pytest.raises(ValueError, match="values other than 1"):
        Adjacency.of(SparseLike(edge_index, nodes, torch.full((31,), 2.0)))


def test_of_torch_sparse() -> None:
    SparseTensor = pytest.importorskip("torch_sparse").SparseTensor
    edge_index, nodes = torch.tensor([[2, 0, 1], [0, 1, 1]]), 3
    sparse = SparseTensor(row=edge_index[1], col=edge_index[0], sparse_sizes=(nodes, nodes))
    assert torch.equal(Adjacency.of(sparse).edge_index, edge_index)


def test_pickles_and_copies() -> None:
    adj = Adjacency(*graph("plain"))
    assert adj.transpose.col is not None
    for twin in (pickle.loads(pickle.dumps(adj)), copy.deepcopy(adj), copy.copy(adj)):
        assert torch.equal(twin.edge_index, adj.edge_index)
        assert twin.num_nodes == adj.num_nodes
        assert torch.equal(twin.transpose.col, adj.transpose.col)


def test_moves_between_devices() -> None:
    adj = Adjacency(*graph("plain"))
    assert adj.to("cpu") is adj
    moved = adj.to("meta")
    assert moved.device.type == "meta" and moved.num_edges == adj.num_edges
    assert adj.to("meta") is moved


@pytest.mark.parametrize(
    ("edge_index", "nodes", "message"),
    [
        (torch.tensor([[0, 7], [1, 0]]), 3, r"node 7 \(the source of edge 1\).* 3 nodes; give num"),
        (torch.tensor([[0, 1], [-1, 0]]), 3, r"node -1 \(the target of edge 0\).* start at 0"),
        (torch.zeros(4, 2, dtype=torch.long), 3, r"shape \(2, E\).*not \(4, 2\); transpose it"),
        (torch.zeros(3, dtype=torch.long), 3, r"shape \(2, E\)"),
        (torch.zeros(2, 4, dtype=torch.int32), 3, r"must be int64, not torch.int32; .*\.long\(\)"),
        (torch.zeros(2, 4), 3, "must be int64"),
        (torch.zeros(2, 0, dtype=torch.long), -1, "num_nodes is -1, but it must be a whole number"),
        (torch.zeros(2, 0, dtype=torch.long), 2**31, "int32"),
        ([[0], [1]], 3, r"must be a tensor \(2, E\), not list"),
    ],
)
def test_bad_input_is_named(edge_index: torch.Tensor, nodes: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Adjacency(edge_index, nodes)


def test_of_something_else() -> None:
    with pytest.raises(ValueError, match="not ndarray; build Adjacency"):
        Adjacency.of(torch.zeros(2, 2).numpy())
    with pytest.raises(ValueError, match="must be torch.sparse_csr with row = target"):
        Adjacency.of(torch.eye(3).to_sparse_coo())
    for nodes in (2.7, "5", None):
        with pytest.raises(ValueError, match="num_nodes is .*, but it must be a whole number"):
            Adjacency(torch.tensor([[0], [1]]), nodes)


def test_loops_that_are_all_there_or_not_there_cost_nothing() -> None:
    edge_index, nodes = graph("plain")
    adj = Adjacency(edge_index, nodes)
    looped, bare = adj.with_self_loops(), adj.without_self_loops()
    assert looped.with_self_loops() is looped and bare.without_self_loops() is bare
    assert bool((bare.source != bare.target).all())
    keep = edge_index[0] != edge_index[1]
    assert torch.equal(bare.edge_index, edge_index[:, keep])
    reference = weakref.ref(looped)
    del looped, adj, bare
    assert reference() is None  # a graph that is its own looped form does not hold on to itself


def test_moving_inside_inference_mode_gives_a_graph_to_train_on() -> None:
    adj = Adjacency(torch.tensor([[0], [1]]), 2)
    with torch.inference_mode():
        moved = adj.to("meta", non_blocking=True)
    assert not moved.edge_index.is_inference() and adj.to("meta") is moved
    assert adj.to("cpu") is adj
