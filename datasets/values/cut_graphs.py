"""Cut graphs: one ``Data`` a graph, out of tables of all nodes and edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from torch_geometric.data import Data


def cut(
    sizes: Tensor, x: Tensor, edge_index: Tensor, y: Tensor, **edge_values: Tensor
) -> tuple[Data, ...]:
    """Make a ``Data`` of each graph's rows.

    Args:
        sizes: (G,) int64, nodes of each.
        x: (N, F), nodes numbered one graph after the other.
        edge_index: (2, E), sorted by source.
        y: (G,) or (G, T), a row each.
        edge_values: (E, ...) more keys, a row an edge.
    """
    from torch_geometric.data import Data

    ends = sizes.cumsum(0)
    # Edges are sorted by source, so that each graph's lie side by side.
    bounds = torch.searchsorted(edge_index[0].contiguous(), ends)
    edges = bounds.diff(prepend=bounds.new_zeros(1)).tolist()
    graphs = tuple(
        Data(x=own, edge_index=pairs - start, y=target)
        for own, pairs, start, target in zip(
            torch.split(x, sizes.tolist()),
            torch.split(edge_index, edges, dim=1),
            (ends - sizes).tolist(),
            torch.split(y, 1),
            strict=True,
        )
    )
    for key, values in edge_values.items():
        for data, own in zip(graphs, torch.split(values, edges), strict=True):
            data[key] = own
    return graphs
