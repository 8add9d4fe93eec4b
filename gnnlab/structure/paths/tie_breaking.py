"""Tie-breaking among shortest paths: by refined colours of their nodes, then by node numbers."""

from __future__ import annotations

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.mixing import mixed

ROUNDS = 8
"""How often colours are refined."""
KEPT = np.uint64(9)
"""Bits that a word loses, so that the costs of 255 arcs add up to less than 2^63."""


def way_costs(rowptr: Array, col: Array, starts: Array) -> Array:
    """What each arc adds to a way: of all shortest ways, the one that costs least is taken.

    The first cost is a hash of the colours of the arc's ends after some rounds of colour
    refinement, and so does not depend on how the nodes are numbered. The second, for ways that
    refinement cannot tell apart, is a hash of their numbers. Both are the same in either direction,
    and so is the way between two nodes of an undirected graph; a part of a way that is taken is
    itself taken.

    No rule can do without the numbers: around a ring of four there are two ways to the opposite
    node, and a symmetry of the graph swaps them.

    Args:
        rowptr, col: the sources of each node's incoming arcs.
        starts: (G + 1,) int64, the first node of each graph.

    Returns:
        (2, A) int64.
    """
    nodes = len(rowptr) - 1
    target = np.arange(nodes).repeat(np.diff(rowptr))
    colors = refined_colors(rowptr, col)
    number = (np.arange(nodes) - starts[:-1].repeat(np.diff(starts))).astype(np.uint64)
    low, high = np.minimum(number[target], number[col]), np.maximum(number[target], number[col])
    words = np.stack([colors[target] + colors[col], (low << np.uint64(32)) + high])
    costs: Array = (mixed(words) >> KEPT).view(np.int64)
    return costs


def refined_colors(rowptr: Array, col: Array) -> Array:
    """(N,) uint64: equal for nodes that colour refinement does not tell apart.

    c_v <- hash(c_v, sum over the arcs u -> v of hash(c_u)); sums are those of 64-bit words.

    Source:
        Weisfeiler and Leman, "The reduction of a graph to canonical form and the algebra which
        appears therein", 1968 (https://www.iti.zcu.cz/wl2018/pdf/wl_paper_translation.pdf).
    """
    colors = np.zeros(len(rowptr) - 1, np.uint64)
    sums = np.zeros(len(col) + 1, np.uint64)
    for _ in range(ROUNDS):
        np.cumsum(mixed(colors)[col], out=sums[1:])
        colors = mixed(mixed(colors) + np.diff(sums[rowptr]))
    return colors
