"""Tensor checks of a graph: no tensors without numbers, no sparse ones where dense are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from torch_geometric.data import Data


READ = {
    "x", "edge_index", "edge_weight", "edge_attr", "edge_type", "y", "train_mask", "val_mask",
    "test_mask",
}  # fmt: skip
"""What rooms read of a graph; of other keys it only matters that they hold numbers."""


def check_tensors(data: Data) -> None:
    """Refuse tensors without numbers, and sparse ones where dense ones are read.

    Raises:
        ValueError: with the key, and what its tensor is.
    """
    for key, value in data.to_dict().items():
        if not isinstance(value, Tensor):
            continue
        if value.is_meta:
            raise ValueError(f"data.{key} is on the meta device, which holds no numbers: load it")
        if key not in READ:
            continue
        if key != "x" and value.layout is not torch.strided:
            raise ValueError(f"data.{key} is {value.layout}, but dense is read: use .to_dense()")
        if value.is_floating_point() and value.dtype.itemsize < 2:
            raise ValueError(f"data.{key} holds {value.dtype}, which is not computed in: .float()")
