"""The engine of CUDA tensors: Triton kernels, one family a file.

A program works on a few rows and a tile of features; every number of a result is added up by one
thread in the order of its row. Nothing is added atomically. Rows longer than
``ranges.LONGEST`` are cut, and their parts joined in order by a second pass. Where inner products
cross threads, the layout is a function of the shapes.
"""

from __future__ import annotations

from torch import Tensor

from gnnlab.ops.backends.reference import sparse_product
from gnnlab.ops.backends.reference.orthogonal_transport import transport, transport_grad
from gnnlab.ops.backends.triton.attend import attend
from gnnlab.ops.backends.triton.attend_grad import attend_grad
from gnnlab.ops.backends.triton.block import block
from gnnlab.ops.backends.triton.dropout import drop
from gnnlab.ops.backends.triton.edge_products import edge_dot, extreme_grad_weight, outer
from gnnlab.ops.backends.triton.extreme import extreme, extreme_grad_x, segment_extreme
from gnnlab.ops.backends.triton.propagate import propagate, scaled, segment_sum
from gnnlab.ops.backends.triton.relu_propagate import rectified, rectified_grad
from gnnlab.ops.backends.triton.softmax import softmax, softmax_grad


def stored(x: Tensor) -> Tensor:
    """Every type is read as it is."""
    return x


def takes_steps(x: Tensor) -> bool:
    """A kernel for each step serves as well: launches do not wait for each other."""
    return False


def takes_pairs(x: Tensor) -> bool:
    """Edges between pairs of nodes are written out here, and summed as others are."""
    return False


__all__ = [
    "attend", "attend_grad", "block", "drop", "edge_dot", "extreme", "extreme_grad_weight",
    "extreme_grad_x", "outer", "propagate", "rectified", "rectified_grad", "scaled",
    "segment_extreme", "segment_sum", "softmax", "softmax_grad", "sparse_product", "stored",
    "takes_pairs", "takes_steps", "transport", "transport_grad",
]  # fmt: skip
