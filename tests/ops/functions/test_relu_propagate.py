"""relu_propagate, beside its formula written out edge by edge."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from ops_oracles import GRAPHS, graph, normal
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from gnnlab import ops
from gnnlab.ops import Adjacency, propagate, relu_propagate

KINDS = 3
FORMS = ("kinds", "numbers")
each_form = pytest.mark.parametrize("form", FORMS)


def edges_of(form: str, count: int) -> Tensor:
    """Kinds, of which the last never occurs, or numbers."""
    if form == "numbers":
        return normal(count, KINDS, seed=2)
    return torch.randint(KINDS - 1, (count,), generator=torch.Generator().manual_seed(2))


def dense(
    x: Tensor, edge_index: Tensor, table: Tensor, edges: Tensor, weight: Tensor | None
) -> Tensor:
    """One edge after the other, the shift as a product with the table."""
    out = torch.zeros_like(x)
    for e, (j, i) in enumerate(edge_index.T.tolist()):
        own = torch.eye(KINDS, dtype=x.dtype)[edges[e]] if edges.dim() == 1 else edges[e]
        message = (x[j] + own @ table).relu()
        out[i] += message if weight is None else weight[e] * message
    return out


@pytest.mark.parametrize("width", [1, 5, 64, 67])
@pytest.mark.parametrize("name", GRAPHS)
@each_form
def test_formula(backend: str, form: str, name: str, width: int) -> None:
    edge_index, nodes = graph(name)
    x, table = normal(nodes, width), normal(KINDS, width, seed=1)
    edges, weight = edges_of(form, edge_index.shape[1]), normal(edge_index.shape[1], seed=3)
    for w in (None, weight):
        expected = dense(x, edge_index, table, edges, w)
        torch.testing.assert_close(relu_propagate(x, edge_index, table, edges, w), expected)
        single = [None if t is None else t.float() for t in (x, table, w)]
        read = edges.float() if form == "numbers" else edges
        got = relu_propagate(single[0], edge_index, single[1], read, single[2])  # type: ignore[arg-type]
        torch.testing.assert_close(got.double(), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["plain", "isolated", "duplicates", "loops", "empty"])
@each_form
def test_gradients(backend: str, form: str, name: str) -> None:
    edge_index, nodes = graph(name)
    adj = Adjacency(edge_index, nodes)
    x, table = normal(nodes, 3).requires_grad_(), normal(KINDS, 3, seed=1).requires_grad_()
    edges, weight = edges_of(form, adj.num_edges), normal(adj.num_edges, seed=3).requires_grad_()
    if form == "numbers":
        edges.requires_grad_()
    inputs = [x, table, edges, weight] if form == "numbers" else [x, table, weight]

    def run(*given: Tensor) -> Tensor:
        own = given[2] if form == "numbers" else edges
        return relu_propagate(given[0], adj, given[1], own, given[-1])

    assert torch.autograd.gradcheck(run, inputs)
    assert torch.autograd.gradgradcheck(run, inputs)


@each_form
def test_a_large_graph_equals_the_reference(form: str) -> None:
    """Several parts of edges and blocks of neighbours, forward and backward."""
    random = torch.Generator().manual_seed(0)
    edge_index = torch.randint(300, (2, 30_000), generator=random)
    edge_index[1, :9_000] = 7
    results = []
    for name in ("torch", "numba"):
        x, table = normal(300, 33).requires_grad_(), normal(KINDS, 33, seed=1).requires_grad_()
        edges, weight = edges_of(form, 30_000), normal(30_000, seed=3).requires_grad_()
        with ops.use(name):
            y = relu_propagate(x, edge_index, table, edges, weight)
            results.append((y, *torch.autograd.grad(y.square().sum(), (x, table, weight))))
    for ours, expected in zip(*results[::-1], strict=True):
        torch.testing.assert_close(ours, expected)


def test_a_table_far_above_0_shifts_and_nothing_else(backend: str) -> None:
    edge_index, nodes = graph("wide")
    x, table = normal(nodes, 6), torch.full((1, 6), 100.0, dtype=torch.float64)
    kinds = torch.zeros(edge_index.shape[1], dtype=torch.int64)
    degree = torch.bincount(edge_index[1], minlength=nodes).unsqueeze(1)
    torch.testing.assert_close(
        relu_propagate(x, edge_index, table, kinds), propagate(x, edge_index) + 100 * degree
    )


def test_half_precision_is_added_up_in_single(backend: str) -> None:
    edge_index, nodes = graph("hub")
    x, table = normal(nodes, 8).bfloat16(), normal(KINDS, 8, seed=1)
    kinds = edges_of("kinds", edge_index.shape[1])
    got = relu_propagate(x, edge_index, table.float(), kinds)
    expected = dense(x.double(), edge_index, table, kinds, None)
    assert got.dtype == torch.bfloat16
    torch.testing.assert_close(got.double(), expected, rtol=8e-3, atol=8e-3)


def test_a_long_row_stays_exact_in_single() -> None:
    leaves = 200_000
    edge_index = torch.stack([torch.arange(leaves), torch.zeros(leaves, dtype=torch.int64)])
    x = torch.full((leaves, 2), 0.1)
    kinds = torch.zeros(leaves, dtype=torch.int64)
    with ops.use("numba"):
        total = relu_propagate(x, edge_index, torch.zeros(1, 2), kinds)[0]
    expected = leaves * float(x[0, 0])
    assert float((total.double() - expected).abs().max()) < 1e-6 * expected


@each_form
def test_bits_do_not_depend_on_threads(form: str) -> None:
    random = torch.Generator().manual_seed(0)
    edge_index = torch.randint(300, (2, 30_000), generator=random)
    threads, results = torch.get_num_threads(), []
    for number in (1, 2, 4):
        torch.set_num_threads(number)
        x, table = normal(300, 32).float().requires_grad_(), normal(KINDS, 32).float()
        table.requires_grad_()
        edges = edges_of(form, 30_000)
        with ops.use("numba"):
            y = relu_propagate(x, edge_index, table, edges)
            results.append((y, *torch.autograd.grad(y.square().sum(), (x, table))))
    torch.set_num_threads(threads)
    for other in results[1:]:
        assert all(map(torch.equal, other, results[0]))


@each_form
def test_nothing_of_a_row_for_each_edge_and_feature_is_kept(form: str) -> None:
    edge_index, nodes = graph("wide")
    kept: list[torch.Size] = []

    def note(tensor: Tensor) -> Tensor:
        kept.append(tensor.shape)
        return tensor

    x, table = normal(nodes, 50).requires_grad_(), normal(KINDS, 50).requires_grad_()
    edges: Any = edges_of(form, edge_index.shape[1])
    with saved_tensors_hooks(note, lambda tensor: tensor), ops.use("numba"):
        relu_propagate(x, edge_index, table, edges)
    assert kept and all(shape.numel() < edge_index.shape[1] * 50 for shape in kept)


def test_refusals() -> None:
    edge_index, nodes = graph("plain")
    x, table = torch.zeros(nodes, 3), torch.zeros(2, 3)
    kinds = torch.zeros(31, dtype=torch.int64)
    with pytest.raises(ValueError, match=r"table \(2, 4\) shifts rows of 4 numbers, but x is"):
        relu_propagate(x, edge_index, torch.zeros(2, 4), kinds)
    with pytest.raises(ValueError, match="edges names kind 2, but table has 2 rows, for the kinds"):
        relu_propagate(x, edge_index, table, kinds + 2)
    with pytest.raises(ValueError, match="edges has 30 rows but the graph has 31 edges"):
        relu_propagate(x, edge_index, table, kinds[:30])
    with pytest.raises(ValueError, match=r"edges \(31, 3\) has 3 numbers an edge, but table"):
        relu_propagate(x, edge_index, table, torch.zeros(31, 3))
    with pytest.raises(ValueError, match=r"edges must be floating point, not torch.int64"):
        relu_propagate(x, edge_index, table, kinds[:, None])
