"""The simple graph that rewirings and structures look at: no loops, no repeats, one order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gnnlab.contracts.data import check_edges
from gnnlab.nodes import count_nodes

if TYPE_CHECKING:
    from torch_geometric.data import Data

Array = NDArray[Any]


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


def read_graph(data: Data, undirected: bool, told: str) -> Graph:
    """Check a graph once and return what a rewiring may look at.

    Args:
        data: read, never changed.
        undirected: whether every edge must have its reverse.
        told: the name of the rewiring, for messages.

    Raises:
        ValueError: bad edges (see :func:`gnnlab.check`), or an edge without its reverse.
    """
    nodes = count_nodes(data)
    check_edges(data, nodes)
    source, target = data.edge_index.detach().cpu().numpy()
    keys = source * nodes + target
    if not undirected:
        return Graph(nodes, ends(distinct(keys[source != target]), nodes), undirected=False)
    keys = distinct(keys[source < target])
    source, target = target, source
    back = distinct((source * nodes + target)[source < target])
    if not np.array_equal(keys, back):
        _refuse_directed(keys, back, nodes, told)
    return Graph(nodes, ends(keys, nodes))


def read_arcs(edge_index: Tensor, num_nodes: int) -> Graph:
    """Return the simple directed graph of an ``edge_index``.

    Raises:
        ValueError: it has another shape or dtype, or names a node outside the graph.
    """
    from gnnlab.ops import Adjacency

    source, target = Adjacency(edge_index, num_nodes).edge_index.cpu().numpy()
    keys = distinct((source * num_nodes + target)[source != target])
    return Graph(num_nodes, ends(keys, num_nodes), undirected=False)


def read_graphs(dataset: Sequence[Data], undirected: bool, told: str) -> list[Graph]:
    """Read many graphs in a few passes over all of them, with the results of :func:`read_graph`.

    Raises:
        ValueError: as :func:`read_graph`, with the number of the graph.
    """
    stored = [data.to_dict() for data in dataset]
    rows = [keys.get("edge_index") for keys in stored]
    if not all(map(_plain, rows)) or not _plain_values(stored):
        return _one_by_one(dataset, undirected, told)
    nodes = np.array(list(map(count_nodes, dataset, stored)), np.int64)
    edges = np.array([row.shape[1] for row in rows], np.int64)
    starts, total = np.cumsum(nodes) - nodes, int(nodes.sum())
    joined = torch.cat([torch.empty((2, 0), dtype=torch.int64), *rows], dim=1).numpy()
    if (joined.view(np.uint64) >= nodes.astype(np.uint64).repeat(edges)).any():
        return _one_by_one(dataset, undirected, told)  # negative numbers are large ones here
    joined += starts.repeat(edges)
    source, target = joined
    pairs = _ordered(joined, source < target if undirected else source != target, total)
    if undirected:
        back = _ordered(joined[::-1], target < source, total)
        if not np.array_equal(pairs, back):
            return _one_by_one(dataset, undirected, told)
    cuts = np.searchsorted(pairs[0], [*starts, total])
    pairs -= starts.repeat(np.diff(cuts))
    bounds = zip(nodes.tolist(), cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)
    return [Graph(size, pairs[:, first:last], undirected) for size, first, last in bounds]


def _ordered(arcs: Array, kept: Array, num_nodes: int) -> Array:
    """Those of the arcs (2, A) that are kept, each once, sorted by source, then target."""
    if not kept.all():
        arcs = arcs[:, kept]
    keys = arcs[0] * num_nodes + arcs[1]
    if (keys[1:] > keys[:-1]).all():  # as most graphs are stored: dividing takes longer
        return arcs
    return ends(distinct(keys), num_nodes)


def _plain(edge_index: Any) -> bool:
    """Whether nothing but the range of ``edge_index`` has to be checked."""
    return (
        type(edge_index) is torch.Tensor
        and edge_index.dtype is torch.int64
        and edge_index.dim() == 2
        and edge_index.shape[0] == 2
        and edge_index.is_cpu
    )


def _plain_values(stored: Sequence[dict[str, Any]]) -> bool:
    """Whether what graphs have for each edge passes :func:`gnnlab.contracts.data.check_edges`."""
    numbers: list[Tensor] = []
    for key in ("edge_weight", "edge_attr", "edge_type"):
        for keys in stored:
            values = keys.get(key)
            if values is None:
                continue
            if type(values) is not Tensor or not values.dim() or not values.is_cpu:
                return False
            if values.shape[0] != keys["edge_index"].shape[1]:
                return False
            if values.dtype.is_floating_point:
                numbers.append(values.flatten())
            elif key == "edge_weight" or values.dtype.is_complex:
                return False
            if key == "edge_weight" and values.dim() != 1:
                return False
    return not numbers or bool(torch.cat(numbers).isfinite().all())


def _one_by_one(dataset: Sequence[Data], undirected: bool, told: str) -> list[Graph]:
    """Read them slowly, to name the graph that is refused."""
    graphs = []
    for number, data in enumerate(dataset):
        try:
            graphs.append(read_graph(data, undirected, told))
        except ValueError as error:
            raise ValueError(f"graph {number} of the dataset: {error}") from error
    return graphs


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


def _refuse_directed(keys: Array, back: Array, nodes: int, told: str) -> None:
    """Name the lowest arc from a lower to a higher node that is alone, else one down."""
    alone = np.setdiff1d(keys, back)
    source, target = divmod(int(alone[0]), nodes) if len(alone) else (0, 0)
    if not len(alone):
        target, source = divmod(int(np.setdiff1d(back, keys)[0]), nodes)
    raise ValueError(
        f"the graph has an edge {source} -> {target} but none back, and {told} rewires undirected "
        "graphs: add the reverse of every edge, for instance with "
        "torch_geometric.transforms.ToUndirected()"
    )
