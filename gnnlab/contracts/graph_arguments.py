"""Graph arguments of encoders: the number of nodes, and the types and width of edges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from gnnlab.core.settings import checked

if TYPE_CHECKING:
    from torch_geometric.data import Data


def graphs_of(data: Any) -> Sequence[Any]:
    """The graphs of a set, or the one graph."""
    from torch_geometric.data.data import BaseData

    found: Sequence[Any] = [data] if isinstance(data, BaseData) else data
    return found


def nodes_of_first(data: Any) -> int:
    """N of the graph, or of a set's first."""
    return int(graphs_of(data)[0].num_nodes)


def edge_types_of(data: Any) -> int:
    """The largest number of edge types in any of the graphs."""
    return max(count_edge_types(graph) for graph in graphs_of(data))


def edge_width(data: Any) -> int | None:
    """D of a floating ``edge_attr``, None where there is none."""
    attr = getattr(graphs_of(data)[0], "edge_attr", None)
    if attr is None or not attr.is_floating_point() or attr.dim() != 2:
        return None
    return int(attr.shape[1])


def edge_values(data: Any) -> Any:
    """How many values each column of edges' codes has, or D of a floating ``edge_attr``."""
    return getattr(data, "edge_sizes", ()) or edge_width(data)


@checked
def count_edge_types(data: Data) -> int:
    """Return T: the stored ``num_edge_types``, else the largest ``edge_type`` + 1, else 1.

    ``data.num_edge_types`` is PyG's property, which looks at one graph's edges and would miss a
    type that only other graphs have.

    Raises:
        ValueError: ``edge_type`` is not (E,) int64 from 0 on, or has more types than are stored.
    """
    stored = data.to_dict()
    edge_type, seen = stored.get("edge_type"), 0
    if edge_type is not None:
        if edge_type.dtype != torch.int64 or edge_type.dim() != 1:
            raise ValueError(
                f"data.edge_type is {edge_type.dtype} of shape {tuple(edge_type.shape)}, but edge "
                "types are numbers from 0, (E,) int64: use .argmax(-1) on one-hot rows, .long() "
                "on others"
            )
        if edge_type.numel():
            low, high = (int(end) for end in edge_type.aminmax())
            if low < 0:
                raise ValueError(f"data.edge_type is {low}, but edge types are numbered from 0")
            seen = high + 1
    types = int(stored.get("num_edge_types", max(seen, 1)))
    if types < seen:
        raise ValueError(
            f"data.edge_type goes up to {seen - 1}, but num_edge_types is {types}: store "
            f"{seen}, or the number of types in the whole dataset"
        )
    return types
