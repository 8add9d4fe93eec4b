"""Many graphs out of tables of all nodes and edges, with what edges hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from gnnlab.datasets.own.tabular.edges import Edges
from gnnlab.datasets.values.cut_graphs import cut

if TYPE_CHECKING:
    from torch_geometric.data import Data


def cut_graphs(
    sizes: Tensor, x: Tensor, edges: Edges, y: Tensor, kept: Mapping[str, Any]
) -> tuple[Data, ...]:
    """Make a ``Data`` of each graph's rows.

    Args:
        sizes: (G,) nodes of each.
        x: (N, F), nodes numbered one graph after the other.
        edges: sorted by source.
        y: (G,) or (G, T).
        kept: what every graph keeps beside them, the same for all.
    """
    values = {key: torch.from_numpy(np.ascontiguousarray(v)) for key, v in edges.values.items()}
    edge_index = torch.from_numpy(np.stack([edges.source, edges.target]))
    graphs = cut(sizes, x, edge_index, y, **values)
    for graph in graphs:
        for key, value in kept.items():
            graph[key] = value
    return graphs
