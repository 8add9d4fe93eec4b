"""Free pairs: pairs that no link joins, of the same kinds of nodes that links do join."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gnnlab.structure.graphs.pair_keys import Array, Between, non_links


@dataclass(frozen=True, eq=False)
class FreePairs:
    """What negatives are drawn from.

    Args:
        num_nodes: N.
        taken: (P,) keys of pairs that are joined, ascending, each once.
        kinds: (N,) int64 from 0 on, the kind of every node; None where all are of one.
    """

    num_nodes: int
    taken: Array
    kinds: Array | None = None

    def like(self, pairs: Array, rng: np.random.Generator) -> Array:
        """Draw a pair for each of some, the same kinds at its ends, uniformly and each once.

        Where fewer are free, the first of ``pairs`` get one and the last none.

        Args:
            pairs: (2, W).

        Returns:
            (2, W) int64, the lower node first; -1 where none was left.
        """
        found = np.full(pairs.shape, -1, np.int64)
        codes = self._codes(pairs)
        for code in np.unique(codes):
            places, (between, taken) = np.flatnonzero(codes == code), self._pool(int(code))
            places = places[: between.count - len(taken)]
            found[:, places] = non_links(taken, self.num_nodes, len(places), rng, between=between)
        return found

    def served(self, pairs: Array, turn: Array) -> Array:
        """Which of some pairs get a free one of their kinds, the lowest turns first: (W,) bool."""
        codes, chosen = self._codes(pairs), np.zeros(pairs.shape[1], bool)
        for code in np.unique(codes):
            places, (between, taken) = np.flatnonzero(codes == code), self._pool(int(code))
            order = np.argsort(turn[places], kind="stable")
            chosen[places[order[: between.count - len(taken)]]] = True
        return chosen

    def repeated(self, pairs: Array, rng: np.random.Generator) -> Array:
        """Draw a pair for each of some, the free ones several times where they are too few.

        Returns:
            (2, W) int64; (2, 0) where nothing is free.
        """
        found = self.like(pairs, rng)
        while found.size and (left := found[0] < 0).any():
            found[:, left] = self.like(pairs[:, left], rng)
            if (found[0] < 0).sum() == left.sum():  # their kinds of pairs are all joined
                found = found[:, ~left]
                return found[:, np.arange(pairs.shape[1] if found.size else 0) % found.shape[1]]
        return found

    def turned(self, drawn: Array, pairs: Array, coin: Array) -> Array:
        """Arcs from the kind of each pair's source to that of its target.

        Args:
            coin: (W,) bool, which of those whose ends are of one kind are turned.

        Shapes:
            drawn, pairs (2, W) -> (2, W)
        """
        if self.kinds is not None:
            of_source, of_target = self.kinds[pairs]
            coin = np.where(of_source == of_target, coin, self.kinds[drawn[0]] != of_source)
        return np.where(coin, drawn[::-1], drawn)

    def count(self, pairs: Array) -> int:
        """How many are free of the kinds that some pairs join."""
        pools = [self._pool(int(code)) for code in np.unique(self._codes(pairs))]
        return sum(between.count - len(taken) for between, taken in pools)

    def _codes(self, pairs: Array) -> Array:
        """A number for the two kinds of each pair, in whatever order: (2, W) -> (W,)."""
        if self.kinds is None:
            return np.zeros(pairs.shape[1], np.int64)
        own = self.kinds[pairs]
        codes: Array = own.min(0) * (self.kinds.max() + 1) + own.max(0)
        return codes

    def _pool(self, code: int) -> tuple[Between, Array]:
        """The pairs of two kinds, and which of them are joined."""
        if self.kinds is None:
            return Between(self.num_nodes, np.arange(self.num_nodes)), self.taken
        low, high = divmod(code, int(self.kinds.max()) + 1)
        first, second = (np.flatnonzero(self.kinds == kind) for kind in (low, high))
        joined = np.stack([self.taken // self.num_nodes, self.taken % self.num_nodes])
        between = Between(self.num_nodes, first, None if low == high else second)
        return between, self.taken[self._codes(joined) == code]
