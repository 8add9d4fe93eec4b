"""Raw graphs as readers return them, and checks of node ids."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gnnlab.datasets.files.damage import Damaged
from gnnlab.datasets.values.masks import Masks

if TYPE_CHECKING:
    from torch_geometric.data import Data

Open = Callable[[str], Path]  # mirror path -> verified local file


@dataclass(frozen=True)
class RawGraph:
    """A graph as its files store it.

    Attributes:
        x: (N, F) float32, F = 0 where the files have no features.
        edge_index: (2, E) int64, one column per stored row.
        y: (N,) int64, -1 where the label is unknown.
        masks: the splits that the same files hold, if any.
    """

    x: Tensor
    edge_index: Tensor
    y: Tensor
    masks: Masks | None = None


@dataclass(frozen=True)
class RawGraphs:
    """Many graphs as their files store them, nodes numbered one after the other.

    Attributes:
        sizes: (G,) int64, nodes of each graph.
        edge_index: (2, E) int64, one column per stored row.
        y: (G,) int64 of classes, or (G, T) float32.
        labels: (N, L) float32, one-hot node labels; None where the files have none.
        attributes: (N, A) float32; None where the files have none.
        edge_type: (E,) int64 from 0; None where the files have none.
    """

    sizes: Tensor
    edge_index: Tensor
    y: Tensor
    labels: Tensor | None = None
    attributes: Tensor | None = None
    edge_type: Tensor | None = None


@dataclass(frozen=True)
class GivenGraphs:
    """Many graphs that come cut, and mostly split.

    Attributes:
        graphs: PyG's ``Data``, edges as stored.
        masks: the splits, (G, S) each; None where they are drawn.
        left_out: what the files say and the features do not, for a warning; empty if nothing.
    """

    graphs: tuple[Data, ...]
    masks: Masks | None = None
    left_out: str = ""


@dataclass(frozen=True)
class RawLinks:
    """A graph whose links are to be predicted, as its files store it.

    Attributes:
        x: (N, F) float32, F = 0 where the files have no features.
        edge_index: (2, E) int64, one column per stored row.
        edges: attributes ``edge_…`` with a row for each of them.
        nodes: attributes ``node_…`` with a row for each node.
        parts: the split that comes with it, by part and key; empty if there is none.
    """

    x: Tensor
    edge_index: Tensor
    edges: dict[str, Tensor] = field(default_factory=dict)
    nodes: dict[str, Tensor] = field(default_factory=dict)
    parts: dict[str, dict[str, Tensor]] = field(default_factory=dict)


def node_ids(edges: np.ndarray, path: Path, num_nodes: int, first: int = 0) -> Tensor:
    """Turn stored rows (E, 2) into an edge_index (2, E), refusing ids outside the graph.

    Args:
        first: the file's number of the first node; what is wrong is named as the file has it.
    """
    if edges.ndim != 2 or edges.shape[1] != 2:
        raise Damaged(f"{path} stores edges of shape {edges.shape}; expected (rows, 2)")
    if edges.dtype.kind not in "iu":
        raise Damaged(f"{path} stores edges as {edges.dtype}; expected whole numbers")
    last = first + num_nodes - 1
    if edges.size and not (edges.min() >= first and edges.max() <= last):
        worst = int(edges.max()) if edges.max() > last else int(edges.min())
        raise Damaged(
            f"{path} joins node {worst}, but the graph has {num_nodes} nodes, numbered {first} to "
            f"{last}"
        )
    return torch.from_numpy(np.ascontiguousarray(edges.T.astype(np.int64) - first))
