"""CSL (circular skip links): regular graphs that differ in how far their second links reach."""

from __future__ import annotations

import numpy as np
import torch

from gnnlab.core.arguments import check_count
from gnnlab.core.settings import checked
from gnnlab.datasets.generators.bounded import require_made
from gnnlab.datasets.splits.folds import folds
from gnnlab.datasets.values.cut_graphs import cut
from gnnlab.datasets.values.edge_lists import both_directions
from gnnlab.datasets.values.graphs import Graphs

SKIPS = (2, 3, 4, 5, 6, 9, 11, 12, 13, 16)
"""Of the published set, one a class: no two of these graphs on 41 nodes are isomorphic."""
FOLDS = 5


@checked
def csl(seed: int = 0, nodes: int = 41, copies: int = 15) -> Graphs:
    r"""Cycles with a second link at each node, of ten lengths, in random orders of nodes: CSL.

    .. math:: E_r = \{(i, i + 1 \bmod N)\} \cup \{(i, i + r \bmod N)\}

    All graphs are regular of degree 4, so models of 1-WL see one class of the ten.

    Args:
        seed: of the orders and of the folds.
        nodes: N, at least 34, so that all ten lengths differ.
        copies: graphs of each class, at least 5.

    Shapes: of each graph x (N, 1) ones, edge_index (2, 4 N), y (1,); masks (10 copies, 5): five
        stratified folds, a tenth of what each leaves held out.

    Raises:
        ValueError: fewer nodes or copies.

    Source:
        Murphy, Srinivasan, Rao and Ribeiro, "Relational Pooling for Graph Representations", ICML
        2019 (https://arxiv.org/abs/1903.02541); 41 nodes and 15 copies in Dwivedi et al.,
        "Benchmarking Graph Neural Networks", JMLR 2023, whose graphs and folds ``load("CSL")``
        reads. On another number of nodes two of the ten lengths may give isomorphic graphs.
    """
    check_count("seed", seed, 0)
    check_count("nodes", nodes, 2 * SKIPS[-1] + 2)
    check_count("copies", copies, FOLDS)
    told = f"{copies} copies of ten graphs of {nodes} nodes"
    require_made(told, nodes=nodes, features=1, edges=2 * nodes, graphs=10 * copies, splits=FOLDS)
    rng = np.random.default_rng(seed)
    one = torch.arange(nodes)
    parts = []
    for number in range(len(SKIPS) * copies):
        order = torch.from_numpy(rng.permutation(nodes))
        skip = SKIPS[number // copies]
        links = torch.cat([torch.stack([one, (one + step) % nodes]) for step in (1, skip)], dim=1)
        parts.append(both_directions(order[links], nodes) + number * nodes)
    y = torch.arange(len(SKIPS)).repeat_interleave(copies)
    sizes = torch.full((len(parts),), nodes)
    x = torch.ones(nodes * len(parts), 1)
    graphs = cut(sizes, x, torch.cat(parts, dim=1), y)
    masks = folds(y, FOLDS, seed=rng)
    return Graphs(graphs, masks, len(SKIPS), "csl", source="generated", features="constant")
