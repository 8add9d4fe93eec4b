"""Counting sort: items grouped by row on the CPU."""

from __future__ import annotations

import torch
from torch import Tensor

from gnnlab.kernels.arrays import array
from gnnlab.ops.rows.grouping_loops import group


def by_counting(keys: Tensor, num_rows: int) -> tuple[Tensor, Tensor]:
    """Row pointers and a stable order."""
    rowptr = torch.zeros(num_rows + 1, dtype=torch.int32, device="cpu")
    order = torch.empty(keys.numel(), dtype=torch.int32, device="cpu")
    wrong = group(array(keys), rowptr.numpy(), order.numpy())
    if wrong >= 0:
        raise ValueError(
            f"item {wrong} is of row {int(keys[wrong])}, but there are {num_rows} rows, numbered "
            "from 0: drop it, or give their real number"
        )
    return rowptr, order
