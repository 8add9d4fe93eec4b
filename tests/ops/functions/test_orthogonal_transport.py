"""Transports between products of reflections."""

from __future__ import annotations

import pytest
import torch
from ops_oracles import normal
from torch import Tensor

from gnnlab.ops import orthogonal_transport, use


def products(parameters: Tensor, dim: int) -> Tensor:
    """Q of every row, reflection by reflection."""
    found = []
    for row in parameters:
        q, start = torch.eye(dim).double(), 0
        for k in range(dim):
            below = dim - 1 - k
            v = torch.cat([torch.zeros(k), torch.ones(1), row[start : start + below]]).double()
            q = q @ (torch.eye(dim) - 2 * torch.outer(v, v) / (v @ v))
            start += below
        found.append(q)
    return torch.stack(found)


@pytest.mark.parametrize("rows", [1, 127, 128, 300])
@pytest.mark.parametrize("dim", [1, 2, 3, 5, 8])
def test_equals_the_products(backend: str, dim: int, rows: int) -> None:
    count = dim * (dim - 1) // 2
    own, other = normal(rows, count), normal(rows, count, seed=1)
    expected = products(own, dim).mT @ products(other, dim)
    torch.testing.assert_close(orthogonal_transport(own, other, dim), expected)
    single = orthogonal_transport(own.float(), other.float(), dim)
    torch.testing.assert_close(single.double(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dim", [2, 3, 4])
def test_gradients(backend: str, dim: int) -> None:
    count = dim * (dim - 1) // 2
    ends = normal(5, count).requires_grad_(), normal(5, count, seed=1).requires_grad_()
    run = lambda a, b: orthogonal_transport(a, b, dim)  # noqa: E731
    assert torch.autograd.gradcheck(run, ends)
    assert torch.autograd.gradgradcheck(run, ends)


def test_large_gradients_equal_the_reference(backend: str) -> None:
    found = []
    for name in ("torch", "auto"):
        ends = normal(1000, 6).requires_grad_(), normal(1000, 6, seed=1).requires_grad_()
        with use(name):
            t = orthogonal_transport(*ends, 4)
            found.append(torch.autograd.grad((t * normal(1000, 4, 4, seed=2)).sum(), ends))
    for ours, expected in zip(found[1], found[0], strict=True):
        torch.testing.assert_close(ours, expected)


def test_half_precision_is_widened(backend: str) -> None:
    own, other = normal(40, 3).bfloat16(), normal(40, 3, seed=1).bfloat16()
    t = orthogonal_transport(own, other, 3)
    assert t.dtype is torch.bfloat16
    expected = orthogonal_transport(own.double(), other.double(), 3)
    torch.testing.assert_close(t.double(), expected, rtol=0, atol=5e-3)


def test_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match=r"other must be \(2, 3\) for frames of 3 dimensions"):
        orthogonal_transport(torch.ones(2, 3), torch.ones(1, 3), 3)
    with pytest.raises(ValueError, match="dim is 0"):
        orthogonal_transport(torch.ones(2, 0), torch.ones(2, 0), 0)
    with pytest.raises(ValueError, match="convert one of them"):
        orthogonal_transport(torch.ones(2, 1), torch.ones(2, 1).double(), 2)
