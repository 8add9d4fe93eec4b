"""Index arrays of a graph, which compiled loops read: checked once and never given to callers.

Whoever holds a tensor can change it, through numpy even behind torch's back, and a loop that
follows a changed number reads or writes anywhere. So the arrays here belong to the graph alone:
``Adjacency`` hands out copies, and attributes that loops rely on cannot be set.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import torch
from torch import Tensor

from gnnlab.ops.base.memo import built
from gnnlab.ops.rows.grouping import Rows, group

T = TypeVar("T")


class Sorted:
    """The edges of a graph and their order by target, each made when first read, and kept."""

    def _setup(self, index: Tensor, num_nodes: int, turned: bool = False) -> None:
        """Take over checked edges (2, E) that nobody else holds; turned, row 1 is the sources."""
        if hasattr(self, "_kept"):
            raise RuntimeError(f"{type(self).__name__} is immutable: build another one")
        self._index, self._num_nodes, self._turned = index, num_nodes, turned
        first, second = index.unbind()
        self._split = (second, first) if turned else (first, second)
        self._version = index._version
        self._begin()

    def _begin(self) -> None:
        self._kept: dict[Hashable, Any] = {}
        self._cache: dict[Hashable, Any] = {}
        self._origin: weakref.ref[Any] | None = None

    @property
    def num_nodes(self) -> int:
        """N."""
        return self._num_nodes

    @property
    def num_sources(self) -> int:
        """How many rows the edges read from: N, unless they come from another set."""
        return self._num_nodes

    @property
    def num_edges(self) -> int:
        """E."""
        return self._index.shape[1]

    @property
    def device(self) -> torch.device:
        """Where the graph lies."""
        return self._index.device

    @property
    def _ends(self) -> tuple[Tensor, Tensor]:
        """Sources and targets."""
        return self._split

    @property
    def _source(self) -> Tensor:
        return self._ends[0]

    @property
    def _target(self) -> Tensor:
        return self._ends[1]

    @property
    def _rows(self) -> Rows:
        return self._keep("rows", lambda: group(self._target, self.num_nodes))

    @property
    def _rowptr(self) -> Tensor:
        return self._rows.rowptr

    @property
    def _order(self) -> Tensor:
        return self._rows.order

    @property
    def _col(self) -> Tensor:
        return self._keep("col", self._sources_in_order)

    def _sources_in_order(self) -> Tensor:
        if self._index._version != self._version:  # compiled code is given the tensor itself
            raise RuntimeError(
                "the edges of this graph were changed in place inside a compiled function: build "
                "another Adjacency of the changed ones"
            )
        return self._source.index_select(0, self._order).int()

    def remember(self, key: Hashable, build: Callable[[], T]) -> T:
        """Return ``build()``, made once per ``key`` and graph."""
        return self._made(self._cache, key, build)

    def _keep(self, key: Hashable, build: Callable[[], T]) -> T:
        """The same for what the loops read, which no caller's key finds."""
        value: T | None = self._kept.get(key)
        return self._made(self._kept, key, build) if value is None else value

    def _made(self, known: dict[Hashable, Any], key: Hashable, build: Callable[[], T]) -> T:
        value: T | None = known.get(key)
        if value is None:  # two threads may both build; the first to finish is kept by all
            with torch.inference_mode(False):
                value = known.setdefault(key, built(self.device, build))
        return value


def check_square(graph: Sorted) -> None:
    """Refuse lists of nodes where a graph on one set of nodes is needed."""
    if graph.num_sources != graph.num_nodes:
        raise ValueError(
            f"these are {graph.num_nodes} lists of {graph.num_sources} nodes, and no graph on one "
            "set of nodes: give the lists to neighbor_sum"
        )
