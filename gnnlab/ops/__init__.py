"""Message-passing primitives: the only code that knows kernels.

Every operation takes an ``Adjacency`` or anything that ``Adjacency.of`` reads as one, keeps the
caller's order of edges, is differentiable in its floating arguments, and returns the same bits
from run to run, whatever the number of threads. ``torch.func`` and forward-mode differentiation run
on the plain torch backend; batched gradients (``is_grads_batched``) need ``use("torch")``.
"""

from __future__ import annotations

from ._convert import AdjacencyLike
from ._memo import remember as remember
from .adjacency import Adjacency
from .attend import attend
from .backends import use
from .block import block_propagate
from .codes import as_codes as as_codes
from .codes import combinations as combinations
from .dot import edge_dot, edge_outer
from .dropout import dropout
from .features import SparseFeatures
from .features import is_sparse as is_sparse
from .gcn import gcn_propagate, gcn_steps, gcn_sum
from .linear import linear
from .lstm import lstm_step
from .neighbor_lists import NeighborLists
from .neighbors import (
    EdgeDrop,
    common_neighbors,
    count_common_neighbors,
    neighbor_sum,
    residual_neighbors,
)
from .norm import degree, gcn_norm
from .norm import inverse_root as inverse_root
from .pair_sums import check_symbols as check_symbols
from .pair_sums import pair_aggregate, pair_reduce, pair_spread
from .pairs import Pairs
from .propagate import propagate
from .rectified import relu_propagate
from .relations import Relation, relations
from .segment import edge_reduce, edge_sum, gather, segment_reduce
from .softmax import edge_softmax
from .transport import orthogonal_transport

__all__ = [
    "Adjacency",
    "AdjacencyLike",
    "EdgeDrop",
    "NeighborLists",
    "Pairs",
    "Relation",
    "SparseFeatures",
    "attend",
    "block_propagate",
    "common_neighbors",
    "count_common_neighbors",
    "degree",
    "dropout",
    "edge_dot",
    "edge_outer",
    "edge_reduce",
    "edge_softmax",
    "edge_sum",
    "gather",
    "gcn_norm",
    "gcn_propagate",
    "gcn_steps",
    "gcn_sum",
    "linear",
    "lstm_step",
    "neighbor_sum",
    "orthogonal_transport",
    "pair_aggregate",
    "pair_reduce",
    "pair_spread",
    "propagate",
    "relations",
    "relu_propagate",
    "residual_neighbors",
    "segment_reduce",
    "use",
]
