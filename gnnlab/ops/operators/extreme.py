"""Extremes (max and min) as torch operators that also return which item each came from."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.library import custom_op

from gnnlab.ops.backends.reference.scatter import first_item
from gnnlab.ops.backends.table import kernel
from gnnlab.ops.graphs.segments import segments
from gnnlab.ops.graphs.traced import padded, sorted_graph

Gradients = tuple[Tensor | None, ...]


@custom_op("gnnlab::extreme", mutates_args=())
def extreme(
    x: Tensor, weight: Tensor | None, edge_index: Tensor, nodes: int, loops: int, turned: bool,
    reduce: str,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Where each max or min comes from: source and edge (E for an added loop, -1 for none)."""
    adj = sorted_graph(edge_index, nodes, loops, turned)
    weight = padded(weight, adj)
    edge = kernel("extreme_edge", x, weight)(x, adj, weight, reduce).long()
    if not adj.num_edges:
        return torch.zeros_like(edge), edge
    return adj._source[edge.clamp(min=0)], edge.clamp(max=edge_index.shape[1])


@extreme.register_fake
def _(x, weight, edge_index, nodes, loops, turned, reduce):  # type: ignore[no-untyped-def]
    return tuple(x.new_empty(x.shape, dtype=torch.int64) for _ in range(2))


@custom_op("gnnlab::segment_sum", mutates_args=())
def segment_sum(values: Tensor, index: Tensor, num: int) -> Tensor:
    out: Tensor = kernel("segment_reduce", values)(
        values, index, segments(values, index, num), "sum"
    )
    return out


@segment_sum.register_fake
def _(values, index, num):  # type: ignore[no-untyped-def]
    return values.new_empty((num, *values.shape[1:]))


def _segment_setup(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.save_for_backward(inputs[1])


def _segment_gradients(ctx: Any, grad: Tensor) -> Gradients:
    return grad.index_select(0, ctx.saved_tensors[0]), None, None


segment_sum.register_autograd(_segment_gradients, setup_context=_segment_setup)


@custom_op("gnnlab::segment_extreme", mutates_args=())
def segment_extreme(values: Tensor, index: Tensor, num: int, reduce: str) -> Tensor:
    """The item that each segment's max or min is, per feature; -1 for none."""
    return first_item(values, index, num, reduce)


@segment_extreme.register_fake
def _(values, index, num, reduce):  # type: ignore[no-untyped-def]
    return values.new_empty((num, *values.shape[1:]), dtype=torch.int64)
