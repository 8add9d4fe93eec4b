"""Softmax over the edges of each row in plain torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gnnlab.ops.backends.reference.scatter import expanded, scatter, take
from gnnlab.ops.base.precision import widen

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency


def edge_softmax(score: Tensor, adj: Adjacency) -> Tensor:
    """Softmax of the scores over the edges of one target, shifted by the row's maximum."""
    wide = widen(score)
    shape = (adj.num_nodes, *score.shape[1:])
    index = expanded(adj._target, wide)
    top = wide.new_full(shape, -torch.inf).scatter_reduce(0, index, wide.detach(), "amax")
    exp = (wide - take(top, adj._target)).exp()
    total = scatter(exp, adj._target, adj.num_nodes, "sum")
    return (exp / take(total, adj._target)).to(score.dtype)
