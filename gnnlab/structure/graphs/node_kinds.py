"""Node kinds, such as the two sides of a bipartite graph."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from gnnlab.contracts.nodes import count_nodes
from gnnlab.core.arguments import check_choice
from gnnlab.structure.graphs.pair_keys import Array, pair_keys

if TYPE_CHECKING:
    from torch_geometric.data import Data

Kinds = Tensor | str
FIRST = 1 << 20
"""Links that are looked at before all are: most graphs have an odd cycle among a few."""
UNTOLD = 2
"""The kind of a node without a link, whose side nothing tells."""


def kinds_of(data: Data, pairs: Array, asked: Kinds = "auto") -> Tensor | None:
    """The kind of every node as links tell it, or None where all nodes are of one kind.

    ``auto`` takes ``data.node_type``. Without it, a graph has two kinds where all links cross
    between two sides: those of the numbering, where every link joins a node below some number with
    one from it on (users first, then items); else those of two colours, which is warned of, since a
    tree or a grid has two colours as well. See :func:`two_colours` for how separate parts are laid
    beside each other.

    Args:
        pairs: (2, P), all links.
        asked: ``auto``, ``one``, or the kinds themselves.

    Shapes:
        asked (N,) int64 -> (N,) int64

    Raises:
        ValueError: kinds that are none, or not one a node.
    """
    nodes = count_nodes(data)
    if isinstance(asked, Tensor):
        return check_node_kinds("kinds", asked, nodes)
    check_choice("kinds", asked, ("auto", "one"))
    if asked == "one":
        return None
    stored = data.to_dict().get("node_type")
    if stored is not None:
        own = check_node_kinds("data.node_type", stored, nodes)
        return own if own.any() else None
    found = by_numbering(pairs, nodes)
    if found is None:
        found = two_colours(pairs, nodes)
        _tell(found)
    return None if found is None else torch.from_numpy(found)


def joined_kinds(kinds: Tensor, pairs: Tensor) -> Tensor:
    """A number for each two kinds that pairs join, in whatever order, each once: (J,)."""
    own = kinds[pairs.reshape(2, -1)].numpy()
    return torch.from_numpy(np.unique(pair_keys(own, int(kinds.max()) + 1)))


def by_numbering(pairs: Array, num_nodes: int) -> Array | None:
    """Two sides, if every link joins a node below some number with one from it on: (N,) int64.

    A node without a link that may stand on either has the kind 2.
    """
    if not pairs.size:
        return None
    last, first = int(pairs.min(0).max()), int(pairs.max(0).min())
    if last >= first:
        return None
    kinds = np.full(num_nodes, UNTOLD)
    kinds[: last + 1], kinds[first:] = 0, 1
    return kinds


def two_colours(pairs: Array, num_nodes: int) -> Array | None:
    """Two colours so that every link joins both, or None where a cycle is odd: (N,) int64.

    In each connected part the larger side has colour 0, or its first node has where both are as
    large: nothing else tells how parts lie beside each other. A node without a link has kind 2.

    Cost:
        O(N + P).
    """
    for some in dict.fromkeys((min(FIRST, pairs.shape[1]), pairs.shape[1])):
        part = _of_cover(pairs[:, :some], num_nodes)
        here, there = part[:num_nodes], part[num_nodes:]
        if (here == there).any():
            return None
    colour, whole = (here > there).astype(np.int64), np.minimum(here, there)
    sizes = np.bincount(whole, 1 - 2 * colour, minlength=2 * num_nodes)
    _, first = np.unique(whole, return_index=True)
    flip = np.zeros(2 * num_nodes, bool)
    flip[whole[first]] = np.where(
        sizes[whole[first]] == 0, colour[first] == 1, sizes[whole[first]] < 0
    )
    kinds = np.where(flip[whole], 1 - colour, colour)
    kinds[np.bincount(pairs.reshape(-1), minlength=num_nodes) == 0] = UNTOLD
    return kinds


def _of_cover(pairs: Array, num_nodes: int) -> Array:
    """The connected part of each node of the double cover, where a link changes the floor: (2N,).

    A node's two copies are in one part exactly where an odd cycle leads from it to itself.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    source = np.concatenate([pairs[0], pairs[0] + num_nodes])
    target = np.concatenate([pairs[1] + num_nodes, pairs[1]])
    ends, size = (source, target), 2 * num_nodes
    graph = coo_array((np.ones(len(source), np.int8), ends), shape=(size, size))
    part: Array = connected_components(graph, directed=False)[1]
    return part


def _tell(kinds: Array | None) -> None:
    if kinds is not None:
        large, small = (int((kinds == side).sum()) for side in (0, 1))
        warnings.warn(
            f"every link crosses between two sides of {large:,} and {small:,} nodes, so negatives "
            "are drawn across them too: set data.node_type if these are kinds of nodes, or "
            "kinds='one' to draw among all pairs",
            stacklevel=5,
        )


def check_node_kinds(name: str, kinds: Any, nodes: int) -> Tensor:
    """Kinds of nodes as numbers from 0 on.

    Raises:
        ValueError: no whole numbers, or not one a node.
    """
    if not isinstance(kinds, Tensor) or kinds.is_floating_point() or kinds.is_complex():
        told = kinds.dtype if isinstance(kinds, Tensor) else f"a {type(kinds).__name__}"
        raise ValueError(f"{name} is {told}, but it is a tensor of whole numbers, one a node")
    if kinds.shape != (nodes,):
        raise ValueError(f"{name} is {tuple(kinds.shape)}, but each of {nodes} nodes has one kind")
    return torch.from_numpy(np.unique(kinds.detach().cpu().numpy(), return_inverse=True)[1])
