"""What torch itself would say in words of its own is refused in a sentence, at no cost before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from gnnlab.ops import (
    Adjacency,
    common_neighbors,
    edge_dot,
    gcn_sum,
    linear,
    propagate,
    relations,
    relu_propagate,
    segment_reduce,
)

EDGES = torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]])
W, X = torch.ones(5, 2), torch.ones(3, 2)
SPARSE = torch.zeros(2, 3, dtype=torch.int64).to_sparse()
KINDS = torch.zeros(4, dtype=torch.int64).to_sparse()
FAR = torch.tensor([0, 0, 0, 2**63 - 1])


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: Adjacency(EDGES, 3).without(SPARSE), "pairs must be dense, not torch.sparse_coo"),
        (lambda: common_neighbors(EDGES, SPARSE), "pairs must be dense, not torch.sparse_coo"),
        (lambda: relations(EDGES, FAR, None), "the largest of edge_type, plus one, is 9223372036"),
        (lambda: relu_propagate(X, EDGES, W, KINDS), "edges must be dense, not torch.sparse_coo"),
        (lambda: linear(X.long(), W), "x torch.int64 .* weight torch.float32 .* convert, resh"),
        (lambda: linear(X.double(), W), "x torch.float64 .* weight torch.float32"),
        (
            lambda: linear(X.to("meta"), W, W[:, 0]),
            "x torch.float32 torch.strided .3, 2. on meta, .* cpu",
        ),
        (lambda: linear(X, W, torch.ones(5).double()), "bias torch.float64"),
        (lambda: linear(torch.tensor(1.0), torch.ones(1)), r"x torch.float32 torch.strided \(\)"),
        (
            lambda: gcn_sum([X, X[:2]], [EDGES, EDGES[:, :2]], torch.ones(2, 2, 2)),
            r"xs have \[3, 2\] rows, but all are of the same nodes",
        ),
    ],
)
def test_what_does_not_go_together(call: Callable[[], Any], told: str) -> None:
    with pytest.raises(ValueError, match=told) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("function", [edge_dot, lambda x, key, adj: propagate(x, adj, key[:, 0])])
def test_tensors_of_inference_mode(function: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
    rows = 3 if function is edge_dot else 4
    with torch.inference_mode():
        made = torch.ones(rows, 2)
    x = X.clone().requires_grad_()
    with pytest.raises(RuntimeError, match=r"made in torch.inference_mode\(\) .* clone it outside"):
        function(x, made, EDGES)
    assert function(x, made.clone(), EDGES).requires_grad
    with torch.no_grad():
        function(x, made, EDGES)


def test_an_index_that_has_lost_its_shape_before_the_backward_pass() -> None:
    values, index = torch.ones(4, 1, requires_grad=True), torch.tensor([0, 1, 1, 2])
    total = segment_reduce(values, index, 3)
    far = index.clone()
    other = segment_reduce(values, far, 3)
    far.data.fill_(10**9)
    with pytest.raises(RuntimeError, match="or of other rows now: change it before"):
        other.sum().backward()
    index.data = torch.zeros(0, 2, dtype=torch.int64)
    with pytest.raises(RuntimeError, match=r"was \(M,\) when items were summed and is \(0, 2\)"):
        total.sum().backward()
