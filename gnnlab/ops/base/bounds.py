"""Bounds checks of node numbers and row pointers, which compiled loops follow unchecked."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gnnlab.core.arguments import check_count

LIMIT = 2**31 - 1


def check_nodes(edge_index: Tensor, num_nodes: int) -> int:
    """Refuse a number of nodes that is none, and edges that lie outside; return it as an int."""
    check_count("num_nodes", num_nodes, 0)
    num_nodes = int(num_nodes)
    if max(num_nodes, edge_index.shape[1]) >= LIMIT:
        raise ValueError(
            f"the graph has {num_nodes} nodes and {edge_index.shape[1]} edges; indices are int32, "
            f"so at most {LIMIT - 1} of each: split the graph"
        )
    check_there("edge_index", edge_index)
    if edge_index.numel():
        low, high = (int(value) for value in torch.aminmax(edge_index))
        if low < 0 or high >= num_nodes:
            _refuse_range(edge_index, low if low < 0 else high, num_nodes)
    return num_nodes


def check_rows(name: str, value: Any, least: int = 1) -> None:
    """Refuse a count of rows that int32 does not hold."""
    check_count(name, value, least)
    if value >= LIMIT:
        raise ValueError(f"{name} is {value}, but at most {LIMIT - 1} rows can be told apart")


def _refuse_range(edge_index: Tensor, node: int, num_nodes: int) -> None:
    row, edge = (int(value) for value in (edge_index == node).nonzero()[0])
    end = "source" if row == 0 else "target"
    way_out = (
        "node numbers start at 0" if node < 0 else f"give num_nodes >= {node + 1} or drop the edge"
    )
    raise ValueError(
        f"edge_index names node {node} (the {end} of edge {edge}) but the graph has "
        f"{num_nodes} nodes; {way_out}"
    )


def check_there(name: str, value: Tensor) -> None:
    """Refuse a tensor that holds no numbers."""
    if value.device.type == "meta":
        raise ValueError(
            f"{name} is on the meta device, which holds no numbers: build the graph of real ones"
        )


def check_vector(name: str, value: Tensor, dtypes: tuple[torch.dtype, ...], what: str) -> None:
    """Refuse what is not a tensor (M,) of numbers of one of these types."""
    if not isinstance(value, Tensor):
        raise ValueError(f"{name} must be a tensor {what}, not {type(value).__name__}")
    if value.layout != torch.strided or value.dim() != 1 or value.dtype not in dtypes:
        raise ValueError(
            f"{name} must be {what}, not {value.dtype} of shape {tuple(value.shape)} "
            f"({value.layout})"
        )
    check_there(name, value)


def check_pointers(name: str, rowptr: Tensor, count: int) -> None:
    """Refuse row pointers that do not rise from 0 to the number of entries."""
    if not rowptr.shape[0]:
        raise ValueError(f"{name} is empty, but it begins with 0: give one number more than rows")
    if max(rowptr.shape[0], count) >= LIMIT:
        raise ValueError(f"there are {count} entries or rows; at most {LIMIT - 1} fit")
    ends = int(rowptr[0]), int(rowptr[-1])
    if ends != (0, count) or bool((rowptr[1:] < rowptr[:-1]).any()):
        raise ValueError(
            f"the row pointers run from {ends[0]} to {ends[1]}, but must rise from 0 to the "
            f"{count} entries: build the tensor with torch.sparse_csr_tensor(..., "
            "check_invariants=True)"
        )


def check_numbers(what: str, numbers: Tensor, size: int, whole: str) -> None:
    """Refuse numbers outside 0..size-1."""
    if not numbers.numel():
        return
    low, high = (int(value) for value in torch.aminmax(numbers))
    if low < 0 or high >= size:
        raise ValueError(
            f"{what} {low if low < 0 else high}, but there are {size} {whole}, numbered 0 to "
            f"{size - 1}: give the numbers that are there, or the real size"
        )
