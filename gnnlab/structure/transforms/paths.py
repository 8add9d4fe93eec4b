"""Paths: a transform that stores the paths that begin at each node."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from gnnlab.core.settings import checked
from gnnlab.structure.graphs.graph import Graph, join
from gnnlab.structure.graphs.pair_keys import Array
from gnnlab.structure.paths.sets import Paths, PathSets, check_paths, require_paths, views
from gnnlab.structure.stored.forms import WHOLE, check_form, check_span
from gnnlab.structure.transforms.base import shares
from gnnlab.structure.transforms.structure import Structure

if TYPE_CHECKING:
    from torch_geometric.data import Data

KEY = re.compile(r"path_\d+_(index|distance)")


@checked
@dataclass(frozen=True)
class AddPaths(Structure[Paths]):
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
    (:func:`gnnlab.structure.paths.tie_breaking.way_costs`): a rule without numbers there is none.

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

    stamp: ClassVar[str] = "path_of"
    length: int = 4
    kind: str = "shortest"

    def __post_init__(self) -> None:
        check_paths(self.length, self.kind)

    @property
    def measures(self) -> bool:
        """Whether distances are stored."""
        return self.kind == "all"

    @property
    def keys(self) -> tuple[str, ...]:
        words = ("index", "distance") if self.measures else ("index",)
        return tuple(f"path_{k}_{word}" for k in range(1, self.length + 1) for word in words)

    @property
    def settings(self) -> str:
        return f"{self.kind} {self.length}"

    def fits(self, settings: str) -> bool:
        """Whether they are of this kind and as long; longer ones are not looked at."""
        kind, _, length = settings.partition(" ")
        return kind == self.kind and length.isdecimal() and int(length) >= self.length

    def check(self, values: Sequence[Tensor], num_nodes: int) -> None:
        step = 2 if self.measures else 1
        for k, nodes in enumerate(values[::step], start=1):
            key = f"path_{k}_index"
            check_form(self.stored, key, nodes, (k + 1, "P"), torch.int64)
            check_span(self.stored, key, nodes, 0, num_nodes - 1, "nodes")
            if self.measures:
                key, far = f"path_{k}_distance", values[2 * k - 1]
                check_form(self.stored, key, far, (nodes.shape[1], k + 1), torch.uint8, *WHOLE)
                check_span(self.stored, key, far, 0, k, "distances")

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

    def arrays(self, found: Paths) -> Sequence[Array]:
        if not self.measures:
            return found.nodes
        return list(chain.from_iterable(zip(found.nodes, found.distances, strict=True)))

    def write(self, data: Data, graph: Graph, found: Paths, shared: Any) -> Data:
        for key in filter(KEY.fullmatch, data.keys()):
            del data[key]  # of another length or kind, or of other edges
        return super().write(data, graph, found, shared)

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
