"""Counting of substructures: random graphs labelled with their numbers of triangles or cycles."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gnnlab.core.arguments import check_count, shown
from gnnlab.core.settings import checked
from gnnlab.datasets.generators.bounded import require_made
from gnnlab.datasets.generators.substructures import SUBSTRUCTURES, count_substructures
from gnnlab.datasets.values.cut_graphs import cut
from gnnlab.datasets.values.graphs import Graphs
from gnnlab.datasets.values.masks import evenly

REGULAR = ((10, 6), (15, 6), (20, 5), (30, 5))
"""Nodes and degree of the graphs that edges are taken out of."""
FRACTIONS = (0.3, 0.2)
"""Of training and validation graphs; test takes the rest."""


@checked
def counting(seed: int = 0, target: str | None = None, graphs: int = 5000) -> Graphs:
    """Regular graphs with N of their edges taken out, and how many substructures they hold.

    Targets are numbers of triangles, triangles with a tail, stars of three leaves, and cycles of
    length 4, 5 and 6, as subgraphs (not induced ones), divided by their standard deviation over all
    graphs (ddof 1).

    Args:
        seed: of everything.
        target: one of ``triangle``, ``tailed-triangle``, ``star``, ``4-cycle``, ``5-cycle`` and
            ``6-cycle``; all six if None.
        graphs: G, a quarter each on 10, 15, 20 and 30 nodes of degree 6, 6, 5 and 5.

    Shapes: of each graph x (N, 1) ones, edge_index (2, E), y (1, 6) or (1, 1); masks (G, 1) of
        30/20/50.

    Raises:
        ValueError: an unknown target, fewer than 20 graphs.

    Source:
        Chen, Chen, Villar and Bruna, "Can Graph Neural Networks Count Substructures?", NeurIPS 2020
        (https://arxiv.org/abs/2002.04025), the random regular graphs of their appendix; six targets
        and the division by the deviation as in Zhao et al., ICLR 2022
        (https://arxiv.org/abs/2110.03753), and Zhang et al., ICML 2023
        (https://arxiv.org/abs/2302.07090).
    """
    check_count("seed", seed, 0)
    check_count("graphs", graphs, 20)
    require_made(f"{graphs} graphs", nodes=30, features=7, edges=75, graphs=graphs)
    if target is not None and target not in SUBSTRUCTURES:
        choices = ", ".join(SUBSTRUCTURES)
        raise ValueError(f"target is {shown(target)}, which is none of {choices}: take one")
    rng = np.random.default_rng(seed)
    kinds = rng.permutation(np.arange(graphs) % len(REGULAR))
    drawn = [_without_edges(rng, *REGULAR[kind]) for kind in kinds]
    sizes = torch.tensor([REGULAR[kind][0] for kind in kinds])
    starts = (sizes.cumsum(0) - sizes).tolist()
    counts = np.array([count_substructures(matrix) for matrix in drawn], dtype=np.float64)
    y = torch.from_numpy(counts / counts.std(0, ddof=1)).float()
    names = SUBSTRUCTURES if target is None else (target,)
    y = y[:, [SUBSTRUCTURES.index(name) for name in names]]
    edges = [_pairs(matrix) + start for matrix, start in zip(drawn, starts, strict=True)]
    x = torch.ones(int(sizes.sum()), 1)
    whole = cut(sizes, x, torch.cat(edges, dim=1), y)
    masks = evenly(torch.zeros(graphs, dtype=torch.int64), 1, FRACTIONS, rng)
    return Graphs(
        whole, masks, len(names), "counting", source="generated", features="constant", targets=names
    )


def _without_edges(rng: np.random.Generator, nodes: int, degree: int) -> np.ndarray:
    """A random regular graph, (N, N) bool, less N random edges."""
    import networkx as nx

    pairs = np.array(nx.random_regular_graph(degree, nodes, seed=int(rng.integers(2**31))).edges)
    kept = pairs[rng.permutation(len(pairs))[nodes:]]
    matrix = np.zeros((nodes, nodes), dtype=bool)
    matrix[kept[:, 0], kept[:, 1]] = matrix[kept[:, 1], kept[:, 0]] = True
    return matrix


def _pairs(matrix: np.ndarray) -> Tensor:
    return torch.from_numpy(np.stack(matrix.nonzero()))
