"""Pair keys: pairs of nodes as whole numbers, the same for both directions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def pair_keys(pairs: Array, num_nodes: int) -> Array:
    """One number for the two nodes of a pair, in whatever order: (2, ...) -> (...) int64."""
    low, high = np.minimum(pairs[0], pairs[1]), np.maximum(pairs[0], pairs[1])
    keys: Array = low * num_nodes + high
    return keys


def arc_keys(arcs: Array, num_nodes: int) -> Array:
    """One number for each arc: (2, A) -> (A,) int64."""
    keys: Array = arcs[0] * num_nodes + arcs[1]
    return keys


@dataclass(frozen=True, eq=False)
class Between:
    """Pairs of different nodes: one of each of two groups, or both of one.

    Args:
        num_nodes: N of the graph.
        first: (A,) int64, nodes, ascending.
        second: (B,) int64, none of them in ``first``; None for pairs within ``first``.
    """

    num_nodes: int
    first: Array
    second: Array | None = None

    @property
    def count(self) -> int:
        """How many pairs there are."""
        if self.second is None:
            return len(self.first) * (len(self.first) - 1) // 2
        return len(self.first) * len(self.second)

    def all(self) -> Array:
        """The keys of all pairs."""
        if self.second is None:
            low, high = np.triu_indices(len(self.first), 1)
            return pair_keys(np.stack([self.first[low], self.first[high]]), self.num_nodes)
        low, high = np.repeat(self.first, len(self.second)), np.tile(self.second, len(self.first))
        return pair_keys(np.stack([low, high]), self.num_nodes)

    def draw(self, size: int, rng: np.random.Generator) -> Array:
        """The keys of pairs that are drawn uniformly, repeats among them."""
        source = rng.integers(len(self.first), size=size)
        if self.second is None:
            target = rng.integers(len(self.first) - 1, size=size)
            target += target >= source
            drawn = np.stack([self.first[source], self.first[target]])
        else:
            target = rng.integers(len(self.second), size=size)
            drawn = np.stack([self.first[source], self.second[target]])
        return pair_keys(drawn, self.num_nodes)


def non_links(
    taken: Array,
    num_nodes: int,
    count: int,
    rng: np.random.Generator,
    what: str = "negatives",
    between: Between | None = None,
) -> Array:
    """Draw pairs of different nodes that are not joined, uniformly and each once.

    Args:
        taken: the keys (see :func:`pair_keys`) of pairs that are joined, ascending, each once; of
            those that are asked for alone.
        num_nodes: N.
        count: how many to draw.
        rng: to draw from.
        what: what they are, for the message.
        between: which pairs are asked for; all of the graph's if None.

    Shapes:
        (2, count) int64, the lower node in row 0

    Raises:
        ValueError: fewer pairs than that are left.

    Cost:
        O((count + P) log P) expected, however sparse or dense the graph, P pairs being taken.
    """
    between = Between(num_nodes, np.arange(num_nodes)) if between is None else between
    pairs = between.count
    if count > pairs - len(taken):
        raise ValueError(
            f"the graph joins {len(taken)} of its {pairs} pairs of nodes, which leaves "
            f"{pairs - len(taken)}, but {count} {what} are to be drawn: ask for fewer, or take a "
            "sparser graph"
        )
    if not count:
        return np.empty((2, 0), np.int64)
    if 2 * (count + len(taken)) > pairs:  # so dense that all pairs can be written down
        left = between.all()
        keys = rng.permutation(left[~among(left, taken)])[:count]
    else:
        keys = _rejected(taken, between, count, rng)
    return np.stack([keys // num_nodes, keys % num_nodes])


def _rejected(taken: Array, between: Between, count: int, rng: np.random.Generator) -> Array:
    """Draw until enough are new; at least half of the pairs are free."""
    keys = np.empty(0, np.int64)
    while len(keys) < count:
        drawn = between.draw(2 * (count - len(keys)) + 16, rng)
        keys = np.concatenate([keys, drawn[~among(drawn, taken)]])
        _, first = np.unique(keys, return_index=True)
        keys = keys[np.sort(first)]  # in the order drawn, so that taking the first is no choice
    return keys[:count]


def union(*keys: Array) -> Array:
    """All of several lists of keys, ascending, each once."""
    return distinct(np.concatenate(keys))


def pieces(rows: Array, bounds: Array) -> Iterator[Array]:
    """Cut an array where bounds say: from each to the next (``np.split`` takes microseconds)."""
    cuts = bounds.tolist()
    return (rows[first:last] for first, last in zip(cuts[:-1], cuts[1:], strict=True))


def ends(keys: Array, num_nodes: int) -> Array:
    """Turn u * N + v into the two rows (2, P) u and v."""
    pairs = np.empty((2, len(keys)), np.int64)
    np.divmod(keys, max(num_nodes, 1), out=(pairs[0], pairs[1]))
    return pairs


def distinct(keys: Array) -> Array:
    """Sort keys and drop repeats (``np.unique`` hashes them first, which is slower)."""
    keys = np.sort(keys)
    if len(keys) < 2:
        return keys
    new = np.empty(len(keys), bool)
    new[0] = True
    np.not_equal(keys[1:], keys[:-1], out=new[1:])
    return keys[new]


def among(keys: Array, others: Array) -> Array:
    """Which keys are among others, which are sorted: (K,) bool (``np.isin`` takes longer)."""
    if not len(others):
        return np.zeros(len(keys), bool)
    place = np.searchsorted(others, keys)
    found: Array = others.take(place, mode="clip") == keys
    return found
