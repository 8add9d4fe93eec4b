"""Touched rows: reading of the rows of a large table that a batch needs."""

from __future__ import annotations

import torch
from torch import Tensor

from gnnlab.ops.autograd.touched_rows import TouchedRows

FEW = 24
"""How many times longer it takes to sort an entry of an index than to pass over a row's mark."""


def touched_rows(x: Tensor, index: Tensor, sparse_grad: bool = False) -> tuple[Tensor, Tensor]:
    """Copy the rows of x that an index names, each once and in their order.

    Args:
        x: (N, F).
        index: (M,), in any order.
        sparse_grad: give x a sparse gradient of those rows.

    Returns:
        the U rows (U, F), and (M,) int32: which of them each entry of the index names.
    """
    nodes, place = _ranked(index, x.shape[0])
    return TouchedRows.call(x, nodes, sparse_grad), place


def _ranked(index: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """The numbers 0..size-1 that an index names, ascending, and which of them each entry names."""
    if FEW * index.shape[0] < size:
        nodes, place = torch.unique(index.long(), return_inverse=True)
        return nodes, place.int()
    touched = torch.zeros(size, dtype=torch.bool, device=index.device)
    touched.index_fill_(0, index.long(), True)
    rank = touched.cumsum(0, dtype=torch.int32)
    return touched.nonzero().flatten(), rank.index_select(0, index) - 1
