"""The operations in plain torch: the meaning that every other backend is tested against."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn.functional import leaky_relu

from gnnlab.kernels.hashing import keep_elements
from gnnlab.ops.backends.reference import orthogonal_transport as reflections
from gnnlab.ops.backends.reference import pair_sums as by_steps
from gnnlab.ops.backends.reference.dropout import Dropout, drop
from gnnlab.ops.backends.reference.scatter import _expand, first_item, scatter, take
from gnnlab.ops.base.precision import widen

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency, Rows
    from gnnlab.ops.graphs.node_pairs import Pairs
    from gnnlab.ops.graphs.sparse_features import SparseFeatures


def propagate(x: Tensor, adj: Adjacency, weight: Tensor | None, reduce: str) -> Tensor:
    """Gather the sources' rows, weigh them, reduce them by target."""
    message = _messages(x, adj, weight)
    return scatter(message, adj._target, adj.num_nodes, reduce).to(x.dtype)


def _messages(x: Tensor, adj: Adjacency, weight: Tensor | None) -> Tensor:
    """What the edges carry, widened: (E, ...)."""
    message = take(widen(x), adj._source)
    if weight is None:
        return message
    return message * widen(weight).reshape(weight.shape + (1,) * (x.dim() - weight.dim()))


def edge_softmax(score: Tensor, adj: Adjacency) -> Tensor:
    """Softmax of the scores over the edges of one target, shifted by the row's maximum."""
    wide = widen(score)
    shape = (adj.num_nodes, *score.shape[1:])
    index = _expand(adj._target, wide)
    top = wide.new_full(shape, -torch.inf).scatter_reduce(0, index, wide.detach(), "amax")
    exp = (wide - take(top, adj._target)).exp()
    total = scatter(exp, adj._target, adj.num_nodes, "sum")
    return (exp / take(total, adj._target)).to(score.dtype)


def edge_dot(query: Tensor, key: Tensor, adj: Adjacency) -> Tensor:
    """Inner products over the last axis of the two ends of each edge."""
    product = take(widen(query), adj._target) * take(widen(key), adj._source)
    return product.sum(-1).to(query.dtype)


def attend_additive(
    value: Tensor, adj: Adjacency, source: Tensor, target: Tensor, slope: float,
    weight: Tensor | None,
) -> Tensor:  # fmt: skip
    """Scores of both ends added, a leaky ReLU, a softmax, and the weighted sum."""
    wide = widen(value)
    ends = take(source.to(wide.dtype), adj._source) + take(target.to(wide.dtype), adj._target)
    alpha = edge_softmax(leaky_relu(ends, slope), adj)
    return _attended(wide, adj, alpha, weight).to(value.dtype)


def attend_product(
    value: Tensor, adj: Adjacency, query: Tensor, key: Tensor, scale: float,
    weight: Tensor | None,
) -> Tensor:  # fmt: skip
    """Inner products of both ends, a softmax, and the weighted sum."""
    wide = widen(value)
    alpha = edge_softmax(edge_dot(query.to(wide.dtype), key.to(wide.dtype), adj) * scale, adj)
    return _attended(wide, adj, alpha, weight).to(value.dtype)


def _attended(value: Tensor, adj: Adjacency, alpha: Tensor, weight: Tensor | None) -> Tensor:
    if weight is not None:
        alpha = alpha * widen(weight if weight.dim() == 2 else weight.unsqueeze(1))
    return propagate(value, adj, alpha, "sum")


