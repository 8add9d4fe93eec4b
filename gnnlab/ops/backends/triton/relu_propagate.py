"""ReLU propagation in Triton: messages shifted by their edge and rectified, none of them kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from gnnlab.ops.backends.reference.relu_propagate import shift
from gnnlab.ops.backends.triton.propagate import segment_sum
from gnnlab.ops.graphs.segments import segments

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency

Gradients = tuple[Tensor | None, Tensor | None, Tensor | None, Tensor | None]


def rectified(
    x: Tensor, table: Tensor, edges: Tensor, weight: Tensor | None, adj: Adjacency
) -> Tensor:
    """Gather, shift, rectify, and sum each row in its order."""
    message = shift(x, adj, table, edges).relu_()
    if weight is not None:
        message *= weight.unsqueeze(1)
    return segment_sum(message, adj._rows)


def rectified_grad(
    grad: Tensor, x: Tensor, table: Tensor, edges: Tensor, weight: Tensor | None,
    adj: Adjacency, wanted: tuple[bool, bool, bool, bool],
) -> Gradients:  # fmt: skip
    """Compute the messages again; what arrives at an edge goes where its message is positive."""
    message = shift(x, adj, table, edges).relu_()
    flow = grad.index_select(0, adj._target)
    grad_weight = (flow * message).sum(1) if wanted[3] else None
    flow = flow.where(message > 0, 0)
    if weight is not None:
        flow *= weight.unsqueeze(1)
    grad_x = segment_sum(flow, adj.transpose._rows) if wanted[0] else None
    grad_table = _table_grad(flow, table, edges) if wanted[1] else None
    grad_edges = flow @ table.T if wanted[2] else None
    return grad_x, grad_table, grad_edges, grad_weight


def _table_grad(flow: Tensor, table: Tensor, edges: Tensor) -> Tensor:
    if edges.dim() == 2:
        return edges.T @ flow
    return segment_sum(flow, segments(flow, edges, table.shape[0]))
