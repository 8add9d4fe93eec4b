"""Edge costs: the optimal transport cost between an edge's ends, and the pair that costs most."""

from __future__ import annotations

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled
from gnnlab.kernels.words import ONE, ZERO, first_bit
from gnnlab.structure.curvature.max_flow import HEAD, MASK, NEXT, SOURCE
from gnnlab.structure.curvature.neighbourhoods import Net, by_degree, largest
from gnnlab.structure.curvature.transport import Lazy, Memory, memory, move_rest, solve


def _curvatures(
    first: int, last: int, work: Array, which: Array, low: Array, high: Array, net: Net,
    lazy: Lazy, out: Array,
) -> None:  # fmt: skip
    """out[t] = 1 - the cost of edge which[t], whose ends are in ``low`` and ``high``."""
    sources, sinks = largest(first, last, which, low, high, net.rowptr)
    arcs = 4 * (sources + sinks)
    m = memory(net, sources, sinks, arcs)
    for t in range(first, last):
        a, b = by_degree(net.rowptr, low[which[t]], high[which[t]])
        cost, whole, _, _ = solve(net, m, a, b, lazy)
        while cost < 0:
            arcs *= 2
            m = memory(net, sources, sinks, arcs)
            cost, whole, _, _ = solve(net, m, a, b, lazy)
        out[t] = (whole - cost) / whole


def _heaviest(
    first: int, last: int, work: Array, which: Array, low: Array, high: Array, net: Net,
    lazy: Lazy, out: Array,
) -> None:  # fmt: skip
    """out[:, t] = the pair that a plan for edge which[t] pays most for, lower node first."""
    sources, sinks = largest(first, last, which, low, high, net.rowptr)
    arcs = 4 * (sources + sinks)
    m = memory(net, sources, sinks, arcs)
    for t in range(first, last):
        a, b = by_degree(net.rowptr, low[which[t]], high[which[t]])
        while not plan(net, m, a, b, lazy):
            arcs *= 2
            m = memory(net, sources, sinks, arcs)
        out[0, t], out[1, t] = dearest(net, m)


def _plan(net: Net, m: Memory, a: int, b: int, lazy: Lazy) -> bool:
    """Leave an optimal plan in ``m.flow``; False asks for room."""
    cost, _, sources, words = solve(net, m, a, b, lazy)
    if cost < 0 or move_rest(m.flow, sources, words) < 0:
        return False
    m.flow.sets[MASK, words:] = ZERO
    return True


def _dearest(net: Net, m: Memory) -> tuple[int, int]:
    """The pair with the largest mass times distance; of equal ones the lowest (i, j)."""
    best, low, high = 0, -1, -1
    for k in range(m.flow.sets.shape[1]):
        word = m.flow.sets[MASK, k]
        while word != ZERO:
            y = (k << 6) + first_bit(word)
            word &= word - ONE
            a = m.flow.sink[HEAD, y]
            while a >= 0:
                if 3 * m.flow.amount[a] >= best and m.flow.amount[a] > 0:
                    p, q = m.ends.source[m.flow.arc[SOURCE, a]], m.ends.sink[y]
                    paid = m.flow.amount[a] * steps(net, p, q)
                    p, q = min(p, q), max(p, q)
                    if paid > best or (paid == best and (p, q) < (low, high)):
                        best, low, high = paid, p, q
                a = m.flow.arc[NEXT, a]
    return low, high


def _steps(net: Net, x: int, z: int) -> int:
    """The distance between two nodes that are 1, 2 or 3 apart."""
    near = 3
    p, q = net.rowptr[x], net.rowptr[z]
    while p < net.rowptr[x + 1] and near > 1:
        if net.col[p] == z:
            near = 1
        while q < net.rowptr[z + 1] and net.col[q] < net.col[p]:
            q += 1
        if q < net.rowptr[z + 1] and net.col[q] == net.col[p]:
            near = min(near, 2)
        p += 1
    return near


steps = compiled(_steps)
dearest = compiled(_dearest)
plan = compiled(_plan)
curvatures = compiled(_curvatures)
heaviest = compiled(_heaviest)
