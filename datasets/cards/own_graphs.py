"""Card of a set of graphs of one's own: what it holds, and the flaws that can be seen in it."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from gnnlab.contracts.data import check
from gnnlab.core.errors import KNOWN, sentence
from gnnlab.datasets.cards.graph import spread, three
from gnnlab.datasets.cards.own_flaws import flaws_of_classes, flaws_of_features
from gnnlab.datasets.cards.own_graph import OwnCard, told_of_edges, told_of_split, told_of_values
from gnnlab.datasets.measures.duplicates import first_alike
from gnnlab.datasets.values.graphs import Graphs

NAMED = 5
"""Graphs that are named with what is wrong with them."""


def describe_own_graphs(data: Graphs) -> OwnCard:
    """Measure a set of graphs.

    Cost: O(E) rounds of colour refinement.
    """
    labelled = all("y" in graph for graph in data)
    y = data.y if labelled else None
    of_graphs = y is not None and len(y) == len(data)
    kind = f", codes of {data.x_sizes} values: embed them" if data.x_sizes else ""
    rows = [
        ("graphs", f"{len(data):,}"),
        ("nodes", spread(three([int(graph.num_nodes or 0) for graph in data]))),
        ("edges", f"{spread(three([graph.num_edges for graph in data]))}, each direction counted"),
        *told_of_edges(data[0]),
        ("features", f"{data.num_features:,} ({data.features or 'given'}{kind})"),
        *(told_of_values(y, data) if y is not None else [("targets", "none")]),
        ("split", told_of_split(data)),
    ]
    return OwnCard(data.name, tuple(rows), tuple(_flaws(data, of_graphs)), data.raw_hash)


def _flaws(data: Graphs, of_graphs: bool) -> Iterator[str]:
    if any("y" not in graph for graph in data):
        yield "no targets: name what is to be predicted"
    empty = [number for number, graph in enumerate(data) if not graph.num_edges]
    if empty:
        yield f"{len(empty):,} graphs have no edge (the first is graph {empty[0]})"
    x = [graph.x for graph in data if "x" in graph]
    widths = {own.shape[1] for own in x}
    yield from flaws_of_features(torch.cat(x) if len(widths) == 1 else None, data)
    if of_graphs and not data.y.is_floating_point():
        yield from flaws_of_classes(data.y, data.classes, data.train_mask, "graph")
    yield from _alike(data, of_graphs) if len(widths) == 1 else ()
    told = 0
    for number, graph in enumerate(data):
        try:
            check(graph)
        except KNOWN as error:
            if told < NAMED:
                yield f"gnnlab.check refuses graph {number}: {sentence(error)}"
            told += 1
    if told > NAMED:
        yield f"gnnlab.check refuses {told - NAMED:,} graphs more"


def _alike(data: Graphs, of_graphs: bool) -> Iterator[str]:
    """Graphs that look like an earlier one, in the same part or in another."""
    first = first_alike(data)
    again = first != torch.arange(len(data))
    if not bool(again.any()):
        return
    told = f"{int(again.sum()):,} graphs look like an earlier one"
    if of_graphs:
        y = data.y.nan_to_num(-1) if data.y.is_floating_point() else data.y
        torn = again & (y != y[first]).reshape(len(data), -1).any(1)
        told += f", {int(torn.sum()):,} of them with another target"
    train, test = data.train_mask[:, 0], data.test_mask[:, 0]
    shared = int((test & torch.isin(first, first[train])).sum())
    yield f"{told}; {shared:,} graphs of test have one in training"
