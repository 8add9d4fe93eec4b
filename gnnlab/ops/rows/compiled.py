"""Compiled searches in sorted neighbour lists on the CPU: the calls of their loops."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gnnlab.kernels.arrays import Array, array
from gnnlab.kernels.memory import empty
from gnnlab.kernels.threads import over_items
from gnnlab.ops.rows import removal_loops as removal
from gnnlab.ops.rows.difference import residual
from gnnlab.ops.rows.intersection import common

__all__ = ["common", "distinct", "left", "links", "renumbered", "residual"]

SEARCH = 256
"""What it costs to find a link, in numbers of a table."""


def links(rowptr: Tensor, col: Tensor, pairs: Tensor) -> Tensor:
    """Two binary searches a pair, and the places put in order as bits."""
    row, column = (array(end) for end in torch.cat([pairs, pairs.flip(0)], dim=1))
    low, count = np.empty(len(row), np.int64), np.empty(len(row), np.int64)
    ends = array(rowptr), array(col), row, column
    over_items(removal.link_places, len(row), SEARCH * len(row), *ends, low, count)
    words = _words(col.shape[0])
    return _numbers(words, removal.mark_ranges(low, count, words))


def distinct(numbers: Tensor, size: int) -> Tensor:
    """As bits."""
    words = _words(size)
    return _numbers(words, removal.mark(array(numbers), words))


def left(values: Tensor, gone: Tensor) -> Tensor:
    """The pieces between the numbers that are gone."""
    out = empty((values.shape[0] - gone.shape[0],), values.dtype)
    tables = array(values), array(gone), array(out)
    over_items(removal.left_items, gone.shape[0] + 1, values.shape[0], *tables)
    return out


def renumbered(order: Tensor, places: Tensor, gone: Tensor) -> Tensor:
    """The same; how many lower numbers are gone is counted by words."""
    out, words = empty((order.shape[0] - gone.shape[0],), order.dtype), _words(order.shape[0])
    removal.mark(array(gone), words)
    before = np.empty(len(words), np.int32)
    removal.bits_before(words, before)
    tables = array(order), array(places), words, before, array(out)
    over_items(removal.renumbered_items, places.shape[0] + 1, 2 * order.shape[0], *tables)
    return out


def _words(size: int) -> Array:
    return np.zeros((size >> 6) + 1, np.uint64)


def _numbers(words: Array, count: int) -> Tensor:
    out = torch.empty(count, dtype=torch.int64, device="cpu")
    removal.listed(words, out.numpy())
    return out
