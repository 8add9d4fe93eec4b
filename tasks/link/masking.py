"""Masking of links: graphs without the links to predict, or with links known at test time added."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gnnlab.contracts.edge_rows import edge_keys, more_rows
from gnnlab.contracts.nodes import count_nodes
from gnnlab.ops import Adjacency
from gnnlab.tasks.link.splits.edges import kept_edges

if TYPE_CHECKING:
    from torch_geometric.data import Data


def without(data: Data, pairs: Tensor) -> tuple[Data, Adjacency]:
    """Take links out of a graph: every edge between the two nodes, in both directions.

    Returns:
        the graph, itself if it has no such edge, and its sorted form, which is found by its
        ``edge_index`` for as long as somebody holds it: nothing is sorted again.

    Shapes:
        pairs (2, P) int64

    Cost:
        O(P log E + E), the second for copies of what is left.
    """
    whole = Adjacency.of(data.edge_index, data.num_nodes)
    view = whole.without(pairs)
    if view.num_edges == whole.num_edges:
        return data, whole
    return kept_edges(data, view.kept, view.edge_index), view


def with_links(data: Data, pairs: Tensor, undirected: bool) -> Data:
    """Return the graph with edges between more pairs, except where there are some already.

    New edges have type 0 and weight 1, and what else edges have is 0 for them.

    Shapes:
        pairs (2, P) int64
    """
    nodes, stored = count_nodes(data), data.to_dict()
    new = pairs[:, ~torch.isin(keys_of(pairs, nodes), keys_of(data.edge_index, nodes))]
    new = torch.cat([new, new.flip(0)], dim=1) if undirected else new
    found = copy(data)
    for key in edge_keys(stored):
        found[key] = more_rows(stored[key], new.shape[1], float(key == "edge_weight"))
    found.edge_index = torch.cat([data.edge_index, new], dim=1)
    return found


def keys_of(pairs: Tensor, num_nodes: int) -> Tensor:
    """One number for the two nodes of a pair, in whatever order: (2, P) -> (P,)."""
    return pairs.amin(0) * num_nodes + pairs.amax(0)
