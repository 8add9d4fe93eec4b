"""Positional encodings of nodes: Laplacian eigenvectors and random-walk return probabilities."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from torch import Tensor

from gnnlab.core.arguments import check_count
from gnnlab.core.settings import checked
from gnnlab.structure.graphs.graph import Graph, join
from gnnlab.structure.graphs.pair_keys import Array, pieces
from gnnlab.structure.stored.forms import FLOATING, check_finite, check_form
from gnnlab.structure.transforms.base import shares
from gnnlab.structure.transforms.structure import Structure

if TYPE_CHECKING:
    from torch_geometric.data import Data


@dataclass(frozen=True)
class Encoding(Structure[Array]):
    """A row of k numbers for every node, computed once from the graph alone.

    It is stored in float32 under ``key``; beside it, under ``key`` with ``_of``, what graph and
    settings it was made for: where that is this graph (:meth:`holds`), nothing is computed.
    Self-loops and repeats of an edge count for nothing.
    """

    key: ClassVar[str]
    """Where it lies in the data."""
    signed: ClassVar[bool] = False
    """Whether a column times -1 would have been as good."""
    k: int

    def __post_init__(self) -> None:
        check_count("k", self.k)

    @abstractmethod
    def rows(self, graph: Graph) -> Array:
        """Compute (N, k) for a graph, which may be several side by side."""

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key,)

    @property
    def settings(self) -> str:
        return str(self.k)

    def of(self, data: Data) -> Tensor:
        """Return the encoding that lies in the data.

        Raises:
            ValueError: there is none, or one of another width, of another graph, or edited.
        """
        return self.read_from(data)[0]

    def check(self, values: Sequence[Tensor], num_nodes: int) -> None:
        check_form(self.stored, self.key, values[0], (num_nodes, self.k), *FLOATING)
        check_finite(self.stored, self.key, values[0])

    def results(self, graphs: Sequence[Graph]) -> Iterator[Array]:
        for part in shares(graphs):
            union, starts = join(part)
            rows = self.rows(union).astype(np.float32)
            yield from pieces(rows, starts)

    def arrays(self, found: Array) -> Sequence[Array]:
        return (found.copy(),)

    def pack(self, found: Sequence[Array]) -> dict[str, Array]:
        ends = np.cumsum([0, *map(len, found)])
        return {"rows": np.concatenate(list(found)), "ends": ends}

    def unpack(self, arrays: dict[str, Array]) -> Callable[[int], Array]:
        rows, ends = arrays["rows"], arrays["ends"]
        return lambda number: rows[ends[number] : ends[number + 1]]


@checked
@dataclass(frozen=True)
class LaplacianPE(Encoding):
    r"""Encode nodes by the k smoothest eigenvectors of the normalised Laplacian.

    .. math:: p_i = (v_{1i}, \dots, v_{ki}), \quad (I - D^{-1/2} A D^{-1/2}) v_j = \lambda_j v_j,
        \quad 0 = \lambda_0 < \lambda_1 \leq \lambda_2 \leq \dots

    Each connected component has its own, of length 1, without the one for eigenvalue 0; a component
    of n <= k nodes has n - 1, and zeros in the columns after them, as an isolated node has in all.
    Signs, and the basis where eigenvalues coincide, are fixed by a rule that looks at the order of
    the nodes: the same graph gets the same numbers, a renumbered one may get other signs, which
    :class:`gnnlab.layers.PositionalEncoder` deals with, and another basis.

    ``data.laplacian_eigenvector_pe`` holds it.

    Args:
        k: eigenvectors.

    Shapes:
        edge_index (2, E) -> laplacian_eigenvector_pe (N, k) float32

    Raises:
        ValueError: a ``Batch``, bad edges, an edge without its reverse, k below 1; a component
            whose Lanczos basis does not fit into memory.

    Cost:
        O(n^3) for components of up to 256 nodes; see
        :func:`gnnlab.structure.spectra.eigenvectors.laplacian_eigenvectors` for larger ones.

    Source:
        Dwivedi, Joshi, Luu, Laurent, Bengio and Bresson, "Benchmarking Graph Neural Networks", JMLR
        2023, section 4 (https://arxiv.org/abs/2003.00982). There, eigenvectors are those of the
        whole graph: the same on connected graphs, and on others ones that spend columns on telling
        components apart.
    """

    key: ClassVar[str] = "laplacian_eigenvector_pe"
    stamp: ClassVar[str] = "laplacian_eigenvector_pe_of"
    signed: ClassVar[bool] = True
    k: int = 10

    @property
    def undirected(self) -> bool:
        return True

    def rows(self, graph: Graph) -> Array:
        from gnnlab.structure.spectra.eigenvectors import laplacian_eigenvectors

        return laplacian_eigenvectors(graph.rowptr, graph.arcs[1], self.k)[1]


@checked
@dataclass(frozen=True)
class RandomWalkPE(Encoding):
    r"""Encode nodes by how likely a random walk is back after 1, …, k steps.

    .. math:: p_i = \big(P_{ii}, (P^2)_{ii}, \dots, (P^k)_{ii}\big), \qquad P = D^{-1} A

    A walk takes each arc that leaves a node with the same probability and ends where none does; so
    an isolated node has zeros. On a graph without self-loops the first column is 0.

    ``data.random_walk_pe`` holds it, and where it is estimated ``data.random_walk_pe_error`` the
    standard error of each number.

    Args:
        k: steps.
        probes: None for exact numbers; else by how many random signs of each node they are
            estimated, see :func:`gnnlab.structure.walks.sketched_returns.sketched_returns`. On an
            undirected graph the error of a number at an even step is at most sqrt(2 / probes) of
            it: 4.5% for 1,000.
        seed: of the signs.

    Shapes:
        edge_index (2, E) -> random_walk_pe (N, k) float32, random_walk_pe_error (N, k) with probes

    Raises:
        ValueError: a ``Batch``, bad edges, k below 1, probes below 2; what would take more than a
            day, with its length, or more memory than is free.

    Cost:
        exact: O(k / 2) passes over the edges within k / 2 hops of each node, so O(N E k) at most,
        in 8 N k bytes and 36 N for each thread. With probes: O(k / 2) passes over the edges for
        each, in 1,000 N bytes. More than half a minute is told before it begins.

    Source:
        Dwivedi, Luu, Laurent, Bengio and Bresson, "Graph Neural Networks with Learnable Structural
        and Positional Representations", ICLR 2022, section 3.2 (https://arxiv.org/abs/2110.07875).
    """

    key: ClassVar[str] = "random_walk_pe"
    stamp: ClassVar[str] = "random_walk_pe_of"
    k: int = 20
    probes: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count("seed", self.seed, 0)
        if self.probes is not None:
            check_count("probes", self.probes, 2)

    def rows(self, graph: Graph) -> Array:
        from gnnlab.structure.walks.returns import return_probabilities

        return return_probabilities(graph.rowptr, graph.arcs[1], self.k, _two_way(graph))

    def results(self, graphs: Sequence[Graph]) -> Iterator[Array]:
        """Numbers of every graph; of a sketch beside their errors, (N, 2 k), each graph by itself,
        so that its signs do not depend on what lies beside it."""
        if self.probes is None:
            yield from super().results(graphs)
            return
        from gnnlab.structure.walks.sketched_returns import sketched_returns

        for graph in graphs:
            arcs = graph.rowptr, graph.arcs[1]
            found = sketched_returns(*arcs, self.k, _two_way(graph), self.probes, self.seed)
            yield np.concatenate(found, axis=1).astype(np.float32)

    @property
    def keys(self) -> tuple[str, ...]:
        return super().keys if self.probes is None else (self.key, self.key + "_error")

    @property
    def settings(self) -> str:
        told = super().settings
        return told if self.probes is None else f"{told} {self.probes} probes {self.seed}"

    def arrays(self, found: Array) -> Sequence[Array]:
        return tuple(part.copy() for part in np.split(found, len(self.keys), axis=1))

    def check(self, values: Sequence[Tensor], num_nodes: int) -> None:
        for key, value in zip(self.keys, values, strict=True):
            check_form(self.stored, key, value, (num_nodes, self.k), *FLOATING)
            check_finite(self.stored, key, value)


def _two_way(graph: Graph) -> bool:
    """Whether every arc has its reverse."""
    back = np.sort(graph.arcs[1] * graph.num_nodes + graph.arcs[0])
    return bool(np.array_equal(back, graph.keys))
