"""Neighbourhoods cut out of a graph, on which an encoder gives the same output as on the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from torch_geometric.data import Batch, Data


def induced(data: Data, nodes: Tensor) -> Data:
    """Keep the given nodes, and the edges and other pairs of nodes that lie between them.

    Pairs are keys named ``…_index`` of shape (2, M); what has a row for each of them goes by the
    same name without ``_index``, as ``hop_index`` and ``hop`` do.

    Args:
        nodes: (K,) int64, ascending.
    """
    from torch_geometric.utils import subgraph

    extra: dict[str, Tensor] = {}
    whole = data.clone("x")
    for key in pair_keys(data):
        pairs, _, kept = subgraph(
            nodes, data[key], relabel_nodes=True, num_nodes=data.num_nodes, return_edge_mask=True
        )
        extra[key] = pairs
        del whole[key]
        values = key.removesuffix("_index")
        if values in data:
            extra[values] = data[values][kept]
            del whole[values]
    part: Data = whole.subgraph(nodes)
    for key in (f"{key.removesuffix('_index')}_of" for key in pair_keys(data)):
        if key in part:  # cut along with the edges, not found in those that are left
            del part[key]
    for key, value in extra.items():
        part[key] = value
    return part


def pair_keys(data: Data) -> list[str]:
    """Keys other than ``edge_index`` that hold pairs of nodes."""
    return [
        key
        for key, value in data
        if key.endswith("_index") and key != "edge_index" and _is_pairs(value)
    ]


def _is_pairs(value: Any) -> bool:
    return isinstance(value, Tensor) and value.dim() == 2 and value.shape[0] == 2


def side_by_side(parts: list[Data]) -> Batch:
    """Lay graphs side by side, without what only the training reads."""
    from torch_geometric.data import Batch

    unread = {"train_mask", "val_mask", "test_mask", "y"}
    return Batch.from_data_list(parts, exclude_keys=[key for key in unread if key in parts[0]])


def in_double(data: Data) -> Data:
    """A copy whose floating tensors are float64 and whose features are dense."""
    found = data.clone("x")
    for key, value in data:
        if isinstance(value, Tensor) and value.is_floating_point():
            dense = value if value.layout is torch.strided else value.to_dense()
            found[key] = dense.double()
    return found
