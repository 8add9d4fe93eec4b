"""Differences of neighbour lists on the CPU: the neighbours of one end of each pair alone."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gnnlab.kernels.arrays import Array, array
from gnnlab.kernels.hashing import MASK64
from gnnlab.kernels.memory import empty
from gnnlab.kernels.threads import over_rows
from gnnlab.ops.rows.intersection import compiled_rows, packed, row_pointers
from gnnlab.ops.rows.intersection_loops import Rows
from gnnlab.ops.rows.sampling_loops import residual_draws, residual_lists
from gnnlab.ops.rows.search import Found, Sample, View


def residual(
    view: View, pairs: Tensor, common: Found, sample: Sample | None
) -> tuple[Found, Found]:
    """Both ends of each pair in turn."""
    rows = compiled_rows(view)
    shared = row_pointers(array(common.count)), array(common.node)
    size = view.rowptr.diff().long()
    found = []
    for own, other in (pairs, pairs.flip(0)):
        if sample is None:
            found.append(_all(rows, own, size.index_select(0, own), shared))
        else:
            found.append(_drawn(rows, own, other, size.index_select(0, own), shared, sample))
    return found[0], found[1]


def _all(rows: Rows, own: Tensor, size: Tensor, shared: tuple[Array, Array]) -> Found:
    begin = size.cumsum(0) - size
    out, count = empty((int(size.sum()),), torch.int32), torch.empty_like(begin)
    tables = array(begin), array(out), array(count)
    over_rows(residual_lists, row_pointers(array(size)), 2, array(own), rows, *shared, *tables)
    return Found(count, packed(count, begin, out), None)


def _drawn(
    rows: Rows, own: Tensor, other: Tensor, size: Tensor, shared: tuple[Array, Array],
    sample: Sample,
) -> Found:  # fmt: skip
    limit, pairs = sample.limit, own.shape[0]
    out, count = empty((pairs, limit), torch.int32), torch.empty_like(size)
    weight = torch.empty(pairs, dtype=torch.float64, device="cpu")
    ends, seed = (array(own), array(other), rows, *shared), np.uint64(sample.seed & MASK64)
    tables = array(out), array(count), array(weight)
    over_rows(residual_draws, row_pointers(array(size)), 4, *ends, limit, seed, *tables)
    begin = torch.arange(pairs) * limit
    return Found(count, packed(count, begin, out.flatten()), weight.repeat_interleave(count))
