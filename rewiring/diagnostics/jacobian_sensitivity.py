"""Jacobian sensitivity: how much a node's output depends on features, by their hop distance."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from gnnlab.contracts.data import check
from gnnlab.contracts.nodes import count_nodes
from gnnlab.core.plotting import new_axes
from gnnlab.core.settings import checked
from gnnlab.rewiring.diagnostics.jacobian import choose_nodes, jacobian_norms
from gnnlab.structure.graphs.undirected_lists import undirected
from gnnlab.structure.hops.bfs import hop_matrix

if TYPE_CHECKING:
    from torch_geometric.data import Data


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """Mean sensitivity by hop distance.

    Args:
        hop: (D,) int64, the distances that occur, ascending.
        mean: (D,) float64, the mean of ||dh_i / dx_j||_1 over pairs at that distance.
        pairs: (D,) int64, how many pairs that is.
    """

    hop: Tensor
    mean: Tensor
    pairs: Tensor

    def plot(self, ax: Any = None, **style: Any) -> Any:
        """Draw the mean over the distance on a logarithmic scale and return the axes.

        Raises:
            ImportError: matplotlib is not installed.
        """
        ax = new_axes()[0] if ax is None else ax
        there = self.mean > 0  # what is 0 has no place on a logarithmic scale
        ax.semilogy(self.hop[there], self.mean[there], **{"marker": "o", **style})
        ax.set_xlabel("hop distance of i and j")
        ax.set_ylabel(r"mean $\|\partial h_i / \partial x_j\|_1$")
        return ax


@checked
def jacobian_sensitivity(
    encoder: nn.Module,
    data: Data,
    *,
    edge_index: Tensor | None = None,
    nodes: int | Tensor = 16,
    seed: int = 0,
) -> Sensitivity:
    r"""Measure how strongly an encoder's output at i depends on the features at j, by distance.

    .. math:: \Big\| \frac{\partial h_i}{\partial x_j} \Big\|_1
        = \sum_{a, b} \Big| \frac{\partial h_{i, a}}{\partial x_{j, b}} \Big|

    Width and depth of the encoder and the topology of the graph decide how it falls with the hop
    distance. To judge a rewiring, measure distances in the graph before it: hand the rewired graph
    as ``data`` and the old ``edge_index``.

    Args:
        encoder: returns (N, H) for ``data``; a copy is run in eval mode.
        data: the graph, with ``x`` (N, F); left as it is.
        edge_index: (2, E) int64, where to measure distances; the graph's own edges if None.
        nodes: the nodes i, or how many are drawn (all if there are no more).
        seed: of the draw.

    Shapes:
        :class:`Sensitivity` with one row for each distance that occurs, 0 (j = i) included

    Raises:
        ValueError: bad edges or nodes, or an encoder whose output is not (N, H).

    Cost:
        a forward pass, and H backward passes for each node i.

    Source:
        Di Giovanni, Giusti, Barbero, Luise, Lio and Bronstein, "On over-squashing in message
        passing neural networks: the impact of width, depth, and topology", ICML 2023
        (https://arxiv.org/abs/2302.02941).
    """
    check(data)
    chosen = choose_nodes(nodes, count_nodes(data), seed)
    graph = undirected(data.edge_index if edge_index is None else edge_index, count_nodes(data))
    hops = torch.from_numpy(hop_matrix(graph.rowptr, graph.col, sources=chosen.numpy())).long()
    model = deepcopy(encoder).eval()
    norms = torch.stack(list(jacobian_norms(model, data, chosen)))
    reached = hops >= 0
    pairs = torch.bincount(hops[reached])
    sums = torch.bincount(hops[reached], norms[reached].double())
    return Sensitivity(torch.arange(len(pairs)), sums / pairs, pairs)
