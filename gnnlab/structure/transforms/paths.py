"""Which paths begin at each node."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from gnnlab.structure.graph import Array, Graph, count_nodes, join
from gnnlab.structure.paths import Paths, PathSets, check_paths, require_paths, views
from gnnlab.structure.stamp import stamp

from .base import GraphTransform, beside, shares
from .stores import put

if TYPE_CHECKING:
    from torch_geometric.data import Data

KEY = re.compile(r"path_\d+_(index|distance)")


@dataclass(frozen=True)
class AddPaths(GraphTransform[Paths]):
    r"""Store the paths of k = 1, …, ``length`` edges that begin at each node.

    .. math:: \{(v_0, \dots, v_k) : v_{j + 1} \to v_j, \; v_i \neq v_j\}

    ``data.path_k_index`` holds those of k edges, a path a column, row 0 where it begins: the node
    that hears the others. The columns are sorted. With ``kind="all"``, ``data.path_k_distance``
    holds how far each node of a path is from where it begins. On a directed graph a path runs
    against the arcs, as messages come along them. Self-loops and repeats of an edge count for
    nothing, and all else of the data stays as it is.

    The kinds are those of the paper: ``"all"`` simple paths (AP), ``"all_shortest"`` paths between
    any two nodes (SP+), and one ``"shortest"`` path for each two nodes (SP), which on an undirected
    graph is the same in either direction. Which one that is, the graph's structure decides where
    colour refinement tells the ways apart, and the numbers of the nodes where it does not
    (:func:`gnnlab.structure.paths_ties.way_costs`): a rule without numbers there is none.

    The keys are set on every graph, also where there is no path. ``data.path_of`` tells for which
    graph, length and kind they were made: where that is this one (:meth:`holds`), nothing is
    computed.

    Args:
        length: edges of the longest path, K; the paper's cutoff, which counts nodes, is K + 1.
        kind: ``"shortest"``, ``"all_shortest"`` or ``"all"``.

    Shapes:
        edge_index (2, E) -> path_k_index (k + 1, P_k) int64, path_k_distance (P_k, k + 1) uint8

    Raises:
        ValueError: a ``Batch``, bad edges, a length below 1 or above 255, another kind; more paths
            than fit into memory, with their number.

    Cost:
        some nanoseconds a path; 8 or 9 bytes for each of its nodes, and up to 7 more while they are
        kept, counted before they are taken. Simple paths grow with the degree to the power of the
        length.

    Source:
        Michel, Nikolentzos, Lutzeyer and Vazirgiannis, "Path Neural Networks: Expressive and
        Accurate Graph Neural Networks", ICML 2023 (https://arxiv.org/abs/2306.05955).
    """

    length: int = 4
    kind: str = "shortest"

    def __post_init__(self) -> None:
        check_paths(self.length, self.kind)

    @property
    def measures(self) -> bool:
        """Whether distances are stored."""
        return self.kind == "all"

    def forward(self, data: Data) -> Data:
        """Add the keys to ``data``, a shallow copy; those that hold already stay."""
        found: Data = data if self.holds(data) else super().forward(data)
        return found

    def holds(self, data: Data) -> bool:
        """Whether ``data`` has the paths of its own graph, of this length and kind."""
        stored = data.to_dict()
        return all(key in stored for key in self._keys()) and (
            stored.get("path_of") == self._stamp(data.edge_index, count_nodes(data))
        )

    def results(self, graphs: Sequence[Graph]) -> Iterator[Paths]:
        """Count the paths of all graphs, and if they fit, yield them graph by graph."""
        sets = [self._counted(part) for part in shares(graphs)]
        require_paths(sets)
        for part in sets:
            yield from part.paths(self.measures)

    def _counted(self, graphs: list[Graph]) -> PathSets:
        union, starts = join(graphs)
        sets = PathSets(*union.sources, starts, self.length, self.kind)
        require_paths([sets])
        return sets

    def write(self, data: Data, graph: Graph, found: Paths, shared: Any) -> Data:
        for key in filter(KEY.fullmatch, data.keys()):
            del data[key]  # of another length or kind, or of other edges
        edges, values = data.edge_index, {}
        for k, nodes in enumerate(found.nodes, start=1):
            values[f"path_{k}_index"] = beside(nodes, edges)
        for k, distances in enumerate(found.distances, start=1):
            values[f"path_{k}_distance"] = beside(distances, edges)
        put(data, {**values, "path_of": self._stamp(edges, graph.num_nodes)})
        return data

    def numbers(self, data: Data) -> dict[str, float]:
        """How many paths there are of each number of edges."""
        lengths = range(1, self.length + 1)
        return {f"paths of {k} edges": data[f"path_{k}_index"].shape[1] for k in lengths}

    def pack(self, found: Sequence[Paths]) -> dict[str, Array]:
        """Nodes in as few bytes as they need, those of all paths of all graphs end to end."""
        nodes = [part.ravel() for paths in found for part in paths.nodes]
        distances = [part.ravel() for paths in found for part in paths.distances]
        kind = np.min_scalar_type(max(part.max(initial=0) for part in nodes))
        return {
            "paths": np.array([[part.shape[1] for part in paths.nodes] for paths in found]),
            "nodes": np.concatenate(nodes, dtype=kind, casting="unsafe"),
            "distances": np.concatenate([np.empty(0, np.uint8), *distances]),
        }

    def unpack(self, arrays: dict[str, Array]) -> Callable[[int], Paths]:
        paths, nodes, distances = arrays["paths"], arrays["nodes"], arrays["distances"]
        ends = np.cumsum([0, *(paths * np.arange(2, paths.shape[1] + 2)).sum(axis=1)])

        def one(number: int) -> Paths:
            own = slice(ends[number], ends[number + 1])
            dist = distances[own].copy() if self.measures else None
            return views(paths[number : number + 1], nodes[own].astype(np.int64), dist)[0]

        return one

    def _keys(self) -> list[str]:
        words = ("index", "distance") if self.measures else ("index",)
        return [f"path_{k}_{word}" for k in range(1, self.length + 1) for word in words]

    def _stamp(self, edges: Tensor, nodes: int) -> str:
        return f"{self.kind} {self.length} {stamp(str(nodes), edges)}"
