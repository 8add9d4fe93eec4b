"""Orthogonal matrices from parameters."""

from __future__ import annotations

import pytest
import torch
from sheaf_oracles import matrix
from torch import Tensor

from gnnlab.layers.parts.orthogonal import PARAMETRISATIONS, count_parameters, orthogonal, transport

CASES = [
    (kind, dim)
    for kind in PARAMETRISATIONS
    for dim in (1, 2, 3, 4, 5)
    if kind != "euler" or dim in (2, 3)
]
every = pytest.mark.parametrize(("kind", "dim"), CASES)


def parameters(kind: str, dim: int, rows: int = 300, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    shape = rows, count_parameters(dim, kind)
    return (2 * torch.rand(shape, generator=generator) - 1).double()


@every
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
def test_are_orthogonal(kind: str, dim: int, dtype: torch.dtype, tolerance: float) -> None:
    q = orthogonal(parameters(kind, dim).to(dtype), dim, kind)
    assert (q.mT @ q - torch.eye(dim)).abs().max() < tolerance
    t = transport(*(parameters(kind, dim, seed=s).to(dtype) for s in (0, 1)), dim, kind)
    assert (t.mT @ t - torch.eye(dim)).abs().max() < tolerance


@every
def test_are_what_the_formula_says(kind: str, dim: int) -> None:
    given = parameters(kind, dim, rows=20)
    expected = torch.stack([matrix(row, dim, kind) for row in given])
    torch.testing.assert_close(orthogonal(given, dim, kind), expected, rtol=1e-12, atol=1e-12)
    sign = (-1.0) ** dim if kind == "householder" else 1.0
    torch.testing.assert_close(torch.linalg.det(expected), torch.full((20,), sign).double())


@every
def test_transports_and_their_gradients(kind: str, dim: int) -> None:
    given = parameters(kind, dim, 4), parameters(kind, dim, 4, seed=1)
    expected = orthogonal(given[0], dim, kind).mT @ orthogonal(given[1], dim, kind)
    found = transport(*given, dim, kind)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    if dim > 1:
        ends = tuple(p.requires_grad_() for p in given)
        run = lambda a, b: transport(a, b, dim, kind)  # noqa: E731
        assert torch.autograd.gradcheck(run, ends)
        alone = lambda a: orthogonal(a, dim, kind)  # noqa: E731
        assert torch.autograd.gradcheck(alone, ends[:1])


def test_of_no_parameters_are_rotations_by_nothing() -> None:
    for kind in ("cayley", "matrix_exp", "euler"):
        assert torch.equal(orthogonal(torch.zeros(2, 3), 3, kind), torch.eye(3).expand(2, 3, 3))


def test_refuses_other_parametrisations() -> None:
    with pytest.raises(ValueError, match="orthogonal is 'qr', which is none of householder"):
        count_parameters(3, "qr")
    with pytest.raises(ValueError, match="turn 2 or 3 dimensions, but stalk_dim is 4"):
        count_parameters(4, "euler")
