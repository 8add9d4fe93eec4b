"""Path colours: a hash for each node; equal ones no path network can tell apart."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gnnlab.core.settings import checked
from gnnlab.kernels.mixing import mixed
from gnnlab.structure.graphs.reading import read_arcs
from gnnlab.structure.hops.node_search import require_searches
from gnnlab.structure.paths.hash import hash_paths
from gnnlab.structure.paths.sets import PathSets, count, over_nodes, walks, way_out

MOST = 1 << 34
"""Paths that are walked at most: some minutes."""


@checked
def path_colors(edge_index: Tensor, num_nodes: int, length: int, kind: str = "shortest") -> Tensor:
    r"""Colour nodes as an injective path network does, in one pass over layers 1, …, ``length``.

    .. math:: c_v^0 = 0, \qquad c_v^k = \operatorname{hash}\Big(c_v^{k-1}, \sum_{p = (v, \dots, u),
        |p| = k} \operatorname{hash}\big((c_w^{k-1}, d(v, w))_{w \in p}\big)\Big)

    Layer k reads the paths of k edges that begin at v, as :func:`paths_from` lists them; the
    colours on a path are hashed in their order, with simple paths beside the distance of each node
    from v. What these colours tell apart, a network of this form can, and no more: graphs differ
    where the sums of their nodes' colours do. Words have 64 bits, and sums are those of words, so
    that different multisets have equal colours with a probability of about 2^-64.

    Args:
        edge_index: (2, E) int64; self-loops and repeats of an edge count for nothing.
        num_nodes: N, of one graph or of many side by side, each coloured as by itself.
        length: layers, and edges of the longest path.
        kind: ``"shortest"``, ``"all_shortest"`` or ``"all"``. With ``"shortest"`` colours may
            depend on the order of nodes, where colour refinement does not tell ways apart.

    Shapes:
        (N,) int64

    Raises:
        ValueError: bad edges, a length below 1 or above 255, another kind; more than 2^34 paths.

    Cost:
        some nanoseconds a path, which are not kept.

    Source:
        Michel, Nikolentzos, Lutzeyer and Vazirgiannis, "Path Neural Networks: Expressive and
        Accurate Graph Neural Networks", ICML 2023, section 4 (https://arxiv.org/abs/2306.05955).

    Example:
        >>> square = torch.tensor([[0, 1, 2, 3, 1, 2, 3, 0], [1, 2, 3, 0, 0, 1, 2, 3]])
        >>> triangles = torch.tensor([[0, 1, 2, 1, 2, 0], [1, 2, 0, 0, 1, 2]])
        >>> ring, pair = path_colors(square, 4, 2, "all"), path_colors(triangles, 3, 2, "all")
        >>> len(set(ring.tolist())), len(set(ring.tolist() + pair.tolist()))
        (1, 2)
    """
    graph = read_arcs(edge_index, num_nodes)
    sets = PathSets(*graph.sources, np.array([0, num_nodes]), length, kind)
    _require_few(sets)
    colors = np.zeros(num_nodes, np.uint64)
    for edges in range(1, length + 1):
        found = np.empty(num_nodes, np.uint64)
        over_nodes(hash_paths, sets.arcs, walks, edges, kind, colors, found)
        colors = mixed(mixed(colors) + found)
    return torch.from_numpy(colors.view(np.int64)).to(edge_index.device)


def _require_few(sets: PathSets) -> None:
    if sets.kind != "all":
        require_searches(sets.arcs.rowptr, sets.arcs.col, sets.length)
    counts = count(sets.arcs, sets.length, sets.kind, MOST)
    if counts.sum() > MOST:
        raise ValueError(
            f"path_colors walks every path, and there are more than {MOST:,} of up to "
            f"{sets.length} edges: {way_out(sets.kind)}"
        )
