"""Node pairs of the same graph: where the row of each lies, and the graph that joins them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gnnlab.core.arguments import shown
from gnnlab.ops.base.bounds import LIMIT, check_vector
from gnnlab.ops.graphs.adjacency import Adjacency, AdjacencyLike, Rows, group

T = TypeVar("T")
Bounds = Tensor | Sequence[int] | None


class Layout(NamedTuple):
    """Where the pairs of each node u lie: (u, v) is row base[u] + v - first[u]; all (N,) int64."""

    base: NDArray[np.int64]
    """The row of (u, v) for the first v of u's graph."""
    first: NDArray[np.int64]
    """The first node of u's graph."""
    size: NDArray[np.int64]
    """How many nodes u's graph has."""


class Grown(NamedTuple):
    """The edges between pairs, written out one by one."""

    adj: Adjacency
    """Among the pairs."""
    edge: Tensor
    """(M,) int64: which edge of the graph each of them is a copy of."""


class Pairs:
    """Every ordered pair (u, v) of nodes of the same graph, of one graph or of a batch of them.

    Tables of pairs have a row for each: a graph of n nodes has n^2 rows that lie together, those of
    its first u first, and for each u those of its first v first. Nothing as large as n times the
    number of edges is made where the compiled CPU backend serves.

    Args:
        adj: the edges, anything that ``Adjacency.of`` takes.
        bounds: the first node of each graph, and how many nodes there are: PyG's ``ptr``. None for
            one graph.
        num_nodes: N, where ``adj`` does not say.

    Shapes:
        adj with N nodes, bounds (B + 1,) -> P pairs, the sum of n^2

    Raises:
        ValueError: ``bounds`` do not ascend from 0 to N, an edge joins two graphs, or there are
            2^31 pairs or more.

    Example:
        >>> pairs = Pairs(torch.tensor([[0, 1, 2], [1, 0, 2]]), [0, 2, 3])
        >>> pairs.num_pairs, pairs.u.tolist(), pairs.v.tolist()
        (5, [0, 0, 1, 1, 2], [0, 1, 0, 1, 2])
    """

    # Set by the package, as those of Adjacency are: the pairs while torch.compile traces.
    _trace: ClassVar[Callable[[Adjacency, Bounds, int | None], Pairs]]

    def __init__(self, adj: AdjacencyLike, bounds: Bounds = None, num_nodes: int | None = None):
        self._adj = Adjacency.of(adj, num_nodes)
        self._bounds = _as_bounds(bounds, self._adj.num_nodes)
        self._num_pairs = self._remember("count", self._counted)

    @classmethod
    def of(
        cls, adj: AdjacencyLike, bounds: Bounds = None, *, num_pairs: int | None = None
    ) -> Pairs:
        """Return the pairs; inside ``torch.compile``, those that its operators read.

        Args:
            adj, bounds: see the class.
            num_pairs: P, which ``torch.compile`` cannot count where there are bounds.
        """
        adj = Adjacency.of(adj)
        if torch.compiler.is_compiling():
            return cls._trace(adj, bounds, num_pairs)
        return cls(adj, bounds)

    @property
    def adj(self) -> Adjacency:
        """The edges."""
        return self._adj

    @property
    def bounds(self) -> tuple[int, ...]:
        """The first node of each graph, and N."""
        return self._bounds

    @property
    def num_nodes(self) -> int:
        """N, of all graphs."""
        return self._adj.num_nodes

    @property
    def num_pairs(self) -> int:
        """P."""
        return self._num_pairs

    @property
    def layout(self) -> Layout:
        """Where the pairs of each node lie; a copy."""
        return Layout(*(part.copy() for part in self._layout))

    @property
    def u(self) -> Tensor:
        """(P,) int64: the first node of each pair; a copy."""
        return self._u.clone()

    @property
    def v(self) -> Tensor:
        """(P,) int64: the second node of each pair; a copy."""
        return self._v.clone()

    # What the loops read is never handed out, as in Adjacency.

    @property
    def _layout(self) -> Layout:
        return self._remember("layout", self._laid_out)

    @property
    def _u(self) -> Tensor:
        return self._remember("u", lambda: self._tensor(self._ends()[0]))

    @property
    def _v(self) -> Tensor:
        return self._remember("v", lambda: self._tensor(self._ends()[1]))

    def row(self, u: Tensor, v: Tensor) -> Tensor:
        """The rows of pairs (u, v) of nodes of the same graph."""
        base, first, _ = self._remember("tensors", lambda: tuple(map(self._tensor, self._layout)))
        found: Tensor = base[u] + v - first[u]
        return found

    def _rows(self, end: str) -> Rows:
        """The pairs grouped by ``"u"`` or by ``"v"``."""
        return self._remember(("rows", end), lambda: group(self._of(end), self.num_nodes))

    def _of(self, end: str) -> Tensor:
        return self._u if end == "u" else self._v

    def _grown(self, symbol: str) -> Grown:
        """The edges from (u, w) to (u, v), ``"uL"``, or from (w, v) to (u, v), ``"vL"``."""
        return self._remember(("grown", symbol), lambda: self._grow(symbol))

    def _blocks(self, turned: bool = False) -> NDArray[np.int32]:
        """(E,): where the pairs of each edge's source begin, in the order of the targets; or of its
        target, in that of the sources."""
        adj = self._adj.transpose if turned else self._adj
        return self._remember(
            ("blocks", turned), lambda: self._layout.base[adj._col.numpy()].astype(np.int32)
        )

    def _units(self, most: int) -> NDArray[np.int64]:
        """Where graphs of at most so many nodes begin, and where all nodes of larger ones do; N at
        the end."""
        return self._remember(("units", most), lambda: self._cut(most))

    def _cut(self, most: int) -> NDArray[np.int64]:
        node, (_, first, size) = np.arange(self.num_nodes), self._layout
        return np.append(np.flatnonzero((node == first) | (size > most)), self.num_nodes)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._adj, self._bounds)

    def _remember(self, name: object, build: Callable[[], T]) -> T:
        # Kept with the graph, and without a reference to it, so that both die with its last user.
        return self._adj._keep(("pairs", self._bounds, name), build)

    def _counted(self) -> int:
        """Check the bounds and the edges, and count the pairs."""
        cuts = np.asarray(self._bounds, np.int64)
        nodes = self._adj.num_nodes
        if len(cuts) < 1 or cuts[0] or cuts[-1] != nodes or (cuts[1:] < cuts[:-1]).any():
            raise ValueError(
                f"bounds must ascend from 0 to the number of nodes, {nodes}, not "
                f"{_short(self._bounds)}: give the ptr of the batch"
            )
        graph = torch.from_numpy(np.repeat(np.arange(len(cuts) - 1), np.diff(cuts)))
        source, target = self._adj._ends
        left, right = (graph.to(self._adj.device)[end] for end in (source, target))
        if (wrong := (left != right).nonzero()).numel():
            edge = int(wrong[0])
            raise ValueError(
                f"edge {edge} goes from node {int(source[edge])} of graph {int(left[edge])} to "
                f"node {int(target[edge])} of graph {int(right[edge])}, but bounds say that these "
                "are two graphs"
            )
        count = int(np.square(np.diff(cuts)).sum())
        if count >= LIMIT:
            raise ValueError(
                f"the graphs have {count} pairs of nodes; indices are int32, so at most "
                f"{LIMIT - 1}: take smaller batches, or smaller graphs"
            )
        return count

    def _laid_out(self) -> Layout:
        cuts = np.asarray(self._bounds, np.int64)
        sizes = np.diff(cuts)
        size, first = np.repeat(sizes, sizes), np.repeat(cuts[:-1], sizes)
        return Layout(np.cumsum(size) - size, first, size)

    def _ends(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        base, first, size = self._layout
        v = np.arange(self.num_pairs) + np.repeat(first - base, size)
        return np.repeat(np.arange(len(size)), size), v

    def _grow(self, symbol: str) -> Grown:
        size = self._tensor(self._layout.size)
        copies = size[self._adj._target]
        edge = torch.arange(self._adj.num_edges, device=self._adj.device).repeat_interleave(copies)
        start = copies.cumsum(0) - copies
        other = torch.arange(len(edge), device=edge.device) - start[edge]
        other += self._tensor(self._layout.first)[self._adj._target[edge]]
        ends = (end[edge] for end in self._adj._ends)
        rows = [self.row(other, end) if symbol == "uL" else self.row(end, other) for end in ends]
        return Grown(Adjacency(torch.stack(rows), self.num_pairs), edge)

    def _tensor(self, values: NDArray[np.int64]) -> Tensor:
        return torch.from_numpy(values).to(self._adj.device)


def _as_bounds(bounds: Bounds, nodes: int) -> tuple[int, ...]:
    if bounds is None:
        return 0, nodes
    given: Any = bounds
    if isinstance(bounds, Tensor):
        check_vector("bounds", bounds, (torch.int64, torch.int32), "whole numbers (B + 1,)")
        given = bounds.tolist()
    elif isinstance(bounds, np.ndarray):
        given = bounds.tolist()
    numbers = isinstance(given, list | tuple | range) and all(
        isinstance(cut, int) and -LIMIT <= cut <= LIMIT for cut in given
    )
    if not numbers:
        raise ValueError(
            f"bounds are {shown(bounds)}, but must be whole numbers (B + 1,), the first node of "
            f"each graph and how many there are, {nodes}: give the ptr of the batch"
        )
    return tuple(given)


def _short(bounds: tuple[int, ...]) -> str:
    first = ", ".join(map(str, bounds[:4]))
    return f"({first}{', …' if len(bounds) > 4 else ''})"
