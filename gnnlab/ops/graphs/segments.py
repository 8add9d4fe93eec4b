"""Segments: items grouped by an index, sorted once per tensor."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from gnnlab.ops.base.bounds import check_vector
from gnnlab.ops.base.memo import remember
from gnnlab.ops.graphs.adjacency import Rows, group


def segments(values: Tensor, index: Tensor, num_segments: int) -> Rows:
    if not isinstance(index, Tensor) or index.dtype != torch.int64 or index.dim() != 1:
        kind = f"{index.dtype} {tuple(index.shape)}" if isinstance(index, Tensor) else type(index)
        raise ValueError(f"index must be an int64 tensor (M,), not {kind}")
    if index.shape[0] != values.shape[0]:
        raise ValueError(
            f"index has {index.shape[0]} entries but values {values.shape[0]} rows; give one each"
        )
    check_vector("index", index, (torch.int64,), "int64 (M,)")
    if index.device != values.device:
        raise ValueError(f"index is on {index.device} but values on {values.device}")
    build = partial(_grouped, index, num_segments)
    return remember(index, ("segments", num_segments), build)


def _grouped(index: Tensor, num_segments: int) -> Rows:
    if index.numel():
        low, high = (int(value) for value in torch.aminmax(index))
        if low < 0 or high >= num_segments:
            raise ValueError(
                f"index names segment {low if low < 0 else high} but num_segments is "
                f"{num_segments}; segments are 0..{num_segments - 1}"
            )
    with torch.inference_mode(False):
        return group(index, num_segments)
