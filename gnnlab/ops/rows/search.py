"""Searches in sorted neighbour lists in plain torch: the reference for the compiled loops.

Rows are ``(rowptr, col)`` with ascending columns; of a neighbour that occurs several times the
first entry counts. All is found by a binary search for ``row * N + column`` among all entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from gnnlab.kernels.hashing import hashed, keep_elements, signed
from gnnlab.ops.base.memo import remember


class View(NamedTuple):
    """Rows of which some entries are left out."""

    rowptr: Tensor
    """(N + 1,) int32."""
    col: Tensor
    """(E,) int32, ascending in every row."""
    gone: Tensor | None = None
    """(G,) int64: places in ``col`` of entries that are left out, ascending; all copies or none."""
    drop: tuple[float, int] | None = None
    """Probability and seed by which each entry is left out too."""


@dataclass(frozen=True, eq=False)
class Found:
    """A list of nodes for every pair, or how long it is."""

    count: Tensor
    """(P,) int64."""
    node: Tensor
    """(M,) int32: the nodes, pair by pair, ascending; empty where they were only counted."""
    weight: Tensor | None
    """(M,) float64: what each stands for where longer lists were sampled."""


class Sample(NamedTuple):
    """At most so many of a list, drawn by a seed."""

    limit: int
    seed: int


class Neighbours(Protocol):
    """What a device has to provide."""

    def links(self, rowptr: Tensor, col: Tensor, pairs: Tensor) -> Tensor:
        """Where the entries (i, j) and (j, i) of all pairs are: ascending, int64."""

    def distinct(self, numbers: Tensor, size: int) -> Tensor:
        """The numbers from 0..size-1, each once and ascending, int64."""

    def left(self, values: Tensor, gone: Tensor) -> Tensor:
        """The values (E,) but those at ``gone``, ascending."""

    def renumbered(self, order: Tensor, places: Tensor, gone: Tensor) -> Tensor:
        """An order of items without the items ``gone``, which lie at ``places``; both ascending."""

    def common(self, view: View, pairs: Tensor, sample: Sample | None, lists: bool) -> Found:
        """The common neighbours of each pair, or how many there are."""

    def residual(
        self, view: View, pairs: Tensor, common: Found, sample: Sample | None
    ) -> tuple[Found, Found]:
        """The neighbours of one end of each pair that are none of the other end."""


def links(rowptr: Tensor, col: Tensor, pairs: Tensor) -> Tensor:
    """Both directions, all copies."""
    row, column = torch.cat([pairs, pairs.flip(0)], dim=1)
    low, high = _search(rowptr, col, row, column)
    return distinct(_ranges(low, high - low)[1], col.shape[0])


def distinct(numbers: Tensor, size: int) -> Tensor:
    """``unique``."""
    found: Tensor = torch.unique(numbers.long())
    return found


def left(values: Tensor, gone: Tensor) -> Tensor:
    """By a mask."""
    return values[_stays(values.shape[0], gone)]


def renumbered(order: Tensor, places: Tensor, gone: Tensor) -> Tensor:
    """Each number less the numbers below it that are gone."""
    rank = _stays(order.shape[0], gone).cumsum(0, dtype=torch.int32) - 1
    return rank[left(order, places).long()]


def common(view: View, pairs: Tensor, sample: Sample | None, lists: bool) -> Found:
    """Search the entries of the shorter row in the longer one."""
    short, long = ordered(view.rowptr, pairs)
    item, place = _entries(view, short)
    weight = None
    if sample is not None:
        kept, weight = _drawn(view, item, place, short, long, sample)
        item, place = item[kept], place[kept]
    node = view.col[place]
    low, high = _search(view.rowptr, view.col, long[item], node)
    hit = low < high
    hit[hit.clone()] = _alive(view, low[hit])
    item, node = item[hit], node[hit]
    count = torch.bincount(item, minlength=pairs.shape[1])
    if not lists:
        node = node[:0]
    return Found(count, node, None if weight is None else weight[hit])


def residual(
    view: View, pairs: Tensor, common: Found, sample: Sample | None
) -> tuple[Found, Found]:
    """Entries of either row that are not among the common ones."""
    numbers = torch.arange(pairs.shape[1], device=pairs.device)
    nodes = view.rowptr.shape[0] - 1
    shared = numbers.repeat_interleave(common.count) * nodes + common.node
    found = []
    for own, other in (pairs, pairs.flip(0)):
        item, place = _entries(view, own)
        alone = ~torch.isin(item * nodes + view.col[place], shared, assume_unique=True)
        item, place, weight = item[alone], place[alone], None
        if sample is not None:
            kept, weight = _drawn(view, item, place, own, other, sample)
            item, place = item[kept], place[kept]
        count = torch.bincount(item, minlength=pairs.shape[1])
        found.append(Found(count, view.col[place], weight))
    return found[0], found[1]


def ordered(rowptr: Tensor, pairs: Tensor) -> tuple[Tensor, Tensor]:
    """The ends of each pair, the one with the shorter row first; of equal ones the lower node."""
    i, j = pairs
    size = rowptr.diff()
    d, e = size.index_select(0, i), size.index_select(0, j)
    swap = (d > e) | ((d == e) & (i > j))
    return torch.where(swap, j, i), torch.where(swap, i, j)


def _stays(size: int, gone: Tensor) -> Tensor:
    mask = torch.ones(size, dtype=torch.bool, device=gone.device)
    mask[gone] = False
    return mask


def _entries(view: View, nodes: Tensor) -> tuple[Tensor, Tensor]:
    """The entries of rows, each neighbour once: whose they are, and where they lie."""
    start = view.rowptr[nodes].long()
    item, place = _ranges(start, view.rowptr[nodes + 1] - start)
    first = place == start[item]
    first |= view.col[place] != view.col[(place - 1).clamp(min=0)]
    first[first.clone()] = _alive(view, place[first])
    return item[first], place[first]


def _alive(view: View, place: Tensor) -> Tensor:
    alive = torch.ones(place.shape, dtype=torch.bool, device=place.device)
    if view.gone is not None:
        alive &= ~torch.isin(place, view.gone)
    if view.drop is not None:
        alive &= keep_elements(place, *view.drop)
    return alive


def _drawn(
    view: View, item: Tensor, place: Tensor, own: Tensor, other: Tensor, sample: Sample
) -> tuple[Tensor, Tensor]:
    """Which entries of lists are drawn, those with the smallest hashes, and what they stand for."""
    nodes = view.rowptr.shape[0] - 1
    list_seed = hashed(own * nodes + other, signed(sample.seed))
    key = hashed(view.col[place].long(), list_seed[item]) ^ -(2**63)  # unsigned order
    order = key.argsort()
    order = order[item[order].argsort(stable=True)]
    count = torch.bincount(item, minlength=own.shape[0])
    rank = torch.empty_like(order)
    rank[order] = torch.arange(order.shape[0], device=order.device)
    kept = rank - (count.cumsum(0) - count)[item] < sample.limit
    weight = (count.double() / sample.limit).clamp(min=1)[item[kept]]
    return kept, weight


def _search(rowptr: Tensor, col: Tensor, row: Tensor, column: Tensor) -> tuple[Tensor, Tensor]:
    """The entries of rows that have a column: from where to where they lie."""
    nodes = rowptr.shape[0] - 1
    keys = remember(col, "keys of entries", lambda: _keys(rowptr, col))
    query = row * nodes + column
    return torch.searchsorted(keys, query), torch.searchsorted(keys, query, right=True)


def _keys(rowptr: Tensor, col: Tensor) -> Tensor:
    nodes = rowptr.shape[0] - 1
    row = torch.arange(nodes, device=col.device).repeat_interleave(rowptr.diff())
    return row * nodes + col


def _ranges(start: Tensor, count: Tensor) -> tuple[Tensor, Tensor]:
    """The numbers of ranges one after the other, and which range each is of."""
    count = count.long()
    item = torch.arange(count.shape[0], device=count.device).repeat_interleave(count)
    before = count.cumsum(0) - count
    number = torch.arange(item.shape[0], device=count.device) - before[item]
    return item, start[item] + number
