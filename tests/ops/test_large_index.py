"""Offsets beyond 2^31 and 2^32, in tables that are mapped but never filled."""

from __future__ import annotations

import mmap
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from gnnlab.ops.backends.cpu.loops import (
    attend as attend_rows,
)
from gnnlab.ops.backends.cpu.loops import (
    block as block_rows,
)
from gnnlab.ops.backends.cpu.loops import (
    edge_dot as inner,
)
from gnnlab.ops.backends.cpu.loops import (
    reduce as rows,
)
from gnnlab.ops.backends.cpu.loops import (
    softmax as softmax_rows,
)

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="memory cannot be mapped without being reserved"
)
NORESERVE = 0x4000  # Python 3.13 names it mmap.MAP_NORESERVE
WIDTH = 64
NODES = 80_000_000
"""Times WIDTH this is 5.1e9 numbers, 20 GB of addresses, of which a page or two are touched."""


@pytest.fixture
def table() -> Iterator[NDArray[np.float32]]:
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | NORESERVE
    memory = mmap.mmap(-1, 4 * NODES * WIDTH, flags=flags)
    x = np.frombuffer(memory, np.float32).reshape(NODES, WIDTH)
    x[-1] = np.arange(WIDTH)
    yield x


ROWPTR = np.array([0, 2], np.int32)
COL = np.array([NODES - 1, NODES - 1], np.int32)
ORDER = np.array([0, 1], np.int32)
LAST = np.arange(WIDTH, dtype=np.float32)


def test_sum_and_max_read_the_right_row(table: NDArray[np.float32]) -> None:
    y = np.zeros((1, WIDTH), np.float32)
    rows.sum_rows(0, 1, ROWPTR, y, table, COL, None, 1, False)
    np.testing.assert_array_equal(y[0], 2 * LAST)
    arg = np.zeros((1, WIDTH), np.int32)
    rows.max_rows(0, 1, ROWPTR, y, arg, table, COL, ORDER, None, 1)
    np.testing.assert_array_equal(y[0], LAST)


def test_inner_products_read_the_right_rows(table: NDArray[np.float32]) -> None:
    out = np.zeros((2, 1), np.float32)
    query = np.ones((1, WIDTH), np.float32)
    inner.dot_rows(0, 1, ROWPTR, out, query, table, COL, ORDER)
    np.testing.assert_array_equal(out[:, 0], LAST.sum())


def test_attention_reads_the_right_row(table: NDArray[np.float32]) -> None:
    y, scores = np.zeros((1, WIDTH), np.float32), table.reshape(-1)[: NODES * 8].reshape(NODES, 8)
    top, share = np.zeros((2, 1, 8), np.float32)
    attend_rows.additive_rows(
        0, 1, ROWPTR, y, top, share, table, COL, ORDER, scores, np.zeros((1, 8), np.float32),
        np.float32(0.2), None,
    )  # fmt: skip
    np.testing.assert_allclose(y[0], LAST)


def test_stalks_lie_beyond_int32(table: NDArray[np.float32]) -> None:
    """N D rows for stalks of D dimensions, here more than an int32 counts."""
    depth = 32
    x = table.reshape(NODES * depth, WIDTH // depth)
    y, maps = np.zeros((1, 2), np.float32), np.ones((2, depth), np.float32)
    block_rows.block_rows(0, 1, ROWPTR, y, x, COL, ORDER, maps, 1, depth, False)
    np.testing.assert_array_equal(y[0], 2 * LAST.reshape(depth, 2).sum(0))


def test_the_softmax_reads_the_right_edges(table: NDArray[np.float32]) -> None:
    heads = 16
    score = table.reshape(-1, heads)  # 3.2e8 edges, the last ones' numbers beyond 2^32
    edges = len(score)
    order = np.array([edges - 1, edges - 2], np.int32)
    rowptr = np.array([edges - 2, edges], np.int64)
    softmax_rows.softmax_rows(0, 1, rowptr, score, score, None)
    np.testing.assert_allclose(score[-1] + score[-2], 1, rtol=1e-6)
    score[-2:] = 1
    softmax_rows.softmax_rows(0, 1, ROWPTR, score, score, order)
    np.testing.assert_allclose(score[-2:], 0.5, rtol=1e-6)
