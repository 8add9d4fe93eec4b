"""Order of a graph's edges, and the inverse of each row's size, kept with the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency


def in_order(adj: Adjacency) -> bool:
    """Whether the caller's edges are sorted by target already."""
    return adj._keep("in order", lambda: bool((adj._target.diff() >= 0).all()))


def shares(adj: Adjacency, dtype: torch.dtype) -> Tensor:
    """1 / the number of each row's edges, at least 1: (N,)."""

    def build() -> Tensor:
        return adj._rowptr.diff().clamp(min=1).to(dtype).reciprocal()

    return adj._keep(("shares", dtype), build)
