"""Ollivier-Ricci curvature of edges: exact, over threads, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from numbers import Rational

import numpy as np
import torch

from gnnlab.arguments import check_share
from gnnlab.ops.backends.parallel import Array, over_rows

from . import neighbourhoods, transport
from .csr import Neighbours
from .memory import require_memory
from .neighbourhoods import net
from .transport import Lazy

ROOM = 1 << 60
"""The largest mass that whole numbers of 64 bits hold with room for a cost of three steps."""
SIMPLE = 10**6
"""Fractions with denominators up to this are recognised in floating numbers."""
SLICE = 1 << 28
"""Work, in units near a nanosecond, between two steps of the progress bar."""


def ollivier(
    graph: Neighbours,
    alpha: float | Rational = 0,
    which: Array | None = None,
    progress: bool = True,
) -> Array:
    """1 - W1 between the walkers at the ends of edges, exact: (M,) float64.

    Args:
        graph: neighbour lists.
        alpha: the chance to stay, a fraction or a number; see :func:`as_lazy`.
        which: (K,) numbers of edges, all if None.
        progress: show a bar when it takes more than two seconds.

    Raises:
        ValueError: ``alpha`` is no share, or two joined hubs need more memory than is free.

    Cost: for an edge between degrees d <= D about d D / 64 word operations for each of a few
    searches. Memory: N^2 / 4 bytes up to 16,384 nodes, above that 12 N bytes a thread; and a
    thread's scratch of d D / 4 bytes for its largest d and D.
    """
    which = _numbers(graph, which)
    out = np.empty(len(which))
    _over_edges(transport.curvatures, graph, alpha, which, out, progress)
    return out


def heaviest_moves(
    graph: Neighbours, alpha: float | Rational = 0, which: Array | None = None
) -> Array:
    """The pair that the transport between the ends of an edge pays most for: (2, K) int32.

    Of an optimal plan (the one the solver finds; it depends on the graph alone) the pair p, q
    with the largest plan[p, q] * d(p, q), lower node first; of equal ones the lowest. What both
    ends reach stays in place. (-1, -1) where nothing is moved.
    """
    which = _numbers(graph, which)
    out = np.empty((2, len(which)), np.int32)
    _over_edges(transport.heaviest, graph, alpha, which, out, False)
    return out


def as_lazy(alpha: float | Rational, graph: Neighbours) -> Lazy:
    """Read alpha as a fraction, so that masses are whole numbers.

    Fractions are taken as they are, and so are floating numbers that print as one with a
    denominator of up to 10^6 (0.1 is 1 / 10). Any other number becomes the nearest multiple of
    1 / q, where q is what 64 bits leave room for beside the degrees: off by 1e-11 or less while
    least common multiples of the degrees of two joined nodes stay below 10^7.
    """
    if not isinstance(alpha, Rational):
        check_share("alpha", alpha)
    share = Fraction(alpha).limit_denominator(SIMPLE)
    if share == int(share):
        check_share("alpha", int(share))
        return Lazy(int(share), 1)
    degree = np.diff(graph.rowptr).astype(np.int64)
    most = np.lcm(degree[graph.low], degree[graph.high]).max(initial=1)
    room = ROOM // int(most)
    if isinstance(alpha, Rational):
        share = Fraction(alpha)
    elif float(share) != alpha:
        share = Fraction(round(Fraction(alpha) * room), room)
    check_share("alpha", float(share))
    if share.denominator > room:
        raise ValueError(
            f"alpha is {alpha}, but beside the degrees of this graph 64 bits hold denominators up "
            f"to {room}: round it"
        )
    return Lazy(share.numerator, share.denominator)


def _numbers(graph: Neighbours, which: Array | None) -> Array:
    return np.arange(graph.num_edges, dtype=np.int32) if which is None else which


def _over_edges(
    kernel: Callable[..., None], graph: Neighbours, alpha: float | Rational, which: Array,
    out: Array, progress: bool,
) -> None:  # fmt: skip
    lazy, prepared = as_lazy(alpha, graph), net(graph)
    if not len(which):
        return
    degree = np.diff(graph.rowptr)
    swap = degree[graph.low] > degree[graph.high]
    ends = np.where(swap, (graph.high, graph.low), (graph.low, graph.high))
    d, most = degree[ends[0, which]].astype(np.int64), degree[ends[1, which]]
    words = np.minimum(most + 1, -(-graph.num_nodes // 64))
    if graph.num_nodes > neighbourhoods.DENSE_NODES:
        words = most // 64 + 1
    _check_memory(d, words)
    work = np.zeros(len(which) + 1, np.int64)
    np.cumsum(500 + 300 * d + 8 * d * words, out=work[1:])
    for a, b in _slices(work, progress):
        over_rows(
            kernel, work[a : b + 1] - work[a], 1, which[a:b], ends, prepared, lazy, out[..., a:b]
        )


def _slices(work: Array, progress: bool):  # type: ignore[no-untyped-def]
    """Ranges of equal work, with a bar where there are many."""
    cuts = np.searchsorted(work, np.arange(0, work[-1], SLICE)[1:])
    bounds = np.unique(np.concatenate([[0], cuts, [len(work) - 1]]))
    if len(bounds) == 2:
        yield 0, len(work) - 1
        return
    from tqdm import tqdm  # most calls are over before a bar is worth its import

    shown = None if progress else True  # None: only on a terminal
    with tqdm(total=len(work) - 1, unit="edge", delay=2, leave=False, disable=shown) as bar:
        for a, b in zip(bounds[:-1], bounds[1:], strict=True):
            yield a, b
            bar.update(b - a)


def _check_memory(d: Array, words: Array) -> None:
    """Two tables of a row of words for each neighbour, and a thread may meet the largest of all."""
    scratch = 16 * (int(d.max()) + 2) * int(words.max()) * torch.get_num_threads()
    if scratch > 1 << 26:
        require_memory(
            scratch,
            f"transport between neighbourhoods of {int(d.max())} nodes and more",
            "use balanced_forman, which keeps no such tables",
        )
