"""k-hop subgraph: the nodes within k hops of a node, and the edges between them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from gnnlab.core.arguments import check_count, shown
from gnnlab.core.settings import checked
from gnnlab.kernels.arrays import Array, array
from gnnlab.kernels.budget import require_memory
from gnnlab.kernels.threads import over_items
from gnnlab.ops import Adjacency, AdjacencyLike
from gnnlab.structure.hops.bfs import FAR
from gnnlab.structure.subgraphs.k_hop_search import count_many, cut_many, cut_one

BYTES = 32
"""Bytes of an edge of a subgraph: its ends, its number, and once more while it is sorted."""


class KHopSubgraph(NamedTuple):
    """The nodes within some hops of one, and the edges between them."""

    subset: Tensor
    """(n,) int64: the nodes, ascending."""
    edge_index: Tensor
    """(2, m) int64: the edges in the caller's order, by the caller's numbers of nodes or, where
    ``relabel_nodes`` is set, by their places in ``subset``."""
    mapping: Tensor
    """(1,) int64: the place of the node itself in ``subset``."""
    edge_id: Tensor
    """(m,) int64: the numbers of the edges, ascending."""


class KHopSubgraphs(NamedTuple):
    """The subgraphs of many nodes, one after the other: ``one(i)`` is that of the i-th."""

    subset: Tensor
    """(sum of n,) int64."""
    edge_index: Tensor
    """(2, sum of m) int64; where relabelled, by the places in the root's own part of ``subset``."""
    mapping: Tensor
    """(R,) int64: the place of each root in its own part."""
    edge_id: Tensor
    """(sum of m,) int64."""
    node_ptr: Tensor
    """(R + 1,) int64: the nodes of the i-th root are subset[node_ptr[i]:node_ptr[i + 1]]."""
    edge_ptr: Tensor
    """(R + 1,) int64: the same of its edges."""

    def one(self, number: int) -> KHopSubgraph:
        """The subgraph of the root with that number, as views."""
        nodes = slice(*self.node_ptr[number : number + 2].tolist())
        edges = slice(*self.edge_ptr[number : number + 2].tolist())
        return KHopSubgraph(
            self.subset[nodes], self.edge_index[:, edges], self.mapping[number : number + 1],
            self.edge_id[edges],
        )  # fmt: skip


@checked
def k_hop_subgraph(
    node: int,
    num_hops: int,
    adj: AdjacencyLike,
    relabel_nodes: bool = False,
    num_nodes: int | None = None,
    *,
    directed: bool = False,
) -> KHopSubgraph:
    r"""Cut out the nodes from which one is reached in k hops, and the edges between them.

    .. math:: V = \{u : d(u, v) \leq k\}, \qquad E_V = \{u \to w : u, w \in V\}

    The result is that of PyG's function of this name, but in the place of its mask over all edges
    stand the numbers of those that are kept: ``mask[found.edge_id] = True`` makes the mask. The
    graph is sorted on the first call and kept for as long as ``adj`` lives: hand over one
    :class:`gnnlab.ops.Adjacency` where every microsecond counts.

    Args:
        node: v.
        num_hops: k.
        adj: the graph, anything that ``Adjacency.of`` takes.
        relabel_nodes: number the ends of the edges by their places in ``subset``.
        num_nodes: N, where ``adj`` does not say.
        directed: keep only the edges on ways to v: those that end at most k - 1 hops from it.

    Shapes:
        edge_index (2, E) -> subset (n,), edge_index (2, m), mapping (1,), edge_id (m,)

    Raises:
        ValueError: a node outside the graph, a number of hops below 0, a bad graph.

    Cost:
        the edges into the n nodes, each looked at once; not O(N) or O(E) but for the first call.
        The order is found byte by byte, in O(n + m).

    Source:
        Fey and Lenssen, "Fast Graph Representation Learning with PyTorch Geometric", 2019
        (https://arxiv.org/abs/1903.02428): ``torch_geometric.utils.k_hop_subgraph``.

    Example:
        >>> path = torch.tensor([[0, 1, 2, 3], [1, 2, 3, 4]])
        >>> found = k_hop_subgraph(3, 2, path, relabel_nodes=True)
        >>> found.subset.tolist(), found.edge_index.tolist(), found.mapping.tolist()
        ([1, 2, 3], [[0, 1], [1, 2]], [2])
    """
    graph = _sorted(adj, num_nodes)
    if type(node) is not int or not 0 <= node < len(graph.rowptr) - 1:
        _refuse_node(node, len(graph.rowptr) - 1)
    check_count("num_hops", num_hops, 0)
    scratch = graph.spare.pop() if graph.spare else _scratch(len(graph.rowptr) - 1)
    settings = (node, min(num_hops, FAR), directed, relabel_nodes)
    found = cut_one(*settings, *graph.arrays, *scratch)
    graph.spare.append(scratch)  # which is as it was; two threads never share one
    subset, edge_index, mapping, edge_id = map(torch.from_numpy, found)
    return KHopSubgraph(subset, edge_index, mapping, edge_id)


