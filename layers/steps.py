"""Several steps of GCN's propagation, one after the other."""

from __future__ import annotations

from torch import Tensor

from gnnlab.ops import Adjacency, gcn_propagate

from .loops import weighted


def smooth_steps(x: Tensor, adj: Adjacency, edge_weight: Tensor | None, steps: int) -> list[Tensor]:
    r"""Smooth x over and over, and keep every state.

    .. math:: [X, \hat A X, \dots, \hat A^K X], \qquad \hat A = D^{-1/2} (A + I) D^{-1/2}

    A node that already has a loop keeps it and gets no other.

    Shapes:
        x (N, F), edge_weight (E,) -> K + 1 times (N, F)
    """
    graph, weight = weighted(adj, edge_weight, add_self_loops=True)
    states = [x]
    for _ in range(steps):
        states.append(gcn_propagate(states[-1], graph, weight))
    return states
