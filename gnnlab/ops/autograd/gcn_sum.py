"""GCN propagations over several graphs, each with a linear map, summed in one autograd function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gnnlab.ops.autograd.propagate import Scaled
from gnnlab.ops.backends.table import Kernels
from gnnlab.ops.base.function import Function, keep, kept

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency

Gradients = tuple[Tensor | None, ...]


class MappedSum(Function):
    r"""y = sum over k of P_k x[reads[k]] M_k, with P_k = S_k A_k S_k of numbers S_k of the nodes.

    The product adds to what is there, so that no pass over the nodes is spent on adding. With
    z = P_k^T grad, the gradients are z M_k^T and x^T z: no neighbourhood's sum is kept for them.
    """

    @staticmethod
    def forward(
        ctx: Any, maps: Tensor, adjs: Sequence[Adjacency], scales: Sequence[Tensor],
        reads: Sequence[int], kernels: Kernels, *xs: Tensor,
    ) -> Tensor:  # fmt: skip
        ctx.adjs, ctx.reads, ctx.kernels = adjs, reads, kernels
        keep(ctx, maps, *scales, *xs)
        out: Tensor | None = None
        for read, adj, scale, map_ in zip(reads, adjs, scales, maps, strict=True):
            summed = kernels.propagate.scaled(xs[read], scale, scale, adj)
            out = summed @ map_ if out is None else out.addmm_(summed, map_)
        assert out is not None  # there is at least one graph
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        maps, *rest = kept(ctx)
        scales, xs = rest[: len(ctx.adjs)], rest[len(ctx.adjs) :]
        grad_maps: list[Tensor] = []
        grad_xs: list[Tensor | None] = [None] * len(xs)
        for read, adj, scale, map_ in zip(ctx.reads, ctx.adjs, scales, maps, strict=True):
            z = Scaled.call(grad, scale, scale, adj.transpose, ctx.kernels)
            grad_maps.append(xs[read].t() @ z)
            if ctx.needs_input_grad[5 + read]:
                before = grad_xs[read]
                grad_xs[read] = z @ map_.t() if before is None else before.addmm(z, map_.t())
        return torch.stack(grad_maps), *(None,) * 4, *grad_xs


def gcn_sum(
    kernels: Kernels, xs: Sequence[Tensor], reads: Sequence[int], adjs: Sequence[Adjacency],
    scales: Sequence[Tensor], maps: Tensor,
) -> Tensor:  # fmt: skip
    """Propagations over several graphs, each with a map, added up."""
    return MappedSum.call(maps, adjs, scales, reads, kernels, *xs)
