"""Backend of torch operators, used while ``torch.compile`` traces."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from gnnlab.ops.backends.reference import orthogonal_transport as reference
from gnnlab.ops.backends.reference.lstm import lstm_step as lstm_step
from gnnlab.ops.base.precision import HALF
from gnnlab.ops.graphs.adjacency import Adjacency
from gnnlab.ops.graphs.sparse_features import SparseFeatures
from gnnlab.ops.graphs.traced import Traced
from gnnlab.ops.graphs.traced_pairs import TracedPairs
from gnnlab.ops.operators import (
    attend as attention,
)
from gnnlab.ops.operators import (
    block,
)
from gnnlab.ops.operators import (
    extreme as picked,
)
from gnnlab.ops.operators import pair_sums as by_pairs
from gnnlab.ops.operators import (
    propagate as linear,
)
from gnnlab.ops.operators import (
    sparse_product as sparse,
)


def traced(adj: Adjacency) -> Traced:
    """What ``Adjacency.of`` returns while ``torch.compile`` traces."""
    assert isinstance(adj, Traced)
    return adj


def propagate(x: Tensor, adj: Traced, weight: Tensor | None, reduce: str) -> Tensor:
    """Sum or mean, or max or min."""
    adj = adj if weight is None else adj.weighable()
    graph = (adj._index, adj.num_nodes, adj.loops, adj.turned)
    if reduce in ("sum", "mean"):
        total: Tensor = linear.total(x, weight, *graph)
        if reduce == "mean":
            count = linear.count(*graph).clamp(min=1).to(x.dtype)
            total = total / count.reshape(-1, *(1,) * (x.dim() - 1))
        return total
    source, edge = picked.extreme(x, weight, *graph, reduce)
    found = x.gather(0, source)
    if weight is not None:
        # One row more, of ones: for the loops that were added.
        heads = torch.cat([weight, weight.new_ones((1, *weight.shape[1:]))])
        heads = heads.reshape(heads.shape + (1,) * (x.dim() - heads.dim()))
        spread = heads.expand(heads.shape[0], *x.shape[1:])
        found = found * spread.gather(0, edge.clamp(min=0))
    result: Tensor = found.where(edge >= 0, 0)
    return result


def attend_additive(
    value: Tensor, adj: Traced, source: Tensor, target: Tensor, slope: float, weight: Tensor | None
) -> Tensor:
    """Attention with additive scores."""
    return _attended("additive", value, adj, source, target, slope, weight)


def attend_product(
    value: Tensor, adj: Traced, query: Tensor, key: Tensor, scale: float, weight: Tensor | None
) -> Tensor:
    """Attention with inner products as scores."""
    return _attended("product", value, adj, query, key, scale, weight)


def _attended(
    kind: str, value: Tensor, adj: Traced, first: Tensor, second: Tensor, factor: float,
    weight: Tensor | None,
) -> Tensor:  # fmt: skip
    adj = adj if weight is None else adj.weighable()
    wide = torch.float32 if value.dtype in HALF else value.dtype
    weight = None if weight is None else weight.to(wide)
    ends = value.to(wide), first.to(wide), second.to(wide)
    graph = adj._index, adj.num_nodes, adj.loops, adj.turned
    result: Tensor = attention.attend(*ends, weight, *graph, kind, factor)[0]
    return result.to(value.dtype)


def block_propagate(x: Tensor, adj: Traced, maps: Tensor) -> Tensor:
    """Stalks through the maps of the edges."""
    adj = adj.without_loops("block_propagate")
    result: Tensor = block.block(x, maps, adj._index, adj.num_nodes, adj.turned, False)
    return result


def edge_outer(left: Tensor, right: Tensor, adj: Traced) -> Tensor:
    """Outer products."""
    adj = adj.without_loops("edge_outer")
    result: Tensor = block.outer(left, right, adj._index, adj.num_nodes, adj.turned)
    return result


def relu_propagate(
    x: Tensor, adj: Traced, table: Tensor, edges: Tensor, weight: Tensor | None
) -> Tensor:
    """Shifted by the edge and rectified, step by step."""
    adj = adj.without_loops("relu_propagate")
    graph = adj._index, adj.num_nodes
    wide = torch.float32 if x.dtype in HALF else x.dtype
    own = table.index_select(0, edges) if edges.dim() == 1 else edges @ table
    message = (linear.gather(x.to(wide), *graph, not adj.turned) + own).relu()
    if weight is not None:
        message = message * weight.unsqueeze(1)
    total: Tensor = linear.edge_sum(message, *graph, adj.turned)
    return total.to(x.dtype)


def pair_aggregate(
    x: Tensor, pairs: TracedPairs, symbols: Sequence[str], shifts: Sequence[Tensor | None],
    scale: Tensor, inside: Tensor | None,
) -> tuple[Tensor, ...]:  # fmt: skip
    """Sums over pairs of nodes."""
    own = {s: shift for s, shift in zip(symbols, shifts, strict=True) if shift is not None}
    edge_index, nodes, bounds = pairs.graph
    none = x.new_empty((0, edge_index.shape[1], x.shape[1]))
    stacked = torch.stack(tuple(own.values())) if own else none
    names = " ".join(symbols), " ".join(own)
    given = x, stacked, scale, inside, edge_index, nodes, bounds
    found: tuple[Tensor, ...] = by_pairs.aggregate(*given, *names).unbind()
    return found


def pair_reduce(x: Tensor, pairs: TracedPairs, place: str) -> Tensor:
    """The pairs of each node, added up."""
    result: Tensor = by_pairs.reduce(x, *pairs.graph, place)
    return result


def pair_spread(x: Tensor, pairs: TracedPairs, place: str) -> Tensor:
    """What one of its nodes holds, for every pair."""
    result: Tensor = by_pairs.spread(x, *pairs.graph, pairs.num_pairs, place)
    return result


def orthogonal_transport(own: Tensor, other: Tensor, dim: int) -> Tensor:
    """Transports between products of reflections, whose torch form compiles as it is."""
    return reference.orthogonal_transport(own, other, dim)


def segment_reduce(values: Tensor, index: Tensor, num: int, reduce: str) -> Tensor:
    """Sum or mean, or max or min, of the items of each segment."""
    if reduce in ("max", "min"):
        item = picked.segment_extreme(values, index, num, reduce)
        if not len(values):
            return values.new_zeros((num, *values.shape[1:])) + values.sum()  # differentiable
        return values.gather(0, item.clamp(min=0)).where(item >= 0, 0)
    total: Tensor = picked.segment_sum(values, index, num)
    if reduce == "mean":
        count = picked.segment_sum(torch.ones_like(values[:, :1].flatten(1)[:, 0]), index, num)
        total = total / count.clamp(min=1).reshape(-1, *(1,) * (values.dim() - 1))
    return total


def sparse_product(table: Tensor, x: SparseFeatures, turned: bool) -> Tensor:
    """Sparse features, whose values dropout has changed already, times a table."""
    parts = table, x._rowptr, x._col, x._values, x.num_columns, turned
    result: Tensor = sparse.product(*parts)
    return result


def gcn_propagate(x: Tensor, adj: Traced, scale: Tensor) -> Tensor:
    """The symmetric normalisation by a number per node."""
    result: Tensor = linear.scaled(x, scale, adj._index, adj.num_nodes, adj.loops, adj.turned)
    return result


def edge_softmax(score: Tensor, adj: Traced) -> Tensor:
    """Softmax of each row."""
    adj = adj.without_loops("edge_softmax")
    result: Tensor = linear.softmax(score, adj._index, adj.num_nodes, adj.turned)
    return result


def edge_dot(query: Tensor, key: Tensor, adj: Traced) -> Tensor:
    """Inner products."""
    adj = adj.without_loops("edge_dot")
    result: Tensor = linear.dot(query, key, adj._index, adj.num_nodes, 0, adj.turned)
    return result


def gather(x: Tensor, adj: Traced) -> Tensor:
    """Rows of x at the targets."""
    adj = adj.without_loops("gather")
    result: Tensor = linear.gather(x, adj._index, adj.num_nodes, adj.turned)
    return result


def edge_sum(values: Tensor, adj: Traced) -> Tensor:
    """What the edges hold, added up at their targets."""
    result: Tensor = linear.edge_sum(values, adj._index, adj.num_nodes, adj.turned)
    return result


def degree(adj: Traced, weight: Tensor | None, dtype: torch.dtype) -> Tensor:
    """Edges of each row, or the sum of their weights, self-loops of weight 1 included."""
    count = linear.count(adj._index, adj.num_nodes, adj.loops, adj.turned)
    if weight is None:
        plain: Tensor = count.to(dtype)
        return plain
    adj = adj.weighable()
    rows = linear.count(adj._index, adj.num_nodes, 0, adj.turned)
    total = linear.edge_sum(weight, adj._index, adj.num_nodes, adj.turned)
    result: Tensor = total + (count - rows).to(weight.dtype)
    return result
