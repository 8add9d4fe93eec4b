"""Message-passing primitives: the only code that knows kernels.

Every operation takes an ``Adjacency`` or anything that ``Adjacency.of`` reads as one, keeps the
caller's order of edges, is differentiable in its floating arguments, and returns the same bits
from run to run, whatever the number of threads. ``torch.func`` and forward-mode differentiation run
on the plain torch backend; batched gradients (``is_grads_batched``) need ``use("torch")``.
"""

from __future__ import annotations

from gnnlab.ops.base.choice import use
from gnnlab.ops.base.memo import remember as remember
from gnnlab.ops.functions.attend import attend
from gnnlab.ops.functions.block import block_propagate
from gnnlab.ops.functions.common_neighbors import (
    EdgeDrop,
    common_neighbors,
    count_common_neighbors,
    neighbor_sum,
    residual_neighbors,
)
from gnnlab.ops.functions.dropout import dropout
from gnnlab.ops.functions.edge_products import edge_dot, edge_outer
from gnnlab.ops.functions.gcn import gcn_propagate, gcn_steps, gcn_sum
from gnnlab.ops.functions.linear import linear
from gnnlab.ops.functions.lstm import lstm_step
from gnnlab.ops.functions.norm import degree, gcn_norm
from gnnlab.ops.functions.norm import inverse_root as inverse_root
from gnnlab.ops.functions.orthogonal_transport import orthogonal_transport
from gnnlab.ops.functions.pair_sums import check_symbols as check_symbols
from gnnlab.ops.functions.pair_sums import pair_aggregate, pair_reduce, pair_spread
from gnnlab.ops.functions.propagate import propagate
from gnnlab.ops.functions.relations import Relation, relations
from gnnlab.ops.functions.relu_propagate import relu_propagate
from gnnlab.ops.functions.segment import edge_reduce, edge_sum, gather, segment_reduce, segment_topk
from gnnlab.ops.functions.softmax import edge_softmax
from gnnlab.ops.graphs.adjacency import Adjacency, AdjacencyLike
from gnnlab.ops.graphs.codes import as_codes as as_codes
from gnnlab.ops.graphs.codes import combinations as combinations
from gnnlab.ops.graphs.neighbor_lists import NeighborLists
from gnnlab.ops.graphs.node_pairs import Pairs
from gnnlab.ops.graphs.sparse_features import SparseFeatures
from gnnlab.ops.graphs.sparse_features import is_sparse as is_sparse

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
    "segment_topk",
    "use",
]
