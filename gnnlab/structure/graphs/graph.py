"""Simple graph, without loops and repeats, which rewirings and structures read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from gnnlab.structure.graphs.pair_keys import Array, ends


@dataclass(frozen=True, eq=False)
class Graph:
    """A simple graph; the same one whatever order its edges were stored in.

    Args:
        num_nodes: N.
        pairs: (2, P) int64, sorted by row 0, then row 1; u < v in an undirected graph, any two
            different nodes (row 0 the source) in a directed one.
        undirected: whether a pair stands for both arcs.
    """

    num_nodes: int
    pairs: Array
    undirected: bool = True

    @property
    def num_pairs(self) -> int:
        """P: undirected edges, or arcs."""
        return int(self.pairs.shape[1])

    @property
    def most_pairs(self) -> int:
        """How many pairs the complete graph has."""
        arcs = self.num_nodes * (self.num_nodes - 1)
        return arcs // 2 if self.undirected else arcs

    @cached_property
    def keys(self) -> Array:
        """(P,) int64: u * N + v of every pair, ascending."""
        keys: Array = self.pairs[0] * self.num_nodes + self.pairs[1]
        return keys

    @cached_property
    def arcs(self) -> Array:
        """(2, A) int64: every arc, sorted by source, then target."""
        if not self.undirected:
            return self.pairs
        both = np.concatenate([self.keys, self.pairs[1] * self.num_nodes + self.pairs[0]])
        both.sort()
        return ends(both, self.num_nodes)

    @cached_property
    def rowptr(self) -> Array:
        """(N + 1,) int64: node u's out-neighbours are ``arcs[1, rowptr[u]:rowptr[u + 1]]``."""
        starts = np.zeros(self.num_nodes + 1, np.int64)
        np.cumsum(np.bincount(self.arcs[0], minlength=self.num_nodes), out=starts[1:])
        return starts

    @cached_property
    def sources(self) -> tuple[Array, Array]:
        """(N + 1,) and (A,) int32: the sources of each node's incoming arcs, ascending."""
        from gnnlab.ops import Adjacency

        incoming = Adjacency(torch.from_numpy(self.arcs), self.num_nodes)
        return incoming.rowptr.numpy(), incoming.col.numpy()

    @property
    def content(self) -> tuple[int, bool, bytes]:
        """All that makes the graph: what is equal where two graphs are."""
        return self.num_nodes, self.undirected, self.pairs.tobytes()

    @cached_property
    def digest(self) -> str:
        """A hash of the content."""
        head = f"{self.num_nodes} {int(self.undirected)} ".encode()
        return hashlib.sha256(head + self.keys.tobytes()).hexdigest()

    def hashed(self, seed: int) -> int:
        """64 bits that depend on the seed and the graph, not on which graph came before."""
        text = f"{seed} {self.digest}".encode()
        return int.from_bytes(hashlib.sha256(text).digest()[:8], "little")

    def generator(self, seed: int) -> np.random.Generator:
        """Random numbers that depend on the seed and the graph alone."""
        return np.random.default_rng(self.hashed(seed))


def join(graphs: Sequence[Graph]) -> tuple[Graph, Array]:
    """Lay graphs side by side, as one with no edge between them.

    Returns:
        the graph, and (G + 1,) int64: the first node of each, and how many nodes there are.
    """
    bounds = np.zeros(len(graphs) + 1, np.int64)
    np.cumsum([graph.num_nodes for graph in graphs], out=bounds[1:])
    if len(graphs) == 1:
        return graphs[0], bounds
    pairs = np.concatenate([graph.pairs for graph in graphs], axis=1)
    pairs += bounds[:-1].repeat([graph.num_pairs for graph in graphs])
    return Graph(int(bounds[-1]), pairs, graphs[0].undirected), bounds
