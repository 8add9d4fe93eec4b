"""What this machine can do: rows gathered at random, and memory copied."""

from __future__ import annotations

import statistics
import time

import numpy as np
import torch
from torch import Tensor

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.threads import over_items, over_rows
from gnnlab.ops.backends.cpu.loops.reduce import sum_rows

CHUNKS = 64
LEAST = 200_000  # rows
COPIED = 1 << 26  # numbers: 256 MiB, more than a cache holds
TABLES = (10_000, 100_000, 1_000_000)  # rows


class Gather:
    """E rows of F floats read at random from a table of N, and nothing else.

    The rows are added up in vector registers in a few long sums, so that only reading them takes
    time; software prefetch runs ahead, as in the kernels. At least ``LEAST`` rows are read, and the
    time scaled down, so that a small graph's floor is a rate and not what a call costs.
    """

    def __init__(self, nodes: int, edges: int, features: int) -> None:
        generator = torch.Generator().manual_seed(0)
        self.table = torch.rand(nodes, features, generator=generator)
        rows = max(edges, LEAST)
        self.index = torch.randint(nodes, (rows,), generator=generator).int().numpy()
        self.rowptr = (np.arange(CHUNKS + 1, dtype=np.int64) * rows // CHUNKS).astype(np.int32)
        self.out = torch.empty(CHUNKS, features).numpy()
        self.share = edges / rows
        self.bytes = edges * features * 4

    def seconds(self) -> float:
        """One pass over the edges' rows."""
        start = time.perf_counter()
        tables = self.out, self.table.numpy()
        width = self.table.shape[1]
        over_rows(sum_rows, self.rowptr, width, *tables, self.index, None, 1, False)
        return (time.perf_counter() - start) * self.share


class Floor:
    """The least that y = A x takes: E rows gathered at random, N rows written at the copy rate."""

    def __init__(self, nodes: int, edges: int, features: int) -> None:
        self.gather = Gather(nodes, edges, features)
        self.target = torch.empty_like(self.gather.table)

    def seconds(self) -> tuple[float, float]:
        """The gather's and the floor's, measured now."""
        gather = self.gather.seconds()
        return gather, gather + copy_seconds(self.target, self.gather.table) / 2  # only the write


def copy_seconds(target: Tensor, source: Tensor) -> float:
    """Read ``source`` and write ``target``, on the threads that the kernels use."""
    tables = target.numpy(), source.numpy()
    start = time.perf_counter()
    over_items(_copy, target.shape[0], target.numel(), *tables)
    return time.perf_counter() - start


def _copy(first: int, last: int, target: Array, source: Array) -> None:
    np.copyto(target[first:last], source[first:last])


def limits(features: int, rounds: int, full: bool = True) -> list[dict[str, float | str]]:
    """Copy and gather rates, as a table: what, megabytes of the table, GB/s."""
    numbers = COPIED if full else COPIED >> 8
    source, target = torch.ones(numbers), torch.ones(numbers)
    times = [copy_seconds(target, source) for _ in range(rounds + 1)][1:]
    found: list[dict[str, float | str]] = [
        {
            "limit": "copy (read and write)",
            "table_mb": numbers * 4 / 1e6,
            "gb_per_s": 2 * numbers * 4 / 1e9 / statistics.median(times),
        }
    ]
    for nodes in TABLES if full else TABLES[:1]:
        gather = Gather(nodes, 2_000_000 if full else 20_000, features)
        seconds = statistics.median([gather.seconds() for _ in range(rounds + 1)][1:])
        found.append(
            {
                "limit": f"rows of {features * 4} bytes gathered at random",
                "table_mb": nodes * features * 4 / 1e6,
                "gb_per_s": gather.bytes / 1e9 / seconds,
            }
        )
    return found
