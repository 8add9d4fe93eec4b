"""Metrics of clusterings, from the clusters of n nodes and their classes, both (n,) integers."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gnnlab.tasks.metrics.record import Metric


def nmi(clusters: Tensor, classes: Tensor) -> float:
    r"""Return the normalised mutual information of clusters and classes.

    .. math:: \frac{2 I(U; V)}{H(U) + H(V)}

    It is 1 where both part the nodes alike and 0 where neither tells of the other; one cluster and
    one class give 1.

    Shapes:
        clusters, classes (n,) int64

    Source:
        Strehl and Ghosh, "Cluster Ensembles", JMLR 2002, with the arithmetic mean, as scikit-learn.
    """
    joint = contingency(clusters, classes) / len(classes)
    rows, columns = joint.sum(1), joint.sum(0)
    total = entropy(rows) + entropy(columns)
    if float(total) == 0:
        return 1.0
    mutual = entropy(rows) + entropy(columns) - entropy(joint.flatten())
    return float((2 * mutual / total).clamp(min=0, max=1))


def ari(clusters: Tensor, classes: Tensor) -> float:
    r"""Return the adjusted Rand index: pairs of nodes on which both agree, less chance.

    .. math:: \frac{\sum_{uv} \binom{n_{uv}}{2} - E}{\frac12 (A + B) - E}, \quad
        A = \sum_u \binom{a_u}{2}, \; B = \sum_v \binom{b_v}{2}, \; E = A B / \binom{n}{2}

    It is 1 where both part the nodes alike and 0 on average for clusters drawn at random, and may
    be below.

    Shapes:
        clusters, classes (n,) int64

    Source:
        Hubert and Arabie, "Comparing partitions", Journal of Classification 2, 1985.
    """
    table = contingency(clusters, classes)
    together = pairs(table).sum()
    a, b = pairs(table.sum(1)).sum(), pairs(table.sum(0)).sum()
    expected = a * b / pairs(table.sum()).clamp(min=1)
    most = (a + b) / 2
    if float(most) == float(expected):
        return 1.0
    return float((together - expected) / (most - expected))


def contingency(clusters: Tensor, classes: Tensor) -> Tensor:
    """How many nodes of each class lie in each cluster, (U, V) float64.

    Raises:
        ValueError: other shapes, or no node.
    """
    if clusters.dim() != 1 or clusters.shape != classes.shape or not len(classes):
        raise ValueError(
            f"clusters of shape {tuple(clusters.shape)} do not go with classes of shape "
            f"{tuple(classes.shape)}: a metric needs two of (n,), n at least 1"
        )
    row, column = (_numbered(values) for values in (clusters, classes))
    width = int(column.max()) + 1
    counts = torch.bincount(row * width + column, minlength=(int(row.max()) + 1) * width)
    table: Tensor = counts.double().reshape(-1, width)
    return table


def _numbered(values: Tensor) -> Tensor:
    """The same with 0, 1, … in the place of whatever numbers there are."""
    own: Any = values
    numbered: Tensor = own.unique(return_inverse=True)[1]
    return numbered


def entropy(shares: Tensor) -> Tensor:
    """Entropy of shares that add up to 1, in nats."""
    each: Tensor = torch.special.xlogy(shares, shares)
    return -each.sum()


def pairs(counts: Tensor) -> Tensor:
    """How many pairs so many things make."""
    return counts * (counts - 1) / 2


KINDS = ("clusters",)
METRICS = (Metric("ari", ari, KINDS), Metric("nmi", nmi, KINDS))
