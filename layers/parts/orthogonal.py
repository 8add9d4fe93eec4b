"""Orthogonal matrices from free parameters, many in one pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from gnnlab.core.arguments import shown
from gnnlab.ops import orthogonal_transport

Kind = Literal["householder", "cayley", "matrix_exp", "euler"]


def count_parameters(dim: int, kind: Kind = "householder") -> int:
    """How many numbers make one orthogonal matrix: d (d - 1) / 2, whatever the parametrisation.

    Raises:
        ValueError: an unknown parametrisation, or Euler angles of other than 2 or 3 dimensions.
    """
    if kind not in PARAMETRISATIONS:
        raise ValueError(
            f"orthogonal is {shown(kind)}, which is none of {', '.join(PARAMETRISATIONS)}"
        )
    if kind == "euler" and dim not in (2, 3):
        raise ValueError(
            f"Euler angles turn 2 or 3 dimensions, but stalk_dim is {dim}: take another way to be "
            "orthogonal, such as 'householder'"
        )
    return dim * (dim - 1) // 2


def orthogonal(parameters: Tensor, dim: int, kind: Kind = "householder") -> Tensor:
    r"""Map each row of parameters to an orthogonal matrix, differentiably.

    ``householder``: the product :math:`H_1 \cdots H_d` of the reflections
    :math:`H_k = I - 2 v_k v_k^\top / \|v_k\|^2` whose :math:`v_k` is 0 above entry k, 1 there and
    free below: of determinant :math:`(-1)^d`. ``cayley``: :math:`(I - A/2)^{-1} (I + A/2)` of the
    skew matrix A whose lower triangle is free. ``matrix_exp``: :math:`\exp(A)`. ``euler``: rotation
    by :math:`2 \pi` times the parameters, about the axes z, y, x in three dimensions. The last
    three are rotations, and the identity where the parameters are 0.

    Args:
        parameters: d (d - 1) / 2 numbers for each matrix.
        dim: d.
        kind: the parametrisation.

    Shapes:
        parameters (M, d (d - 1) / 2) -> (M, d, d)

    Source:
        As in the release of Bodnar et al., "Neural Sheaf Diffusion", NeurIPS 2022
        (https://arxiv.org/abs/2202.04579), without the diagonal of A, which drops out.
    """
    return PARAMETRISATIONS[kind](parameters, dim)


def transport(own: Tensor, other: Tensor, dim: int, kind: Kind = "householder") -> Tensor:
    r"""Multiply the transposed matrices of some parameters by those of others, row by row.

    .. math:: T = Q(p)^\top Q(q)

    Shapes:
        own, other (P, d (d - 1) / 2) -> (P, d, d)
    """
    if kind == "householder":  # in one pass
        return orthogonal_transport(own, other, dim)
    return orthogonal(own, dim, kind).mT @ orthogonal(other, dim, kind)


def _householder(parameters: Tensor, dim: int) -> Tensor:
    # The reflections of no parameters come to -I, from which everything is seen as it is.
    return -orthogonal_transport(torch.zeros_like(parameters), parameters, dim)


def _skew(parameters: Tensor, dim: int) -> Tensor:
    row, column = torch.tril_indices(dim, dim, -1, device=parameters.device)
    lower = parameters.new_zeros(parameters.shape[0], dim * dim)
    lower = lower.index_copy(1, row * dim + column, parameters).reshape(-1, dim, dim)
    return lower - lower.mT


def _cayley(parameters: Tensor, dim: int) -> Tensor:
    half = _skew(parameters, dim) / 2
    eye = torch.eye(dim, dtype=half.dtype, device=half.device)
    turned: Tensor = torch.linalg.solve(eye - half, eye + half)
    return turned


def _matrix_exp(parameters: Tensor, dim: int) -> Tensor:
    turned: Tensor = torch.linalg.matrix_exp(_skew(parameters, dim))
    return turned


def _euler(parameters: Tensor, dim: int) -> Tensor:
    angles = parameters * (2 * torch.pi)
    planes = ((0, 1),) if dim == 2 else ((0, 1), (2, 0), (1, 2))  # about z, y, x
    q: Tensor | None = None
    for angle, (i, j) in zip(angles.unbind(1), planes, strict=True):
        turn = _rotation(angle, dim, i, j)
        q = turn if q is None else q @ turn
    assert q is not None
    return q


def _rotation(angle: Tensor, dim: int, i: int, j: int) -> Tensor:
    """Turn axis i towards axis j."""
    cos, sin, zero, one = angle.cos(), angle.sin(), angle * 0, torch.ones_like(angle)
    entries = {(i, i): cos, (j, j): cos, (j, i): sin, (i, j): -sin}
    cells = [entries.get((a, b), one if a == b else zero) for a in range(dim) for b in range(dim)]
    return torch.stack(cells, dim=1).reshape(-1, dim, dim)


PARAMETRISATIONS: dict[str, Callable[[Tensor, int], Tensor]] = {
    "householder": _householder,
    "cayley": _cayley,
    "matrix_exp": _matrix_exp,
    "euler": _euler,
}
