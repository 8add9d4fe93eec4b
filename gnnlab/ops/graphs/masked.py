"""Masked graph: a graph without some of its links, read off the sorted whole."""

from __future__ import annotations

import weakref
from functools import cached_property, partial
from typing import Any

import torch
from torch import Tensor

from gnnlab.ops.base.bounds import check_numbers, check_vector
from gnnlab.ops.base.memo import own
from gnnlab.ops.graphs.adjacency import Adjacency, Rows
from gnnlab.ops.graphs.index_arrays import check_square
from gnnlab.ops.graphs.sorted_rows import check_pairs, sorted_rows
from gnnlab.ops.graphs.tensors import check_device
from gnnlab.ops.rows.for_tensors import neighbours_for


class Masked(Adjacency):
    """What ``Adjacency.without`` returns; its parts are copied when they are first read.

    Args:
        base: the whole graph.
        gone: (G,) int64, the numbers of the edges that are left out, ascending; copied.

    Raises:
        ValueError: ``gone`` are no such numbers.
    """

    def __init__(self, base: Adjacency, gone: Tensor) -> None:
        _check_gone(base, gone)
        with torch.inference_mode(False):
            self._fill(base, gone.detach().clone())

    def _fill(self, base: Adjacency, gone: Tensor) -> None:
        if hasattr(self, "_kept"):
            raise RuntimeError("Masked is immutable: build another one")
        self._base, self._gone, self._num_nodes, self._turned = base, gone, base.num_nodes, False
        self._begin()

    @cached_property
    def _index(self) -> Tensor:  # type: ignore[override]
        with torch.inference_mode(False):
            edges = self._copied()
        own(edges, self)
        return edges

    def _copied(self) -> Tensor:
        return torch.stack([self._left(end) for end in self._base._ends])

    @property
    def _ends(self) -> tuple[Tensor, Tensor]:
        source, target = self._index
        return source, target

    @property
    def base(self) -> Adjacency:
        """The whole graph."""
        return self._base

    @property
    def gone(self) -> Tensor:
        """(G,) int64: the numbers of the edges that are left out, ascending; a copy."""
        return self._gone.clone()

    @property
    def kept(self) -> Tensor:
        """(E',) int64: the numbers of the edges that are left; edge-wise tensors go by them."""
        numbers = partial(torch.arange, self._base.num_edges, device=self.device)
        return self._keep("kept", lambda: self._left(numbers())).clone()

    @property
    def num_edges(self) -> int:
        return self._base.num_edges - self._gone.shape[0]

    @property
    def device(self) -> torch.device:
        return self._gone.device

    @property
    def _rows(self) -> Rows:
        return Rows(self._rowptr, self._order)

    @property
    def _rowptr(self) -> Tensor:
        return self._keep("rowptr", self._fewer)

    def _fewer(self) -> Tensor:
        fewer = torch.bincount(self._base._target[self._gone], minlength=self.num_nodes).cumsum(0)
        rowptr = self._base._rowptr.clone()
        rowptr[1:] -= fewer.int()
        return rowptr

    @property
    def _order(self) -> Tensor:
        return self._keep("order", self._renumbered)

    def _renumbered(self) -> Tensor:
        order = self._base._order
        return neighbours_for(self._gone).renumbered(order, self._places, self._gone)

    @property
    def _col(self) -> Tensor:
        return self._keep("col", self._columns)

    def _columns(self) -> Tensor:
        col = self._base._col
        return neighbours_for(self._gone).left(col, self._places)

    @property
    def _places(self) -> Tensor:
        """(G,) int64: where the edges that are left out lie in the base's rows, ascending."""
        return self._keep(
            "places", lambda: _find(self._base, "rows", self._base._order, self._gone)
        )

    @property
    def _sorted_places(self) -> Tensor:
        """(G,) int64: where they lie in ``sorted_rows(base)``, ascending."""
        edge = sorted_rows(self.base).edge
        return self._keep("sorted places", lambda: _find(self._base, "sorted", edge, self._gone))

    def _left(self, values: Tensor) -> Tensor:
        return neighbours_for(self._gone).left(values, self._gone)

    def _transposed(self) -> Adjacency:
        reverse = _view(self._base.transpose, self._gone)
        reverse._origin = weakref.ref(self)
        return reverse

    def with_self_loops(self) -> Adjacency:
        looped, base = self._base.with_self_loops(), self._base
        if bool((base._source[self._gone] == base._target[self._gone]).any()):
            return super().with_self_loops()  # nodes whose loop is gone get a new one
        if looped is base:
            return self
        # The caller's edges come first there, under the same numbers.
        return self._keep("loops", lambda: _view(looped, self._gone))

    def without_self_loops(self) -> Adjacency:
        bare, base = self._base.without_self_loops(), self._base
        if bare is base:
            return self
        stays = self._gone[base._source[self._gone] != base._target[self._gone]]
        rank = base._keep("rank among no loops", lambda: (base._source != base._target).cumsum(0))
        return self._keep("no loops", lambda: _view(bare, rank[stays] - 1))

    def to(self, device: torch.device | str, non_blocking: bool = False) -> Adjacency:
        base = self._base.to(device, non_blocking)
        if base is self._base:
            return self
        return _view(base, self._gone.to(base.device, non_blocking=non_blocking))

    def __reduce__(self) -> tuple[Any, ...]:
        return Masked, (self._base, self._gone)


def mask(adj: Adjacency, pairs: Tensor) -> Masked:
    """The graph without the links between pairs of nodes."""
    check_square(adj)
    check_pairs(pairs, adj.num_nodes, adj.device)
    with torch.inference_mode(False):
        rows, kernels = sorted_rows(adj), neighbours_for(pairs)
        places = kernels.links(rows.rowptr, rows.col, pairs)
        view = _view(adj, kernels.distinct(rows.edge[places], adj.num_edges))
    view._kept["sorted places"] = places
    if rows.edge is adj._order:
        view._kept["places"] = places
    return view


def _view(base: Adjacency, gone: Tensor) -> Masked:
    """The graph without edges whose numbers are right, in a tensor that nobody else changes."""
    view = Masked.__new__(Masked)
    view._fill(base, gone)
    return view


def _check_gone(base: Adjacency, gone: Tensor) -> None:
    if not isinstance(base, Adjacency):
        raise ValueError(f"base is {type(base).__name__}, but it must be an Adjacency: build one")
    check_square(base)
    check_vector("gone", gone, (torch.int64,), "numbers of edges (G,), int64")
    check_device("gone", gone, base)
    check_numbers("gone names edge", gone, base.num_edges, "edges")
    if bool((gone[1:] <= gone[:-1]).any()):
        raise ValueError("gone does not ascend, but it names each edge once: give gone.unique()")


def _find(base: Adjacency, which: str, order: Tensor, edges: Tensor) -> Tensor:
    """Where edges lie in an order of all of them."""
    place = base._keep(("place", which), lambda: _inverse(order))
    return neighbours_for(edges).distinct(place[edges], base.num_edges)


def _inverse(order: Tensor) -> Tensor:
    place = torch.empty_like(order)
    place[order] = torch.arange(order.shape[0], dtype=order.dtype, device=order.device)
    return place
