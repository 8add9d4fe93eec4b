"""Hop graphs: the pairs of nodes at each distance, one graph for each distance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from gnnlab.ops import Adjacency, relations

if TYPE_CHECKING:
    from torch_geometric.data import Data


class Hop(NamedTuple):
    """What a layer reads of one distance.

    Args:
        adj: an edge for each pair, from the node that is heard to the one that hears.
        weight, attr, kind: what the graph's own edges carry; None at other distances.
        mask: (M,) bool, which of the edges are meant: under ``torch.compile``, where the pairs of
            all distances are one graph; None where all are.
    """

    adj: Adjacency
    weight: Tensor | None = None
    attr: Tensor | None = None
    kind: Tensor | None = None
    mask: Tensor | None = None

    def weights(self, dtype: torch.dtype) -> Tensor | None:
        """The weights of the edges, 0 for those that are not meant."""
        return self.weight if self.mask is None else self.mask.to(dtype)


Hops = Sequence[Hop | None]
"""The distances 1, 2, …; None where no pair is so far apart."""


def hop_graphs(data: Data, max_hop: int) -> Hops:
    """Split a graph's pairs by distance; each is sorted once for as long as its tensor lives.

    At distance 1 are the graph's own edges, with all that they carry. The others are read from
    ``data.hop_index`` and ``data.hop``, where pairs farther apart are not looked at.

    Shapes:
        data.edge_index (2, E), data.hop_index (2, M), data.hop (M,) int64 -> max_hop graphs

    Raises:
        ValueError: the pairs are missing, do not go as far, are of another graph or do not fit.
    """
    nodes = data.x.shape[0]
    adj = Adjacency.of(data.edge_index, nodes)
    carried = (getattr(data, key, None) for key in ("edge_weight", "edge_attr", "edge_type"))
    found: list[Hop | None] = [Hop(adj, *carried) if adj.num_edges else None]
    if max_hop == 1:
        return found
    pairs, hop = _pairs(data, nodes, max_hop)
    parts = relations(pairs, hop, max_hop + 1 if torch.compiler.is_compiling() else None)
    for distance in range(2, max_hop + 1):
        part = parts.get(distance)
        found.append(None if part is None else Hop(part.own, mask=part.mask))
    return found


def _pairs(data: Data, nodes: int, max_hop: int) -> tuple[Adjacency, Tensor]:
    from gnnlab.structure.transforms import AddHops

    pairs, hop = AddHops(max_hop).read_from(data)
    return Adjacency.of(pairs, nodes), hop


def graphs_that_reach(hop: Hop, batch: Tensor | None, like: Tensor) -> Tensor | None:
    """1 at the nodes of graphs that have a pair at this distance, 0 at others.

    Args:
        hop: the distance.
        batch: which graph each node is of; None for one graph.
        like: a table of nodes, of the wanted type.

    Shapes:
        batch (N,), like (N, F) -> (N, 1) or (1, 1), or None where it is 1 everywhere
    """
    if batch is None and hop.mask is None:
        return None
    pairs = like.new_ones(hop.adj.num_edges) if hop.mask is None else hop.mask.to(like.dtype)
    if batch is None:
        return (pairs.sum() > 0).to(like.dtype).reshape(1, 1)
    count = like.new_zeros(like.shape[0]).index_add(0, batch[hop.adj.target], pairs)
    return (count > 0).to(like.dtype)[batch].unsqueeze(1)
