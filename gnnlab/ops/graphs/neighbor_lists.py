"""Neighbour lists: a list of nodes for each pair of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

import torch
from torch import Tensor

from gnnlab.ops.graphs.bipartite import Bipartite


@dataclass(frozen=True, eq=False)
class NeighborLists:
    """A list of nodes for every pair, ascending, one after the other.

    Args:
        rowptr: (P + 1,) int32: pair p's nodes are ``node[rowptr[p]:rowptr[p + 1]]``.
        node: (M,) int32; like ``rowptr`` looked at when the lists are first used.
        num_nodes: N, of the graph that the nodes are of.
        weight: (M,) float64, how many nodes each stands for where lists were sampled; else None.
    """

    rowptr: Tensor
    node: Tensor
    num_nodes: int
    weight: Tensor | None = None
    _graphs: dict[str, Bipartite] = field(default_factory=dict, repr=False, init=False)

    @property
    def count(self) -> Tensor:
        """(P,) int64: how long each list is."""
        return self.rowptr.diff().long()

    @property
    def pair(self) -> Tensor:
        """(M,) int64: the pair whose list each node is in."""
        pairs = torch.arange(len(self), device=self.node.device)
        return pairs.repeat_interleave(self.count)

    @property
    def stands(self) -> Tensor:
        """(M,): how many nodes each stands for."""
        if self.weight is not None:
            return self.weight
        return torch.ones(self.node.shape, dtype=torch.float64, device=self.node.device)

    @property
    def graph(self) -> Bipartite:
        """The lists as edges from nodes to pairs: checked, and copied when first asked for.

        Raises:
            ValueError: the numbers are no lists of nodes.
        """
        if "graph" not in self._graphs:
            self._graphs["graph"] = Bipartite(self.rowptr, self.node, self.num_nodes)
        return self._graphs["graph"]

    def renamed(self, node: Tensor, num_nodes: int, filled: Tensor | None = None) -> NeighborLists:
        """The same lists under other numbers of the nodes.

        Args:
            node: (M,) int32 in 0..num_nodes-1.
            num_nodes: how many numbers there are.
            filled: (K,) int64, pairs to keep, ascending; the lists of all others are empty.
        """
        rowptr = self.rowptr
        if filled is not None:
            rowptr = torch.cat([rowptr[filled], rowptr[-1:]])
        return NeighborLists(rowptr, node, num_nodes, self.weight)

    def weighted(self, weight: Tensor) -> NeighborLists:
        """The same lists, each node for so many (M,)."""
        lists = replace(self, weight=weight)
        lists._graphs.update(self._graphs)
        return lists

    def __len__(self) -> int:
        return self.rowptr.shape[0] - 1


def stacked(parts: Sequence[NeighborLists]) -> NeighborLists:
    """The lists of all parts, one part after the other."""
    if len(parts) == 1:
        return parts[0]
    starts = accumulate((lists.node.shape[0] for lists in parts), initial=0)
    ends = [lists.rowptr[1:] + start for lists, start in zip(parts, starts, strict=False)]
    rowptr, node = torch.cat([parts[0].rowptr[:1], *ends]), torch.cat([p.node for p in parts])
    weight = torch.cat([lists.stands for lists in parts])
    return NeighborLists(rowptr, node, parts[0].num_nodes, weight)
