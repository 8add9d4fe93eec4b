"""BA-Shapes: houses hung on a Barabási-Albert graph, with the edges that decide each label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gnnlab.core.arguments import check_count, check_counts, check_share
from gnnlab.core.settings import checked
from gnnlab.datasets.generators.bounded import require_made
from gnnlab.datasets.kinds.build_data import build
from gnnlab.datasets.values.edge_lists import both_directions
from gnnlab.datasets.values.masks import stratified

if TYPE_CHECKING:
    from torch_geometric.data import Data

HOUSE = ((0, 1), (1, 2), (2, 3), (3, 0), (4, 0), (4, 1))
"""The edges of a house: a square of two walls and two corners of the floor, and a roof."""
ROLES = (1, 1, 2, 2, 3)
"""The label of each of its nodes; 0 is a node of the graph that houses hang on."""
WIDTH = 10
"""Columns of the features, all ones."""


@checked
def ba_shapes(
    seed: int = 0,
    nodes: int = 300,
    houses: int = 80,
    edges_each: int = 5,
    perturbed: float = 0.01,
    splits: int = 10,
) -> Data:
    """Hang houses of five nodes on a preferential-attachment graph; the label is a node's role.

    The first ``nodes`` nodes make the Barabási-Albert graph, the rest the houses, five each. The
    first node of each house is joined to one of the graph's, at equal distances. Then random edges
    are added. What a label depends on is known: an explanation of a house's node should be the six
    edges of that house.

    Args:
        seed: of the graph, the added edges and the splits.
        nodes: of the Barabási-Albert graph.
        houses: at most as many as there are nodes to hang them on.
        edges_each: edges that every new node of the graph comes with, fewer than ``nodes``.
        perturbed: edges that are added, as a share of those there are.
        splits: S, stratified 80/10/10.

    Shapes:
        x (N, 10) of ones, edge_index (2, E) in both directions, y (N,) 0 to 3, masks (N, S), and
        node_motif (N,): the number of the house, -1 outside; edge_mask (E,) bool: edges of houses

    Raises:
        ValueError: more houses than nodes, more edges than there are earlier nodes.

    Source:
        Ying et al., "GNNExplainer: Generating Explanations for Graph Neural Networks", NeurIPS 2019
        (https://arxiv.org/abs/1903.03894), as its code builds the graph.
    """
    check_counts(nodes=nodes, houses=houses, edges_each=edges_each, splits=splits)
    check_count("seed", seed, 0)
    check_share("perturbed", perturbed)
    if houses > nodes or edges_each >= nodes:
        wrong = f"houses is {houses}" if houses > nodes else f"edges_each is {edges_each}"
        raise ValueError(f"{wrong}, but the graph they go to has {nodes} nodes: ask for fewer")
    count, pairs = nodes + 5 * houses, nodes * edges_each + 7 * houses
    told = f"a graph of {count} nodes and {pairs} edges with {splits} splits"
    steps = 20 * pairs + 50 * splits
    require_made(told, nodes=count, features=WIDTH, edges=2 * pairs, splits=splits, steps=steps)
    rng = np.random.default_rng(seed)
    once = torch.cat([_attached(rng, nodes, edges_each), _houses(nodes, houses)], 1)
    edge_index = both_directions(torch.cat([once, _added(rng, once, count, perturbed)], 1), count)
    y = torch.cat([torch.zeros(nodes, dtype=torch.int64), torch.tensor(ROLES).repeat(houses)])
    masks = stratified(y, splits, (0.8, 0.1), seed=rng)
    data = build(torch.ones(count, WIDTH), edge_index, y, 4, masks, "ba-shapes")
    data.node_motif, data.edge_mask = _motifs(edge_index, nodes, houses)
    return data


def _attached(rng: np.random.Generator, nodes: int, edges_each: int) -> Tensor:
    """The Barabási-Albert graph, every edge once."""
    import networkx as nx

    graph = nx.barabasi_albert_graph(nodes, edges_each, seed=int(rng.integers(1 << 31)))
    return torch.tensor(list(graph.edges())).T


def _houses(nodes: int, houses: int) -> Tensor:
    """The houses' edges, and the one by which each hangs on the graph."""
    start = nodes + 5 * torch.arange(houses)
    inside = (torch.tensor(HOUSE).T[:, None] + start[:, None]).reshape(2, -1)
    return torch.cat([inside, torch.stack([nodes // houses * torch.arange(houses), start])], 1)


def _added(rng: np.random.Generator, once: Tensor, nodes: int, share: float) -> Tensor:
    """So many pairs that are no edge, none of them twice."""
    known = {tuple(sorted(pair)) for pair in once.T.tolist()}
    wanted = min(int(share * len(known)), nodes * (nodes - 1) // 2 - len(known))
    found: list[tuple[int, int]] = []
    while len(found) < wanted:
        first, second = sorted(rng.integers(nodes, size=2).tolist())
        if first != second and (first, second) not in known:
            known.add((first, second))
            found.append((first, second))
    return torch.tensor(found, dtype=torch.int64).reshape(-1, 2).T


def _motifs(edge_index: Tensor, nodes: int, houses: int) -> tuple[Tensor, Tensor]:
    """The house of each node, and which edges houses are made of."""
    of_node = torch.full((nodes + 5 * houses,), -1)
    of_node[nodes:] = torch.arange(houses).repeat_interleave(5)
    first, second = edge_index
    wall = torch.zeros(5, 5, dtype=torch.bool)
    a, b = torch.tensor(HOUSE).T
    wall[a, b] = wall[b, a] = True
    inside = (of_node[first] >= 0) & (of_node[first] == of_node[second])
    inside &= wall[(first - nodes) % 5, (second - nodes) % 5]
    return of_node, inside
