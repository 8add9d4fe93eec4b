"""SDRF (stochastic discrete Ricci flow): edges added around the edge of lowest curvature."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gnnlab.core.arguments import check_count, check_number, check_positive
from gnnlab.core.settings import checked
from gnnlab.rewiring.base.amounts import amount, check_amount
from gnnlab.rewiring.base.changes import Changes
from gnnlab.rewiring.base.rewiring import Rewiring
from gnnlab.rewiring.curvature.curvature_flow import Curved
from gnnlab.rewiring.diagnostics.curvature import forman, forman_of_edges
from gnnlab.structure.graphs.graph import Graph
from gnnlab.structure.graphs.pair_keys import Array
from gnnlab.structure.graphs.undirected_lists import Neighbours

NONE = np.empty(0, np.int64)
DIGITS = 12
"""Curvatures that agree to so many digits are equal: sums of fractions, rounded in some order."""


@checked
@dataclass(frozen=True)
class SDRF(Rewiring):
    r"""Support the most negatively curved edge, and drop the most positively curved, in turn.

    Every iteration takes the edge i ~ j with the lowest balanced Forman curvature and adds an edge
    k ~ l between :math:`B_1(i)` and :math:`B_1(j)`, drawn with probability

    .. math:: \mathrm{softmax}(\tau x)_{kl}, \qquad
        x_{kl} = \mathrm{Ric}_{kl}(i, j) - \mathrm{Ric}(i, j)

    where :math:`\mathrm{Ric}_{kl}` is the curvature after adding k ~ l. Then the edge with the
    highest curvature goes if it is above ``remove_bound``. Both read the curvature at the start of
    the iteration, so that an edge just added stays. Ties go to the lowest (i, j). A pair that can
    be named both ways is one candidate. It ends early when an iteration changes nothing.

    Args:
        iterations: the most edges that are added, and removed; or what share of the graph's edges.
        temperature: tau; ``math.inf`` takes the best candidate, of equal ones the lowest (k, l).
        remove_bound: C+; None removes nothing.
        seed: of the draws; each graph draws from the seed and its own content.
        fill: what edge attributes hold for added edges.

    Shapes:
        edge_index (2, E) -> (2, E + 2 iterations) at the most, edge_type alike

    Raises:
        ValueError: a ``Batch``, bad edges, a directed graph, or bad settings.

    Cost:
        one ``balanced_forman`` of the graph; then in every iteration O(E), d_i d_j for the
        candidates, and the curvature of edges with an end within one step of a change.

    Source:
        Topping, Di Giovanni, Chamberlain, Dong and Bronstein, "Understanding over-squashing and
        bottlenecks on graphs via curvature", ICLR 2022, algorithm 1
        (https://arxiv.org/abs/2111.14522). The release's curvature, which is 0 on nearly all edges
        (see ``balanced_forman``), is not offered.
    """

    iterations: int | float = 10
    temperature: float = 1.0
    remove_bound: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_amount("iterations", self.iterations)
        check_count("seed", self.seed, 0)
        if self.temperature != math.inf:
            check_positive("temperature", self.temperature)
        if self.remove_bound is not None:
            check_number("remove_bound", self.remove_bound)

    def changes(self, graph: Graph) -> Changes:
        """Run the iterations."""
        state, random = Curved(graph, forman_of_edges), graph.generator(self.seed)
        for _ in range(amount(self.iterations, graph)):
            values = state.values.round(DIGITS)
            if not len(values):
                break
            added, removed = self._support(state.lists, int(values.argmin()), random), NONE
            most = int(values.argmax())
            if self.remove_bound is not None and values[most] > self.remove_bound:
                removed = state.keys[most : most + 1]
            if not len(added) and not len(removed):
                break
            state.change(added, removed)
            state.update()
        return state.changes()

    def _support(self, lists: Neighbours, edge: int, random: np.random.Generator) -> Array:
        """Draw one candidate around an edge; return its key, or nothing."""
        keys, after = candidates(lists, int(lists.low[edge]), int(lists.high[edge]))
        if not len(keys):
            return NONE
        if self.temperature == math.inf:
            drawn = int(after.round(DIGITS).argmax())
        else:
            weight = np.cumsum(np.exp(self.temperature * (after - after.max())))
            drawn = int(np.searchsorted(weight, random.random() * weight[-1], side="right"))
        return np.array([keys[drawn]])


def candidates(lists: Neighbours, i: int, j: int) -> tuple[Array, Array]:
    """Absent pairs between the closed neighbourhoods of i ~ j, and Ric(i, j) after adding each.

    Returns:
        keys low * N + high (K,), ascending, and the curvature (K,). Only three kinds of pairs
        change it: i with one of j's own neighbours, j with one of i's own, and one of i's own with
        one of j's own.
    """
    ball_i, ball_j = _ball(lists, i), _ball(lists, j)
    joined = _joined(lists, ball_i, ball_j)
    own_i = ~np.isin(ball_i, ball_j)  # neighbours of i alone: the balls hold i and j
    own_j = ~np.isin(ball_j, ball_i)
    block = joined[np.ix_(own_i, own_j)].astype(np.int32)
    d_i, d_j = len(ball_i) - 1, len(ball_j) - 1
    common = len(ball_i) - int(own_i.sum()) - 2
    times_k, times_l = block.sum(1), block.sum(0)
    squares = int((times_k > 0).sum() + (times_l > 0).sum())
    most = max(times_k.max(initial=0), times_l.max(initial=0))
    after = np.full(joined.shape, forman(d_i, d_j, common, squares, most))
    after[np.ix_(own_i, own_j)] = forman(
        d_i, d_j, common, squares + (times_k == 0)[:, None] + (times_l == 0),
        np.maximum(most, np.maximum(times_k[:, None], times_l) + 1),
    )  # fmt: skip
    after[ball_i == i, own_j] = forman(d_i + 1, d_j, common + 1, *_without_one(block))
    after[own_i, ball_j == j] = forman(d_i, d_j + 1, common + 1, *_without_one(block.T))
    k, l = np.nonzero(~joined & (ball_i[:, None] != ball_j))  # noqa: E741
    low, high = np.minimum(ball_i[k], ball_j[l]), np.maximum(ball_i[k], ball_j[l])
    keys, first = np.unique(low * lists.num_nodes + high, return_index=True)
    return keys, after[k, l][first]


def _without_one(block: Array) -> tuple[Array, Array]:
    """Squares and the most through one node, after each column in turn is taken out."""
    rows, columns = block.sum(1), block.sum(0)
    left = rows[:, None] - block  # what is left of each row
    squares = (left > 0).sum(0) + (columns > 0).sum() - (columns > 0)
    top = np.sort(columns)[::-1]
    others = np.where(columns == top[:1], top[1:2] if len(top) > 1 else 0, top[:1])
    return squares, np.maximum(left.max(0, initial=0), others)


def _ball(lists: Neighbours, node: int) -> Array:
    """The node and its neighbours, ascending."""
    around = lists.col[lists.rowptr[node] : lists.rowptr[node + 1]].astype(np.int64)
    return np.insert(around, np.searchsorted(around, node), node)


def _joined(lists: Neighbours, left: Array, right: Array) -> Array:
    """Which of the nodes ``left`` are neighbours of which of ``right``: (L, R) bool."""
    where = np.full(lists.num_nodes, -1)
    where[right] = np.arange(len(right))
    joined = np.zeros((len(left), len(right)), bool)
    for row, node in zip(joined, left, strict=True):
        place = where[lists.col[lists.rowptr[node] : lists.rowptr[node + 1]]]
        row[place[place >= 0]] = True
    return joined
