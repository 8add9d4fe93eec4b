"""Intersections of neighbour lists on the CPU: common neighbours of pairs, by the cheapest loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from gnnlab.kernels.arrays import Array, array
from gnnlab.kernels.hashing import MASK64, threshold
from gnnlab.kernels.memory import empty
from gnnlab.kernels.threads import over_rows
from gnnlab.kernels.words import LANES
from gnnlab.ops.rows import intersection_loops as overlap_rows
from gnnlab.ops.rows.grouping_loops import group
from gnnlab.ops.rows.intersection_loops import GALLOP, Rows
from gnnlab.ops.rows.removal_loops import mark
from gnnlab.ops.rows.sampling_loops import common_draws
from gnnlab.ops.rows.search import Found, Sample, View, ordered

HUB = 64
"""Neighbours from which it may pay to mark them as bits."""
SEARCH, COMPARE, LOOK, MARK = 4.0, 3.0, 1.5, 2.0
"""Nanoseconds, about: of a step of a search, of comparing an entry with a block, of looking up an
entry's bit and of setting one."""
MOST = 1 << 26
"""Entries of scratch: more pairs than take so many are worked on in halves."""


def common(view: View, pairs: Tensor, sample: Sample | None, lists: bool) -> Found:
    """Each pair by the cheapest of three loops, which find the same."""
    short, long = ordered(view.rowptr, pairs)
    rows, size = compiled_rows(view), view.rowptr.diff()
    least = size.index_select(0, short).long()
    if sample is not None:
        return _sampled(rows, short, long, least, sample)
    begin = least.cumsum(0) - least
    if lists and len(least) > 1 and int(begin[-1]) > MOST:
        return _halves(view, pairs)
    out = empty((int(least.sum()) if lists else 0,), torch.int32)
    count = torch.empty(pairs.shape[1], dtype=torch.int64, device="cpu")
    tables = array(begin), array(out), array(count), lists
    direct = _by_hub(
        rows, array(short), array(long), array(least), array(size.index_select(0, long)), tables
    )
    work = row_pointers(np.asarray(least)[direct] + 8)
    ends = direct, array(short), array(long)
    over_rows(overlap_rows.common_pairs, work, 2, *ends, rows, *tables)
    return Found(count, packed(count, begin, out) if lists else out, None)


def _by_hub(
    rows: Rows, short: Array, long: Array, least: Array, most: Array, tables: tuple[Any, ...]
) -> Array:
    """Work on the pairs whose longer list is worth marking; return the others."""
    large = np.flatnonzero(most > HUB)
    if len(large) == 0:
        return np.arange(len(short))
    rowptr, by_hub = np.zeros(len(rows.rowptr), np.int32), np.empty(len(large), np.int32)
    group(long[large], rowptr, by_hub)
    large, hubs = large[by_hub], np.flatnonzero(np.diff(rowptr))
    cuts = rowptr[hubs]
    d, e = least[large], most[large]
    steps = SEARCH * d * np.log2(np.maximum(e / np.maximum(d, 1), 2))
    plain = np.where(e > GALLOP * d, steps, COMPARE * d + e / LANES)
    marked = np.add.reduceat(LOOK * d, cuts) + MARK * e[cuts]
    pays = np.add.reduceat(plain, cuts) > marked
    start = np.append(cuts, len(large))
    inside = pays.repeat(np.diff(start))
    order = large[inside]
    start = np.append(0, np.diff(start)[pays].cumsum())
    ends = hubs[pays], start, order, short
    over_rows(overlap_rows.common_groups, row_pointers(marked[pays]), 2, *ends, rows, *tables)
    direct = np.ones(len(short), bool)
    direct[order] = False
    return np.flatnonzero(direct)


def _sampled(rows: Rows, short: Tensor, long: Tensor, least: Tensor, sample: Sample) -> Found:
    """Draw from each shorter list, and search what was drawn."""
    limit, pairs = sample.limit, short.shape[0]
    out = empty((pairs, limit), torch.int32)
    count = torch.empty(pairs, dtype=torch.int64, device="cpu")
    weight = torch.empty(pairs, dtype=torch.float64, device="cpu")
    ends, seed = (array(short), array(long), rows), np.uint64(sample.seed & MASK64)
    tables = array(out), array(count), array(weight)
    over_rows(common_draws, row_pointers(array(least) + limit), 4, *ends, limit, seed, *tables)
    begin = torch.arange(pairs) * limit
    return Found(count, packed(count, begin, out.flatten()), weight.repeat_interleave(count))


def _halves(view: View, pairs: Tensor) -> Found:
    half = pairs.shape[1] // 2
    first, second = (common(view, part, None, True) for part in (pairs[:, :half], pairs[:, half:]))
    return Found(torch.cat([first.count, second.count]), torch.cat([first.node, second.node]), None)


def compiled_rows(view: View) -> Rows:
    """The rows as the loops read them."""
    size = view.col.shape[0]
    gone = np.zeros(0, np.uint64)
    if view.gone is not None and view.gone.shape[0] > 0:
        gone = np.zeros((size >> 6) + 1, np.uint64)
        mark(array(view.gone), gone)
    p, seed = view.drop or (0.0, 0)
    bound = np.uint64(threshold(p) if p > 0 else 0)
    return Rows(array(view.rowptr), array(view.col), gone, bound, np.uint64(seed & MASK64))


def packed(count: Tensor, begin: Tensor, scattered: Tensor) -> Tensor:
    """Lists side by side that begin anywhere."""
    rowptr = row_pointers(array(count))
    out = empty((int(rowptr[-1]),), torch.int32)
    over_rows(overlap_rows.packed, rowptr, 1, array(begin), array(scattered), array(out))
    return out


def row_pointers(cost: Array) -> Array:
    """Row pointers of so much work for each row."""
    rowptr = np.zeros(len(cost) + 1, np.int64)
    np.cumsum(cost, out=rowptr[1:])
    return rowptr
