"""Formulas of the operators, of PyTorch's own operators alone, for programs that are exported.

A program of ``torch.export`` names the operators of this package, which only a process with gnnlab
has. Replaced by these formulas it runs wherever PyTorch does. Self-loops that are dropped or added
are told by a mask, since a program's shapes may not depend on the numbers in a graph.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import leaky_relu

from gnnlab.ops.backends.reference.scatter import expanded
from gnnlab.ops.graphs.traced import ADDED, DROPPED
from gnnlab.ops.operators import attend, block, extreme, propagate


class Edges(NamedTuple):
    """The edges that were given and, after them, a loop at every node if some were added."""

    source: Tensor
    target: Tensor
    present: Tensor
    """Whether each is there: loops may be dropped, and are added only where there is none."""


def edges_of(edge_index: Tensor, nodes: int, loops: int, turned: bool) -> Edges:
    """Read a traced graph."""
    source, target = edge_index[1 if turned else 0], edge_index[0 if turned else 1]
    looped = source == target
    present = ~looped if loops & DROPPED else torch.ones_like(looped)
    if not loops & ADDED:
        return Edges(source, target, present)
    own = torch.arange(nodes, device=source.device)
    count = torch.zeros_like(own).index_add(0, target, (looped & present).long())
    ends = torch.cat([source, own]), torch.cat([target, own])
    return Edges(*ends, torch.cat([present, count == 0]))


def full(weight: Tensor, edges: Edges) -> Tensor:
    """The weights with ones for the loops that may be added, and 0 for what is not there."""
    rest = edges.present.shape[0] - weight.shape[0]
    padded = torch.cat([weight, weight.new_ones((rest, *weight.shape[1:]))])
    return padded * column(edges.present.to(weight.dtype), padded)


def column(values: Tensor, like: Tensor) -> Tensor:
    """Values (M,) or (M, K) beside something of more dimensions."""
    return values.reshape(values.shape + (1,) * (like.dim() - values.dim()))


def added(values: Tensor, index: Tensor, nodes: int) -> Tensor:
    """The sum of items by index, added up in double precision as the reference does."""
    zeros = values.new_zeros((nodes, *values.shape[1:]), dtype=torch.float64)
    return zeros.index_add(0, index, values.double()).to(values.dtype)


def total(
    x: Tensor, weight: Tensor | None, edge_index: Tensor, nodes: int, loops: int, turned: bool
) -> Tensor:
    """Weighted sums of the in-neighbours."""
    edges = edges_of(edge_index, nodes, loops, turned)
    ones = x.new_ones(edge_index.shape[1])
    message = x.index_select(0, edges.source)
    own = full(ones if weight is None else weight.to(x.dtype), edges)
    return added(message * column(own, message), edges.target, nodes)


def scaled(
    x: Tensor, scale: Tensor, edge_index: Tensor, nodes: int, loops: int, turned: bool
) -> Tensor:
    """Sums scaled at both ends."""
    own = column(scale.to(x.dtype), x)
    return own * total(own * x, None, edge_index, nodes, loops, turned)


def count(edge_index: Tensor, nodes: int, loops: int, turned: bool) -> Tensor:
    """In-degrees."""
    edges = edges_of(edge_index, nodes, loops, turned)
    zeros = edges.source.new_zeros((nodes,))
    return zeros.index_add(0, edges.target, edges.present.long()).to(torch.int32)


def gather(x: Tensor, edge_index: Tensor, nodes: int, turned: bool) -> Tensor:
    """Rows at one end of each edge."""
    return x.index_select(0, edge_index[0 if turned else 1])


def edge_sum(values: Tensor, edge_index: Tensor, nodes: int, turned: bool) -> Tensor:
    """Sums of rows of edges at one end."""
    return added(values, edge_index[0 if turned else 1], nodes)


def dot(
    query: Tensor, key: Tensor, edge_index: Tensor, nodes: int, loops: int, turned: bool
) -> Tensor:
    """Inner products of both ends of each edge."""
    edges = edges_of(edge_index, nodes, 0, turned)
    return (query.index_select(0, edges.target) * key.index_select(0, edges.source)).sum(-1)


def softmax(score: Tensor, edge_index: Tensor, nodes: int, turned: bool) -> Tensor:
    """Softmax over the edges into each node."""
    edges = edges_of(edge_index, nodes, 0, turned)
    return soft(score, edges, nodes)


def soft(score: Tensor, edges: Edges, nodes: int) -> Tensor:
    """The softmax of scores over the edges that are there, into each node."""
    there = column(edges.present, score)
    score = score.masked_fill(~there, -torch.inf)
    least = score.new_full((nodes, *score.shape[1:]), -torch.inf)
    top = least.scatter_reduce(0, expanded(edges.target, score), score, "amax")
    top = top.masked_fill(top == -torch.inf, 0)
    power = (score - top.index_select(0, edges.target)).exp()
    return power / added(power, edges.target, nodes).index_select(0, edges.target).clamp(min=1e-38)


def attended(
    value: Tensor, first: Tensor, second: Tensor, weight: Tensor | None, edge_index: Tensor,
    nodes: int, loops: int, turned: bool, kind: str, factor: float,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Attention; the two numbers that its gradient reads are 0."""
    edges = edges_of(edge_index, nodes, loops, turned)
    if kind == "additive":
        both = first.index_select(0, edges.source) + second.index_select(0, edges.target)
        score = leaky_relu(both, factor)
    else:
        ends = first.index_select(0, edges.target), second.index_select(0, edges.source)
        score = (ends[0] * ends[1]).sum(-1) * factor
    alpha = soft(score, edges, nodes)
    if weight is not None:
        alpha = alpha * full(weight if weight.dim() == 2 else weight.unsqueeze(1), edges)
    message = value.index_select(0, edges.source) * alpha.unsqueeze(-1)
    none = value.new_zeros(value.shape[:2])
    return added(message, edges.target, nodes), none, none.clone()


