"""DGL graphs, read by the methods that DGL documents; DGL itself is not needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gnnlab.contracts.data import MASKS
from gnnlab.contracts.described import described
from gnnlab.datasets.kinds.build_data import build
from gnnlab.datasets.values.masks import Masks

if TYPE_CHECKING:
    from torch_geometric.data import Data

FEATURES, LABELS = ("feat", "x", "attr", "features"), ("label", "labels", "y")
WEIGHTS, TYPES = ("weight", "w", "edge_weight"), ("etype", "edge_type", "rel_type")
"""Usual keys, the first that is there."""


def from_dgl(graph: Any, *, features: str | None = None, label: str | None = None) -> Data:
    """Graph of a DGL graph with one type of node and edge, edges in its order and directions.

    Masks, weights and types of edges are taken from their usual keys (``train_mask``, …;
    ``weight``, ``etype``), a matrix of edge features from ``feat``.

    Args:
        graph: what has ``edges()``, ``num_nodes()``, ``ndata`` and ``edata``.
        features: key of ``ndata``; ``feat``, ``x``, ``attr`` if not given.
        label: key of ``ndata``; ``label``, ``labels``, ``y`` if not given.

    Raises:
        ValueError: no such graph, several types, or a key that is not there.
    """
    missing = [
        name for name in ("edges", "num_nodes", "ndata", "edata") if not hasattr(graph, name)
    ]
    if missing:
        raise ValueError(
            f"graph is {described(graph)} without {missing[0]}, but a graph of DGL has edges(), "
            "num_nodes(), ndata and edata: give one"
        )
    if not getattr(graph, "is_homogeneous", True):
        raise ValueError(
            "the graph of DGL has several types of nodes or edges: take dgl.to_homogeneous(graph, "
            "ndata=['feat']), whose edge types relational encoders such as RGCN read"
        )
    nodes, edges = graph.ndata, graph.edata
    source, target = graph.edges()[:2]
    edge_index = torch.stack([source, target]).long().cpu()
    x = _tensor(nodes, features, FEATURES, "features")
    y = _tensor(nodes, label, LABELS, "label")
    classes = 0
    if y is not None and not y.is_floating_point() and y.dim() == 1:
        y = y.long()
        classes = int(y.max()) + 1 if len(y) else 0
    masks = None
    if all(name in nodes for name in MASKS):
        masks = Masks(*(nodes[name].bool().cpu() for name in MASKS))
    more = {
        "edge_weight": _tensor(edges, None, WEIGHTS, "weight"),
        "edge_type": _tensor(edges, None, TYPES, "type"),
        "edge_attr": _tensor(edges, None, FEATURES, "features"),
    }
    kept = {key: value for key, value in more.items() if value is not None}
    if "edge_weight" in kept:
        kept["edge_weight"] = kept["edge_weight"].reshape(-1).float()
    rows = torch.zeros(int(graph.num_nodes()), 0) if x is None else x.reshape(len(x), -1)
    return build(rows, edge_index, y, classes, masks, "own", source="own", **kept)


def _tensor(
    held: Mapping[str, Any], key: str | None, usual: tuple[str, ...], argument: str
) -> Tensor | None:
    """What is under a key, or under the first usual one that is there."""
    if key is not None and key not in held:
        raise ValueError(
            f"{argument} is {key!r}, but the graph of DGL holds {', '.join(map(repr, held))}: name "
            "one of these"
        )
    found = key or next((name for name in usual if name in held), None)
    return None if found is None else held[found].detach().cpu()
