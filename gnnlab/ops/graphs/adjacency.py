"""Adjacency: the sorted form of an ``edge_index`` that every operation works on."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, TypeAlias, Union

import torch
from torch import Tensor

from gnnlab.core.arguments import check_count
from gnnlab.ops.base.bounds import LIMIT as LIMIT
from gnnlab.ops.base.bounds import check_nodes, check_there
from gnnlab.ops.base.memo import own, owner, remember, stamp_of
from gnnlab.ops.graphs.convert import as_edge_index, convert, memo_key
from gnnlab.ops.graphs.index_arrays import Sorted, check_square
from gnnlab.ops.rows.grouping import Rows as Rows
from gnnlab.ops.rows.grouping import group as group

AdjacencyLike: TypeAlias = Union["Adjacency", Tensor, Any]
"""An Adjacency, an edge_index (2, E), PyG's EdgeIndex, a torch CSR tensor, a SparseTensor."""


class Adjacency(Sorted):
    """An immutable graph: its edges grouped by target, and by source, each sorted once in O(E).

    Both groupings are built when first needed and kept, so that the forward pass of every layer
    and the backward pass (which runs over ``transpose``) share them. Edge-wise tensors always
    keep the caller's order of edges; indices are int32 inside.

    Args:
        edge_index: (2, E) int64, row 0 the source and row 1 the target of each edge; copied.
        num_nodes: N; every index lies in ``0..N-1``.

    Raises:
        ValueError: ``edge_index`` has another shape or dtype, or names a node outside the graph.

    Example:
        >>> adj = Adjacency(torch.tensor([[0, 1, 2], [1, 2, 1]]), num_nodes=3)
        >>> adj.rowptr.tolist(), adj.col.tolist(), adj.order.tolist()
        ([0, 0, 2, 3], [0, 2, 1], [0, 2, 1])
    """

    # The other forms of a graph are built on this one: the package, which knows them all, sets how
    # a graph loses links, and how it is read while torch.compile traces.
    _hide: ClassVar[Callable[[Adjacency, Tensor], Adjacency]]
    _trace: ClassVar[Callable[[AdjacencyLike, int | None], Adjacency]]

    def __init__(self, edge_index: Tensor, num_nodes: int) -> None:
        edge_index = as_edge_index(edge_index)
        num_nodes = check_nodes(edge_index, num_nodes)
        with torch.inference_mode(False):  # else the graph could not be used in training later
            self._setup(edge_index.detach().clone().contiguous(), num_nodes)

    def _setup(self, index: Tensor, num_nodes: int, turned: bool = False) -> None:
        super()._setup(index, num_nodes, turned)
        if not turned:
            own(index, self)  # by which compiled code finds the graph

    @classmethod
    def of(cls, adj: AdjacencyLike, num_nodes: int | None = None) -> Adjacency:
        """Return ``adj`` as an Adjacency, sorted once per tensor however often this is called.

        Args:
            adj: an Adjacency, an ``edge_index`` (2, E), PyG's ``EdgeIndex``, a torch CSR tensor
                or a ``torch_sparse.SparseTensor`` (both with row = target, values absent or 1).
            num_nodes: N; by default what ``adj`` says, else the largest index + 1.

        Raises:
            ValueError: ``adj`` is none of these, or has another number of nodes.

        A tensor changed in place is sorted anew, unless it is changed behind torch's back (through
        ``.data`` or ``.numpy()``).
        """
        if torch.compiler.is_compiling():
            return cls._trace(adj, num_nodes)
        if num_nodes is not None and type(num_nodes) is not int:
            check_count("num_nodes", num_nodes, 0)
            num_nodes = int(num_nodes)
        if isinstance(adj, Adjacency):
            if num_nodes is not None and num_nodes != adj.num_nodes:
                raise ValueError(
                    f"the adjacency has {adj.num_nodes} nodes but {num_nodes} were given; "
                    "build it with num_nodes equal to the number of rows of x"
                )
            check_square(adj)
            return adj
        key = memo_key(adj)
        known: Adjacency | None = owner(key) if key is not None else None
        if known is not None and num_nodes in (None, known.num_nodes):
            return known
        build = partial(_build, adj, num_nodes)
        return remember(key, num_nodes, build) if key is not None else build()

    @property
    def edge_index(self) -> Tensor:
        """(2, E) int64, in the caller's order; the same tensor until someone changes it."""
        if torch.compiler.is_compiling():
            return self._copied()
        given: Tensor | None
        given, stamp = self._kept.get("edge_index", (None, None))
        if given is None or stamp != stamp_of(given):
            with torch.inference_mode(False):
                given = self._copied()
            own(given, self)
            self._kept["edge_index"] = given, stamp_of(given)
        return given

    def _copied(self) -> Tensor:
        return torch.stack(self._ends)

    @property
    def source(self) -> Tensor:
        """(E,) int64, in the caller's order."""
        return self.edge_index[0]

    @property
    def target(self) -> Tensor:
        """(E,) int64, in the caller's order."""
        return self.edge_index[1]

    @property
    def kept(self) -> Tensor:
        """(E,) int64: the number of each edge in the graph that :meth:`without` was called on; all
        of them, in order, where no link was taken away."""
        return torch.arange(self.num_edges, device=self.device)

    @property
    def rows(self) -> Rows:
        """The edges grouped by target; a copy."""
        return Rows(*(part.clone() for part in self._rows))

    @property
    def rowptr(self) -> Tensor:
        """(N + 1,) int32: node i's incoming edges are the sorted positions between two entries;
        a copy."""
        return self._rowptr.clone()

    @property
    def order(self) -> Tensor:
        """(E,) int32: sorted position -> the caller's number of the edge; a copy."""
        return self._order.clone()

    @property
    def col(self) -> Tensor:
        """(E,) int32: the source of the edge at each sorted position; a copy."""
        return self._col.clone()

    @property
    def transpose(self) -> Adjacency:
        """The graph with every edge reversed, in the same order of edges; shares what is sorted."""
        origin: Adjacency | None = self._origin() if self._origin is not None else None
        return origin if origin is not None else self._keep("transpose", self._transposed)

    def _transposed(self) -> Adjacency:
        reverse = Adjacency.__new__(Adjacency)
        reverse._setup(self._index, self.num_nodes, not self._turned)
        reverse._origin = weakref.ref(self)
        return reverse

    def with_self_loops(self) -> Adjacency:
        """Return the graph with one loop more for every node that has none (or itself); cached.

        The caller's edges come first and in their order, then the new loops by node, so an edge
        weight is carried over by appending as many ones as there are new edges.
        """
        looped = self._keep("loops", self._looped)
        return self if isinstance(looped, _Same) else looped

    def _looped(self) -> Adjacency | _Same:
        has = torch.zeros(self.num_nodes, dtype=torch.bool, device=self.device)
        has[self._source[self._source == self._target]] = True
        new = (~has).nonzero().flatten()
        if not new.numel():
            return _Same()
        ends = (torch.cat([end, new]) for end in (self._source, self._target))
        return self._with(torch.stack(tuple(ends)))

    def without_self_loops(self) -> Adjacency:
        """Return the graph without its loops (itself where it has none); cached."""
        kept = self._keep("no loops", self._unlooped)
        return self if isinstance(kept, _Same) else kept

    def _unlooped(self) -> Adjacency | _Same:
        keep = self._source != self._target
        if bool(keep.all()):
            return _Same()
        return self._with(torch.stack([self._source[keep], self._target[keep]]))

    def without(self, pairs: Tensor) -> Adjacency:
        """Return a view of the graph without some links, in both directions; nothing is sorted.

        A batch of link prediction hides its positive links so. Every operation and layer gives on
        the view what it gives on the graph built anew without these edges: degrees are counted
        again, and no normalisation is shared. All copies of a repeated edge go, a pair (i, i) takes
        the loops at i away, and a pair that is no edge changes nothing. Edge-wise tensors of the
        view have a row for each edge that is left, in the caller's order: ``weight[view.kept]``.

        Args:
            pairs: (2, P) int64, the two ends of each link.

        Raises:
            ValueError: pairs have another shape or dtype, or name a node outside the graph.

        Cost:
            O(P log E), then one copy of what an operation reads, O(N + E), when it first does.

        Example:
            >>> adj = Adjacency(torch.tensor([[0, 1, 2, 1], [1, 0, 1, 2]]), num_nodes=3)
            >>> view = adj.without(torch.tensor([[1], [0]]))
            >>> view.edge_index.tolist(), view.kept.tolist()
            ([[2, 1], [1, 2]], [2, 3])
        """
        return Adjacency._hide(self, pairs)

    def to(self, device: torch.device | str, non_blocking: bool = False) -> Adjacency:
        """Return the graph on ``device`` (itself when it is there already)."""
        place = torch.empty(0, device=device).device  # "cuda" becomes "cuda:0"
        if place == self.device:
            return self
        return self._keep(("to", place), lambda: self._moved(place, non_blocking))

    def _moved(self, place: torch.device, non_blocking: bool) -> Adjacency:
        moved = Adjacency.__new__(Adjacency)
        index = self._index.to(place, non_blocking=non_blocking)
        moved._setup(index, self.num_nodes, self._turned)
        return moved

    def _with(self, index: Tensor) -> Adjacency:
        """The same nodes with edges that are known to be right, in a tensor of their own."""
        adj = Adjacency.__new__(Adjacency)
        adj._setup(index, self.num_nodes)
        return adj

    def __len__(self) -> int:
        return self.num_nodes

    def __repr__(self) -> str:
        return f"Adjacency(num_nodes={self.num_nodes}, num_edges={self.num_edges})"

    def __getstate__(self) -> dict[str, Any]:
        return {"edge_index": self.edge_index, "num_nodes": self.num_nodes}

    def __setstate__(self, state: dict[str, Any]) -> None:
        Adjacency.__init__(self, state["edge_index"], state["num_nodes"])


class _Same:
    """Stands in a graph's cache for the graph itself, which must not hold on to itself."""


def _build(adj: AdjacencyLike, num_nodes: int | None) -> Adjacency:
    edge_index, own = convert(adj)
    if num_nodes is None:
        num_nodes = own
    if num_nodes is None:
        check_there("edge_index", edge_index)
        num_nodes = int(edge_index.max()) + 1 if edge_index.numel() else 0
    if own is not None and own != num_nodes:
        raise ValueError(f"the adjacency has {own} nodes but {num_nodes} were given")
    return Adjacency(edge_index, num_nodes)
