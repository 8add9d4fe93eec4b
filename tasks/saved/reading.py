"""Reading of graphs by a trained model: checked, prepared as in training, and put into batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from gnnlab.contracts.data import check
from gnnlab.contracts.described import described, refuse_other_graphs
from gnnlab.contracts.foreign import declared
from gnnlab.tasks.saved.origin import HELD, Origin, columns, hash_of
from gnnlab.tasks.shared.checks import check_features
from gnnlab.tasks.shared.collate import Collate
from gnnlab.tasks.shared.detached import detached
from gnnlab.tasks.shared.many_graphs import check_alike
from gnnlab.tasks.training.sparse_reading import with_sparse_features

if TYPE_CHECKING:
    from torch_geometric.data import Data

GRAPHS_A_BATCH = 64
"""Where the task does not say."""


@dataclass(frozen=True, eq=False)
class Reading:
    """One graph, or many, as an encoder reads them.

    Args:
        graphs: as they were given, as a list.
        many: whether a set was given, and not one graph.
        prepared: the same with what transforms add.
        batch_size: graphs that are read together.
        device: where.
    """

    graphs: list[Data]
    many: bool
    prepared: list[Data]
    batch_size: int
    device: torch.device

    def batches(self, whole: bool) -> Iterator[Any]:
        """Give one graph as it is, many in batches.

        Args:
            whole: whether rows are of graphs, so that one graph alone is a batch too.
        """
        if not self.many and not whole:
            yield copy(self.prepared[0]).to(self.device)
            return
        collate = Collate(self.prepared)
        for first in range(0, len(self.prepared), self.batch_size):
            numbers = range(first, min(first + self.batch_size, len(self.prepared)))
            yield collate(numbers).to(self.device)


def read(data: Any, encoder: nn.Module, origin: Origin, device: torch.device) -> Reading:
    """Check graphs and prepare them as those were that the encoder was trained on.

    Raises:
        ValueError: what :func:`gnnlab.check` finds; features of another width or type; other nodes
            than an encoder has learnt; graphs that were not rewired as those were.
    """
    graphs, many = graphs_of(data)
    for number, graph in enumerate(graphs):
        try:
            _check(graph, encoder, origin)
        except ValueError as error:
            raise ValueError(f"graph {number}: {error}" if many else str(error)) from error
        check_alike(_bare(graph), _bare(graphs[0]), number)
    size = getattr(origin.task, "batch_size", None)
    size = size if isinstance(size, int) and many else GRAPHS_A_BATCH
    return Reading(graphs, many, _prepared(graphs, many, encoder, origin, device), size, device)


def ids_of(data: Any) -> tuple[Any, ...] | None:
    """What the nodes of one graph are called, or the molecules of a set; None where nothing says.

    Rows of a set that are of nodes have no names: those of its graphs may repeat.
    """
    graphs, many = graphs_of(data)
    if many:
        found = [graph.get("smiles") for graph in graphs]
        return tuple(found) if all(isinstance(one, str) for one in found) else None
    own = graphs[0].get("node_ids")
    if own is None or len(own) != graphs[0].num_nodes:
        return None
    return tuple(own.tolist() if hasattr(own, "tolist") else own)


def graphs_of(data: Any) -> tuple[list[Data], bool]:
    """Return graphs as a list, and whether there may be many.

    Raises:
        ValueError: what is no graph and no sequence of graphs.
    """
    from torch_geometric.data import Batch, Data

    if isinstance(data, Batch):
        return list(data.to_data_list()), True
    if isinstance(data, Data):
        return [data], False
    if isinstance(data, Sequence) and not isinstance(data, str) and len(data):
        found = list(data)
        for graph in found:
            refuse_other_graphs(graph)
        return found, True
    raise ValueError(
        f"predict was given {described(data)}, but a model reads a graph, a "
        "torch_geometric.data.Data, a list of them, or a gnnlab.datasets.Graphs"
    )


def _check(graph: Data, encoder: nn.Module, origin: Origin) -> None:
    check(_bare(graph))
    expected, x = origin.inputs, graph.x
    if x.shape[1] != expected.features and declared(encoder).reads_features:
        raise ValueError(
            f"data.x has {x.shape[1]} columns, but the model was trained on {expected.features}: "
            "give the same features, in the same order"
        )
    check_features(encoder, x)
    found = columns(graph.to_dict().get("edge_attr"))
    if None not in (found, expected.edge_features) and found != expected.edge_features:
        raise ValueError(
            f"data.edge_attr has {found} columns, but the model was trained on "
            f"{expected.edge_features}: give the same features of edges, in the same order"
        )
    _check_nodes(graph, encoder, origin)
    rewired = "num_edge_types" in expected.keys and "num_edge_types" not in graph
    if rewired and not origin.before:
        raise ValueError(
            "the model was trained on graphs that a rewiring had left types on the edges of, and "
            "data has no num_edge_types: rewire it as those were, or name the rewiring when the "
            "model is saved, result.save(path, before=[rewiring])"
        )


def _check_nodes(graph: Data, encoder: nn.Module, origin: Origin) -> None:
    """Refuse other nodes than those that an encoder has learnt one by one."""
    reason, expected = declared(encoder).transductive, origin.inputs
    if not reason or not expected.nodes:
        return
    nodes = int(graph.x.shape[0])
    same = nodes == expected.nodes
    if same and (not graph.x.shape[1] or hash_of(graph.x) == expected.nodes_hash):
        return
    told = f"{nodes} nodes" if not same else "nodes of other features"
    raise ValueError(
        f"{type(encoder).__name__} {reason}, which had {expected.nodes} nodes, so it cannot read a "
        f"graph with {told}: give that graph, or train an encoder that reads others, such as GCN"
    )


def _prepared(
    graphs: list[Data], many: bool, encoder: nn.Module, origin: Origin, device: torch.device
) -> list[Data]:
    found = [_bare(detached(graph)) for graph in graphs]
    if "num_edge_types" not in found[0]:
        for method in origin.before:
            many_of = getattr(method, "many", None)
            found = list(many_of(found)) if many_of else [method(graph) for graph in found]
    own = declared(encoder)
    if not many:
        found = [with_sparse_features(found[0], encoder, device)]
        return [own.transform(copy(found[0]))] if own.transforms() else found
    return own.transform_many(found) if own.transforms() else found


def _bare(graph: Data) -> Data:
    """The graph without targets and splits, which an encoder does not read."""
    found = copy(graph)
    for key in HELD:
        if key in found:
            del found[key]
    return found
