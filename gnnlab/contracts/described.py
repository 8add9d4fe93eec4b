"""Described values: a user's value in the words of an error, and the way to make it fit."""

from __future__ import annotations

from typing import Any

from torch import Tensor


def described(value: Any) -> str:
    """Say what a value is: a tensor by its shape, anything else by its type.

    Example:
        >>> described(torch.zeros(3, 2)), described([0, 1]), described(None)
        ('(3, 2)', 'a list', 'None')
    """
    if isinstance(value, Tensor):
        return f"{tuple(value.shape)}"
    if value is None or isinstance(value, str):
        return repr(value)
    if isinstance(value, type):
        return f"the class {value.__name__}"
    name = type(value).__name__
    return f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"


def way_to_tensor(value: Any, way: str) -> str:
    """Say how a value that is no tensor becomes one, and else the way that its shape needs."""
    return way if isinstance(value, Tensor) else "make it a tensor, with torch.as_tensor"


def way_to_columns(value: Any) -> str:
    """Say how a value becomes rows of sources and targets, (2, P)."""
    if not isinstance(value, Tensor):
        return "make it a tensor, with torch.as_tensor"
    if value.numel() == 0:
        return "no pair at all is torch.empty(2, 0, dtype=torch.int64)"
    if value.shape[1:] == (2,):
        return "transpose it"
    if value.dim() == 2 and value.shape[0] == value.shape[1]:
        return "an adjacency matrix becomes it with torch.as_tensor(matrix.to_dense()).nonzero().T"
    return "reshape it"


def way_to_labels(y: Any) -> str:
    """Say how a tensor of labels becomes one class a node, (N,)."""
    if isinstance(y, Tensor) and y.dim() == 2 and y.shape[1] > 1:
        if bool(((y == 0) | (y == 1)).all()) and bool((y.sum(1) == 1).all()):
            return "take data.y.argmax(1) of one column a class"
        return "keep one column, since each node has one class here, or take NodePrediction()"
    return "reshape it, for instance with .view(-1)"


def way_to_classes(y: Tensor) -> str:
    """Say how values become class numbers, where they can."""
    if not y.is_floating_point() or bool((y == y.round()).all()):
        return "convert them with .long()"
    return (
        "real numbers are predicted of nodes with NodePrediction(), and of graphs with "
        "GraphPrediction(kind='regression')"
    )


def refuse_other_graphs(data: Any) -> None:
    """Refuse what is no ``Data`` of PyG, with the way to one where there is any.

    Raises:
        ValueError: a graph of several types of node, one of another library, or no graph.
    """
    from torch_geometric.data import Data, HeteroData

    if isinstance(data, Data):
        return
    way = "give a torch_geometric.data.Data"
    if isinstance(data, HeteroData):
        way = "take data.to_homogeneous(), whose edge_type relational encoders such as RGCN read"
    elif type(data).__module__.startswith("networkx."):
        way = "take torch_geometric.utils.from_networkx(graph) and set x"
    raise ValueError(
        f"{described(data)} was given, but a graph with one type of node is needed: {way}"
    )
