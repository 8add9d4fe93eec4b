"""torch_sparse backend: its kernels where it has one, the reference elsewhere.

``propagate`` and ``gcn_propagate`` run what ``SparseTensor``'s matmul calls, forward and, over the
kept transpose, backward. torch_sparse has nothing for the other operations, which are the
reference's. In max and min its kernels skip NaN and take a row of -inf for an empty one: what is
not finite goes to the reference there, as does an empty table. A long row is added up one by one,
so that float32 drifts there (1e-4 over 100,000 equal numbers).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gnnlab.ops.backends.reference import propagate as sums
from gnnlab.ops.backends.reference.edge_products import edge_dot
from gnnlab.ops.base.function import Function, keep, kept
from gnnlab.ops.base.precision import widen

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency


def propagate(x: Tensor, adj: Adjacency, weight: Tensor | None, reduce: str) -> Tensor:
    """``spmm_sum``, or ``spmm_max`` and ``spmm_min`` with the edges that they picked."""
    wide = widen(x)
    weight = weight.to(wide.dtype) if weight is not None else None
    extreme = reduce in ("max", "min")
    if not x.numel() or not adj.num_edges or (extreme and not _bounded(wide, weight)):
        return sums.propagate(x, adj, weight, reduce)
    if extreme:
        return _by_head(_extreme, wide, adj, weight, reduce).to(x.dtype)
    total = Product.call(wide, weight, adj)
    if reduce == "mean":
        count = adj._rowptr.diff().clamp(min=1).to(wide.dtype)
        total = total / count.reshape(-1, *(1,) * (x.dim() - 1))
    return total.to(x.dtype)


def gcn_propagate(x: Tensor, adj: Adjacency, scale: Tensor) -> Tensor:
    """Scale, multiply, scale again."""
    return sums.scaled(propagate, x, adj, scale)


class Product(Function):
    """y = A x; the gradient for x is the product with the transpose, kept by the adjacency."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor | None, adj: Adjacency) -> Tensor:
        ctx.adj = adj
        keep(ctx, x, weight)
        return _by_head(_product, x, adj, weight)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = kept(ctx)
        grad_x = grad_weight = None
        if ctx.needs_input_grad[0]:
            grad_x = Product.call(grad, weight, ctx.adj.transpose)
        if ctx.needs_input_grad[1]:
            by_head = weight.dim() == 2
            ends = (grad, x) if by_head else (grad.flatten(1), x.flatten(1))
            grad_weight = edge_dot(*ends, ctx.adj)
        return grad_x, grad_weight, None


def _product(x: Tensor, adj: Adjacency, weight: Tensor | None) -> Tensor:
    # Detached: for what needs a gradient their operator wants more, for a gradient of its own.
    rowptr, col = _csr(adj)
    value = weight.detach().index_select(0, adj._order) if weight is not None else None
    table = x.detach().flatten(1).contiguous()
    total: Tensor = torch.ops.torch_sparse.spmm_sum(None, rowptr, col, value, None, None, table)
    return total.reshape(x.shape)


def _extreme(x: Tensor, adj: Adjacency, weight: Tensor | None, reduce: str) -> Tensor:
    """Max or min; its gradient goes to the edge that the kernel picked, the first of equals."""
    rowptr, col = _csr(adj)
    value = weight.index_select(0, adj._order) if weight is not None else None
    table = x.flatten(1).contiguous()
    kernel = getattr(torch.ops.torch_sparse, f"spmm_{reduce}")
    fixed = value.detach() if value is not None else None
    edge = kernel(rowptr, col, fixed, table.detach())[1]
    picked = edge.clamp(max=adj.num_edges - 1)
    best = table.gather(0, col[picked])
    if value is not None:
        best = best * value[picked]
    return best.where(edge < adj.num_edges, 0).reshape(x.shape)


def _by_head(kernel: Any, x: Tensor, adj: Adjacency, weight: Tensor | None, *args: str) -> Tensor:
    """Their kernels know one value an edge: weights by head take a call a head."""
    if weight is None or weight.dim() == 1:
        return kernel(x, adj, weight, *args)  # type: ignore[no-any-return]
    heads = [kernel(x[:, k], adj, weight[:, k], *args) for k in range(weight.shape[1])]
    return torch.stack(heads, dim=1)


def _csr(adj: Adjacency) -> tuple[Tensor, Tensor]:
    """Their kernels read int64 only."""
    return adj._keep("csr int64", lambda: (adj._rowptr.long(), adj._col.long()))


def _bounded(x: Tensor, weight: Tensor | None) -> bool:
    """Whether every message lies inside what max and min start from; a NaN does not."""
    top = x.detach().abs().amax()
    if weight is not None:
        top = top * weight.detach().abs().amax()
    return bool(top < torch.finfo(x.dtype).max)
