"""The operations on the CPU by compiled loops: forward and backward are both sorted gathers.

Nothing is scattered: what the backward pass collects by source is a gather over the transpose,
whose order is kept with the adjacency. Half precision is added up in float32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from . import attention, kernels, reference, softmax_rows
from .attention import Additive, Product
from .block import BlockPropagate, EdgeOuter
from .extreme import Extreme, SegmentExtreme, extreme
from .features import SparseProduct, product
from .function import Function
from .linear import EdgeDot, Gather, Propagate, Scaled, SegmentSum, matrix, shares, wide
from .masked import Dropout
from .parallel import Array, array, over_rows

if TYPE_CHECKING:
    from gnnlab.ops.adjacency import Adjacency, Rows
    from gnnlab.ops.features import SparseFeatures

Gradients = tuple[Tensor | None, ...]


def group(keys: Tensor, num_rows: int) -> tuple[Tensor, Tensor]:
    """Counting sort."""
    rowptr = torch.zeros(num_rows + 1, dtype=torch.int32, device="cpu")
    order = torch.empty(keys.numel(), dtype=torch.int32, device="cpu")
    kernels.group(array(keys), rowptr.numpy(), order.numpy())
    return rowptr, order


def propagate(x: Tensor, adj: Adjacency, weight: Tensor | None, reduce: str) -> Tensor:
    """Sum or mean, or max or min."""
    weight = reference.widen(weight) if weight is not None else None
    if reduce == "sum":
        return Propagate.call(stored(x), weight, adj, False).to(x.dtype)
    if reduce == "mean" and weight is None and x.dtype is torch.bfloat16:
        return Scaled.call(x, shares(adj, torch.float32), None, adj)
    wide = reference.widen(x)
    if reduce == "mean":
        return Propagate.call(wide, weight, adj, True).to(x.dtype)
    return Extreme.call(wide, weight, adj, reduce).to(x.dtype)


def edge_softmax(score: Tensor, adj: Adjacency) -> Tensor:
    """Softmax of each row."""
    return EdgeSoftmax.call(reference.widen(score), adj).to(score.dtype)


def edge_dot(query: Tensor, key: Tensor, adj: Adjacency) -> Tensor:
    """Inner products."""
    return EdgeDot.call(stored(query), stored(key), adj).to(query.dtype)


def attend_additive(
    value: Tensor, adj: Adjacency, source: Tensor, target: Tensor, slope: float,
    weight: Tensor | None,
) -> Tensor:  # fmt: skip
    """Attention with additive scores."""
    kept = stored(value)
    ends = source.to(wide(kept)), target.to(wide(kept))
    weight = reference.widen(weight) if weight is not None else None
    return Additive.call(kept, *ends, weight, adj, slope).to(value.dtype)


def attend_product(
    value: Tensor, adj: Adjacency, query: Tensor, key: Tensor, scale: float,
    weight: Tensor | None,
) -> Tensor:  # fmt: skip
    """Attention with inner products as scores."""
    kept = stored(value)
    ends = query.to(kept.dtype), key.to(kept.dtype)
    weight = reference.widen(weight) if weight is not None else None
    return Product.call(kept, *ends, weight, adj, scale).to(value.dtype)


def attend_forward(
    kind: str, value: Tensor, adj: Adjacency, ends: tuple[Tensor, Tensor], factor: float,
    weight: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Attention and what its gradient reads."""
    return attention.forward(kind, value, adj, ends, factor, weight)


def attend_backward(
    kind: str, grad: Tensor, value: Tensor, adj: Adjacency, ends: tuple[Tensor, Tensor],
    factor: float, weight: Tensor | None, stats: tuple[Tensor, Tensor, Tensor],
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:  # fmt: skip
    """The gradients of attention."""
    return attention.backward(kind, grad, value, adj, ends, factor, weight, stats)


def extreme_edge(x: Tensor, adj: Adjacency, weight: Tensor | None, reduce: str) -> Tensor:
    """The edge of each max or min, -1 where there is none."""
    return extreme(reference.widen(x), weight, adj, reduce)[1].reshape(x.shape)


def gcn_propagate(x: Tensor, adj: Adjacency, scale: Tensor) -> Tensor:
    """The weights of the edges are products of numbers of their ends."""
    return Scaled.call(stored(x), scale, scale, adj).to(x.dtype)


def block_propagate(x: Tensor, adj: Adjacency, maps: Tensor) -> Tensor:
    """Stalks through the maps of the edges."""
    wide = reference.widen(x), reference.widen(maps)
    return BlockPropagate.call(*wide, adj, False).to(x.dtype)


def edge_outer(left: Tensor, right: Tensor, adj: Adjacency) -> Tensor:
    """The gradient of the maps."""
    wide = reference.widen(left), reference.widen(right)
    return EdgeOuter.call(*wide, adj).to(left.dtype)


def gather(x: Tensor, index: Tensor, rows: Rows) -> Tensor:
    """Rows of x; half precision is widened in the gradient only."""
    if not x.is_floating_point():
        return x.index_select(0, index)
    return Gather.call(x, index, rows)


def segment_reduce(values: Tensor, index: Tensor, rows: Rows, reduce: str) -> Tensor:
    """Sum or mean, or max or min, of the items of each segment."""
    wide = reference.widen(values)
    if reduce in ("sum", "mean"):
        total = SegmentSum.call(wide, index, rows)
        if reduce == "mean":
            count = rows.rowptr.diff().clamp(min=1).to(total.dtype)
            total = total / count.reshape(-1, *(1,) * (total.dim() - 1))
        return total.to(values.dtype)
    return SegmentExtreme.call(wide, index, rows, reduce).to(values.dtype)


def stored(x: Tensor) -> Tensor:
    """bfloat16 is read as it is and added up in float32; float16 is widened first."""
    return x.float() if x.dtype is torch.float16 else x


def dropout(x: Tensor, p: float, seed: int) -> Tensor:
    """The counter-based mask."""
    return Dropout.call(x, p, seed)


def sparse_product(table: Tensor, x: SparseFeatures, turned: bool) -> Tensor:
    """Sparse features times a table, or their transpose."""
    return SparseProduct.call(stored(table), x, turned, product).to(table.dtype)


class EdgeSoftmax(Function):
    """Softmax over the edges of each row."""

    @staticmethod
    def forward(ctx: Any, score: Tensor, adj: Adjacency) -> Tensor:
        out = torch.empty_like(score, memory_format=torch.contiguous_format)
        rows, table = adj.rows, (matrix(out), matrix(score))
        kernel = (softmax_rows if vectorised(table[0]) else kernels).softmax_rows
        over_rows(kernel, array(rows.rowptr), 8 * table[0].shape[1], *table, array(rows.order))
        ctx.adj = adj
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        (soft,) = ctx.saved_tensors
        adj: Adjacency = ctx.adj
        if torch.is_grad_enabled():
            total = SegmentSum.call(soft * grad, adj.target, adj.rows)
            return soft * (grad - Gather.call(total, adj.target, adj.rows)), None
        out = torch.empty_like(soft)
        tables = [matrix(table) for table in (out, soft, grad)]
        kernel = (softmax_rows if vectorised(tables[0]) else kernels).softmax_grad_rows
        width = 4 * out.shape[1:].numel()
        rows = adj.rows
        over_rows(kernel, array(rows.rowptr), width, *tables, array(rows.order))
        return out, None


def vectorised(table: Array) -> bool:
    """Whether the heads of a table (E, K) fill whole vectors."""
    return table.dtype == np.float32 and table.shape[1] in (1, 2, 4, 8, 16)