def picked(
    x: Tensor, weight: Tensor | None, edge_index: Tensor, nodes: int, loops: int, turned: bool,
    reduce: str,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Source and edge that each max or min comes from; -1 for none."""
    edges = edges_of(edge_index, nodes, loops, turned)
    message = x.index_select(0, edges.source)
    if weight is not None:
        message = message * column(full(weight, edges), message)
    first = first_of(message, edges.target, nodes, reduce, edges.present)
    items = edges.source.shape[0]
    padded = torch.cat([edges.source, edges.source.new_zeros((1,))])
    source = padded[first.clamp(max=items)]
    edge = first.clamp(max=edge_index.shape[1]).masked_fill(first >= items, -1)
    return source, edge


def first_of(
    values: Tensor, index: Tensor, nodes: int, reduce: str, present: Tensor | None = None
) -> Tensor:
    """The first item that is its segment's max or min, by column; the number of items for none."""
    items, worst = values.shape[0], torch.inf if reduce == "min" else -torch.inf
    there = torch.ones_like(values, dtype=torch.bool)
    there = there if present is None else there & column(present, values)
    known = values.masked_fill(~there, worst)
    where = expanded(index, values)
    bound = values.new_full((nodes, *values.shape[1:]), worst)
    best = bound.scatter_reduce(0, where, known, "a" + reduce)
    hit = ((known == best.gather(0, where)) | known.isnan()) & there
    number = expanded(torch.arange(items, device=values.device), values)
    number = number.masked_fill(~hit, items)
    first = torch.zeros_like(bound, dtype=torch.int64) + items
    return first.scatter_reduce(0, where, number, "amin")


def segment_sum(values: Tensor, index: Tensor, num: int) -> Tensor:
    """Sums of items by segment."""
    return added(values, index, num)


def segment_extreme(values: Tensor, index: Tensor, num: int, reduce: str) -> Tensor:
    """The item that each max or min is; -1 for none."""
    first = first_of(values, index, num, reduce)
    return first.masked_fill(first >= values.shape[0], -1)


def blocks(
    x: Tensor, maps: Tensor, edge_index: Tensor, nodes: int, turned: bool, flipped: bool
) -> Tensor:
    """Sums of stalks through the maps of the edges."""
    edges = edges_of(edge_index, nodes, 0, turned)
    maps = maps.transpose(1, 2) if flipped else maps
    return added(maps.to(x.dtype) @ x.index_select(0, edges.source), edges.target, nodes)


FORMULAS: dict[Any, Callable[..., Any]] = {
    operator._opoverload: formula
    for operator, formula in (
        (propagate.total, total),
        (propagate.scaled, scaled),
        (propagate.count, count),
        (propagate.gather, gather),
        (propagate.edge_sum, edge_sum),
        (propagate.dot, dot),
        (propagate.softmax, softmax),
        (attend.attend, attended),
        (extreme.extreme, picked),
        (extreme.segment_sum, segment_sum),
        (extreme.segment_extreme, segment_extreme),
        (block.block, blocks),
    )
}
"""By operator, as ``ExportedProgram.run_decompositions`` takes them."""