@checked
def k_hop_subgraphs(
    nodes: Tensor,
    num_hops: int,
    adj: AdjacencyLike,
    relabel_nodes: bool = False,
    num_nodes: int | None = None,
    *,
    directed: bool = False,
) -> KHopSubgraphs:
    """Cut out the subgraph of each of many nodes by itself, in parallel.

    Args:
        nodes: the roots; one that is there twice gets two subgraphs.
        num_hops, adj, relabel_nodes, num_nodes, directed: as :func:`k_hop_subgraph` has them.

    Shapes:
        nodes (R,) int64 -> see :class:`KHopSubgraphs`

    Raises:
        ValueError: nodes of another type or outside the graph, a number of hops below 0, a bad
            graph; more nodes and edges than fit into memory, with their numbers.

    Cost:
        two searches for each root, to count and to write; 8 N bytes a thread.

    Example:
        >>> path = torch.tensor([[0, 1, 2, 3], [1, 2, 3, 4]])
        >>> found = k_hop_subgraphs(torch.tensor([4, 0]), 1, path, relabel_nodes=True)
        >>> found.subset.tolist(), found.node_ptr.tolist(), found.one(0).edge_index.tolist()
        ([3, 4, 0], [0, 2, 3], [[0], [1]])
    """
    graph = _sorted(adj, num_nodes)
    roots = _checked_roots(nodes, len(graph.rowptr) - 1)
    check_count("num_hops", num_hops, 0)
    settings = (min(num_hops, FAR), directed)
    sizes = np.zeros((2, len(roots) + 1), np.int64)
    over_items(count_many, len(roots), _work(graph, roots), roots, *settings, *graph.arrays, sizes)
    ptr = np.cumsum(sizes, axis=1)
    _require(int(ptr[0, -1]), int(ptr[1, -1]), len(roots))
    subset, mapping = np.empty(ptr[0, -1], np.int64), np.empty(len(roots), np.int64)
    edge_index, edge_id = np.empty((2, ptr[1, -1]), np.int64), np.empty(ptr[1, -1], np.int64)
    over_items(
        cut_many, len(roots), 4 * int(ptr.sum()), roots, *settings, relabel_nodes, *graph.arrays,
        ptr, subset, edge_index, mapping, edge_id,
    )  # fmt: skip
    return KHopSubgraphs(
        *map(torch.from_numpy, (subset, edge_index, mapping, edge_id, ptr[0], ptr[1]))
    )


class _Sorted(NamedTuple):
    """A graph as the loops read it."""

    rowptr: Array
    col: Array
    order: Array
    """(E,) int32: the number of the edge at each sorted position."""
    spare: list[tuple[Array, Array]]
    """Memory of searches that are over."""

    @property
    def arrays(self) -> tuple[Array, Array, Array]:
        return self[:3]


def _sorted(adj: AdjacencyLike, num_nodes: int | None) -> _Sorted:
    adj = Adjacency.of(adj, num_nodes)

    def build() -> _Sorted:
        rowptr, col, order = (array(part.cpu()) for part in (adj._rowptr, adj._col, adj._order))
        return _Sorted(rowptr, col, order, [])

    return adj._keep("k hops", build)


def _scratch(nodes: int) -> tuple[Array, Array]:
    """For distances, which are -1, and the queue."""
    return np.full(nodes, -1, np.int32), np.empty(nodes, np.int32)


def _work(graph: _Sorted, roots: Array) -> int:
    """A guess: as many numbers as the neighbours of neighbours have."""
    degree = len(graph.col) / max(len(graph.rowptr) - 1, 1)
    return int(len(roots) * (degree + 1) ** 2)


def _refuse_node(node: object, nodes: int) -> None:
    raise ValueError(
        f"node is {shown(node)}, but it must be a whole number from 0 to {nodes - 1}: of many "
        "nodes, k_hop_subgraphs takes a tensor"
    )


def _checked_roots(nodes: Tensor, count: int) -> Array:
    if not isinstance(nodes, Tensor) or nodes.dtype != torch.int64 or nodes.dim() != 1:
        told = f"{nodes.dtype} {tuple(nodes.shape)}" if isinstance(nodes, Tensor) else repr(nodes)
        raise ValueError(f"nodes is {told}, but the roots are an int64 tensor (R,)")
    roots = array(nodes.cpu())
    if len(roots) and not 0 <= roots.min() <= roots.max() < count:
        wrong = roots[(roots < 0) | (roots >= count)][0]
        raise ValueError(f"nodes names {wrong}, but the graph has nodes 0 to {count - 1}")
    return roots


def _require(nodes: int, edges: int, roots: int) -> None:
    require_memory(
        8 * nodes + BYTES * edges,
        f"a list of {roots:,} subgraphs with {nodes:,} nodes and {edges:,} edges",
        "take fewer roots at a time, or fewer hops",
    )
