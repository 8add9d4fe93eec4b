"""Tensor checks: floating point, a row for every edge, one device."""

from __future__ import annotations

import torch
from torch import Tensor

from gnnlab.ops.graphs.index_arrays import Sorted

FLOATS = (torch.float32, torch.float64, torch.float16, torch.bfloat16)


def check_float(name: str, value: Tensor, dims: tuple[int, ...], shape: str) -> None:
    """Refuse what is not a floating tensor of the right number of axes."""
    if not isinstance(value, Tensor):
        raise ValueError(f"{name} must be a tensor {shape}, not {type(value).__name__}")
    if not value.is_floating_point():
        raise ValueError(f"{name} must be floating point, not {value.dtype}; use {name}.float()")
    if value.dtype not in FLOATS:
        raise ValueError(
            f"{name} is {value.dtype}, which nothing is added up in; use {name}.float()"
        )
    if value.layout != torch.strided:
        raise ValueError(f"{name} must be dense, not {value.layout}; use {name}.to_dense()")
    if value.dim() not in dims:
        raise ValueError(f"{name} must have shape {shape}, not {tuple(value.shape)}")


def check_edges(name: str, value: Tensor, adj: Sorted) -> None:
    """Refuse an edge-wise tensor of another length or place."""
    if value.shape[0] != adj.num_edges:
        raise ValueError(
            f"{name} has {value.shape[0]} rows but the graph has {adj.num_edges} edges; "
            "give one row for every edge, in the order of edge_index"
        )
    if value.layout is not torch.strided:
        raise ValueError(f"{name} must be dense, not {value.layout}; use {name}.to_dense()")
    check_device(name, value, adj)


def check_device(name: str, value: Tensor, adj: Sorted) -> None:
    """Refuse tensors on two devices."""
    if value.device != adj.device:
        raise ValueError(
            f"{name} is on {value.device} but the graph on {adj.device}; move one with .to(device)"
        )
