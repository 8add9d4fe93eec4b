"""Edges of a graph that a split keeps, with the values stored for them."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from torch import Tensor

from gnnlab.contracts.edge_rows import edge_keys, kept_rows

if TYPE_CHECKING:
    from torch_geometric.data import Data


def kept_edges(data: Data, keep: Tensor, edge_index: Tensor | None = None) -> Data:
    """Return a copy with some of the edges, and the rows of these of whatever edges have.

    Args:
        edge_index: what is left of the edges, if it is at hand.

    Shapes:
        keep (E,) bool, or (E',) int64
    """
    found, stored = copy(data), data.to_dict()
    found.edge_index = data.edge_index[:, keep] if edge_index is None else edge_index
    for key in edge_keys(stored):
        found[key] = kept_rows(stored[key], keep)
    return found
