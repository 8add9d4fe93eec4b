"""Edges from two columns of ends: reversed where undirected, sorted, repeats merged or added up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

Repeats = Literal["merge", "keep", "sum"]


@dataclass(frozen=True)
class Edges:
    """Edges with what they hold.

    Attributes:
        source, target: (E,) int64.
        values: by key, a row for every edge.
    """

    source: Array
    target: Array
    values: dict[str, Array] = field(default_factory=dict)

    def rows(self, chosen: Array) -> Edges:
        """Some of the edges, in the order given."""
        values = {key: value[chosen] for key, value in self.values.items()}
        return Edges(self.source[chosen], self.target[chosen], values)


def arranged(edges: Edges, nodes: int, directed: bool, repeats: Repeats = "merge") -> Edges:
    """Sort edges by source, then target; rows of one pair keep their order.

    Args:
        nodes: N.
        directed: leave directions as they are. If not, every edge but a loop gets its reverse,
            with the same values.
        repeats: ``merge`` rows that are alike in all they hold, ``keep`` them all, or ``sum`` the
            weights of a pair's rows, each 1 where there are no weights. Of an undirected graph the
            reverse of a row is such a row too.

    Raises:
        ValueError: sums where edges hold more than weights.

    Cost:
        O(E log E).
    """
    others = sorted(edges.values.keys() - {"edge_weight"})
    if repeats == "sum" and others:
        raise ValueError(
            f"repeats is 'sum', but edges hold {', '.join(others)}, which do not add up: take "
            "'merge' or 'keep', or leave these columns out"
        )
    if repeats == "sum" and not edges.values:
        ones = np.ones(len(edges.source), np.float32)
        edges = Edges(edges.source, edges.target, {"edge_weight": ones})
    if not directed:
        edges = _both(edges)
    key = edges.source * nodes + edges.target
    if not edges.values and repeats == "merge":
        key = np.sort(key)  # far faster than an order of the rows
        key = key[_first(key)]
        return Edges(key // max(nodes, 1), key % max(nodes, 1))
    order = _order(key)
    edges, key = edges.rows(order), key[order]
    if repeats == "keep" or not len(key):
        return edges
    return _summed(edges, key) if repeats == "sum" else _merged(edges, key)


def _both(edges: Edges) -> Edges:
    """The edges and their reverses; a loop is its own."""
    back = np.flatnonzero(edges.source != edges.target)
    values = {key: np.concatenate([value, value[back]]) for key, value in edges.values.items()}
    source = np.concatenate([edges.source, edges.target[back]])
    return Edges(source, np.concatenate([edges.target, edges.source[back]]), values)


def _order(key: Array) -> Array:
    """The stable order of keys. Sorting without regard to ties and ordering these is faster."""
    order = np.argsort(key)
    first = _first(key[order])
    tied = np.flatnonzero(~first | ~np.append(first[1:], True))
    rows = order[tied]
    order[tied] = rows[np.lexsort((rows, key[rows]))]
    return order


def _first(key: Array) -> Array:
    """Whether each of ascending keys is the first of its kind."""
    return np.concatenate([np.ones(min(len(key), 1), bool), key[1:] != key[:-1]])


def _summed(edges: Edges, key: Array) -> Edges:
    first = _first(key)
    starts = np.flatnonzero(first)
    weight = np.add.reduceat(edges.values["edge_weight"], starts)
    return Edges(edges.source[starts], edges.target[starts], {"edge_weight": weight})


def _merged(edges: Edges, key: Array) -> Edges:
    """Leave of rows that are alike the first; only those of repeated pairs are looked at."""
    import pandas as pd

    first = _first(key)
    again = ~first | ~np.append(first[1:], True)
    if not again.any():
        return edges
    rows = np.flatnonzero(again)
    columns = [key[rows][:, None]]
    columns += [value[rows].reshape(len(rows), -1) for value in edges.values.values()]
    table = pd.concat([pd.DataFrame(column) for column in columns], axis=1)
    keep = np.ones(len(key), bool)
    keep[rows] = ~table.set_axis(range(table.shape[1]), axis=1).duplicated().to_numpy()
    return edges.rows(keep)
