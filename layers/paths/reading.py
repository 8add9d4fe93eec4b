"""Reading order of a graph's paths, from the far end, with the features of their edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gnnlab.layers.parts.edge_attr import check_edge_attr
from gnnlab.layers.paths.lstm import Reading
from gnnlab.layers.paths.prefix_sharing import reading_of
from gnnlab.ops import Adjacency, gather, segment_reduce

if TYPE_CHECKING:
    from torch_geometric.data import Data


class EdgeTable:
    """The edges of a graph, sorted, so that those on a path are found; repeats are one edge.

    Args:
        edge_index: (2, E) int64.
        num_nodes: N.
    """

    def __init__(self, edge_index: Tensor, num_nodes: int) -> None:
        self.num_nodes = num_nodes
        keys = edge_index[1] * num_nodes + edge_index[0]
        self.keys = keys.sort().values
        self.row = torch.searchsorted(self.keys, keys)
        """(E,): the row of each edge in the table; that of its first repeat."""

    def mean(self, values: Tensor) -> Tensor:
        """What the edges carry, by row: the mean over repeats, (E, D) -> (E, D)."""
        return segment_reduce(values, self.row, len(self.row), "mean")

    def find(self, step: Adjacency, key: str = "path_k_index") -> Adjacency:
        """A graph whose targets are the rows of a step's edges, which ``data[key]`` names.

        Raises:
            ValueError: the graph has no such edge.
        """
        wanted = step.target * self.num_nodes + step.source
        row = torch.searchsorted(self.keys, wanted).clamp(max=max(len(self.keys) - 1, 0))
        if not torch.compiler.is_compiling() and not self._hold(row, wanted):
            raise ValueError(
                f"data.{key} goes along an edge that data.edge_index lacks: call "
                "encoder.transform(data) anew"
            )
        return Adjacency.of(torch.stack([row, row]), len(self.keys))

    def _hold(self, row: Tensor, wanted: Tensor) -> bool:
        """Whether these rows are of the edges that are wanted."""
        if not len(self.keys):
            return not len(wanted)
        return torch.equal(self.keys[row], wanted)


def readings(
    data: Data, length: int, kind: str, edge_dim: int | None
) -> tuple[list[Reading], Tensor | None]:
    """What each layer reads: the paths of 1, …, ``length`` edges; and what the edges carry.

    Shapes:
        data.edge_attr (E, D) if asked for -> length readings, and a table (E, D) of edges

    Raises:
        ValueError: the paths are missing, of another kind or length, or of another graph; edge
            weights or attributes that do not fit or are missing.
    """
    from gnnlab.structure.transforms import AddPaths

    nodes, weight = data.x.shape[0], getattr(data, "edge_weight", None)
    stored = AddPaths(length, kind).read_from(data)
    if kind == "all":
        pairs = zip(stored[::2], stored[1::2], strict=True)
        found = [reading_of(paths, nodes, far) for paths, far in pairs]
    else:
        found = [reading_of(paths, nodes) for paths in stored]
    if weight is None and edge_dim is None:
        return found, None
    adj = Adjacency.of(data.edge_index, nodes)
    table, attr = EdgeTable(adj.edge_index, nodes), None
    if edge_dim is not None:
        given = check_edge_attr(getattr(data, "edge_attr", None), adj, edge_dim)
        attr = table.mean(given.to(data.x.dtype))
    weights = None if weight is None else table.mean(_check_weight(weight, adj).unsqueeze(1))
    return [with_edges(reading, table, weights) for reading in found], attr


def with_edges(reading: Reading, table: EdgeTable, weights: Tensor | None) -> Reading:
    """The same paths, with the edges that each step goes along and the products of weights."""
    first, places = reading.first, reading.places
    every = torch.arange(table.num_nodes, device=table.keys.device)
    node = every if places is None else places.node.target
    before = every if first is None else node[first.target]
    steps, product = [], None
    for step in reading.steps:
        begin = before if step.after is None else before[step.after.target]
        before = node[step.read.target]
        edge = table.find(Adjacency.of(torch.stack([begin, before]), table.num_nodes))
        steps.append(step._replace(edge=edge))
        if weights is not None:
            own = gather(weights, edge, "target").squeeze(1)
            product = own if product is None else step.go_on(product) * own
    return reading._replace(steps=steps, weight=product)


def _check_weight(weight: Tensor, adj: Adjacency) -> Tensor:
    if weight.shape != (adj.num_edges,) or not weight.is_floating_point():
        raise ValueError(
            f"edge_weight is {weight.dtype} of shape {tuple(weight.shape)}, but every edge has one "
            f"floating number: give ({adj.num_edges},)"
        )
    return weight
