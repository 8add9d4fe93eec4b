"""k-path subgraphs as layers read them: their nodes, and the arcs between these."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from gnnlab.layers.parts.edge_attr import check_edge_attr
from gnnlab.layers.parts.self_loops import check_weight
from gnnlab.layers.paths.reading import EdgeTable
from gnnlab.ops import Adjacency, gather, remember

if TYPE_CHECKING:
    from torch_geometric.data import Data


class Subgraphs(NamedTuple):
    """The subgraphs of all N roots side by side: M nodes in subgraphs, A arcs between them.

    Args:
        pairs: an edge for each node of a subgraph, from the node to the root.
        distance: (M,) int64, of the node from the root.
        root: (N,) int64, the row of each root in its own subgraph.
        arcs: the arcs, between rows of ``pairs``.
        edges: a graph with an edge for each arc, whose target is the row of ``attr`` that belongs
            to it; None where no edge is read.
        attr: (E, D), what the graph's edges carry, repeats as their mean; None where not read.
        weight: (A,), of each arc; None where all are 1.
    """

    pairs: Adjacency
    distance: Tensor
    root: Tensor
    arcs: Adjacency
    edges: Adjacency | None = None
    attr: Tensor | None = None
    weight: Tensor | None = None


def read_subgraphs(data: Data, length: int, edge_dim: int | None) -> Subgraphs:
    """Read what :class:`gnnlab.structure.transforms.KPathSubgraphs` has left.

    What is sorted is kept for as long as the tensors live.

    Raises:
        ValueError: the keys are missing, of another length or of another graph; edge weights or
            attributes that do not fit or are missing.
    """
    from gnnlab.structure.transforms import KPathSubgraphs

    nodes, weight = data.x.shape[0], getattr(data, "edge_weight", None)
    index, distance, degree, source = KPathSubgraphs(length).read_from(data)
    build = partial(_arcs, index, degree, source, nodes)
    traced = torch.compiler.is_compiling()
    root, arcs = build() if traced else remember(source, ("arcs", nodes), build)
    found = Subgraphs(Adjacency.of(index, nodes), distance.long(), root, arcs)
    if weight is None and edge_dim is None:
        return found
    adj = Adjacency.of(data.edge_index, nodes)
    table = adj.remember("edge table", lambda: EdgeTable(adj.edge_index, nodes))
    edges = _rows(table, index, arcs, nodes)
    attr = None
    if edge_dim is not None:
        given = check_edge_attr(getattr(data, "edge_attr", None), adj, edge_dim)
        attr = table.mean(given.to(data.x.dtype))
    if weight is not None:
        check_weight(weight, adj)
        weight = gather(table.mean(weight.unsqueeze(1)), edges, "target").squeeze(1)
    return found._replace(edges=edges, attr=attr, weight=weight)


def _arcs(index: Tensor, degree: Tensor, source: Tensor, nodes: int) -> tuple[Tensor, Adjacency]:
    """The row of each root, and the arcs between rows."""
    numbers = torch.arange(max(nodes, index.shape[1]), device=index.device)
    first = torch.searchsorted(index[1].contiguous(), numbers[:nodes])
    if not torch.compiler.is_compiling():
        _check_counts(index, degree, source)
    target = numbers[: index.shape[1]].repeat_interleave(degree.long(), output_size=len(source))
    begin = source.long() + first[index[1][target]]
    return first, Adjacency.of(torch.stack([begin, target]), index.shape[1])


def _check_counts(index: Tensor, degree: Tensor, source: Tensor) -> None:
    """Refuse subgraphs that are another graph's, a part of this one's say."""
    pairs, arcs = index.shape[1], int(degree.sum())
    if len(degree) != pairs or arcs != len(source):
        raise ValueError(
            f"data.rooted_degree counts {arcs} arcs of {len(degree)} nodes, but data.rooted_source "
            f"has {len(source)} and data.rooted_index {pairs}: call encoder.transform(data) anew"
        )


def _rows(table: EdgeTable, index: Tensor, arcs: Adjacency, nodes: int) -> Adjacency:
    """The row of the table that belongs to each arc, as the target of an edge."""
    held: list[tuple[EdgeTable, Adjacency]] = arcs.remember("edges", list)
    if not held or held[0][0] is not table:  # the same arcs beside another graph's edges
        steps = Adjacency.of(index[0][arcs.edge_index], nodes)
        held[:] = [(table, table.find(steps, "rooted_source"))]
    return held[0][1]
