"""Drawing of a small graph: its nodes with their classes, and the split that they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from gnnlab.contracts.nodes import count_nodes
from gnnlab.core.arguments import check_count, shown
from gnnlab.core.plotting import new_axes

if TYPE_CHECKING:
    from torch_geometric.data import Data

LIMIT = 2_000
"""Nodes beyond which a drawing is a black spot, and its layout takes minutes."""
MARKERS = {"train": "o", "val": "s", "test": "^", "no part": "."}


def plot(data: Data, ax: Any = None, *, split: int | None = None, seed: int = 0) -> Any:
    """Draw a small graph and return the axes.

    A node's colour is its class, or its number where ``y`` holds numbers. Nodes lie at ``data.pos``
    (N, 2) if there is one; else springs of equal length find the places.

    Args:
        data: the graph.
        ax: matplotlib's axes to draw on; new ones if None.
        split: which column of the masks decides the markers: circles train, squares validate,
            triangles test. None draws circles.
        seed: of the layout.

    Raises:
        ValueError: more than 2,000 nodes, or a split that the data does not have.
        ImportError: matplotlib is not installed.

    Cost:
        O(N^2) for the layout.

    Example:
        >>> from gnnlab import datasets
        >>> ax = datasets.plot(datasets.load("karate"), split=0)  # doctest: +SKIP
    """
    nodes = count_nodes(data)
    if nodes > LIMIT:
        raise ValueError(
            f"the graph has {nodes:,} nodes, and a drawing of more than {LIMIT:,} shows nothing: "
            "draw a part, such as data.subgraph(torch.arange(200))"
        )
    parts = _parts(data, split, nodes)
    ax = new_axes()[0] if ax is None else ax
    places, colors = _places(data, nodes, seed), _colors(data, nodes)
    _draw_edges(ax, places, data.edge_index)
    for name, own in parts.items():
        ax.scatter(
            *places[own].T, c=colors[own], marker=MARKERS[name], s=40, cmap="tab10", zorder=2,
            vmin=float(colors.min(initial=0)), vmax=float(colors.max(initial=1)), label=name,
        )  # fmt: skip
    if split is not None:
        ax.legend(frameon=False)
    ax.set_axis_off()
    return ax


def _draw_edges(ax: Any, places: np.ndarray, edge_index: Tensor) -> None:
    from matplotlib.collections import LineCollection

    lines = places[edge_index.cpu().numpy().T]
    ax.add_collection(LineCollection(lines, colors="0.75", linewidths=0.6, zorder=1))


def _places(data: Data, nodes: int, seed: int) -> np.ndarray:
    """Where each node lies, (N, 2)."""
    given = data.get("pos")
    if isinstance(given, Tensor) and given.shape == (nodes, 2):
        return given.double().cpu().numpy()
    import networkx as nx

    graph = nx.empty_graph(nodes)
    graph.add_edges_from(data.edge_index.T.tolist())
    places = nx.spring_layout(graph, seed=seed)
    return np.array([places[node] for node in range(nodes)]).reshape(-1, 2)


def _colors(data: Data, nodes: int) -> np.ndarray:
    """A number for each node's colour, (N,)."""
    y = data.get("y")
    if not isinstance(y, Tensor) or y.shape[:1] != (nodes,):
        return np.zeros(nodes)
    return y.reshape(nodes, -1)[:, 0].double().cpu().numpy()


def _parts(data: Data, split: int | None, nodes: int) -> dict[str, np.ndarray]:
    """The nodes of each part of a split, by the part's name."""
    if split is None:
        return {"train": np.ones(nodes, bool)}
    check_count("split", split, 0)
    masks = {name: data.get(f"{name}_mask") for name in ("train", "val", "test")}
    found = {name: mask for name, mask in masks.items() if isinstance(mask, Tensor)}
    count = min((mask.reshape(nodes, -1).shape[1] for mask in found.values()), default=0)
    if split >= count:
        raise ValueError(
            f"split is {shown(split)}, but the graph has {count} splits, counted from 0: take "
            "another, or None to draw no split"
        )
    parts = {name: mask.reshape(nodes, -1)[:, split].cpu() for name, mask in found.items()}
    parts["no part"] = ~torch.stack(list(parts.values())).any(0)
    return {name: mask.numpy() for name, mask in parts.items() if bool(mask.any())}
