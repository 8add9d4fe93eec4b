"""Subgraph colours: the subgraph Weisfeiler-Leman test, a bound of what subgraph networks tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from gnnlab.core.arguments import check_choice, check_count
from gnnlab.core.settings import checked
from gnnlab.kernels.arrays import Array
from gnnlab.kernels.budget import require_memory
from gnnlab.kernels.compile import compiled
from gnnlab.kernels.effort import require_time
from gnnlab.kernels.mixing import mixed
from gnnlab.kernels.threads import over_items
from gnnlab.ops import Adjacency
from gnnlab.structure.hops.bfs import hop_matrix
from gnnlab.structure.subgraphs.symbols import POLICIES, POOLINGS, symbols_of

STEP, PAIR = 20_000.0, 1.0
"""Nanoseconds of a round, and of what a pair hears from a neighbour in it."""


@checked
def subgraph_colors(
    edge_index: Tensor,
    num_nodes: int,
    aggregation: str | Sequence[str] = "SSWL+",
    policy: str = "distance",
    *,
    pooling: str = "VS",
    max_distance: int | None = None,
    radius: int = 3,
    rounds: int | None = None,
) -> Tensor:
    r"""Colour nodes by the subgraph Weisfeiler-Lehman test of an aggregation, by 64-bit hashing.

    .. math:: c'_{uv} = \operatorname{hash}\big(c_{uv}, \operatorname{agg}_1(c)_{uv}, \dots\big),
        \qquad \operatorname{color}_u = \operatorname{hash}\{c_{uv} : v\}

    Sums are over multisets of colours. Graphs whose colours add up to different numbers are told
    apart by networks of :class:`gnnlab.layers.SubgraphGNN` with enough layers and width; those with
    equal sums are told apart by none, but for a collision of 64 bits. Colours do not depend on the
    order of nodes, and can be compared between graphs.

    Args:
        edge_index: every column counts, so that a repeated edge is another graph.
        num_nodes: N.
        aggregation: a name or symbols, as :class:`gnnlab.layers.SubgraphGNN` takes them.
        policy: likewise; the distance between components is a colour of its own.
        pooling: ``VS``: a colour for each subgraph u, of all its nodes; ``SV``: for each node v, of
            all subgraphs.
        max_distance: beyond it all distances are one, of policy ``distance``; None tells all apart.
        radius: of policies ``ego`` and ``ego+``.
        rounds: how often colours are refined; None until none is split any more.

    Shapes:
        edge_index (2, E) -> (N,) int64

    Raises:
        ValueError: unknown names, bad edges, a count below 1; more pairs than fit into memory.

    Cost:
        O(R N E) for R rounds, at most N^2 of them and a few on most graphs; some 40 N^2 bytes.

    Source:
        Zhang, Feng, Du, He and Wang, "A Complete Expressiveness Hierarchy for Subgraph GNNs via
        Subgraph Weisfeiler-Lehman Tests", ICML 2023, section 4 (https://arxiv.org/abs/2302.07090).

    Example:
        >>> ring = torch.tensor([[0, 1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 0]])
        >>> pair = torch.tensor([[0, 1, 2, 3, 4, 5], [1, 2, 0, 4, 5, 3]])  # of triangles
        >>> graphs = [torch.cat([edges, edges.flip(0)], dim=1) for edges in (ring, pair)]
        >>> [len(set(subgraph_colors(edges, 6).tolist())) for edges in graphs]
        [1, 1]
        >>> len({int(subgraph_colors(edges, 6).sum()) for edges in graphs})
        2
    """
    symbols = symbols_of(aggregation)
    check_choice("policy", policy, POLICIES)
    check_choice("pooling", pooling, tuple(POOLINGS))
    check_count("radius", radius)
    for name, value in (("max_distance", max_distance), ("rounds", rounds)):
        if value is not None:
            check_count(name, value)
    adj = Adjacency.of(edge_index, num_nodes).to("cpu")
    told = f"the colours of {num_nodes**2:,} pairs of nodes"
    require_memory(64 * num_nodes**2, told, "take a smaller graph")
    if rounds is not None:
        work = STEP + PAIR * len(symbols) * num_nodes * (num_nodes + adj.num_edges)
        way = "leave rounds out, which ends once no colour is split any more"
        require_time(rounds * work, f"{rounds:,} rounds over {num_nodes**2:,} pairs", way)
    if not num_nodes:
        return torch.zeros(0, dtype=torch.int64, device=edge_index.device)
    colors, inside = _first(adj, policy, max_distance, radius)
    colors = _refined(colors, adj, symbols, inside, rounds)
    pooled = mixed(mixed(colors).sum(1 if pooling == "VS" else 0))
    return torch.from_numpy(pooled.view(np.int64)).to(edge_index.device)


def _first(
    adj: Adjacency, policy: str, max_distance: int | None, radius: int
) -> tuple[Array, Array]:
    """The colours of the pairs before the first round, and which have edges in their subgraph."""
    n = adj.num_nodes
    colors, inside = np.zeros((n, n), np.uint64), np.empty((0, 0), np.bool_)
    if policy in ("distance", "ego", "ego+"):
        along = adj.transpose
        distance = hop_matrix(along.rowptr.numpy(), along.col.numpy())
        if policy == "distance":
            limit = n if max_distance is None else max_distance
            colors = np.where(distance < 0, limit, np.minimum(distance, limit)).astype(np.uint64)
        else:
            inside = (distance >= 0) & (distance <= radius)
    if policy in ("marking", "ego+"):
        colors = np.eye(n, dtype=np.uint64)
    return colors, ~np.eye(n, dtype=np.bool_) if policy == "deletion" else inside


def _refined(
    colors: Array, adj: Adjacency, symbols: Sequence[str], inside: Array, rounds: int | None
) -> Array:
    """The colours after so many rounds, or after the first that has split none.

    Two graphs that agree up to that round have the same number of colours in each, so stop
    together, and agree in all rounds to come.
    """
    before, done = 0, 0
    while done != rounds:
        colors = _round(colors, adj, symbols, inside)
        done += 1
        if rounds is None:
            found = len(np.unique(colors))
            if found == before:
                break
            before = found
    return colors


def _round(colors: Array, adj: Adjacency, symbols: Sequence[str], inside: Array) -> Array:
    heard = new = mixed(colors)
    for symbol in symbols:
        new = mixed(mixed(new) + _aggregated(symbol, heard, adj, inside))
    return new


def _aggregated(symbol: str, heard: Array, adj: Adjacency, inside: Array) -> Array:
    """What each pair hears, added up; single pairs as they are."""
    edges = adj.rowptr.numpy(), adj.col.numpy()
    n = len(heard)
    if symbol in ("uL", "vL"):
        out = np.zeros_like(heard)
        kernel = second_sums if symbol == "uL" else first_sums
        over_items(kernel, n, n * (n + len(edges[1])), *edges, heard, inside, out)
        return out
    if symbol in ("vv", "uu"):
        own = heard.diagonal()
        return np.broadcast_to(own if symbol == "vv" else own[:, None], heard.shape)
    if symbol == "vu":
        return heard.T
    total = heard.sum(1 if symbol == "uG" else 0, keepdims=True)
    return np.broadcast_to(total, heard.shape)


def _second_sums(
    first: int, last: int, rowptr: Array, col: Array, heard: Array, inside: Array, out: Array
) -> None:
    """out[u, v] = the sum of heard[u, w] over the neighbours w of v, within the subgraph of u."""
    for u in range(first, last):
        for v in range(heard.shape[0]):
            if inside.shape[0] and not inside[u, v]:
                continue
            for p in range(rowptr[v], rowptr[v + 1]):
                if not inside.shape[0] or inside[u, col[p]]:
                    out[u, v] += heard[u, col[p]]


def _first_sums(
    first: int, last: int, rowptr: Array, col: Array, heard: Array, inside: Array, out: Array
) -> None:
    """out[u, v] = the sum of heard[w, v] over the neighbours w of u."""
    for u in range(first, last):
        for p in range(rowptr[u], rowptr[u + 1]):
            for v in range(heard.shape[0]):
                out[u, v] += heard[col[p], v]


second_sums = compiled(_second_sums)
first_sums = compiled(_first_sums)
