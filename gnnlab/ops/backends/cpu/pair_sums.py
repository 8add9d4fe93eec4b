"""Pair sums by compiled loops: sums over pairs of nodes, whose edges are never written out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gnnlab.kernels.arrays import Array, array
from gnnlab.kernels.memory import empty
from gnnlab.kernels.threads import over_items
from gnnlab.ops.backends.cpu.loops.pair_sums import (
    COLUMN,
    DIAGONAL,
    ROW,
    UG,
    UL,
    UU,
    VG,
    VL,
    VU,
    VV,
    WHOLE,
    Sums,
    Walk,
    aggregate_rows,
    collect_rows,
    gradient_rows,
    spread_rows,
)

if TYPE_CHECKING:
    from gnnlab.ops.graphs.node_pairs import Pairs

KINDS = {"uL": UL, "vL": VL, "uG": UG, "vG": VG, "vv": VV, "vu": VU, "uu": UU}
PLACES = {"diagonal": DIAGONAL, "u": ROW, "v": COLUMN}

Shifts = Sequence[Tensor | None]


def why_not(x: Tensor) -> str | None:
    """Why the functions below do not read such a table; None where they do."""
    if x.dtype in (torch.float32, torch.float64):
        return None
    return f"x is {x.dtype}, and sums over pairs read float32 and float64"


def pair_aggregate(
    x: Tensor, scale: Tensor, shifts: Shifts, inside: Tensor | None, pairs: Pairs,
    symbols: Sequence[str],
) -> list[Tensor]:  # fmt: skip
    """scale[a] x + what the a-th symbol adds up, for every a, in one pass over x."""
    outs = [empty(x.shape, x.dtype) for _ in symbols]
    table = _columns(symbols, [x] * len(symbols), pairs)
    over_items(
        aggregate_rows, pairs.num_nodes, _work(x, pairs, symbols), _walk(pairs, inside),
        _longest(pairs, inside), _sums(symbols, scale, shifts, x, table), _arrays(outs, x),
        array(x),
    )  # fmt: skip
    return outs


def pair_gradients(
    grads: Sequence[Tensor], x: Tensor, scale: Tensor, shifts: Shifts, inside: Tensor | None,
    pairs: Pairs, symbols: Sequence[str], wanted: tuple[bool, Sequence[bool]],
) -> tuple[Tensor, Tensor | None, list[Tensor | None]]:  # fmt: skip
    """Gradients for x, and as far as wanted for scale and shifts."""
    grads = [grad.contiguous() for grad in grads]
    out = empty(x.shape, x.dtype)
    parts = np.zeros((pairs.num_nodes, len(symbols) if wanted[0] else 0))
    grad_shifts = [
        torch.zeros_like(shift) if shift is not None and asked else None
        for shift, asked in zip(shifts, wanted[1], strict=True)
    ]
    table, units = _columns(symbols, grads, pairs), pairs._units(WHOLE)
    over_items(
        gradient_rows, len(units) - 1, 2 * _work(x, pairs, symbols), units, _walk(pairs, inside),
        _walk(pairs, inside, turned=True), _longest(pairs, inside),
        _sums(symbols, scale, shifts, x, table), array(out), _arrays(grads, x), array(x), parts,
        _arrays(grad_shifts, x),
    )  # fmt: skip
    grad_scale = torch.from_numpy(parts.sum(0)).to(scale.dtype) if wanted[0] else None
    return out, grad_scale, grad_shifts


def pair_collect(x: Tensor, pairs: Pairs, place: str) -> Tensor:
    """One row a node: x[u, u], the sum of x[u, v] over v, or that of x[v, u]."""
    out = empty((pairs.num_nodes, x.shape[1]), x.dtype)
    tables = array(out), array(x)
    over_items(collect_rows, pairs.num_nodes, x.numel(), _walk(pairs, None), PLACES[place], *tables)
    return out


def pair_spread(x: Tensor, pairs: Pairs, place: str) -> Tensor:
    """One row a pair (u, v): x[u], x[v], or x[u] where v is u and 0 elsewhere."""
    out = empty((pairs.num_pairs, x.shape[1]), x.dtype)
    tables = array(out), array(x)
    over_items(
        spread_rows, pairs.num_nodes, out.numel(), _walk(pairs, None), PLACES[place], *tables
    )
    return out


def _columns(symbols: Sequence[str], tables: Sequence[Tensor], pairs: Pairs) -> Tensor | None:
    """The sums over all u that vG gives to each v, in either direction."""
    if "vG" not in symbols:
        return None
    return pair_collect(tables[list(symbols).index("vG")], pairs, "v")


def _walk(pairs: Pairs, inside: Tensor | None, turned: bool = False) -> Walk:
    adj = pairs.adj.transpose if turned else pairs.adj
    mask = np.empty(0, np.bool_) if inside is None else array(inside)
    edges = array(adj._rowptr), array(adj._col), array(adj._order), pairs._blocks(turned)
    return Walk(*pairs._layout, *edges, mask)


def _longest(pairs: Pairs, inside: Tensor | None) -> int:
    """The most neighbours that have to be chosen from, in either direction."""
    if inside is None or not pairs.num_nodes:
        return 0
    ends = pairs.adj, pairs.adj.transpose
    return max(int(adj._rowptr.diff().max()) for adj in ends)


def _sums(
    symbols: Sequence[str], scale: Tensor, shifts: Shifts, x: Tensor, table: Tensor | None
) -> Sums:
    kinds = np.array([KINDS[symbol] for symbol in symbols])
    return Sums(kinds, array(scale), _arrays(shifts, x), _arrays([table], x)[0])


def _arrays(tensors: Shifts, like: Tensor) -> tuple[Array, ...]:
    """A table for each kind, without a row where there is none: one type for all calls."""
    none = array(like.new_empty((0, like.shape[1])))
    found = [none if tensor is None else array(tensor) for tensor in tensors]
    return (*found, *[none] * (len(KINDS) - len(found)))


def _work(x: Tensor, pairs: Pairs, symbols: Sequence[str]) -> int:
    """Numbers that are touched."""
    copies = 1 + pairs.adj.num_edges // max(pairs.num_nodes, 1)
    return x.numel() * len(symbols) * copies
