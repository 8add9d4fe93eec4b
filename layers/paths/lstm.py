"""LSTM over paths: each is read from its far end to the node where it begins."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.ops import Adjacency, gather, lstm_step


class Places(NamedTuple):
    """The nodes that are read, each with its distance from one that hears.

    Args:
        node: a graph with R edges, whose targets are the nodes.
        distance: (R,) int64.
    """

    node: Adjacency
    distance: Tensor


class Step(NamedTuple):
    """What is read in one step, by a state for each beginning that paths have so far.

    Args:
        read: a graph whose targets are the rows that the states read: nodes or, with distances,
            the rows of :class:`Places`.
        after: a graph whose targets are the states of the step before, from which each goes on;
            None where those are in the same order.
        edge: a graph whose targets are the rows of the table of edges that the step goes along;
            None where edges are not read.
    """

    read: Adjacency
    after: Adjacency | None = None
    edge: Adjacency | None = None

    def go_on(self, values: Tensor) -> Tensor:
        """What the states of the step before have, for those of this one."""
        return values if self.after is None else gather(values, self.after, "target")


class Reading(NamedTuple):
    """The paths of k edges, in the order in which they are read.

    Args:
        first: a graph whose targets are the rows that are read first, as ``Step.read``; None where
            every node is read once, in order.
        steps: the k steps after it; in the last one each path has a state of its own.
        hears: a graph with an edge for each path, whose targets are the nodes that hear.
        places: the rows that steps read; None where they are the nodes.
        weight: (P,), the product of the weights of its edges; None where all are 1.
    """

    first: Adjacency | None
    steps: list[Step]
    hears: Adjacency
    places: Places | None = None
    weight: Tensor | None = None


class PathLSTM(nn.Module):
    r"""One LSTM cell that reads all paths of one length side by side.

    .. math:: (h_j, c_j) = \operatorname{LSTM}\big([x_{w_j}, T_{d(w_j)}, e_{w_{j-1} w_j}],\;
        h_{j-1}, c_{j-1}\big), \qquad h_{-1} = c_{-1} = 0

    for the nodes :math:`w_0, w_1, \dots` of a path in the order of reading; before the first one
    there is no edge, and its e is 0.

    Args:
        channels: H, of nodes and of the states.
        distances: how many distances there are, each with a learned vector T of width H; 0 to read
            none.
        edge_dim: D, the width of e; 0 to read no edges.

    Shapes:
        x (N, H), P paths of k edges, e (E, D) -> (P, H), the states after the last nodes

    Cost:
        A product of (U, H) and (H, 4 H) for each step but the last, where U is in how many ways the
        paths begin up to it: what paths share is read once. What a node, a distance or an edge
        brings in is mapped once for each of them, and rows of that are gathered; with distances,
        once for each node at each distance at which it is read.
    """

    def __init__(self, channels: int, *, distances: int = 0, edge_dim: int = 0) -> None:
        super().__init__()
        self.channels, self.edge_dim = channels, edge_dim
        self.distances = nn.Embedding(distances, channels) if distances else None
        self.cell = nn.LSTMCell(channels * (2 if distances else 1) + edge_dim, channels)
        self.reset_parameters()

    def forward(self, x: Tensor, reading: Reading, edges: Tensor | None = None) -> Tensor:
        """Read the paths; ``edges`` are those that :meth:`of_edges` has mapped."""
        table = self._of_nodes(x, reading.places)
        first = reading.first
        h, c = lstm_step([table if first is None else gather(table, first, "target")])
        for step in reading.steps:
            terms = [gather(table, step.read, "target")]
            if edges is not None and step.edge is not None:
                terms.append(gather(edges, step.edge, "target"))
            terms.append(step.go_on(F.linear(h, self.cell.weight_hh)))
            h, c = lstm_step(terms, step.go_on(c))
        return h

    def of_edges(self, edges: Tensor) -> Tensor:
        """What edges bring in, (E, D) -> (E, 4 H): the same in every layer."""
        return F.linear(edges, self._weights()[2])

    def _of_nodes(self, x: Tensor, places: Places | None) -> Tensor:
        """What nodes bring in, (N, 4 H); with distances, at each place, (R, 4 H)."""
        of_nodes, of_distances, _ = self._weights()
        nodes = F.linear(x, of_nodes, self.cell.bias_ih + self.cell.bias_hh)
        if self.distances is None or places is None:
            return nodes
        far = F.linear(self.distances.weight, of_distances)
        return gather(nodes, places.node, "target") + F.embedding(places.distance, far)

    def _weights(self) -> list[Tensor]:
        """The input's weights, of nodes, of distances and of edges."""
        distances = 0 if self.distances is None else self.channels
        widths = [self.channels, distances, self.edge_dim]
        return list(torch.split(self.cell.weight_ih, widths, dim=1))

    def reset_parameters(self) -> None:
        self.cell.reset_parameters()
        if self.distances is not None:
            nn.init.xavier_uniform_(self.distances.weight)
