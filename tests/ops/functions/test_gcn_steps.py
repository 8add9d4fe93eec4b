"""Several propagations at once against a power of the dense matrix, and against one by one."""

from __future__ import annotations

import pytest
import torch
from ops_oracles import GRAPHS, graph, incidence, normal
from torch import Tensor

from gnnlab.ops import Adjacency, gcn_propagate, gcn_steps


def matrix(edge_index: Tensor, nodes: int, weight: Tensor | None) -> Tensor:
    """w / sqrt(d_j d_i) at [i, j]."""
    source, target = (incidence(end, nodes) for end in edge_index)
    w = torch.ones(edge_index.shape[1]).double() if weight is None else weight
    degree = target @ w
    scale = degree.where(degree > 0, torch.inf).rsqrt().diag()
    return scale @ (target * w) @ source.T @ scale


def by_one(x: Tensor, adj: Adjacency, steps: int) -> Tensor:
    states = [x]
    for _ in range(steps):
        states.append(gcn_propagate(states[-1], adj))
    return torch.stack(states)


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(3,), (8,), (2, 3), (70,), (0,)])
def test_is_a_power_of_the_matrix(
    backend: str, name: str, weighted: bool, shape: tuple[int, ...]
) -> None:
    edge_index, nodes = graph(name)
    weight = normal(edge_index.shape[1], seed=1).abs() if weighted else None
    x = normal(nodes, *shape).requires_grad_()
    found = gcn_steps(x, Adjacency(edge_index, nodes), 3, weight)
    p = matrix(edge_index, nodes, weight)
    powers = [torch.linalg.matrix_power(p, k) for k in range(4)] if nodes else [p] * 4
    expected = torch.stack([torch.tensordot(power, x, 1) for power in powers])
    torch.testing.assert_close(found, expected)
    grad = normal(*found.shape, seed=2)
    ours, theirs = (torch.autograd.grad(y, x, grad)[0] for y in (found, expected))
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("steps", [0, 1, 4])
@pytest.mark.parametrize("columns", [1, 2, 3, 4, 5, 7, 8, 9, 12, 17, 40, 64, 65])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_is_what_one_by_one_gives(steps: int, columns: int, dtype: torch.dtype) -> None:
    edge_index, nodes = graph("wide")
    adj, x = Adjacency(edge_index, nodes), normal(nodes, columns, dtype=dtype).requires_grad_()
    found, expected = gcn_steps(x, adj, steps), by_one(x, adj, steps)
    assert found.dtype == dtype
    # One by one, half precision is rounded after every step.
    close = {"rtol": 0.05, "atol": 0.05} if dtype in (torch.bfloat16, torch.float16) else {}
    torch.testing.assert_close(found, expected, **close)
    grad = normal(*found.shape, seed=2, dtype=dtype)
    ours, theirs = (torch.autograd.grad(y, x, grad)[0] for y in (found, expected))
    torch.testing.assert_close(ours, theirs, **close)


@pytest.mark.parametrize("name", ["plain", "isolated", "duplicates", "loops"])
@pytest.mark.parametrize("columns", [3, pytest.param(70, marks=pytest.mark.slow)])
def test_differentiates_twice(name: str, columns: int) -> None:
    edge_index, nodes = graph(name)
    adj, x = Adjacency(edge_index, nodes), normal(nodes, columns).requires_grad_()

    def run(x: Tensor) -> Tensor:
        return gcn_steps(x, adj, 2).square().sum(1)

    assert torch.autograd.gradcheck(run, x) and torch.autograd.gradgradcheck(run, x)


def test_reads_tensors_laid_out_otherwise() -> None:
    edge_index, nodes = graph("wide")
    adj, wide = Adjacency(edge_index, nodes), normal(10, nodes).T
    x = wide[:, ::2].requires_grad_()
    found, expected = gcn_steps(x, adj, 3), by_one(x, adj, 3)
    assert torch.equal(found, expected)
    row = normal(1, nodes, 1).expand(4, nodes, 5)  # as of a sum over columns
    ours, theirs = (torch.autograd.grad(y, x, row)[0] for y in (found, expected))
    torch.testing.assert_close(ours, theirs)


def test_leaves_its_input_alone() -> None:
    edge_index, nodes = graph("wide")
    x = normal(nodes, 8)
    before = x.clone()
    found = gcn_steps(x, Adjacency(edge_index, nodes), 2)
    assert torch.equal(x, before) and found.data_ptr() != x.data_ptr()
    found.zero_()
    assert torch.equal(x, before)


def test_compiles_whole() -> None:
    edge_index, nodes = graph("loops")
    x = normal(nodes, 3)
    torch._dynamo.reset()
    compiled = torch.compile(gcn_steps, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(x, edge_index, 3), gcn_steps(x, edge_index, 3))


@pytest.mark.parametrize("steps", [-1, 1.5, True])
def test_refuses_other_counts(steps: float) -> None:
    with pytest.raises(ValueError, match=f"steps is {steps}, but it must be a whole number"):
        gcn_steps(torch.ones(2, 1), torch.tensor([[0], [1]]), steps)  # type: ignore[arg-type]
