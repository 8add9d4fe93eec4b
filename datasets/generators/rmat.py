"""R-MAT: skewed random graphs of any size, for tests of speed and scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from gnnlab.core.arguments import check_count, check_counts
from gnnlab.core.settings import checked
from gnnlab.datasets.generators.bounded import require_made
from gnnlab.datasets.kinds.build_data import build
from gnnlab.datasets.values.edge_lists import both_directions, simple
from gnnlab.datasets.values.masks import stratified

if TYPE_CHECKING:
    from torch_geometric.data import Data


ROUNDS = 100
"""Draws of the missing edges; corners as skewed as Graph500's need fewer than ten."""


@checked
def rmat(
    seed: int = 0,
    nodes: int = 1024,
    edges: int = 8192,
    features: int = 16,
    classes: int = 2,
    corners: tuple[float, float, float, float] = (0.57, 0.19, 0.19, 0.05),
    directed: bool = False,
    splits: int = 1,
) -> Data:
    """Drop edges into the adjacency matrix by choosing a quarter of it again and again.

    Ids are shuffled, since low ids would have the high degrees. Features are standard normal and
    labels uniform: they carry no meaning.

    Args:
        seed: of everything.
        nodes: N; not only powers of two (edges that fall outside are drawn again).
        edges: exact number of distinct edges without self-loops, counted once.
        features, classes: F and C of the meaningless features and labels.
        corners: probabilities of the upper left, upper right, lower left and lower right quarter.
        directed: keep single directions; else both are given.
        splits: S, stratified 50/25/25.

    Shapes: x (N, F), edge_index (2, E), y (N,), masks (N, S); E = edges, or twice that.

    Raises:
        ValueError: corners that are no probabilities or too skewed for so many edges, or more edges
            than a quarter of all pairs.

    Cost: O(E log N) time, O(E) memory, vectorised.

    Source:
        Chakrabarti, Zhan and Faloutsos, "R-MAT: a recursive model for graph mining", SDM 2004
        (https://doi.org/10.1137/1.9781611972740.43); the corners are those of Graph500.
    """
    check_counts(nodes=nodes, features=features, classes=classes, splits=splits)
    check_count("seed", seed, 0)
    check_count("edges", edges, 0)
    require_made(
        f"a graph of {nodes} nodes, {edges} edges, {features} features and {splits} splits",
        nodes=nodes,
        features=features,
        edges=edges,
        splits=splits,
        steps=50 * splits,
    )
    if len(corners) != 4 or not min(corners) >= 0 or not abs(sum(corners) - 1) <= 1e-9:
        raise ValueError(f"corners={corners} are no probabilities; give four that add up to 1")
    pairs = nodes * (nodes - 1) // (1 if directed else 2)
    # A skewed matrix fills slowly: above a quarter the last edges would take forever to hit.
    if edges > pairs // 4:
        raise ValueError(f"{edges} edges are too many for {nodes} nodes; give at most {pairs // 4}")
    rng = np.random.default_rng(seed)
    keys = np.empty(0, dtype=np.int64)
    for _ in range(ROUNDS):
        if len(keys) >= edges:
            break
        missing = edges - len(keys)
        fresh = _draw(rng, nodes, missing + missing // 4 + 16, corners, directed)
        keys = _first_seen(np.concatenate([keys, fresh]))
    else:
        raise ValueError(
            f"corners={corners} hit only {len(keys)} distinct edges of {edges} in {ROUNDS} rounds: "
            "they are too skewed; give fewer edges, more nodes or flatter corners"
        )
    place = rng.permutation(nodes)
    source, target = np.divmod(keys[:edges], nodes)
    once = torch.from_numpy(np.stack([place[source], place[target]]))
    edge_index = simple(once, nodes) if directed else both_directions(once, nodes)
    x = torch.from_numpy(rng.standard_normal((nodes, features), dtype=np.float32))
    y = torch.from_numpy(rng.integers(0, classes, nodes))
    return build(x, edge_index, y, classes, stratified(y, splits, seed=rng), "rmat")


def _draw(
    rng: np.random.Generator,
    nodes: int,
    count: int,
    corners: tuple[float, float, float, float],
    directed: bool,
) -> np.ndarray:
    """Draw edges as ``source * nodes + target``, without loops; undirected ones with u < v."""
    source = np.zeros(count, dtype=np.int64)
    target = np.zeros(count, dtype=np.int64)
    bounds = np.cumsum(corners)[:3]
    for _ in range(max(nodes - 1, 1).bit_length()):
        quarter = np.searchsorted(bounds, rng.random(count, dtype=np.float32), side="right")
        source = 2 * source + quarter // 2
        target = 2 * target + quarter % 2
    kept = (source < nodes) & (target < nodes) & (source != target)
    source, target = source[kept], target[kept]
    if not directed:
        source, target = np.minimum(source, target), np.maximum(source, target)
    keys: np.ndarray = source * nodes + target
    return keys


def _first_seen(keys: np.ndarray) -> np.ndarray:
    """Drop repeats and keep the order, so that cutting the rest off favours no id."""
    _, first = np.unique(keys, return_index=True)
    kept: np.ndarray = keys[np.sort(first)]
    return kept
