"""Attention in plain torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor
from torch.nn.functional import leaky_relu

from gnnlab.ops.backends.reference.edge_products import edge_dot
from gnnlab.ops.backends.reference.propagate import propagate
from gnnlab.ops.backends.reference.scatter import scatter, take
from gnnlab.ops.backends.reference.softmax import edge_softmax
from gnnlab.ops.base.precision import widen

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency


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
