"""CSBM (contextual stochastic block model): a random graph with a chosen homophily."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gnnlab.core.arguments import (
    check_count,
    check_counts,
    check_not_negative,
    check_number,
    check_share,
)
from gnnlab.core.settings import checked
from gnnlab.datasets.generators.bounded import require_made
from gnnlab.datasets.kinds.build_data import build
from gnnlab.datasets.values.edge_lists import both_directions
from gnnlab.datasets.values.masks import stratified

if TYPE_CHECKING:
    from torch_geometric.data import Data


@checked
def csbm(
    seed: int = 0,
    nodes: int = 1000,
    classes: int = 2,
    features: int = 16,
    degree: float = 10.0,
    homophily: float = 0.8,
    signal: float = 1.0,
    splits: int = 10,
) -> Data:
    r"""Draw a graph whose edges know the labels as much as asked, and features that know them too.

    .. math::
        P(u \sim v) = \begin{cases} d h / m & y_u = y_v \\ d (1 - h) / (n - m) & \text{else}
        \end{cases}, \qquad x_v = s\, \mu_{y_v} + \epsilon_v

    with :math:`n` nodes, classes of :math:`m = n / C` nodes, unit vectors :math:`\mu_c` drawn
    uniformly and standard normal noise. The homophily h = 1 / C makes edges blind to labels.

    Args:
        seed: of everything.
        nodes: N, spread over the classes as evenly as possible.
        classes: C.
        features: F.
        degree: d, expected.
        homophily: h, the expected edge homophily.
        signal: s, distance of a class's mean from the origin, in standard deviations of the noise.
        splits: S, stratified 50/25/25.

    Shapes: x (N, F), edge_index (2, E), y (N,), masks (N, S).

    Raises:
        ValueError: fewer than two classes, homophily outside [0, 1], or more edges asked for than
            pairs exist.

    Cost: O(E) expected: the number of edges of a block is drawn first, then the edges.

    Source:
        Deshpande, Sen, Montanari and Mossel, "Contextual stochastic block models", NeurIPS 2018
        (https://arxiv.org/abs/1807.09596), here with C classes and means drawn once.
    """
    check_counts(nodes=nodes, classes=classes, features=features, splits=splits)
    check_count("seed", seed, 0)
    check_not_negative("degree", degree)
    check_number("signal", signal)
    check_share("homophily", homophily)
    require_made(
        f"a graph of {nodes} nodes in {classes} classes, {features} features and {splits} splits",
        nodes=nodes + classes,
        features=features,
        edges=nodes * degree / 2,
        splits=splits,
        steps=50.0 * splits + 25.0 * min(classes, nodes) ** 2,
    )
    if classes < 2 or nodes < classes:
        raise ValueError(
            f"{nodes} nodes in {classes} classes: give two classes or more, none empty"
        )
    rng = np.random.default_rng(seed)
    sizes = np.full(classes, nodes // classes)
    sizes[: nodes % classes] += 1
    starts = np.concatenate([[0], np.cumsum(sizes)])
    size = nodes / classes
    inside, between = degree * homophily / size, degree * (1 - homophily) / (nodes - size)
    if max(inside, between) > 1:
        raise ValueError(
            f"degree={degree} with homophily={homophily} needs more edges than {nodes} nodes in "
            f"{classes} classes can have; lower the degree or raise the number of nodes"
        )
    blocks = [
        _block(rng, starts, a, b, inside if a == b else between)
        for a in range(classes)
        for b in range(a, classes)
    ]
    # Ids are shuffled so that the order of nodes gives no label away.
    place = torch.from_numpy(rng.permutation(nodes))
    edge_index = both_directions(place[torch.cat(blocks, dim=1)], nodes)
    y = torch.empty(nodes, dtype=torch.int64)
    y[place] = torch.from_numpy(np.repeat(np.arange(classes), sizes))
    means = rng.standard_normal((classes, features))
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    x = torch.from_numpy(signal * means[y.numpy()] + rng.standard_normal((nodes, features)))
    return build(x, edge_index, y, classes, stratified(y, splits, seed=rng), "csbm")


def _block(rng: np.random.Generator, starts: np.ndarray, a: int, b: int, p: float) -> Tensor:
    """Draw the pairs between two classes, each with probability p: (2, M), every pair once."""
    rows, columns = starts[a + 1] - starts[a], starts[b + 1] - starts[b]
    pairs = int(rows * (rows - 1) // 2 if a == b else rows * columns)
    chosen = _distinct(rng, pairs, rng.binomial(pairs, p))
    if a == b:
        # Pair k of the strict lower triangle, row by row: row = the largest r, r (r - 1) / 2 <= k.
        row = ((1 + np.sqrt(1 + 8.0 * chosen)) // 2).astype(np.int64)
        row -= row * (row - 1) // 2 > chosen
        row += row * (row + 1) // 2 <= chosen
        column = chosen - row * (row - 1) // 2
    else:
        row, column = np.divmod(chosen, columns)
    return torch.from_numpy(np.stack([row + starts[a], column + starts[b]]))


def _distinct(rng: np.random.Generator, pairs: int, count: int) -> np.ndarray:
    """Draw distinct numbers below ``pairs`` in O(count) where few, all alike likely."""
    return rng.choice(pairs, size=count, replace=False, shuffle=False).astype(np.int64)
