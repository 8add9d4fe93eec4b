"""Propagation over several graphs with a map each, against dense matrices and one by one."""

from __future__ import annotations

import pytest
import torch
from ops_oracles import GRAPHS, graph, incidence, normal
from torch import Tensor

from gnnlab.ops import Adjacency, gcn_propagate, gcn_sum, use

SHAPES = [(3, 5), (5, 5), (8, 3)]
each_shape = pytest.mark.parametrize(("inputs", "outputs"), SHAPES)


def matrix(adj: Adjacency, weight: Tensor | None) -> Tensor:
    """w / sqrt(d_j d_i) at [i, j]."""
    source, target = (incidence(end, adj.num_nodes) for end in adj.edge_index)
    w = torch.ones(adj.num_edges).double() if weight is None else weight
    degree = target @ w
    scale = degree.where(degree > 0, torch.inf).rsqrt().diag()
    return scale @ (target * w) @ source.T @ scale


def several(name: str) -> list[Adjacency]:
    """The graph, its directed half, and it reversed."""
    edge_index, nodes = graph(name)
    return [Adjacency(part, nodes) for part in (edge_index, edge_index[:, ::2], edge_index.flip(0))]


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("weighted", [False, True])
@each_shape
def test_adds_up_the_mapped_sums(
    backend: str, name: str, weighted: bool, inputs: int, outputs: int
) -> None:
    adjs = several(name)
    weights = [normal(adj.num_edges, seed=1).abs() if weighted else None for adj in adjs]
    first, second = (normal(adjs[0].num_nodes, inputs, seed=s).requires_grad_() for s in (0, 3))
    maps = normal(3, inputs, outputs, seed=4).requires_grad_()
    xs, leaves = [first, second, first], (first, second, maps)
    found = gcn_sum(xs, adjs, maps, weights)
    triples = zip(adjs, weights, xs, maps, strict=True)
    expected = sum(matrix(adj, weight) @ x @ m for adj, weight, x, m in triples)
    torch.testing.assert_close(found, expected)
    grad = normal(*found.shape, seed=2)
    both = (torch.autograd.grad(y, leaves, grad) for y in (found, expected))
    for ours, theirs in zip(*both, strict=True):
        torch.testing.assert_close(ours, theirs)


@each_shape
def test_differentiates_twice(inputs: int, outputs: int) -> None:
    adjs = several("plain")
    x = normal(adjs[0].num_nodes, inputs).requires_grad_()
    maps = normal(3, inputs, outputs, seed=4).requires_grad_()

    def run(x: Tensor, maps: Tensor) -> Tensor:
        return gcn_sum([x, x.square(), x], adjs, maps).square().sum(1)

    assert torch.autograd.gradcheck(run, (x, maps)) and torch.autograd.gradgradcheck(run, (x, maps))


def test_keeps_no_sums_for_the_gradient() -> None:
    """What is held between the passes are the features and the maps, whatever the graphs."""
    adjs = several("wide") * 4
    x = normal(adjs[0].num_nodes, 16).requires_grad_()
    maps = normal(12, 16, 16, seed=1).requires_grad_()
    kept: list[Tensor] = []

    def keep(tensor: Tensor) -> Tensor:
        kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        gcn_sum([x] * 12, adjs, maps)
    tables = {t.data_ptr() for t in kept if t.shape == x.shape}
    assert tables == {x.data_ptr()}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_in_other_precisions(dtype: torch.dtype) -> None:
    adjs = several("wide")
    x, maps = normal(adjs[0].num_nodes, 8, dtype=dtype), normal(3, 8, 8, seed=1, dtype=dtype)
    found = gcn_sum([x] * 3, adjs, maps)
    with use("torch"):
        expected = gcn_sum([x.double()] * 3, adjs, maps.double())
    assert found.dtype == dtype
    close = {"rtol": 1e-4, "atol": 1e-4} if dtype is torch.float32 else {"rtol": 0.1, "atol": 0.3}
    torch.testing.assert_close(found.double(), expected, **close)


def test_under_autocast() -> None:
    adjs = several("wide")
    x, maps = (
        normal(adjs[0].num_nodes, 8, dtype=torch.float32),
        normal(3, 8, 8, dtype=torch.float32),
    )
    maps.requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        found = gcn_sum([x] * 3, adjs, maps)
    found.sum().backward()
    assert found.dtype == torch.bfloat16 and maps.grad is not None
    torch.testing.assert_close(found.float(), gcn_sum([x] * 3, adjs, maps), rtol=0.1, atol=0.3)


def test_under_functional_transforms() -> None:
    adjs = several("plain")
    x, maps = normal(adjs[0].num_nodes, 3), normal(3, 3, 3, seed=1)

    def run(maps: Tensor) -> Tensor:
        return gcn_sum([x] * 3, adjs, maps).sum(0)

    expected = torch.autograd.functional.jacobian(run, maps)
    torch.testing.assert_close(torch.func.jacrev(run)(maps), expected)
    torch.testing.assert_close(torch.func.jacfwd(run)(maps), expected)


def test_one_graph_is_a_propagation() -> None:
    adj, maps = several("loops")[0], normal(1, 4, 4, seed=1)
    x = normal(adj.num_nodes, 4)
    torch.testing.assert_close(gcn_sum([x], [adj], maps), gcn_propagate(x, adj) @ maps[0])


def test_compiles_whole() -> None:
    edge_index, nodes = graph("loops")
    x, maps = normal(nodes, 3), normal(2, 3, 3, seed=1)

    def run(x: Tensor, maps: Tensor) -> Tensor:
        return gcn_sum([x, x], [edge_index, edge_index], maps)

    torch._dynamo.reset()
    compiled = torch.compile(run, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(x, maps), run(x, maps))


def test_refuses_unequal_numbers() -> None:
    adj = several("plain")[0]
    x = normal(adj.num_nodes, 3)
    with pytest.raises(ValueError, match="1 features, 1 graphs, 1 edge weights and 2 maps"):
        gcn_sum([x], [adj], torch.ones(2, 3, 3))
    with pytest.raises(ValueError, match="0 features, 0 graphs"):
        gcn_sum([], [], torch.ones(0, 3, 3))
    with pytest.raises(ValueError, match="nodes"):
        gcn_sum([x[1:]], [adj], torch.ones(1, 3, 3))
