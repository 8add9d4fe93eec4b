"""Sparse products in plain torch: sparse features times a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gnnlab.kernels.hashing import keep_elements
from gnnlab.ops.backends.reference.scatter import scatter, take
from gnnlab.ops.base.precision import widen

if TYPE_CHECKING:
    from gnnlab.ops.graphs.sparse_features import SparseFeatures


def sparse_product(table: Tensor, x: SparseFeatures, turned: bool) -> Tensor:
    """Rows of the table, weighed by the entries that dropout leaves, summed by row."""
    rowptr, row, col, values, steps = x._entries(turned)
    row, col, wide = row.long(), col.long(), widen(table)
    values = values.to(wide.dtype)
    if x.drop is not None:
        p, seed = x.drop
        stays = keep_elements(row * steps[0] + col * steps[1], p, seed)
        values = torch.where(stays, values * (1.0 / (1.0 - p)), 0)
    message = take(wide, col) * values.unsqueeze(1)
    return scatter(message, row, rowptr.shape[0] - 1, "sum").to(table.dtype)
