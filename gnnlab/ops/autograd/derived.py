"""A backend made of an engine's kernels: forward and backward are both sorted gathers.

Nothing is scattered: what the backward pass collects by source is a gather over the transpose,
whose order is kept with the adjacency. Half precision is added up in float32.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gnnlab.ops.autograd.attend import Attend, gradients
from gnnlab.ops.autograd.block import BlockPropagate, EdgeOuter
from gnnlab.ops.autograd.extreme import Extreme, SegmentExtreme
from gnnlab.ops.autograd.gcn_steps import Steps
from gnnlab.ops.autograd.gcn_sum import MappedSum
from gnnlab.ops.autograd.orthogonal_transport import Transport
from gnnlab.ops.autograd.pair_sums import PairAggregate, PairReduce, PairSpread
from gnnlab.ops.autograd.propagate import EdgeDot, Gather, Propagate, Scaled, SegmentSum
from gnnlab.ops.autograd.relu_propagate import ReluPropagate
from gnnlab.ops.autograd.softmax import EdgeSoftmax
from gnnlab.ops.autograd.sparse_product import SparseProduct
from gnnlab.ops.backends.engine import Ends, Engine, Stats
from gnnlab.ops.backends.reference import pair_sums as by_steps
from gnnlab.ops.backends.reference.dropout import Dropout
from gnnlab.ops.base.precision import HALF, wide, widen
from gnnlab.ops.graphs.order import shares

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnnlab.ops.graphs.adjacency import Adjacency, Rows
    from gnnlab.ops.graphs.node_pairs import Pairs
    from gnnlab.ops.graphs.sparse_features import SparseFeatures


@dataclass(frozen=True)
class Derived:
    """The operations of one engine with their derivatives."""

    engine: Engine

    def propagate(self, x: Tensor, adj: Adjacency, weight: Tensor | None, reduce: str) -> Tensor:
        """Sum or mean, or max or min."""
        weight = widen(weight) if weight is not None else None
        kept = self.engine.stored(x)
        if reduce == "sum":
            return Propagate.call(kept, weight, adj, False, self.engine).to(x.dtype)
        if reduce == "mean" and weight is None and x.dtype in HALF:
            share = shares(adj, torch.float32)
            return Scaled.call(kept, share, None, adj, self.engine).to(x.dtype)
        if reduce == "mean":
            return Propagate.call(widen(x), weight, adj, True, self.engine).to(x.dtype)
        return Extreme.call(widen(x), weight, adj, reduce, self.engine).to(x.dtype)

    def gcn_propagate(self, x: Tensor, adj: Adjacency, scale: Tensor) -> Tensor:
        """The weights of the edges are products of numbers of their ends."""
        return Scaled.call(self.engine.stored(x), scale, scale, adj, self.engine).to(x.dtype)

    def gcn_steps(self, x: Tensor, adj: Adjacency, scale: Tensor, steps: int) -> Tensor:
        """The states of several propagations."""
        return Steps.call(self.engine.stored(x), scale, adj, steps, self.engine).to(x.dtype)

    def gcn_sum(
        self, xs: Sequence[Tensor], reads: Sequence[int], adjs: Sequence[Adjacency],
        scales: Sequence[Tensor], maps: Tensor,
    ) -> Tensor:  # fmt: skip
        """Propagations over several graphs, each with a map, added up."""
        return MappedSum.call(maps, adjs, scales, reads, self.engine, *xs)

    def edge_softmax(self, score: Tensor, adj: Adjacency) -> Tensor:
        """Softmax of each row."""
        return EdgeSoftmax.call(widen(score), adj, self.engine).to(score.dtype)

    def edge_dot(self, query: Tensor, key: Tensor, adj: Adjacency) -> Tensor:
        """Inner products."""
        ends = self.engine.stored(query), self.engine.stored(key)
        return EdgeDot.call(*ends, adj, self.engine).to(query.dtype)

    def attend_additive(
        self, value: Tensor, adj: Adjacency, source: Tensor, target: Tensor, slope: float,
        weight: Tensor | None,
    ) -> Tensor:  # fmt: skip
        """Attention with additive scores."""
        kept = self.engine.stored(value)
        ends = source.to(wide(kept)), target.to(wide(kept))
        return self._attend("additive", kept, adj, ends, slope, weight).to(value.dtype)

    def attend_product(
        self, value: Tensor, adj: Adjacency, query: Tensor, key: Tensor, scale: float,
        weight: Tensor | None,
    ) -> Tensor:  # fmt: skip
        """Attention with inner products as scores."""
        kept = self.engine.stored(value)
        ends = query.to(kept.dtype), key.to(kept.dtype)
        return self._attend("product", kept, adj, ends, scale, weight).to(value.dtype)

    def _attend(
        self, kind: str, value: Tensor, adj: Adjacency, ends: Ends, factor: float,
        weight: Tensor | None,
    ) -> Tensor:  # fmt: skip
        weight = widen(weight) if weight is not None else None
        return Attend.call(value, *ends, weight, kind, adj, factor, self.engine)

    def attend_forward(
        self, kind: str, value: Tensor, adj: Adjacency, ends: Ends, factor: float,
        weight: Tensor | None,
    ) -> Stats:  # fmt: skip
        """Attention and what its gradient reads."""
        return self.engine.attend(kind, value, adj, ends, factor, weight)

    def attend_backward(
        self, kind: str, grad: Tensor, value: Tensor, adj: Adjacency, ends: Ends, factor: float,
        weight: Tensor | None, stats: Stats,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:  # fmt: skip
        """The gradients of attention."""
        return gradients(self.engine, kind, grad, value, adj, ends, factor, weight, stats)

    def extreme_edge(self, x: Tensor, adj: Adjacency, weight: Tensor | None, reduce: str) -> Tensor:
        """The edge of each max or min, -1 where there is none."""
        return self.engine.extreme(widen(x), weight, adj, reduce)[1].reshape(x.shape)

    def block_propagate(self, x: Tensor, adj: Adjacency, maps: Tensor) -> Tensor:
        """Stalks through the maps of the edges; maps that only look transposed are not copied."""
        x_, maps_ = widen(x), widen(maps)
        turned = not maps_.is_contiguous() and maps_.mT.is_contiguous()
        maps_ = maps_.mT if turned else maps_
        return BlockPropagate.call(x_, maps_, adj, turned, self.engine).to(x.dtype)

    def edge_outer(self, left: Tensor, right: Tensor, adj: Adjacency) -> Tensor:
        """The gradient of the maps."""
        return EdgeOuter.call(widen(left), widen(right), adj, self.engine).to(left.dtype)

    def relu_propagate(
        self, x: Tensor, adj: Adjacency, table: Tensor, edges: Tensor, weight: Tensor | None
    ) -> Tensor:
        """Shifted by the edge and rectified."""
        found = ReluPropagate.call(widen(x), table, edges, weight, adj, self.engine)
        return found.to(x.dtype)

    def pair_aggregate(
        self, x: Tensor, pairs: Pairs, symbols: Sequence[str], shifts: Sequence[Tensor | None],
        scale: Tensor, inside: Tensor | None,
    ) -> tuple[Tensor, ...]:  # fmt: skip
        """Sums over pairs of nodes, all in one pass where there are kernels for it."""
        if not self.engine.takes_pairs(x):
            return by_steps.aggregate(self, x, pairs, symbols, shifts, scale, inside)
        found: tuple[Tensor, ...] = PairAggregate.apply(  # type: ignore[no-untyped-call]
            x, scale, pairs, symbols, inside, self.engine, *shifts
        )
        return found

    def pair_gradients(
        self, x: Tensor, pairs: Pairs, symbols: Sequence[str], shifts: Sequence[Tensor | None],
        scale: Tensor, inside: Tensor | None, grads: Sequence[Tensor],
    ) -> tuple[Tensor, Tensor | None, list[Tensor | None]]:  # fmt: skip
        """The gradients of those sums."""
        if not self.engine.takes_pairs(x):
            return by_steps.gradients(x, pairs, symbols, shifts, scale, inside, grads)
        wanted = True, [True] * len(symbols)
        return self.engine.pair_gradients(grads, x, scale, shifts, inside, pairs, symbols, wanted)

    def pair_reduce(self, x: Tensor, pairs: Pairs, place: str) -> Tensor:
        """The pairs of each node, added up."""
        if not self.engine.takes_pairs(x):
            return by_steps.reduce(self, x, pairs, place)
        return PairReduce.call(x, pairs, place, self.engine)

    def pair_spread(self, x: Tensor, pairs: Pairs, place: str) -> Tensor:
        """What one of its nodes holds, for every pair."""
        if not self.engine.takes_pairs(x):
            return by_steps.spread(x, pairs, place)
        return PairSpread.call(x, pairs, place, self.engine)

    def orthogonal_transport(self, own: Tensor, other: Tensor, dim: int) -> Tensor:
        """Transports between products of reflections; never in half precision inside."""
        found = Transport.call(widen(own), widen(other), dim, self.engine)
        return found.to(own.dtype)

    def gather(self, x: Tensor, index: Tensor, rows: Rows) -> Tensor:
        """Rows of x; half precision is widened in the gradient only."""
        if not x.is_floating_point():
            return x.index_select(0, index)
        return Gather.call(x, index, rows, self.engine)

    def segment_reduce(self, values: Tensor, index: Tensor, rows: Rows, reduce: str) -> Tensor:
        """Sum or mean, or max or min, of the items of each segment."""
        if reduce in ("max", "min"):
            picked = SegmentExtreme.call(widen(values), index, rows, reduce, self.engine)
            return picked.to(values.dtype)
        total = SegmentSum.call(widen(values), index, rows, self.engine)
        if reduce == "mean":
            count = rows.rowptr.diff().clamp(min=1).to(total.dtype)
            total = total / count.reshape(-1, *(1,) * (total.dim() - 1))
        return total.to(values.dtype)

    def dropout(self, x: Tensor, p: float, seed: int | Tensor) -> Tensor:
        """The counter-based mask."""
        return Dropout.call(x, p, seed, self.engine.drop)

    def sparse_product(self, table: Tensor, x: SparseFeatures, turned: bool) -> Tensor:
        """Sparse features times a table, or their transpose."""
        kept = self.engine.stored(table)
        return SparseProduct.call(kept, x, turned, self.engine).to(table.dtype)
