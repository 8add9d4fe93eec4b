"""Pair sums: sums over pairs of nodes, of which subgraph networks are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from gnnlab.core.arguments import check_choice
from gnnlab.ops.base.bounds import check_vector
from gnnlab.ops.base.precision import HALF
from gnnlab.ops.functions.checks import check_list
from gnnlab.ops.functions.chosen import kernel
from gnnlab.ops.graphs.node_pairs import Pairs
from gnnlab.ops.graphs.tensors import check_device, check_edges, check_float

SYMBOLS = ("uL", "vL", "uG", "vG", "vv", "vu", "uu")
LOCAL = ("uL", "vL")
PLACES = ("u", "v", "diagonal")


def pair_aggregate(
    x: Tensor,
    pairs: Pairs,
    symbols: Sequence[str],
    *,
    shifts: Mapping[str, Tensor] | None = None,
    scale: Tensor | None = None,
    inside: Tensor | None = None,
) -> tuple[Tensor, ...]:
    r"""Add up, for every pair (u, v) of nodes of a graph, other pairs that share a node with it.

    .. math:: y^a_{uv} = c_a x_{uv} + \begin{cases}
        \sum_{e = (w, v)} \operatorname{ReLU}(x_{uw} + s^a_e) & \text{uL}\\
        \sum_{e = (w, u)} \operatorname{ReLU}(x_{wv} + s^a_e) & \text{vL}\\
        \sum_w x_{uw},\ \sum_w x_{wv} & \text{uG, vG}\\
        x_{vv},\ x_{vu},\ x_{uu} & \text{vv, vu, uu} \end{cases}

    The first node names a subgraph, the second a node in it: uL adds up neighbours within the
    subgraph, vL the same node in the subgraphs of neighbours, uG and vG run over the whole graph. A
    symbol without shifts adds the pairs up as they are, without a ReLU. The compiled CPU backend
    makes all sums in one pass over x, and their gradients, of x and of all sums' gradients, in
    another; it never writes out the n m edges between pairs, as others do. Half precision is
    added up in float32.

    Args:
        x: a row for each pair, floating point.
        pairs: the pairs and the graph's edges.
        symbols: a of each result, among ``uL``, ``vL``, ``uG``, ``vG``, ``vv``, ``vu``, ``uu``.
        shifts: s of ``uL`` and of ``vL``, in the caller's order of edges.
        scale: c, one for each symbol; 0 without.
        inside: which pairs lie in their subgraph; for uL, an edge is there if both its ends do.

    Shapes:
        x (P, F), shifts (E, F) each, scale (A,), inside (P,) bool -> A times (P, F)

    Raises:
        ValueError: an unknown symbol, or one twice; shapes, dtypes or devices that do not fit.

    Cost:
        O((P + n E) F) for uL and vL, O(P F) for others; beside the compiled CPU backend n E F
        numbers at once, and the indices of n E edges are kept with the graph.

    Source:
        Zhang, Feng, Du, He and Wang, "A Complete Expressiveness Hierarchy for Subgraph GNNs via
        Subgraph Weisfeiler-Lehman Tests", ICML 2023, definition 3.1
        (https://arxiv.org/abs/2302.07090).

    Example:
        >>> pairs = Pairs(torch.tensor([[0, 1], [1, 0]]), num_nodes=2)
        >>> x = torch.tensor([[1.0], [2.0], [3.0], [4.0]])  # (0, 0), (0, 1), (1, 0), (1, 1)
        >>> [y.flatten().tolist() for y in pair_aggregate(x, pairs, ("uL", "vL", "vv"))]
        [[2.0, 1.0, 4.0, 3.0], [3.0, 4.0, 1.0, 2.0], [1.0, 4.0, 1.0, 4.0]]
    """
    check_float("x", x, (2,), "(P, F)")
    _check_pairs("x", x, pairs)
    symbols = check_symbols(symbols)
    if shifts is not None and not isinstance(shifts, Mapping):
        raise ValueError(f"shifts is of type {type(shifts).__name__}, but it is a dict by symbol")
    shifts = {} if shifts is None else dict(shifts)
    for symbol, shift in shifts.items():
        check_choice("a symbol of shifts", symbol, LOCAL)
        check_float(f"shifts[{symbol!r}]", shift, (2,), f"(E, {x.shape[1]})")
        check_edges(f"shifts[{symbol!r}]", shift, pairs.adj)
        if shift.shape[1] != x.shape[1]:
            raise ValueError(
                f"shifts[{symbol!r}] is {tuple(shift.shape)}, but x has rows of {x.shape[1]} "
                f"numbers: give (E, {x.shape[1]})"
            )
    if isinstance(inside, Tensor) and (inside.dtype != torch.bool or inside.shape != x.shape[:1]):
        raise ValueError(
            f"inside is {inside.dtype} of shape {tuple(inside.shape)}, but every pair is in its "
            f"subgraph or not: give bool ({x.shape[0]},)"
        )
    if inside is not None:
        check_vector("inside", inside, (torch.bool,), f"bool ({x.shape[0]},)")
        check_device("inside", inside, pairs.adj)
    if scale is None:
        scale = x.new_zeros(len(symbols))
    else:
        check_float("scale", scale, (1,), f"({len(symbols)},)")
        check_device("scale", scale, pairs.adj)
    if scale.shape != (len(symbols),):
        raise ValueError(
            f"scale is {tuple(scale.shape)}, but there are {len(symbols)} symbols: give a number "
            "for each"
        )
    wide = torch.float32 if x.dtype in HALF else x.dtype
    own = [shifts[s].to(wide) if s in shifts else None for s in symbols]
    found = kernel("pair_aggregate", x, scale, *own)(
        x.to(wide), pairs, symbols, own, scale.to(wide), inside
    )
    return tuple(y.to(x.dtype) for y in found)


def pair_reduce(x: Tensor, pairs: Pairs, place: str) -> Tensor:
    r"""Add up the pairs of each node, :math:`y_u = \sum_v x_{uv}`, :math:`\sum_v x_{vu}` or x_uu.

    Args:
        x: a row for each pair, floating point.
        pairs: the pairs.
        place: ``"u"`` for all pairs that begin with the node, ``"v"`` for all that end with it,
            ``"diagonal"`` for the node with itself.

    Shapes:
        x (P, F) -> (N, F)

    Raises:
        ValueError: an unknown place, or x that does not fit.

    Example:
        >>> pairs = Pairs(torch.tensor([[0, 1], [1, 0]]), num_nodes=2)
        >>> pair_reduce(torch.tensor([[1.0], [2.0], [3.0], [4.0]]), pairs, "u").flatten().tolist()
        [3.0, 7.0]
    """
    check_float("x", x, (2,), "(P, F)")
    _check_pairs("x", x, pairs)
    check_choice("place", place, PLACES)
    wide = x.float() if x.dtype in HALF else x
    out: Tensor = kernel("pair_reduce", x)(wide, pairs, place).to(x.dtype)
    return out


def pair_spread(x: Tensor, pairs: Pairs, place: str) -> Tensor:
    r"""Give every pair (u, v) what one of its nodes holds: the transpose of :func:`pair_reduce`.

    Args:
        x: a row for each node, floating point.
        pairs: the pairs.
        place: ``"u"`` for :math:`y_{uv} = x_u`, ``"v"`` for :math:`x_v`, ``"diagonal"`` for
            :math:`x_u` where v is u, and 0 elsewhere.

    Shapes:
        x (N, F) -> (P, F)

    Raises:
        ValueError: an unknown place, or x that does not fit.

    Example:
        >>> pairs = Pairs(torch.tensor([[0, 1], [1, 0]]), num_nodes=2)
        >>> pair_spread(torch.tensor([[1.0], [2.0]]), pairs, "v").flatten().tolist()
        [1.0, 2.0, 1.0, 2.0]
    """
    check_float("x", x, (2,), "(N, F)")
    _check_kind(pairs)
    if x.shape[0] != pairs.num_nodes:
        raise ValueError(f"x has {x.shape[0]} rows, but there are {pairs.num_nodes} nodes")
    check_device("x", x, pairs.adj)
    check_choice("place", place, PLACES)
    wide = x.float() if x.dtype in HALF else x
    out: Tensor = kernel("pair_spread", x)(wide, pairs, place).to(x.dtype)
    return out


def check_symbols(symbols: Sequence[str]) -> tuple[str, ...]:
    """Refuse anything but some of the symbols, each once.

    Raises:
        ValueError: with what was given.
    """
    if not isinstance(symbols, str):
        check_list("symbols", symbols, f"of some of {', '.join(SYMBOLS)}")
    symbols = tuple(symbols)
    for symbol in symbols:
        check_choice("a symbol", symbol, SYMBOLS)
    if not symbols or len(set(symbols)) < len(symbols):
        raise ValueError(
            f"symbols are {symbols!r}, but at least one is needed, and each gives one result: take "
            f"some of {', '.join(SYMBOLS)}, each once"
        )
    return symbols


def _check_kind(pairs: Pairs) -> None:
    if not isinstance(pairs, Pairs):
        raise ValueError(
            f"pairs is of type {type(pairs).__name__}, but it must be Pairs: build Pairs(adj)"
        )


def _check_pairs(name: str, x: Tensor, pairs: Pairs) -> None:
    _check_kind(pairs)
    if x.shape[0] != pairs.num_pairs:
        raise ValueError(
            f"{name} has {x.shape[0]} rows, but the graphs have {pairs.num_pairs} pairs of nodes: "
            "give one row for each, those of a graph's first node first"
        )
    check_device(name, x, pairs.adj)
