"""Orthogonal transport from one frame to another, each a product of Householder reflections."""

from __future__ import annotations

from torch import Tensor

from gnnlab.core.arguments import check_count
from gnnlab.ops.functions.chosen import kernel
from gnnlab.ops.graphs.tensors import check_float


def orthogonal_transport(own: Tensor, other: Tensor, dim: int) -> Tensor:
    r"""Carry what one orthogonal frame sees into another, each a product of reflections.

    .. math:: T = Q(p)^\top Q(q), \quad Q = H_1 \cdots H_d, \quad
        H_k = I - 2 v_k v_k^\top / \|v_k\|^2

    :math:`v_k` is 0 above entry k, 1 there, and holds d - 1 - k of the parameters below. The frames
    are not kept: the gradient computes them again.

    Args:
        own: p, the parameters of one frame of every row.
        other: q, of the other.
        dim: d.

    Shapes:
        own, other (P, d (d - 1) / 2) -> (P, d, d)

    Raises:
        ValueError: shapes, dtypes or devices do not fit.

    Cost:
        O(P d^3).

    Example:
        >>> half = torch.tensor([[1.0]])  # v = (1, 1): a reflection that swaps the axes
        >>> (orthogonal_transport(half, half * 0, 2).round() + 0).tolist()
        [[[0.0, 1.0], [-1.0, 0.0]]]
    """
    check_count("dim", dim)
    count = dim * (dim - 1) // 2
    for name, value in (("own", own), ("other", other)):
        check_float(name, value, (2,), f"(P, {count})")
        if value.shape != (own.shape[0], count):
            raise ValueError(
                f"{name} must be ({own.shape[0]}, {count}) for frames of {dim} dimensions, not "
                f"{tuple(value.shape)}"
            )
    if own.dtype != other.dtype or own.device != other.device:
        raise ValueError(
            f"own is {own.dtype} on {own.device} but other {other.dtype} on {other.device}; "
            "convert one of them"
        )
    out: Tensor = kernel("orthogonal_transport", own, other)(own, other, dim)
    return out
