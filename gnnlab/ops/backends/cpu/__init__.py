"""The engine of CPU tensors: how the compiled loops beside this folder are called."""

from __future__ import annotations

import torch
from torch import Tensor

from gnnlab.ops.backends.cpu import lstm as lstm
from gnnlab.ops.backends.cpu.attend import attend, attend_grad
from gnnlab.ops.backends.cpu.block import block, outer
from gnnlab.ops.backends.cpu.dropout import drop
from gnnlab.ops.backends.cpu.extreme import (
    extreme,
    extreme_grad_weight,
    extreme_grad_x,
    segment_extreme,
)
from gnnlab.ops.backends.cpu.gcn_steps import horner, steps, takes_steps
from gnnlab.ops.backends.cpu.orthogonal_transport import transport, transport_grad
from gnnlab.ops.backends.cpu.pair_sums import (
    pair_aggregate,
    pair_collect,
    pair_gradients,
    pair_spread,
)
from gnnlab.ops.backends.cpu.propagate import edge_dot, propagate, scaled, segment_sum
from gnnlab.ops.backends.cpu.relu_propagate import rectified, rectified_grad
from gnnlab.ops.backends.cpu.softmax import softmax, softmax_grad
from gnnlab.ops.backends.cpu.sparse_product import sparse_product


def stored(x: Tensor) -> Tensor:
    """bfloat16 is read as it is and added up in float32; float16 is widened first."""
    return x.float() if x.dtype is torch.float16 else x


def takes_pairs(x: Tensor) -> bool:
    """All that is stored in single or double precision."""
    return x.dtype in (torch.float32, torch.float64)


__all__ = [
    "attend", "attend_grad", "block", "drop", "edge_dot", "extreme", "extreme_grad_weight",
    "extreme_grad_x", "horner", "lstm", "outer", "pair_aggregate",
    "pair_collect", "pair_gradients", "pair_spread", "propagate", "rectified", "rectified_grad",
    "scaled", "segment_extreme", "segment_sum", "softmax", "softmax_grad", "sparse_product",
    "steps", "stored", "takes_pairs", "takes_steps", "transport", "transport_grad",
]  # fmt: skip
