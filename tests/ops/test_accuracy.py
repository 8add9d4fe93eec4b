"""How far float32 and bfloat16 lie from float64, as a share of each row's sum of |w x|."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ops_oracles import incidence, normal
from torch import Tensor

from gnnlab.ops import (
    Adjacency,
    attend,
    edge_dot,
    edge_softmax,
    gcn_propagate,
    propagate,
    segment_reduce,
    use,
)

BOUND = {torch.float32: 1e-6, torch.bfloat16: 1e-2}
LEAVES = {
    "triton": 3_000,  # in its interpreter
    "torch_scatter": 60,  # their kernels add a row up one by one
    "torch_sparse": 60,
}
VALUES: dict[str, Callable[[int], Tensor]] = {
    "normal": lambda n: normal(n, 3),
    "positive": lambda n: normal(n, 3).abs(),
    "equal": lambda n: torch.full((n, 3), 0.1, dtype=torch.float64),  # its errors do not cancel
    "wide range": lambda n: normal(n, 3) * 10 ** (4 * normal(n, 1, seed=1)),
}


@pytest.fixture
def leaves(backend: str) -> int:
    """How many neighbours the hub has."""
    return LEAVES.get(backend, 100_000)


def hub(leaves: int) -> Tensor:
    """Every node's edge into node 0, and one back."""
    ends = torch.stack([torch.arange(leaves), torch.zeros(leaves, dtype=torch.long)])
    return torch.cat([ends, ends.flip(0)], dim=1)


def error(found: Tensor, expected: Tensor, size: Tensor) -> float:
    """The largest difference, relative to the row's sum of |w x|."""
    apart = (found.double() - expected).abs() / size.clamp(min=1e-30)
    return float(apart.max()) if apart.numel() else 0.0


@pytest.mark.parametrize("dtype", BOUND)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", VALUES)
def test_a_long_row_is_summed_without_drift(
    backend: str, leaves: int, kind: str, weighted: bool, dtype: torch.dtype
) -> None:
    adj = Adjacency(hub(leaves), leaves)
    x = VALUES[kind](leaves).to(dtype)
    weight = normal(2 * leaves, seed=3).to(dtype) if weighted else None
    wide = None if weight is None else weight.double()
    size = propagate(x.double().abs(), adj, None if wide is None else wide.abs())
    expected = propagate(x.double(), adj, wide)
    assert error(propagate(x, adj, weight), expected, size) < BOUND[dtype]
    mean = propagate(x.double(), adj, wide, "mean")
    count = adj.rowptr.diff().clamp(min=1).unsqueeze(1)
    assert error(propagate(x, adj, weight, "mean"), mean, size / count) < BOUND[dtype]


@pytest.mark.parametrize("kind", VALUES)
def test_other_long_sums(backend: str, leaves: int, kind: str) -> None:
    adj = Adjacency(hub(leaves), leaves)
    x = VALUES[kind](leaves)
    index = torch.zeros(leaves, dtype=torch.long)
    total = segment_reduce(x.float(), index, 1, "sum")
    assert error(total, x.sum(0, keepdim=True), x.abs().sum(0, keepdim=True)) < 1e-6
    smooth = gcn_propagate(x.float(), adj)
    assert error(smooth, gcn_propagate(x, adj), gcn_propagate(x.abs(), adj)) < 1e-6


def test_the_softmax_of_a_long_row_adds_up_to_one(backend: str, leaves: int) -> None:
    adj = Adjacency(hub(leaves), leaves)
    for heads in (1, 3, 8):
        score = torch.full((2 * leaves, heads), 0.3)
        total = propagate(
            torch.ones(leaves, heads, 1).double(), adj, edge_softmax(score, adj).double()
        )
        torch.testing.assert_close(total, torch.ones_like(total), rtol=1e-6, atol=0)
        score = normal(2 * leaves, heads).float()
        soft = edge_softmax(score, adj).double()
        expected = edge_softmax(score.double(), adj)
        assert float(((soft - expected).abs() / expected).max()) < 3e-6  # two ulps of exp, and more


@pytest.mark.parametrize("backend_name", ["torch", "numba"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_random_graphs(backend_name: str, data: st.DataObject) -> None:
    nodes = data.draw(st.integers(1, 40))
    edges = data.draw(st.integers(0, 300))
    generator = torch.Generator().manual_seed(data.draw(st.integers(0, 2**31)))
    draw = torch.rand(2, edges, generator=generator) ** data.draw(st.sampled_from([1.0, 4.0]))
    edge_index = (draw * nodes).long()  # parallel edges, self-loops, hubs, nodes without edges
    features = data.draw(st.sampled_from([1, 4, 7, 16, 33, 64, 96]))
    x = torch.randn(nodes, features, generator=generator)
    weight = torch.randn(edges, generator=generator)
    ends = incidence(edge_index[1], nodes)
    message = (x[edge_index[0]] * weight.unsqueeze(1)).double()
    with use(backend_name):
        found = propagate(x, edge_index, weight)
        dots = edge_dot(x, x, Adjacency(edge_index, nodes))
        low = propagate(x.bfloat16(), edge_index, weight.bfloat16())
    products = x.double()[edge_index[1]] * x.double()[edge_index[0]]
    assert error(found, ends @ message, ends @ message.abs()) < 1e-6
    assert error(dots, products.sum(1), products.abs().sum(1)) < 1e-6
    kept = x.bfloat16()[edge_index[0]].double() * weight.bfloat16().double().unsqueeze(1)
    assert error(low, ends @ kept, ends @ kept.abs()) < 1e-2


def test_attention_over_a_long_row(backend: str, leaves: int) -> None:
    adj = Adjacency(hub(leaves // 4), leaves // 4)
    value = normal(leaves // 4, 2, 4).abs()
    ends = normal(leaves // 4, 2, seed=1), normal(leaves // 4, 2, seed=2)
    expected = attend(value, adj, source=ends[0], target=ends[1])
    found = attend(value.float(), adj, source=ends[0].float(), target=ends[1].float())
    assert float(((found.double() - expected).abs() / expected.abs().clamp(min=1e-9)).max()) < 3e-6
