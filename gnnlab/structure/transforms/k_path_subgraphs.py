"""k-path subgraphs: a transform that stores them for every node."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from torch import Tensor

from gnnlab.core.settings import checked
from gnnlab.structure.graphs.graph import Graph, join
from gnnlab.structure.graphs.pair_keys import Array
from gnnlab.structure.stored.forms import WHOLE, check_form, check_span
from gnnlab.structure.subgraphs.k_path import Rooted, RootedSets, check_length, require_rooted
from gnnlab.structure.transforms.base import shares
from gnnlab.structure.transforms.structure import Structure

if TYPE_CHECKING:
    from torch_geometric.data import Data

KEYS = ("rooted_index", "rooted_distance", "rooted_degree", "rooted_source")


@checked
@dataclass(frozen=True)
class KPathSubgraphs(Structure[Rooted]):
    r"""Store for every node the subgraph of the paths of at most k edges that begin at it.

    .. math:: V_v = \{u : d(u, v) \leq k\}, \qquad
        E_v = \{\{u, w\} : \min(d(u, v), d(w, v)) < k\}

    These are the nodes and edges of all simple paths of at most k edges from v: the k-hop
    neighbourhood without the edges between two nodes that are both k hops away. Paths run against
    the arcs, as messages come along them; of a directed graph the arcs between the nodes are kept
    but those between two that are k hops away. Self-loops and repeats of an edge count for nothing.

    ``data.rooted_index`` holds a column (u, v) for each node u of the subgraph of each root v, root
    by root, the root itself first; ``rooted_distance`` how far it is from the root,
    ``rooted_degree`` how many arcs of the subgraph end at it, and ``rooted_source`` where these
    begin, one node's arcs after the other's, as a place in the subgraph of their root. So nothing
    is counted over a whole graph or batch but nodes. ``data.rooted_of`` tells which graph and
    length they were made for: where that is this one (:meth:`holds`), nothing is computed.

    Args:
        length: k, at most 255.

    Shapes:
        edge_index (2, E) -> rooted_index (2, M) int64, rooted_distance (M,) uint8, rooted_degree
        (M,) int32, rooted_source (A,) int32

    Raises:
        ValueError: a ``Batch``, bad edges, a bad length; more nodes and arcs than fit into memory,
            with their numbers.

    Cost:
        two searches of k hops from every node; 21 bytes for each of its nodes and 4 for each arc.

    Source:
        Li, Xu, Zhang, Zhou, Chen and Li, "Revisiting Graph Neural Networks on Graph-level Tasks:
        Comprehensive Experiments, Analysis, and Improvements", 2025, version 1
        (https://arxiv.org/abs/2501.00773v1), which names the subgraph.
    """

    stamp: ClassVar[str] = "rooted_of"
    length: int = 3

    def __post_init__(self) -> None:
        check_length(self.length)

    @property
    def keys(self) -> tuple[str, ...]:
        return KEYS

    @property
    def settings(self) -> str:
        return str(self.length)

    def check(self, values: Sequence[Tensor], num_nodes: int) -> None:
        (index, distance, degree, source), stored = values, self.stored
        nodes = index.shape[-1] if index.dim() else 0
        check_form(stored, KEYS[0], index, (2, "M"), torch.int64)
        check_form(stored, KEYS[1], distance, (nodes,), torch.uint8, *WHOLE)
        check_form(stored, KEYS[2], degree, (nodes,), torch.int32, torch.int64)
        check_form(stored, KEYS[3], source, ("A",), torch.int32, torch.int64)
        check_span(stored, KEYS[0], index, 0, num_nodes - 1, "nodes")
        check_span(stored, KEYS[1], distance, 0, self.length, "distances")
        check_span(stored, KEYS[2], degree, 0, len(source), "numbers of arcs")
        check_span(stored, KEYS[3], source, 0, nodes - 1, "places")

    def results(self, graphs: Sequence[Graph]) -> Iterator[Rooted]:
        """Count what the subgraphs of all graphs have, and if it fits, yield it graph by graph."""
        sets = [self._counted(part) for part in shares(graphs)]
        require_rooted(sets)
        for part in sets:
            yield from part.subgraphs()

    def _counted(self, graphs: list[Graph]) -> RootedSets:
        union, starts = join(graphs)
        sets = RootedSets(*union.sources, starts, self.length)
        require_rooted([sets])
        return sets

    def arrays(self, found: Rooted) -> Sequence[Array]:
        return found

    def numbers(self, data: Data) -> dict[str, float]:
        """How many nodes and arcs the subgraphs have together."""
        return {"nodes": data.rooted_index.shape[1], "arcs": len(data.rooted_source)}

    def pack(self, found: Sequence[Rooted]) -> dict[str, Array]:
        """Everything end to end, nodes in as few bytes as they need."""
        pairs = np.concatenate([part.pairs for part in found], axis=1)
        rest = [np.concatenate(parts) for parts in list(zip(*found, strict=True))[1:]]
        sizes = np.array([(len(part.degree), len(part.source)) for part in found])
        kind = np.min_scalar_type(pairs.max(initial=0))
        return {
            "sizes": sizes,
            "pairs": pairs.astype(kind),
            **dict(zip(KEYS[1:], rest, strict=True)),
        }

    def unpack(self, arrays: dict[str, Array]) -> Callable[[int], Rooted]:
        pairs = arrays["pairs"]
        distance, degree, source = (arrays[key] for key in KEYS[1:])
        ends = np.cumsum([[0, 0], *arrays["sizes"].tolist()], axis=0).tolist()

        def one(number: int) -> Rooted:
            (first, arc), (last, end) = ends[number : number + 2]
            own = pairs[:, first:last].astype(np.int64)
            rest = distance[first:last].copy(), degree[first:last].copy(), source[arc:end].copy()
            return Rooted(own, *rest)

        return one
