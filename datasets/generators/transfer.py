"""Transfer sets: the root of a graph is labelled with the class that a far node holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gnnlab.core.arguments import check_count, check_counts
from gnnlab.core.settings import checked
from gnnlab.datasets.catalogue.records import unknown
from gnnlab.datasets.generators.bounded import require_made
from gnnlab.datasets.generators.topologies import TOPOLOGIES, Topology
from gnnlab.datasets.values.graphs import Graphs
from gnnlab.datasets.values.masks import stratified

if TYPE_CHECKING:
    from torch_geometric.data import Data

LEAST_NODES = 4
"""Of a graph whose ends are no neighbours, whatever the topology."""
FRACTIONS = (0.8, 0.1)
"""Of training and validation graphs; test takes the rest."""


@checked
def ring_transfer(
    seed: int = 0, nodes: int = 10, classes: int = 5, graphs: int = 2000, splits: int = 10
) -> Graphs:
    """Rings whose node 0 is asked for the class at the node opposite: RingTransfer.

    The graph of :func:`graph_transfer` on the ring, nodes // 2 hops from one end to the other.

    Args:
        seed: of the order of the graphs and of the splits.
        nodes: N, of every ring.
        classes: C.
        graphs: G, equally many of each class as far as C divides G.
        splits: S, stratified 80/10/10.

    Shapes: of each graph x (N, C), edge_index (2, 2 N), y (1,), root_index (1,); masks (G, S).

    Raises:
        ValueError: fewer than 4 nodes, 2 classes or C graphs.

    Source:
        Bodnar et al., "Weisfeiler and Lehman Go Cellular: CW Networks", NeurIPS 2021, section 5
        (https://arxiv.org/abs/2106.12575); with these numbers Gutteridge, Dong, Bronstein and Di
        Giovanni, "DRew: Dynamically Rewired Message Passing with Delay", ICML 2023
        (https://arxiv.org/abs/2305.08018). There are only C different graphs, so the test graphs
        are those of training: the task asks whether a model can carry a class so far at all.
    """
    return _transfer("ring-transfer", "ring", seed, nodes, classes, graphs, False, splits)


@checked
def graph_transfer(
    seed: int = 0,
    topology: str = "ring",
    nodes: int = 10,
    classes: int = 5,
    graphs: int = 2000,
    swap: bool = False,
    splits: int = 10,
) -> Graphs:
    r"""One graph again and again: its root is asked for the class at the source.

    .. math:: x_{source} = e_c, \quad x_{root} = 0, \quad x_v = \mathbf{1} \text{ elsewhere}, \quad
        y = c

    How far apart root and source lie, r, follows from the topology: ``ring`` and ``crossed-ring``
    N // 2 (the cross edges make more ways of the same length), ``clique-path`` (a lollipop: half
    of the nodes in a clique, with the root) N - N // 2 + 1, ``line`` N - 1. A model of fewer than r
    layers on the graph's own edges can only guess.

    With ``swap`` both ends hold a class each, and either may be the root: it is asked for the other
    one's. That makes C^2 different graphs in place of C, or 2 C^2 in the ``clique-path``, whose
    ends differ.

    Args:
        seed: of the order of the graphs and of the splits; with ``swap`` of the second classes and
            the roots as well.
        topology: ``ring``, ``crossed-ring``, ``clique-path`` or ``line``.
        nodes: N, of every graph.
        classes: C.
        graphs: G, equally many of each class as far as C divides G.
        swap: ask either end for the class of the other.
        splits: S, stratified 80/10/10.

    Shapes: of each graph x (N, C), edge_index (2, E), y (1,), root_index (1,); masks (G, S).

    Raises:
        ValueError: an unknown topology, fewer than 4 nodes, 2 classes or C graphs.

    Source:
        Di Giovanni, Giusti, Barbero, Luise, Lio and Bronstein, "On over-squashing in message
        passing neural networks: the impact of width, depth, and topology", ICML 2023, section 3
        (https://arxiv.org/abs/2302.02941); features, crosses and clique as in its release.
        ``swap`` asks what later work does with numbers in the place of classes: Gravina, Eliasof,
        Gallicchio, Bacciu and Schönlieb, "On Oversquashing in Graph Neural Networks Through The
        Lens of Dynamical Systems", AAAI 2025 (https://arxiv.org/abs/2405.01009).
    """
    return _transfer("graph-transfer", topology, seed, nodes, classes, graphs, swap, splits)


def topology_of(topology: str, nodes: int) -> Topology:
    """Return the graph of that name with its two ends and their distance.

    Raises:
        ValueError: another name, or too few nodes for two ends apart.
    """
    if topology not in TOPOLOGIES:
        raise unknown("topology", str(topology), list(TOPOLOGIES))
    check_count("nodes", nodes, LEAST_NODES)
    return TOPOLOGIES[topology](nodes)


def _transfer(
    name: str,
    topology: str,
    seed: int,
    nodes: int,
    classes: int,
    graphs: int,
    swap: bool,
    splits: int,
) -> Graphs:
    check_count("nodes", nodes, 1)
    told = f"{graphs} graphs of {nodes} nodes, {classes} features and {splits} splits"
    edges = nodes**2 / 8 if topology == "clique-path" else 2 * nodes
    require_made(told, nodes=nodes, features=classes, edges=edges, graphs=graphs, splits=splits)
    place = topology_of(topology, nodes)
    check_count("seed", seed, 0)
    check_count("classes", classes, 2)
    check_count("graphs", graphs, classes)
    check_counts(splits=splits)
    rng = np.random.default_rng(seed)
    y = torch.from_numpy(rng.permutation(np.arange(graphs) % classes))
    # A class at the root, too, or a row of zeros; and which end is the root.
    other = rng.integers(0, classes, graphs) if swap else np.full(graphs, -1)
    turned = rng.integers(0, 2, graphs) if swap else np.zeros(graphs, dtype=np.int64)
    made = [
        _graph(place, nodes, classes, label, own, bool(flip))
        for label, own, flip in zip(y.tolist(), other.tolist(), turned.tolist(), strict=True)
    ]
    masks = stratified(y, splits, FRACTIONS, rng)
    return Graphs(tuple(made), masks, classes, name, source="generated", features="one-hot")


def _graph(place: Topology, nodes: int, classes: int, label: int, own: int, turned: bool) -> Data:
    """One graph: the class ``label`` at the source, ``own`` at the root (none if negative)."""
    from torch_geometric.data import Data

    source, root = (place.root, place.source) if turned else (place.source, place.root)
    x = torch.ones(nodes, classes)
    x[source], x[root] = _one_hot(label, classes), _one_hot(own, classes)
    return Data(
        x=x,
        edge_index=place.edge_index.clone(),
        y=torch.tensor([label]),
        root_index=torch.tensor([root]),
    )


def _one_hot(label: int, classes: int) -> Tensor:
    row = torch.zeros(classes)
    if label >= 0:
        row[label] = 1
    return row
