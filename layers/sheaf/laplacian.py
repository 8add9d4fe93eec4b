"""Sheaf Laplacian, applied edge by edge: no matrix of the size of the graph is built."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from gnnlab.ops import Adjacency, block_propagate, propagate

Normalisation = Literal["augmented", "textbook", "none"]
NORMALISATIONS = ("augmented", "textbook", "none")


class Sheaf(NamedTuple):
    r"""What the Laplacian needs of a cellular sheaf: transports and the blocks of its diagonal.

    An undirected edge e joins u and v with weight w and maps both stalks into its own by
    :math:`F_{u,e}` and :math:`F_{v,e}`.

    Args:
        adj: one of the two directions v -> u of each undirected edge, P of them.
        transport: :math:`w F_{u,e}^\top F_{v,e}`, a matrix (P, d, d), the diagonal of a diagonal
            one (P, d), or the multiple of the identity (P,); None where it is the identity.
        degree: :math:`D_v = \sum_{e \ni v} w F_{v,e}^\top F_{v,e}`: (N, d, d), (N, d) or (N,).
    """

    adj: Adjacency
    transport: Tensor | None
    degree: Tensor


def laplacian(
    x: Tensor, sheaf: Sheaf, normalisation: Normalisation = "augmented", sign: float | Tensor = -1.0
) -> Tensor:
    r"""Measure at every node how much its stalk disagrees with its neighbours'.

    .. math:: (L x)_u = D_u x_u - \sum_{e = \{u, v\}} w_e F_{u,e}^\top F_{v,e} x_v

    ``augmented`` gives :math:`(D + I)^{-1/2} L (D + I)^{-1/2}`, ``textbook``
    :math:`D^{-1/2} L D^{-1/2}`, with 0 for the inverse root where D is 0, as at isolated nodes.

    Args:
        x: stalks of d dimensions in C channels.
        sheaf: see :class:`Sheaf`.
        normalisation: ``augmented``, ``textbook`` or ``none``.
        sign: of the neighbours' term, for all of x or (d, 1); 1 gives the signless Laplacian.

    Shapes:
        x (N, d, C) -> (N, d, C)

    Cost:
        O(P d^2 C) for matrices, O(P d C) for diagonal maps, the identity and its multiples.

    Source:
        Hansen and Ghrist, "Toward a Spectral Theory of Cellular Sheaves", 2019
        (https://arxiv.org/abs/1808.01513), section 3; augmented as in the release of Bodnar et al.,
        "Neural Sheaf Diffusion", NeurIPS 2022 (https://arxiv.org/abs/2202.04579).
    """
    root = inverse_root(sheaf.degree, normalisation)
    scaled = x if root is None else scale(root, x)
    out = scale(sheaf.degree, scaled) + sign * neighbours(scaled, sheaf)
    return out if root is None else scale(root, out)


def neighbours(x: Tensor, sheaf: Sheaf) -> Tensor:
    r"""Sum what the neighbours hold, each through the transport of the edge.

    .. math:: y_u = \sum_{e = \{u, v\}} w_e F_{u,e}^\top F_{v,e} x_v

    Shapes:
        x (N, d, C) -> (N, d, C)
    """
    adj, transport = sheaf.adj, sheaf.transport
    if transport is None or transport.dim() < 3:
        return propagate(x, adj, transport) + propagate(x, adj.transpose, transport)
    back = transport.transpose(1, 2)
    return block_propagate(x, adj, transport) + block_propagate(x, adj.transpose, back)


def scale(block: Tensor, x: Tensor) -> Tensor:
    """Multiply each node's stalk by its block: (N,), (N, d) or (N, d, d) on x (N, d, C)."""
    if block.dim() == 3:
        return block.to(x.dtype) @ x
    return block.to(x.dtype).reshape(block.shape[0], *block.shape[1:] or (1,), 1) * x


def inverse_root(degree: Tensor, normalisation: Normalisation) -> Tensor | None:
    """The inverse square root that normalises by ``degree``, in its form; None for ``none``.

    Shapes:
        degree (N,), (N, d) or symmetric positive semi-definite (N, d, d) -> the same
    """
    if normalisation == "none":
        return None
    if degree.dim() == 3:
        if normalisation == "augmented":
            degree = degree + torch.eye(degree.shape[1], dtype=degree.dtype, device=degree.device)
        root: Tensor = _InverseRoot.apply(degree)  # type: ignore[no-untyped-call]
        return root
    if normalisation == "augmented":
        return (degree + 1).rsqrt()
    found = degree > 0
    return degree.where(found, 1).rsqrt().where(found, 0)


class _InverseRoot(torch.autograd.Function):
    r"""The inverse square root of symmetric positive semi-definite matrices; of 0 it is 0.

    With eigenvectors U and :math:`r_i = \lambda_i^{-1/2}`, the derivative in a direction E is
    :math:`U (K \odot U^\top E U) U^\top` with
    :math:`K_{ij} = (r_i - r_j) / (\lambda_i - \lambda_j) = -r_i^2 r_j^2 / (r_i + r_j)`. The second
    form has no difference in it, so equal eigenvalues need no care: the release moves them apart
    by noise in training.
    """

    @staticmethod
    def forward(ctx: Any, matrix: Tensor) -> Tensor:
        values, vectors = torch.linalg.eigh(matrix)
        size = values[:, -1:].clamp(min=torch.finfo(values.dtype).tiny)
        found = values > size * values.shape[1] * torch.finfo(values.dtype).eps
        roots = values.where(found, 1).rsqrt().where(found, 0)
        ctx.save_for_backward(roots, vectors)
        result: Tensor = (vectors * roots[:, None]) @ vectors.mT
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        roots, vectors = ctx.saved_tensors
        left, right = roots[:, :, None], roots[:, None]
        total = left + right
        weight = -(left * right).square() / total.where(total > 0, 1)
        inside = vectors.mT @ ((grad + grad.mT) / 2) @ vectors
        result: Tensor = vectors @ (weight * inside) @ vectors.mT
        return result
