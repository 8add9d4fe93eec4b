"""Edge rows: the tensors with a row for every edge, kept in step when edges change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

OF_OTHERS = frozenset({"x", "y", "pos", "batch", "ptr", "node_type", "edge_index"})
"""Keys that are never rows of edges, however many rows they have."""


def edge_keys(stored: Mapping[str, Any]) -> list[str]:
    """The keys that hold a row for every edge, whatever they are called, in the order stored.

    As in PyG, what has as many rows as there are edges belongs to edges (tensors, arrays and
    lists), and with as many nodes as edges the name decides: ``edge`` in it. Beside that, masks,
    labels of pairs (``edge_label``), indices and the keys of nodes and graphs (``y``) are none,
    and one row in a graph of one edge is a number of the graph, unless it is called ``edge_…``.

    Args:
        stored: ``data.to_dict()``, with an ``edge_index``.

    Example:
        >>> edges = torch.tensor([[0, 1, 2], [1, 2, 3]])
        >>> edge_keys({"edge_index": edges, "time": torch.arange(3), "x": torch.ones(4, 3)})
        ['time']
    """
    edges, nodes = stored["edge_index"].shape[1], _nodes(stored)
    return [key for key, value in stored.items() if _is_of_edges(key, value, edges, nodes)]


def _is_of_edges(key: str, value: Any, edges: int, nodes: int) -> bool:
    if key in OF_OTHERS or "index" in key or key.startswith("edge_label") or key.endswith("_mask"):
        return False
    if _rows(value) != edges:
        return False
    return key.startswith("edge_") or (edges > 1 and (edges != nodes or "edge" in key))


def _nodes(stored: Mapping[str, Any]) -> int:
    x, told = stored.get("x"), stored.get("num_nodes")
    if told is not None:
        return int(told)
    if isinstance(x, Tensor) and x.dim():
        return x.shape[0]
    edges = stored["edge_index"]
    return int(edges.max()) + 1 if edges.numel() else 0


def _rows(value: Any) -> int:
    if isinstance(value, Tensor):
        return value.shape[0] if value.dim() and value.layout is torch.strided else -1
    if isinstance(value, np.ndarray):
        return value.shape[0] if value.ndim else -1
    return len(value) if isinstance(value, list) else -1


def kept_rows(value: Any, keep: Tensor) -> Any:
    """Rows of some edges, in the order of ``keep``: numbers, or a mask.

    Shapes:
        value (E, ...), keep (E,) bool or (E',) int64
    """
    if isinstance(value, Tensor):
        return value[keep.to(value.device)]
    where = keep.cpu().numpy()
    if isinstance(value, np.ndarray):
        return value[where]
    numbers = np.flatnonzero(where) if where.dtype == bool else where
    return [value[i] for i in numbers]


def more_rows(value: Any, count: int, fill: float) -> Any:
    """The rows, and as many more that hold ``fill`` (None in a list), for edges that are added."""
    if isinstance(value, Tensor):
        return torch.cat([value, value.new_full((count, *value.shape[1:]), fill)])
    if isinstance(value, np.ndarray):
        return np.concatenate([value, np.full((count, *value.shape[1:]), fill, value.dtype)])
    return [*value, *[None] * count]
