"""Graphs read from PyG's ``Data``: edges checked, sorted, each kept once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from gnnlab.contracts.data import check_edges
from gnnlab.contracts.nodes import count_nodes
from gnnlab.structure.graphs.graph import Graph
from gnnlab.structure.graphs.pair_keys import Array, distinct, ends

if TYPE_CHECKING:
    from torch_geometric.data import Data


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
