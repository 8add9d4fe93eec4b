"""Pair sums in plain torch, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from gnnlab.ops.backends.reference.propagate import propagate
from gnnlab.ops.backends.reference.relu_propagate import relu_propagate
from gnnlab.ops.backends.reference.scatter import scatter, take
from gnnlab.ops.backends.reference.segment import segment_reduce

if TYPE_CHECKING:
    from gnnlab.ops.graphs.node_pairs import Pairs

Shifts = Sequence[Tensor | None]


class Steps(NamedTuple):
    """What the sums are made of, one after the other: operations of one backend."""

    propagate: Callable[..., Tensor]
    relu_propagate: Callable[..., Tensor]
    segment_reduce: Callable[..., Tensor]


STEPS = Steps(propagate, relu_propagate, segment_reduce)


def aggregate(
    steps: Steps, x: Tensor, pairs: Pairs, symbols: Sequence[str], shifts: Shifts, scale: Tensor,
    inside: Tensor | None,
) -> tuple[Tensor, ...]:  # fmt: skip
    """Every sum by itself, over edges between pairs that are written out."""
    sums = (
        _local(steps, x, pairs, symbol, shift, inside)
        if symbol in ("uL", "vL")
        else _wide(steps, x, pairs, symbol)
        for symbol, shift in zip(symbols, shifts, strict=True)
    )
    return tuple(share * x + y for share, y in zip(scale, sums, strict=True))


def reduce(steps: Steps, x: Tensor, pairs: Pairs, place: str) -> Tensor:
    """One row a node."""
    if place == "diagonal":
        node = torch.arange(pairs.num_nodes, device=x.device)
        return take(x, pairs.row(node, node))
    return steps.segment_reduce(x, pairs._of(place), pairs._rows(place), "sum")


def spread(x: Tensor, pairs: Pairs, place: str) -> Tensor:
    """One row a pair."""
    if place == "diagonal":
        return torch.where((pairs._u == pairs._v).unsqueeze(1), take(x, pairs._u), 0)
    return take(x, pairs._of(place))


def _local(
    steps: Steps, x: Tensor, pairs: Pairs, symbol: str, shift: Tensor | None,
    inside: Tensor | None,
) -> Tensor:  # fmt: skip
    adj, edge = pairs._grown(symbol)
    weight = None
    if inside is not None and symbol == "uL":
        weight = (inside[adj._source] & inside[adj._target]).to(x.dtype)
    if shift is None:
        return steps.propagate(x, adj, weight, "sum")
    if not adj.num_edges:
        return torch.zeros_like(x) + 0 * shift.sum()
    return steps.relu_propagate(x, adj, shift, edge, weight)


def _wide(steps: Steps, x: Tensor, pairs: Pairs, symbol: str) -> Tensor:
    u, v = pairs._u, pairs._v
    if symbol in ("uG", "vG"):
        end = symbol[0]
        return spread(reduce(steps, x, pairs, end), pairs, end)
    rows = {"vv": (v, v), "vu": (v, u), "uu": (u, u)}
    return take(x, pairs.row(*rows[symbol]))


def gradients(
    x: Tensor, pairs: Pairs, symbols: Sequence[str], shifts: Shifts, scale: Tensor,
    inside: Tensor | None, grads: Sequence[Tensor],
) -> tuple[Tensor, Tensor, list[Tensor | None]]:  # fmt: skip
    """Those of x, scale and shifts, written out."""
    grad_x, grad_scale = torch.zeros_like(x), torch.zeros_like(scale)
    grad_shifts: list[Tensor | None] = []
    for a, (symbol, shift, grad) in enumerate(zip(symbols, shifts, grads, strict=True)):
        grad_x += scale[a] * grad
        grad_scale[a] = (grad * x).sum()
        grad_shift = None
        if symbol in ("uL", "vL"):
            flow, grad_shift = _local_gradients(x, pairs, symbol, shift, inside, grad)
            grad_x += flow
        else:
            grad_x += _wide_gradient(pairs, symbol, grad)
        grad_shifts.append(grad_shift)
    return grad_x, grad_scale, grad_shifts


def _local_gradients(
    x: Tensor, pairs: Pairs, symbol: str, shift: Tensor | None, inside: Tensor | None, grad: Tensor
) -> tuple[Tensor, Tensor | None]:
    adj, edge = pairs._grown(symbol)
    flow = grad[adj._target]
    if inside is not None and symbol == "uL":
        flow = flow.where((inside[adj._source] & inside[adj._target]).unsqueeze(1), 0)
    if shift is None:
        return scatter(flow, adj._source, pairs.num_pairs, "sum"), None
    flow = flow.where(x[adj._source] + shift[edge] > 0, 0)
    grad_shift = scatter(flow, edge, len(shift), "sum")
    return scatter(flow, adj._source, pairs.num_pairs, "sum"), grad_shift


def _wide_gradient(pairs: Pairs, symbol: str, grad: Tensor) -> Tensor:
    u, v = pairs._u, pairs._v
    if symbol == "vu":
        return grad[pairs.row(v, u)]
    end = u if symbol in ("uG", "uu") else v
    total = scatter(grad, end, pairs.num_nodes, "sum")
    if symbol in ("uG", "vG"):
        return total[end]
    return torch.where((u == v).unsqueeze(1), total[u], 0)


def pair_aggregate(
    x: Tensor, pairs: Pairs, symbols: Sequence[str], shifts: Sequence[Tensor | None],
    scale: Tensor, inside: Tensor | None,
) -> tuple[Tensor, ...]:  # fmt: skip
    """Sums over pairs of nodes, along edges between pairs."""
    return aggregate(STEPS, x, pairs, symbols, shifts, scale, inside)


def pair_gradients(
    x: Tensor, pairs: Pairs, symbols: Sequence[str], shifts: Sequence[Tensor | None],
    scale: Tensor, inside: Tensor | None, grads: Sequence[Tensor],
) -> tuple[Tensor, Tensor, list[Tensor | None]]:  # fmt: skip
    """Their gradients, written out."""
    return gradients(x, pairs, symbols, shifts, scale, inside, grads)


def pair_reduce(x: Tensor, pairs: Pairs, place: str) -> Tensor:
    """The pairs of each node, added up."""
    return reduce(STEPS, x, pairs, place)


def pair_spread(x: Tensor, pairs: Pairs, place: str) -> Tensor:
    """What one of its nodes holds, for every pair."""
    return spread(x, pairs, place)
