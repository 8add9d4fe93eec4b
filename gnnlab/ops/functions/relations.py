"""Relations: the edges of a graph by their type, each type as a graph."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from gnnlab.core.arguments import shown
from gnnlab.ops.base.bounds import check_rows, check_vector
from gnnlab.ops.base.memo import remember
from gnnlab.ops.functions.norm import degree
from gnnlab.ops.functions.propagate import propagate
from gnnlab.ops.graphs.adjacency import Adjacency, AdjacencyLike, group
from gnnlab.ops.graphs.tensors import check_edges, check_float

Part = tuple[Adjacency, Tensor]
WHOLE = None
"""Stands for a part that is the whole graph, which must not be kept alive by its types."""


@dataclass(frozen=True, eq=False)
class Relation:
    """The edges of one type.

    Args:
        whole: the graph that they are of.
        own: these edges alone; under ``torch.compile`` the whole graph.
        edges: their numbers in the whole graph; None where they are all of it.
        mask: (E,) bool, which they are; under ``torch.compile`` alone.
    """

    whole: Adjacency
    own: Adjacency
    edges: Tensor | None = None
    mask: Tensor | None = None

    def propagate(self, x: Tensor, weight: Tensor | None = None, reduce: str = "sum") -> Tensor:
        """Reduce over in-neighbours along these edges, as :func:`gnnlab.ops.propagate` does.

        Args:
            x: features.
            weight: one number for every edge of the whole graph.
            reduce: ``"sum"`` or ``"mean"``.

        Shapes:
            x (N, F), weight (E,) -> (N, F)

        Raises:
            ValueError: another reduction, or what does not fit the graph.
        """
        if reduce not in ("sum", "mean"):
            raise ValueError(f"reduce is {shown(reduce)}, but a relation takes 'sum' or 'mean'")
        if weight is not None:
            check_float("weight", weight, (1,), "(E,)")
            check_edges("weight", weight, self.whole)
        if self.mask is not None:
            return _masked(x, self.own, self.mask, weight, reduce)
        if weight is not None and self.edges is not None:
            weight = weight.index_select(0, self.edges)
        return propagate(x, self.own, weight, reduce)


def relations(
    adj: AdjacencyLike, edge_type: Tensor | None, num_relations: int | None
) -> dict[int, Relation]:
    r"""Split a graph by the types of its edges, :math:`E_r = \{e : t_e = r\}`.

    The parts are sorted once and remembered for as long as ``edge_type`` lives unchanged. Under
    ``torch.compile`` nothing is known of the types: there is a part for each, all edges pass
    through each, and a type outside the range is in none.

    Args:
        adj: the graph, anything that ``Adjacency.of`` takes.
        edge_type: the type of every edge; None stands for 0 everywhere.
        num_relations: R; None takes all types from 0 on, which ``torch.compile`` cannot count.

    Shapes:
        edge_type (E,) int64 -> a part for every type that has an edge, by type

    Raises:
        ValueError: ``edge_type`` is not one int64 for every edge, or one lies outside 0..R-1.

    Cost:
        O(E), once.

    Example:
        >>> edge_index = torch.tensor([[0, 1, 2], [1, 2, 1]])
        >>> parts = relations(edge_index, torch.tensor([0, 1, 1]), 3)
        >>> parts[1].propagate(torch.tensor([[1.0], [2.0], [3.0]])).flatten().tolist()
        [0.0, 3.0, 2.0]
    """
    if num_relations is not None or torch.compiler.is_compiling():
        check_rows("num_relations", num_relations)
    adj = Adjacency.of(adj)
    if edge_type is None:
        return {0: Relation(adj, adj)}
    _check_shape(edge_type, adj)
    if torch.compiler.is_compiling():
        return {r: Relation(adj, adj, mask=edge_type == r) for r in range(num_relations or 0)}
    known: WeakKeyDictionary[Adjacency, dict[int, Part | None]] = remember(
        edge_type, ("relations", num_relations), WeakKeyDictionary
    )
    if adj not in known:
        with torch.inference_mode(False):
            known[adj] = _split(adj, edge_type.detach(), num_relations)
    return {
        r: Relation(adj, adj) if part is WHOLE else Relation(adj, *part)
        for r, part in known[adj].items()
    }


def _split(adj: Adjacency, edge_type: Tensor, num_relations: int | None) -> dict[int, Part | None]:
    """Group the edges by type; their order within a type is the caller's."""
    if num_relations is None:
        num_relations = max(int(edge_type.max()) + 1, 1) if edge_type.numel() else 1
        check_rows("the largest of edge_type, plus one,", num_relations)
    _check_range(edge_type, num_relations)
    rowptr, order = group(edge_type, num_relations)
    cuts = rowptr.tolist()
    found: dict[int, Part | None] = {}
    for r, (start, stop) in enumerate(zip(cuts[:-1], cuts[1:], strict=True)):
        if stop - start == adj.num_edges and adj.num_edges:
            found[r] = WHOLE
        elif stop > start:
            edges = order[start:stop].long()
            own = torch.stack([end[edges] for end in adj._ends])
            found[r] = Adjacency(own, adj.num_nodes), edges
    return found


def _masked(x: Tensor, adj: Adjacency, mask: Tensor, weight: Tensor | None, reduce: str) -> Tensor:
    """All edges pass, those of other types with the weight 0."""
    own = mask.to(torch.get_default_dtype() if weight is None else weight.dtype)
    total = propagate(x, adj, own if weight is None else own * weight)
    if reduce == "sum":
        return total
    return total / degree(adj, weight=own).clamp(min=1).to(total.dtype).unsqueeze(1)


def _check_shape(edge_type: Tensor, adj: Adjacency) -> None:
    check_vector("edge_type", edge_type, (torch.int64,), f"int64 ({adj.num_edges},)")
    if edge_type.shape != (adj.num_edges,):
        raise ValueError(
            f"edge_type is {edge_type.dtype} of shape {tuple(edge_type.shape)}, but every edge has "
            f"one type, a number from 0: give int64 ({adj.num_edges},)"
        )
    check_edges("edge_type", edge_type, adj)


def _check_range(edge_type: Tensor, num_relations: int) -> None:
    if not edge_type.numel():
        return
    low, high = (int(end) for end in torch.aminmax(edge_type))
    if low < 0 or high >= num_relations:
        wrong = low if low < 0 else high
        raise ValueError(
            f"edge_type holds {wrong}, but num_relations is {num_relations}, for the types 0 to "
            f"{num_relations - 1}: give num_relations=data['num_edge_types'] or number the types "
            "anew"
        )
