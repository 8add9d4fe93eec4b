"""Tree-neighbours-match: the root of a binary tree is labelled with the value that a leaf holds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gnnlab.core.arguments import check_count, check_counts
from gnnlab.core.settings import checked
from gnnlab.datasets.generators.bounded import require_made
from gnnlab.datasets.values.edge_lists import both_directions, simple
from gnnlab.datasets.values.graphs import Graphs
from gnnlab.datasets.values.masks import stratified
from gnnlab.kernels.budget import require_memory

if TYPE_CHECKING:
    from torch_geometric.data import Data

FRACTIONS = (0.7, 0.1)
"""Of training and validation graphs; test takes the rest."""


DEEPEST = 40
"""Levels of a tree at most: it has 2^40 leaves then."""


@checked
def tree_neighbours_match(
    seed: int = 0, depth: int = 3, graphs: int = 2000, directed: bool = False, splits: int = 10
) -> Graphs:
    r"""Binary trees whose leaves hold a key and a value each; the root asks for the value of a key.

    .. math:: x_{leaf\ i} = [e_i, e_{v_i}], \quad x_{root} = [e_k, 0], \quad x_v = 0
        \text{ elsewhere}, \quad y = v_k

    The L = 2^depth values are a permutation of the classes, so that the root has to hear of
    all leaves, ``depth`` hops away, through its two children. No two graphs are equal.

    Args:
        seed: of everything.
        depth: edges from the root to a leaf, at least 2.
        graphs: G different ones of the L L! that there are.
        directed: edges lead to the root alone, as in the release; else both directions are there.
        splits: S, stratified 70/10/20.

    Shapes: of each graph x (N, 2 L), N = 2 L - 1, edge_index (2, E), y (1,), root_index (1,), which
        is 0; masks (G, S).

    Raises:
        ValueError: a depth below 2, more graphs than there are, or than the memory holds.

    Cost: 16 G L^2 bytes.

    Source:
        Alon and Yahav, "On the Bottleneck of Graph Neural Networks and its Practical Implications",
        ICLR 2021, section 4.1 (https://arxiv.org/abs/2006.05205). The release trains on 80% and
        selects on the rest; it adds self-loops, which are the layers' matter here. A first
        Linear on these rows is its two embeddings of key and value.
    """
    check_count("seed", seed, 0)
    check_count("depth", depth, 2)
    check_counts(graphs=graphs, splits=splits)
    if depth > DEEPEST:
        raise ValueError(f"depth is {depth}, but a tree of more than {DEEPEST} levels fits nowhere")
    leaves = 2**depth
    require_made(f"{splits} splits", splits=splits, graphs=graphs, steps=50 * splits)
    if depth < 5 and graphs > (most := leaves * math.factorial(leaves)):  # above: no limit in sight
        raise ValueError(
            f"graphs is {graphs}, but there are {most} different trees of depth {depth}: ask for "
            "no more, or for a larger depth"
        )
    require_memory(
        16 * graphs * leaves**2, f"{graphs} trees of depth {depth}", "ask for fewer graphs"
    )
    rng = np.random.default_rng(seed)
    keys, values = _distinct(rng, leaves, graphs)
    edge_index = _tree(leaves, directed)
    y = torch.from_numpy(values[np.arange(graphs), keys])
    made = [
        _graph(key, row, edge_index, label)
        for key, row, label in zip(keys.tolist(), values, y.tolist(), strict=True)
    ]
    masks = stratified(y, splits, FRACTIONS, rng)
    name = "tree-neighbours-match"
    return Graphs(tuple(made), masks, leaves, name, source="generated", features="one-hot")


def _distinct(rng: np.random.Generator, leaves: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw different pairs of a key (count,) and the leaves' values (count, leaves)."""
    rows = np.empty((0, 1 + leaves), dtype=np.int64)
    while len(rows) < count:
        more = max(64, count - len(rows))
        values = rng.permuted(np.tile(np.arange(leaves), (more, 1)), axis=1)
        fresh = np.column_stack([rng.integers(0, leaves, more), values])
        rows = np.concatenate([rows, fresh])
        rows = rows[np.sort(np.unique(rows, axis=0, return_index=True)[1])]
    return rows[:count, 0], rows[:count, 1:]


def _tree(leaves: int, directed: bool) -> Tensor:
    """The complete binary tree, node 0 its root, the children of i at 2 i + 1 and 2 i + 2."""
    child = torch.arange(1, 2 * leaves - 1)
    upwards = torch.stack([child, (child - 1) // 2])
    nodes = 2 * leaves - 1
    return simple(upwards, nodes) if directed else both_directions(upwards, nodes)


def _graph(key: int, values: np.ndarray, edge_index: Tensor, label: int) -> Data:
    from torch_geometric.data import Data

    leaves = len(values)
    leaf = torch.arange(leaves)
    x = torch.zeros(2 * leaves - 1, 2 * leaves)
    x[leaves - 1 + leaf, leaf] = 1
    x[leaves - 1 + leaf, leaves + torch.from_numpy(values)] = 1
    x[0, key] = 1
    return Data(
        x=x,
        edge_index=edge_index.clone(),
        y=torch.tensor([label]),
        root_index=torch.tensor([0]),
    )