def attend_forward(
    kind: str, value: Tensor, adj: Adjacency, ends: tuple[Tensor, Tensor], factor: float,
    weight: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Attention; its gradient computes everything again, so that two of the results are empty."""
    attend = attend_additive if kind == "additive" else attend_product
    return attend(value, adj, *ends, factor, weight), value.new_empty(0), value.new_empty(0)


def attend_backward(
    kind: str, grad: Tensor, value: Tensor, adj: Adjacency, ends: tuple[Tensor, Tensor],
    factor: float, weight: Tensor | None, stats: tuple[Tensor, Tensor, Tensor],
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:  # fmt: skip
    """The gradients of attention, written out."""
    first, second = ends
    if kind == "additive":
        raw = take(first, adj._source) + take(second, adj._target)
        score = leaky_relu(raw, factor)
    else:
        score = edge_dot(first, second, adj) * factor
    alpha, dot = edge_softmax(score, adj), edge_dot(grad, value, adj)
    columns = None if weight is None else weight.reshape(adj.num_edges, -1)
    share = alpha if columns is None else alpha * columns
    grad_value = propagate(grad, adj.transpose, share, "sum")
    spread = scatter(share * dot, adj._target, adj.num_nodes, "sum")
    grad_score = share * dot - alpha * take(spread, adj._target)
    grad_weight = None if weight is None else alpha * dot
    if weight is not None and weight.dim() == 1:
        grad_weight = (alpha * dot).sum(1)
    if kind == "additive":
        grad_raw = grad_score.where(raw > 0, grad_score * factor)
        grad_first = scatter(grad_raw, adj._source, adj.num_nodes, "sum")
        grad_second = scatter(grad_raw, adj._target, adj.num_nodes, "sum")
        return grad_value, grad_first, grad_second, grad_weight
    grad_first = propagate(second, adj, grad_score * factor, "sum")
    grad_second = propagate(first, adj.transpose, grad_score * factor, "sum")
    return grad_value, grad_first, grad_second, grad_weight


def gcn_propagate(x: Tensor, adj: Adjacency, scale: Tensor) -> Tensor:
    """Scale, sum over the neighbours, scale again."""
    return scaled(propagate, x, adj, scale)


def scaled(propagate: Callable[..., Tensor], x: Tensor, adj: Adjacency, scale: Tensor) -> Tensor:
    """``gcn_propagate`` by any backend's ``propagate``."""
    wide = widen(x)
    columns = scale.to(wide.dtype).reshape(-1, *(1,) * (x.dim() - 1))
    return (columns * propagate(columns * wide, adj, None, "sum")).to(x.dtype)


def block_propagate(x: Tensor, adj: Adjacency, maps: Tensor) -> Tensor:
    """Gather the sources' stalks, map them, sum them by target."""
    message = widen(maps) @ take(widen(x), adj._source)
    return scatter(message, adj._target, adj.num_nodes, "sum").to(x.dtype)


def relu_propagate(
    x: Tensor, adj: Adjacency, table: Tensor, edges: Tensor, weight: Tensor | None
) -> Tensor:
    """Shift what each edge carries, rectify it, sum it by target."""
    message = shift(widen(x), adj, table, edges).relu()
    if weight is not None:
        message = message * weight.unsqueeze(1)
    return scatter(message, adj._target, adj.num_nodes, "sum").to(x.dtype)


def shift(x: Tensor, adj: Adjacency, table: Tensor, edges: Tensor) -> Tensor:
    """The sources' rows and the edges' own, added up: (E, F)."""
    own = take(table, edges) if edges.dim() == 1 else edges @ table
    return take(x, adj._source) + own


def pair_aggregate(
    x: Tensor, pairs: Pairs, symbols: Sequence[str], shifts: Sequence[Tensor | None],
    scale: Tensor, inside: Tensor | None,
) -> tuple[Tensor, ...]:  # fmt: skip
    """Sums over pairs of nodes, along edges between pairs."""
    return by_steps.aggregate(_steps(), x, pairs, symbols, shifts, scale, inside)


def pair_gradients(
    x: Tensor, pairs: Pairs, symbols: Sequence[str], shifts: Sequence[Tensor | None],
    scale: Tensor, inside: Tensor | None, grads: Sequence[Tensor],
) -> tuple[Tensor, Tensor, list[Tensor | None]]:  # fmt: skip
    """Their gradients, written out."""
    return by_steps.gradients(x, pairs, symbols, shifts, scale, inside, grads)


def pair_reduce(x: Tensor, pairs: Pairs, place: str) -> Tensor:
    """The pairs of each node, added up."""
    return by_steps.reduce(_steps(), x, pairs, place)


def pair_spread(x: Tensor, pairs: Pairs, place: str) -> Tensor:
    """What one of its nodes holds, for every pair."""
    return by_steps.spread(x, pairs, place)


def _steps() -> Any:
    return sys.modules[__name__]


def orthogonal_transport(own: Tensor, other: Tensor, dim: int) -> Tensor:
    """Transports between products of reflections."""
    return reflections.transport(widen(own), widen(other), dim).to(own.dtype)


def gather(x: Tensor, index: Tensor, rows: Rows) -> Tensor:
    """Rows of x."""
    return take(widen(x), index).to(x.dtype)  # so that the gradient is added up in float32


def segment_reduce(values: Tensor, index: Tensor, rows: Rows, reduce: str) -> Tensor:
    """Reduce items by segment."""
    num = rows.rowptr.numel() - 1
    return scatter(widen(values), index, num, reduce).to(values.dtype)


def dropout(x: Tensor, p: float, seed: int | Tensor) -> Tensor:
    """The counter-based mask, computed with torch integers."""
    return Dropout.call(x, p, seed, drop)


def sparse_product(table: Tensor, x: SparseFeatures, turned: bool) -> Tensor:
    """Rows of the table, weighed by the entries that dropout leaves, summed by row."""
    rowptr, row, col, values, steps = x._entries(turned)
    row, col, wide = row.long(), col.long(), widen(table)
    values = values.to(wide.dtype)
    if x.drop is not None:
        p, seed = x.drop
        stays = keep_elements(row * steps[0] + col * steps[1], p, seed)
        values = torch.where(stays, values * (1.0 / (1.0 - p)), 0)
    message = take(wide, col) * values.unsqueeze(1)
    return scatter(message, row, rowptr.shape[0] - 1, "sum").to(table.dtype)


def edge_outer(left: Tensor, right: Tensor, adj: Adjacency) -> Tensor:
    """Inner products over channels of the stalks at both ends of each edge."""
    product = take(widen(left), adj._target) @ take(widen(right), adj._source).transpose(1, 2)
    return product.to(left.dtype)


def extreme_edge(x: Tensor, adj: Adjacency, weight: Tensor | None, reduce: str) -> Tensor:
    """The edge of each max or min, -1 where there is none."""
    return first_item(_messages(x, adj, weight), adj._target, adj.num_nodes, reduce)
