"""Reading rows of a large table of which a batch touches few."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .adjacency import Rows
from .backends import backend_for
from .backends.function import Function


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
        total = backend_for(grad).segment_reduce(grad, segment, packed, "sum")
        found = torch.sparse_coo_tensor(
            touched.unsqueeze(0), total, ctx.shape, is_coalesced=True, check_invariants=False
        )
        return found, None, None
