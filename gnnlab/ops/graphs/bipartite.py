"""Bipartite graph from the rows of a table to lists of them."""

from __future__ import annotations

import weakref
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from gnnlab.core.arguments import check_count
from gnnlab.ops.base.bounds import check_numbers, check_pointers, check_vector
from gnnlab.ops.graphs.adjacency import Adjacency, Rows, group

KINDS = (torch.int32, torch.int64)


class Bipartite(Adjacency):
    """Edges from S sources to N targets, in the order of the targets.

    The backends' sums run on it as on a square graph: x has S rows, the result N.

    Args:
        rowptr: (N + 1,) int32; copied.
        col: (E,) int32, the source of each edge; copied.
        num_sources: S.

    Raises:
        ValueError: the numbers are no such lists.
    """

    def __init__(self, rowptr: Tensor, col: Tensor, num_sources: int) -> None:
        check_lists(rowptr, col, num_sources)
        with torch.inference_mode(False):
            rowptr, col = (part.detach().to(torch.int32, copy=True) for part in (rowptr, col))
            self._fill(rowptr, col, int(num_sources))

    def _fill(self, rowptr: Tensor, col: Tensor, num_sources: int) -> None:
        if hasattr(self, "_kept"):
            raise RuntimeError("Bipartite is immutable: build another one")
        self._pointers, self._columns = rowptr, col
        self._num_nodes, self._num_sources, self._turned = rowptr.shape[0] - 1, num_sources, False
        self._begin()
        self._kept |= {"col": col, "in order": True}

    @property
    def num_sources(self) -> int:
        """S."""
        return self._num_sources

    @cached_property
    def _index(self) -> Tensor:  # type: ignore[override]
        targets = torch.arange(self.num_nodes, device=self.device)
        return torch.stack([self._col.long(), targets.repeat_interleave(self._pointers.diff())])

    @property
    def _ends(self) -> tuple[Tensor, Tensor]:
        source, target = self._index
        return source, target

    @property
    def num_edges(self) -> int:
        return self._columns.shape[0]

    @property
    def device(self) -> torch.device:
        return self._pointers.device

    @property
    def _rows(self) -> Rows:
        return self._keep("rows", lambda: Rows(self._pointers, self._numbers()))

    def _numbers(self) -> Tensor:
        return torch.arange(self.num_edges, dtype=torch.int32, device=self.device)

    @property
    def _rowptr(self) -> Tensor:
        return self._pointers

    def _transposed(self) -> Adjacency:
        rows = group(self._columns.long(), self.num_sources)
        target = self._target.int()[rows.order]
        back = Bipartite.__new__(Bipartite)
        back._fill(rows.rowptr, target, self.num_nodes)
        back._kept |= {"rows": rows, "in order": False}
        back._origin = weakref.ref(self)
        return back

    def _with(self, index: Tensor) -> Adjacency:
        return Adjacency(index, self.num_nodes)  # looks at the sources, which are another set

    def _moved(self, place: torch.device, non_blocking: bool) -> Adjacency:
        moved = Bipartite.__new__(Bipartite)
        rowptr = self._pointers.to(place, non_blocking=non_blocking)
        moved._fill(rowptr, self._columns.to(place, non_blocking=non_blocking), self.num_sources)
        return moved

    def __reduce__(self) -> tuple[Any, ...]:
        return Bipartite, (self._pointers, self._columns, self.num_sources)


def check_lists(rowptr: Tensor, col: Tensor, num_sources: int) -> None:
    """Refuse what are no lists of numbers below a bound."""
    check_count("num_sources", num_sources, 0)
    check_vector("rowptr", rowptr, KINDS, "row pointers (N + 1,), int32")
    check_vector("col", col, KINDS, "numbers (M,), int32")
    if rowptr.device != col.device:
        raise ValueError(f"rowptr is on {rowptr.device} but col on {col.device}; move one of them")
    check_pointers("rowptr", rowptr, col.shape[0])
    check_numbers("a list names", col, num_sources, "nodes")
