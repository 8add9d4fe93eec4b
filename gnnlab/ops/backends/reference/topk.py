"""Topk of each segment, its largest items, in plain torch."""

from __future__ import annotations

import torch
from torch import Tensor


def segment_topk(values: Tensor, index: Tensor, counts: Tensor) -> Tensor:
    """Positions of the first ``counts[s]`` items of every segment s, the largest first."""
    order = values.argsort(descending=True, stable=True)
    order = order[index[order].argsort(stable=True)]
    sizes = torch.bincount(index, minlength=counts.shape[0])
    start = sizes.cumsum(0) - sizes
    segment = index[order]
    rank = torch.arange(order.shape[0], device=order.device) - start[segment]
    return order[rank < counts[segment]]
