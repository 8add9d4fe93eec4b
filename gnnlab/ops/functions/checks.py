"""Shared checks of arguments: one clear sentence each."""

from __future__ import annotations

from difflib import get_close_matches

import torch
from torch import Tensor

from gnnlab.core.arguments import shown
from gnnlab.ops.graphs.adjacency import Adjacency

FLOATS = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
REDUCTIONS = ("sum", "mean", "max", "min")


def check_reduce(reduce: str) -> None:
    """Refuse an unknown reduction."""
    if not isinstance(reduce, str) or reduce not in REDUCTIONS:
        near = get_close_matches(str(reduce), REDUCTIONS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"unknown reduce {shown(reduce)}, one of {', '.join(REDUCTIONS)}{hint}")


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


def check_list(name: str, value: object, what: str) -> None:
    """Refuse what is not a list or a tuple."""
    if not isinstance(value, list | tuple):
        raise ValueError(
            f"{name} is of type {type(value).__name__}, but it is a list, {what}: give [...]"
        )


def check_edges(name: str, value: Tensor, adj: Adjacency) -> None:
    """Refuse an edge-wise tensor of another length or place."""
    if value.shape[0] != adj.num_edges:
        raise ValueError(
            f"{name} has {value.shape[0]} rows but the graph has {adj.num_edges} edges; "
            "give one row for every edge, in the order of edge_index"
        )
    check_device(name, value, adj)


def check_device(name: str, value: Tensor, adj: Adjacency) -> None:
    """Refuse tensors on two devices."""
    if value.device != adj.device:
        raise ValueError(
            f"{name} is on {value.device} but the graph on {adj.device}; move one with .to(device)"
        )
