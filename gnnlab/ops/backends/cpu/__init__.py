"""The engine of CPU tensors: how the compiled loops beside this folder are called."""

from __future__ import annotations

import torch
from torch import Tensor

from gnnlab.ops.backends.parallel import array

from . import kernels
from . import lstm as lstm
from . import neighbours as neighbours
from .attention import attend, attend_grad
from .blocks import block, outer
from .extremes import extreme, extreme_grad_weight, extreme_grad_x, segment_extreme
from .features import sparse_product
from .masked import drop
from .memory import zeros as zeros
from .pair_sums import pair_aggregate, pair_collect, pair_gradients, pair_spread
from .rectified import rectified, rectified_grad
from .reflections import transport, transport_grad
from .softmaxes import softmax, softmax_grad
from .steps import horner, steps, takes_steps
from .sums import edge_dot, propagate, scaled, segment_sum


def stored(x: Tensor) -> Tensor:
    """bfloat16 is read as it is and added up in float32; float16 is widened first."""
    return x.float() if x.dtype is torch.float16 else x


def takes_pairs(x: Tensor) -> bool:
    """All that is stored in single or double precision."""
    return x.dtype in (torch.float32, torch.float64)


def group(keys: Tensor, num_rows: int) -> tuple[Tensor, Tensor]:
    """Counting sort."""
    rowptr = torch.zeros(num_rows + 1, dtype=torch.int32, device="cpu")
    order = torch.empty(keys.numel(), dtype=torch.int32, device="cpu")
    wrong = kernels.group(array(keys), rowptr.numpy(), order.numpy())
    if wrong >= 0:
        raise ValueError(
            f"item {wrong} is of row {int(keys[wrong])}, but there are {num_rows} rows, numbered "
            "from 0: drop it, or give their real number"
        )
    return rowptr, order


__all__ = [
    "attend", "attend_grad", "block", "drop", "edge_dot", "extreme", "extreme_grad_weight",
    "extreme_grad_x", "group", "horner", "lstm", "neighbours", "outer", "pair_aggregate",
    "pair_collect", "pair_gradients", "pair_spread", "propagate", "rectified", "rectified_grad",
    "scaled", "segment_extreme", "segment_sum", "softmax", "softmax_grad", "sparse_product",
    "steps", "stored", "takes_pairs", "takes_steps", "transport", "transport_grad", "zeros",
]  # fmt: skip
