"""Ollivier-Ricci curvature of edges: exact, over threads, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from numbers import Rational

import numpy as np
import torch

from gnnlab.core.arguments import check_share
from gnnlab.kernels.arrays import Array
from gnnlab.kernels.budget import require_memory
from gnnlab.kernels.effort import require_time, stretches
from gnnlab.kernels.threads import over_rows
from gnnlab.structure.curvature import edge_costs as plans
from gnnlab.structure.curvature import neighbourhoods
from gnnlab.structure.curvature.neighbourhoods import net
from gnnlab.structure.curvature.transport import Lazy
from gnnlab.structure.graphs.undirected_lists import Neighbours

ROOM = 1 << 60
"""The largest mass that whole numbers of 64 bits hold with room for a cost of three steps."""
SIMPLE = 10**6
"""Fractions with denominators up to this are recognised in floating numbers."""
SMALL = 64
"""Graphs of up to so many nodes are done at once: less than it takes to share the work out."""
NO_WORK = np.zeros(1, np.int64)
SCRATCH = 1 << 26
"""Bytes that are taken without asking how many are free."""


class Ollivier:
    """The curvature of edges of one graph, and the transport behind it.

    Curvature is 1 - W1 between the lazy walkers at the two ends, exact.

    Args:
        graph: neighbour lists.
        alpha: the chance to stay, a fraction or a number; see :func:`as_lazy`.

    Cost: for an edge between degrees d <= D about d D / 64 word operations for each of a few
    searches. Memory: N^2 / 4 bytes up to 16,384 nodes, above that 12 N bytes a thread; and a
    thread's scratch of d D / 4 bytes for its largest d and D.

    Raises:
        ValueError: ``alpha`` is no share, or two joined hubs need more memory than is free.
    """

    def __init__(self, graph: Neighbours, alpha: float | Rational = 0) -> None:
        self.graph, self._lazy, self._net = graph, as_lazy(alpha, graph), net(graph)

    def curvature(self, which: Array | None = None, progress: bool = False) -> Array:
        """Of the edges ``which`` (K,) int32, all if None: (K,) float64.

        ``progress`` shows a bar on a terminal when it takes more than two seconds.
        """
        which = self.graph.numbers if which is None else which
        out = np.empty(len(which))
        self._over_edges(plans.curvatures, which, out, progress)
        return out

    def heaviest_moves(self, which: Array | None = None) -> Array:
        """The pair that the transport between the ends of an edge pays most for: (2, K) int32.

        Of an optimal plan (the one the solver finds; it depends on the graph alone) the pair p, q
        with the largest plan[p, q] * d(p, q), lower node first; of equal ones the lowest. What both
        ends reach stays in place. (-1, -1) where nothing is moved.
        """
        which = self.graph.numbers if which is None else which
        out = np.empty((2, len(which)), np.int32)
        self._over_edges(plans.heaviest, which, out, progress=False)
        return out

    def _over_edges(
        self, kernel: Callable[..., None], which: Array, out: Array, progress: bool
    ) -> None:
        graph = self.graph
        settings = graph.low, graph.high, self._net, self._lazy
        if graph.num_nodes <= SMALL:
            kernel(0, len(which), NO_WORK, which, *settings, out)
            return
        work = _work(graph, which)
        require_time(
            float(work[-1]),
            f"transport between the neighbourhoods of the ends of {len(which):,} edges",
            "balanced_forman takes far less",
        )
        for a, b in stretches(work, "edge", progress):
            part = work[a : b + 1] - work[a]
            over_rows(kernel, part, 1, which[a:b], *settings, out[..., a:b])


def _work(graph: Neighbours, which: Array) -> Array:
    """Nanoseconds, roughly, up to each edge: (K + 1,) int64. Refuses what does not fit."""
    degree = np.diff(graph.rowptr)
    low, high = degree[graph.low[which]], degree[graph.high[which]]
    d, most = np.minimum(low, high).astype(np.int64), np.maximum(low, high)
    words = np.minimum(most + 1, -(-graph.num_nodes // 64))
    if graph.num_nodes > neighbourhoods.DENSE_NODES:
        words = most // 64 + 1
    if len(which):
        _check_memory(d, words)
    work = np.zeros(len(which) + 1, np.int64)
    np.cumsum(500 + 300 * d + 8 * d * words, out=work[1:])
    return work


def as_lazy(alpha: float | Rational, graph: Neighbours) -> Lazy:
    """Read alpha as a fraction, so that masses are whole numbers.

    Fractions are taken as they are, and so are floating numbers that print as one with a
    denominator of up to 10^6 (0.1 is 1 / 10). Any other number becomes the nearest multiple of
    1 / q, where q is what 64 bits leave room for beside the degrees: off by 1e-11 or less while
    least common multiples of the degrees of two joined nodes stay below 10^7.
    """
    check_share("alpha", alpha)
    if alpha in (0, 1):
        return Lazy(int(alpha == 1), 1)
    share = Fraction(alpha).limit_denominator(SIMPLE)
    degree = np.diff(graph.rowptr).astype(np.int64)
    most = np.lcm(degree[graph.low], degree[graph.high]).max(initial=1)
    room = ROOM // int(most)
    if isinstance(alpha, Rational):
        share = Fraction(alpha)
    elif float(share) != alpha:
        share = Fraction(round(Fraction(alpha) * room), room)
    if share.denominator > room:
        raise ValueError(
            f"alpha is {alpha}, but beside the degrees of this graph 64 bits hold denominators up "
            f"to {room}: round it"
        )
    return Lazy(share.numerator, share.denominator)


def _check_memory(d: Array, words: Array) -> None:
    """Two tables of a row of words for each neighbour, and a thread may meet the largest of all."""
    scratch = 16 * (int(d.max()) + 2) * int(words.max()) * torch.get_num_threads()
    if scratch > SCRATCH:
        require_memory(
            scratch,
            f"transport between neighbourhoods of {int(d.max())} nodes and more",
            "use balanced_forman, which keeps no such tables",
        )
