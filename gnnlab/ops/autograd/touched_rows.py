"""Touched rows: gradients of reading few rows of a large table."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from gnnlab.ops.backends.table import kernel
from gnnlab.ops.base.function import Function
from gnnlab.ops.graphs.adjacency import Rows
from gnnlab.ops.rows.for_tensors import zeros_for


class SparseGather(Function):
    """Rows of x by index; the gradient is a coalesced sparse tensor of the rows that were read."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, index: Tensor, rows: Rows) -> Tensor:
        ctx.index, ctx.rows, ctx.shape = index, rows, x.shape
        return x.index_select(0, index)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        rowptr, order = ctx.rows
        counts = rowptr.diff()
        touched = counts.nonzero().flatten()
        place = torch.arange(len(touched), device=grad.device)
        # Where each item's row lies among the touched ones, in the caller's order.
        segment = torch.empty_like(ctx.index)
        segment[order] = place.repeat_interleave(counts[touched], output_size=len(order))
        packed = Rows(torch.cat([rowptr[touched], rowptr[-1:]]), order)
        total = kernel("segment_reduce", grad)(grad, segment, packed, "sum")
        found = torch.sparse_coo_tensor(
            touched.unsqueeze(0), total, ctx.shape, is_coalesced=True, check_invariants=False
        )
        return found, None, None


class TouchedRows(Function):
    """Rows of x by an ascending index without repeats; the gradient puts them back among zeros."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, nodes: Tensor, sparse: bool) -> Tensor:
        ctx.nodes, ctx.size, ctx.sparse = nodes, x.shape[0], sparse
        return x.index_select(0, nodes)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        if not ctx.sparse:
            return PlacedRows.call(grad, ctx.nodes, ctx.size), None, None
        shape = (ctx.size, *grad.shape[1:])
        found = torch.sparse_coo_tensor(
            ctx.nodes.unsqueeze(0), grad, shape, is_coalesced=True, check_invariants=False
        )
        return found, None, None


class PlacedRows(Function):
    """Rows at an ascending index without repeats, among zeros: (size, ...)."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, nodes: Tensor, size: int) -> Tensor:
        ctx.nodes = nodes
        zeros = zeros_for(rows, (size, *rows.shape[1:]))
        return zeros.index_copy_(0, nodes, rows)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        return TouchedRows.call(grad, ctx.nodes, False), None, None
