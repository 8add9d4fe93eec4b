"""Commute time: the expected steps of a random walk from one node to another and back."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from gnnlab.core.settings import checked
from gnnlab.rewiring.diagnostics.resistance import component_labels, effective_resistance
from gnnlab.structure.graphs.undirected_lists import undirected


@checked
def commute_time(edge_index: Tensor, num_nodes: int, pairs: Tensor | None = None) -> Tensor:
    r"""Give the expected number of steps of a random walk from u to v and back to u.

    .. math:: C_{uv} = \operatorname{vol}(u) \, R_{uv}, \qquad
        \operatorname{vol}(u) = \sum_{w \text{ in the component of } u} d_w

    Between components it is infinite.

    Args:
        edge_index: (2, E) int64, both directions of every edge.
        num_nodes: N.
        pairs: (2, P) int64; all pairs if None.

    Shapes:
        (N, N) float64 for all pairs, else (P,) float64

    Raises:
        ValueError: as :func:`effective_resistance`.

    Cost:
        that of :func:`effective_resistance`.

    Source:
        Chandra, Raghavan, Ruzzo, Smolensky and Tiwari, "The electrical resistance of a graph
        captures its commute and cover times", STOC 1989 (https://doi.org/10.1145/73007.73062).
    """
    resistance = effective_resistance(edge_index, num_nodes, pairs)
    graph = undirected(edge_index, num_nodes)
    label = component_labels(graph)
    volume = torch.from_numpy(np.bincount(label, np.diff(graph.rowptr))[label])
    time = resistance.mul_(volume[:, None] if pairs is None else volume[pairs[0]])
    # Isolated nodes have volume 0, and 0 times infinity is none of the two.
    return time.masked_fill_(time.isnan(), math.inf)
