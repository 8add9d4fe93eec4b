"""Paths as an LSTM reads them: from the far end to the node that hears."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.ops import Adjacency, gather, lstm_step


class Reading(NamedTuple):
    """The paths of k edges, in the order in which they are read.

    Args:
        steps: k graphs with an edge for each path, from the node that is read to the next one; the
            last ones' targets are the nodes that hear.
        distances: (P, k + 1), of each node from the one that hears; None where they are not read.
        edges: k graphs like ``steps`` whose targets are the rows of the table of edges that the
            steps go along; none where edges are not read.
        weight: (P,), the product of the weights of its edges; None where all are 1.
    """

    steps: list[Adjacency]
    distances: Tensor | None = None
    edges: list[Adjacency] | None = None
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
        k products of (P, H) and (H, 4 H), one less without distances. What a node, a distance or an
        edge brings in is mapped once for each of them, and rows of that are gathered.
    """

    def __init__(self, channels: int, *, distances: int = 0, edge_dim: int = 0) -> None:
        super().__init__()
        self.channels, self.edge_dim = channels, edge_dim
        self.distances = nn.Embedding(distances, channels) if distances else None
        self.cell = nn.LSTMCell(channels * (2 if distances else 1) + edge_dim, channels)
        self.reset_parameters()

    def forward(self, x: Tensor, reading: Reading, edges: Tensor | None = None) -> Tensor:
        """Read the paths; ``edges`` are those that :meth:`of_edges` has mapped."""
        nodes = F.linear(x, self._weights()[0], self.cell.bias_ih + self.cell.bias_hh)
        far = self._of_distances(reading)
        first = reading.steps[0]
        if self.distances is not None:
            h, c = lstm_step([gather(nodes, first), far[0]])
            again = F.linear(h, self.cell.weight_hh)
        else:
            # What a first node leaves behind is the same for all paths that begin there.
            h, c = lstm_step([nodes])
            again = gather(F.linear(h, self.cell.weight_hh), first)
            c = gather(c, first)
        for j, step in enumerate(reading.steps):
            terms = [gather(nodes, step, "target"), again]
            if self.distances is not None:
                terms.append(far[j + 1])
            if edges is not None and reading.edges is not None:
                terms.append(gather(edges, reading.edges[j], "target"))
            h, c = lstm_step(terms, c)
            if j + 1 < len(reading.steps):
                again = F.linear(h, self.cell.weight_hh)
        return h

    def of_edges(self, edges: Tensor) -> Tensor:
        """What edges bring in, (E, D) -> (E, 4 H): the same in every layer."""
        return F.linear(edges, self._weights()[2])

    def _of_distances(self, reading: Reading) -> list[Tensor]:
        """What the distances along the paths bring in, (P, 4 H) each."""
        if self.distances is None or reading.distances is None:
            return []
        table = F.linear(self.distances.weight, self._weights()[1])
        return [F.embedding(column, table) for column in reading.distances.long().unbind(1)]

    def _weights(self) -> list[Tensor]:
        """The input's weights, of nodes, of distances and of edges."""
        distances = 0 if self.distances is None else self.channels
        widths = [self.channels, distances, self.edge_dim]
        return list(torch.split(self.cell.weight_ih, widths, dim=1))

    def reset_parameters(self) -> None:
        self.cell.reset_parameters()
        if self.distances is not None:
            nn.init.xavier_uniform_(self.distances.weight)
