"""Topologies of transfer sets: rings, paths and lollipops with a source node and a target node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from gnnlab.datasets.values.edge_lists import both_directions


@dataclass(frozen=True, eq=False)
class Topology:
    """A graph and its two ends.

    Args:
        edge_index: (2, E) int64, both directions.
        source: the node that knows.
        root: the node that is asked.
        distance: hops between them.
    """

    edge_index: Tensor
    source: int
    root: int
    distance: int


def ring(nodes: int) -> Topology:
    """Opposite nodes of a cycle: two paths of nodes // 2 and the rest."""
    return Topology(_both(_cycle(nodes), nodes), nodes // 2, 0, nodes // 2)


def crossed_ring(nodes: int) -> Topology:
    """A ring whose two arms are joined: a node to those one step nearer and farther on the other.

    The cross edges lead one step on, as those of the ring do, so the distance is that of the ring.
    """
    half = nodes // 2
    crosses = [(i, nodes - i - 1) for i in range(1, half)]
    crosses += [(i, nodes - i + 1) for i in range(2, half)]
    return Topology(_both(_cycle(nodes) + crosses, nodes), half, 0, half)


def clique_path(nodes: int) -> Topology:
    """A lollipop: half of the nodes joined to each other, and a path of the others behind them.

    The root lies in the clique, as far from the path as can be; the source ends the path.
    """
    half = nodes // 2
    clique = [(i, j) for i in range(half) for j in range(i)]
    path = [(i - 1, i) for i in range(half, nodes)]
    return Topology(_both(clique + path, nodes), nodes - 1, 0, nodes - half + 1)


def line(nodes: int) -> Topology:
    """The two ends of a path."""
    return Topology(_both([(i - 1, i) for i in range(1, nodes)], nodes), nodes - 1, 0, nodes - 1)


TOPOLOGIES: dict[str, Callable[[int], Topology]] = {
    "ring": ring,
    "crossed-ring": crossed_ring,
    "clique-path": clique_path,
    "line": line,
}


def _cycle(nodes: int) -> list[tuple[int, int]]:
    return [(i, (i + 1) % nodes) for i in range(nodes)]


def _both(pairs: list[tuple[int, int]], nodes: int) -> Tensor:
    return both_directions(torch.tensor(pairs).T, nodes, loops=False)
