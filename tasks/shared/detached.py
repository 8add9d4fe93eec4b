"""Detached data: copies cut from autograd, so that training leaves no gradient in the caller's."""

from __future__ import annotations

from copy import copy
from typing import Any

from torch import Tensor


def detached(data: Any) -> Any:
    """Return the data with every tensor cut from how it was computed; itself if none is attached.

    Args:
        data: a graph of PyG or a set of many; anything else, which a task refuses, stays as it is.
    """
    from torch_geometric.data.data import BaseData

    if isinstance(data, BaseData):
        return _graph(data) if _attached(data.to_dict()) else data
    if not hasattr(data, "with_graphs"):
        return data
    graphs = [_graph(graph) if _attached(graph.to_dict()) else graph for graph in data]
    same = all(own is given for own, given in zip(graphs, data, strict=True))
    return data if same else data.with_graphs(graphs)


def _graph(graph: Any) -> Any:
    return copy(graph).apply(lambda tensor: tensor.detach() if tensor.requires_grad else tensor)


def _attached(value: Any) -> bool:
    """Whether a tensor in it, at whatever depth, takes a gradient."""
    if isinstance(value, Tensor):
        return value.requires_grad
    if isinstance(value, dict):
        return any(map(_attached, value.values()))
    return isinstance(value, list | tuple) and any(map(_attached, value))
