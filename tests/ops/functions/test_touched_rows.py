"""Batches that touch few rows of a large table."""

from __future__ import annotations

import pytest
import torch
from ops_oracles import dense_propagate, normal
from torch import Tensor

from gnnlab.kernels import memory
from gnnlab.ops import Adjacency, edge_dot, gather, propagate, segment_reduce, use
from gnnlab.ops.functions import touched_rows as touched
from gnnlab.ops.functions.touched_rows import touched_rows

NODES = 50
PAIRS = torch.tensor([[3, 49, 3, 7], [0, 3, 3, 12]])
ENDS = pytest.mark.parametrize("end", ["source", "target"])
DTYPES = pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])


def read(x: Tensor, end: str) -> Tensor:
    return x[PAIRS[0 if end == "source" else 1]]


def gradient(y: Tensor, x: Tensor) -> Tensor:
    (found,) = torch.autograd.grad(y, x, normal(*y.shape, seed=3).to(y.dtype))
    return found


@ENDS
@DTYPES
@pytest.mark.parametrize("shape", [(NODES,), (NODES, 5), (NODES, 2, 3)])
def test_gather(backend: str, end: str, dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    x = normal(*shape).to(dtype).requires_grad_()
    y, expected = gather(x, PAIRS, end), read(x, end)
    assert torch.equal(y, expected)
    torch.testing.assert_close(gradient(y, x), gradient(expected, x))


@ENDS
@DTYPES
def test_sparse_gradient(backend: str, end: str, dtype: torch.dtype) -> None:
    x = normal(NODES, 5).to(dtype).requires_grad_()
    y = gather(x, PAIRS, end, sparse_grad=True)
    assert torch.equal(y, read(x, end))
    found = gradient(y, x)
    assert found.is_sparse and found.is_coalesced() and found.dtype == dtype
    rows = PAIRS[0 if end == "source" else 1].unique()
    assert torch.equal(found.indices()[0], rows)
    torch.testing.assert_close(found.to_dense(), gradient(read(x, end), x))


def test_sparse_gradients_train_a_table(backend: str) -> None:
    tables = []
    for sparse in (False, True):
        x = normal(NODES, 5).requires_grad_()
        optimizer = torch.optim.SGD([x], lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            ends = (gather(x, PAIRS, end, sparse_grad=sparse) for end in ("source", "target"))
            first, second = ends
            (first * second).sum().backward()
            assert x.grad is not None and x.grad.is_sparse == sparse
            optimizer.step()
        tables.append(x.detach())
    torch.testing.assert_close(*tables)
    untouched = torch.ones(NODES).index_fill(0, PAIRS.flatten(), 0).bool()
    assert torch.equal(tables[1][untouched], normal(NODES, 5)[untouched])


def test_no_pair_gives_no_row(backend: str) -> None:
    x = normal(NODES, 5).requires_grad_()
    y = gather(x, torch.empty(2, 0, dtype=torch.long), sparse_grad=True)
    assert y.shape == (0, 5)
    found = gradient(y, x)
    assert found._nnz() == 0 and found.shape == x.shape


def test_a_sparse_gradient_is_not_differentiated_again(backend: str) -> None:
    x = normal(NODES, 5).requires_grad_()
    y = gather(x, PAIRS, sparse_grad=True)
    (grad,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="differentiate twice"):
        grad.to_dense().sum().backward()


def test_torch_compile_refuses_a_sparse_gradient() -> None:
    torch._dynamo.reset()
    function = torch.compile(
        lambda x: gather(x, Adjacency.of(PAIRS, NODES), sparse_grad=True),
        backend="eager",
        fullgraph=True,
    )
    with pytest.raises(Exception, match="gather without sparse_grad"):
        function(normal(NODES, 5))


def test_inner_products(backend: str) -> None:
    query, key = (normal(NODES, 5, seed=s).requires_grad_() for s in (0, 1))
    ours, expected = edge_dot(query, key, PAIRS), (query[PAIRS[1]] * key[PAIRS[0]]).sum(-1)
    torch.testing.assert_close(ours, expected)
    for x in (query, key):
        torch.testing.assert_close(
            gradient(edge_dot(query, key, PAIRS), x),
            gradient((query[PAIRS[1]] * key[PAIRS[0]]).sum(-1), x),
        )
    assert torch.autograd.gradcheck(lambda q, k: edge_dot(q, k, PAIRS), (query, key))


@pytest.mark.parametrize("reduce", ["sum", "mean"])
@pytest.mark.parametrize("heads", [False, True])
def test_propagate_on_few_edges(backend: str, reduce: str, heads: bool) -> None:
    x = normal(NODES, 2, 3) if heads else normal(NODES, 6)
    w = normal(4, 2, seed=1) if heads else normal(4, seed=1)
    torch.testing.assert_close(propagate(x, PAIRS, w, reduce), dense_propagate(x, PAIRS, w, reduce))
    assert torch.autograd.gradcheck(
        lambda x, w: propagate(x, PAIRS, w, reduce), (x.requires_grad_(), w.requires_grad_())
    )


def test_segments_without_items(backend: str) -> None:
    values, index = normal(3, 4), torch.tensor([90, 5, 90])
    total = segment_reduce(values, index, 100)
    assert torch.equal(total, torch.zeros(100, 4).double().index_add(0, index, values))


@pytest.mark.parametrize("name", ["torch", "numba"])
def test_large_results_are_right(name: str) -> None:
    nodes = memory.SMALL // 64 + 1
    x = normal(nodes, 16, dtype=torch.float32)
    ring = torch.stack([torch.arange(nodes), (torch.arange(nodes) + 1) % nodes])
    with use(name):
        assert torch.equal(propagate(x, ring), x.roll(1, 0))
        assert torch.equal(propagate(x, ring[:, :-1])[1:], x[:-1])
        assert torch.equal(gather(x, ring), x)


def test_backends_agree_on_few_rows() -> None:
    pytest.importorskip("numba")
    found = []
    for name in ("torch", "numba"):
        with use(name):
            x = normal(NODES, 5).requires_grad_()
            found.append(gradient(gather(x, PAIRS, sparse_grad=True), x).to_dense())
    torch.testing.assert_close(*found)


@pytest.mark.parametrize("few", [0, 24])  # sorted, and marked
@pytest.mark.parametrize("sparse", [False, True])
def test_rows_that_an_index_names(
    backend: str, sparse: bool, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(touched, "FEW", few)
    x, index = normal(NODES, 5).requires_grad_(), torch.tensor([7, 3, 49, 3, 0])
    rows, place = touched_rows(x, index, sparse)
    assert torch.equal(rows, x[[0, 3, 7, 49]]) and place.dtype == torch.int32
    assert place.tolist() == [2, 1, 3, 1, 0]
    grad = gradient(rows, x)
    assert grad.is_sparse == sparse
    torch.testing.assert_close(grad.to_dense(), gradient(x[[0, 3, 7, 49]], x))
    if not sparse:
        assert torch.autograd.gradcheck(lambda x: touched_rows(x, index)[0].square(), x)
        assert torch.autograd.gradgradcheck(lambda x: touched_rows(x, index)[0].square(), x)


def test_large_zeros_are_zeros_even_in_used_memory() -> None:
    shape = (memory.SMALL // 64, 16)
    for writes in (0, 1, shape[0]):
        used = memory.empty(shape, torch.float32).fill_(1.0)
        del used
        assert not memory.zeros(shape, torch.float32, writes).any()
