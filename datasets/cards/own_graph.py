"""Card of a graph of one's own: what it holds, and the flaws that can be seen in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gnnlab.contracts.data import MASKS, check
from gnnlab.contracts.targets import count_classes
from gnnlab.core.errors import KNOWN, sentence
from gnnlab.datasets.cards.own_flaws import flaws_of_classes, flaws_of_features
from gnnlab.datasets.cards.text import Printed, lines
from gnnlab.datasets.measures.homophily import adjusted_homophily, edge_homophily
from gnnlab.datasets.values.edge_lists import both_directions, count_undirected, simple

if TYPE_CHECKING:
    from torch_geometric.data import Data


@dataclass(frozen=True)
class OwnCard(Printed):
    """What is known about a graph, or set of graphs, that is in no catalogue; ``print`` it.

    Attributes:
        name: of the graph.
        rows: what it holds, a label and a text each.
        flaws: what to mend, or to know, before training.
        raw_hash: of the files that were read; empty where there are none.
    """

    name: str
    rows: tuple[tuple[str, str], ...]
    flaws: tuple[str, ...]
    raw_hash: str = ""

    def __str__(self) -> str:
        rows = [*self.rows, ("raw hash", self.raw_hash)] if self.raw_hash else self.rows
        return lines(self.name, rows, self.flaws or ("none was found",), ())


def describe_own_graph(data: Data) -> OwnCard:
    """Measure a graph.

    Cost: O(N F + E log E).
    """
    nodes = int(data.num_nodes or 0)
    edges = data.edge_index
    there = both_directions(edges, nodes, loops=False)
    isolated = int((torch.bincount(there[0], minlength=nodes) == 0).sum())
    one_way = len_of(there) - _ways(edges, nodes)
    rows = [
        ("nodes", f"{nodes:,} ({isolated:,} isolated)"),
        ("edges", f"{count_undirected(edges, nodes):,} undirected, {edges.shape[1]:,} rows"),
        ("edge_index", _told_of_ways(one_way)),
        *_told_of_rows(data),
        *told_of_edges(data),
        ("features", told_of_features(data)),
        *_told_of_targets(data, nodes),
        ("split", told_of_split(data)),
    ]
    return OwnCard(
        str(data.name) if "name" in data else "own graph",
        tuple(rows),
        tuple(_flaws(data, nodes, isolated, one_way)),
        str(data.raw_hash) if "raw_hash" in data else "",
    )


def _told_of_ways(one_way: int) -> str:
    return f"directed: {one_way:,} lack their reverse" if one_way else "both directions of each"


def _told_of_rows(data: Data) -> Iterator[tuple[str, str]]:
    """What was read, before reverses were added and repeats merged."""
    if "stored" in data:
        told = ", ".join(f"{data.stored[key]:,} {what}" for key, what in STORED.items())
        yield "rows read", told


STORED = {
    "rows": "rows",
    "repeats": "repeats",
    "loops": "loops",
    "mutual": "with their reverse",
    "one_way": "without",
}


def len_of(edge_index: Tensor) -> int:
    """How many edges there are."""
    return int(edge_index.shape[1])


def _ways(edges: Tensor, nodes: int) -> int:
    """Distinct edges between different nodes, each direction counted."""
    return len_of(simple(edges, nodes, loops=False))


def told_of_features(data: Data) -> str:
    """The features in words: how many there are, and what the first are called."""
    names = [str(name) for name in data.feature_names] if "feature_names" in data else []
    told = f"{data.num_features:,}"
    if not names:
        return told
    return f"{told}: {', '.join(names[:8])}{', …' if len(names) > 8 else ''}"


def told_of_edges(data: Data) -> Iterator[tuple[str, str]]:
    """What edges hold."""
    told = []
    for key in ("edge_weight", "edge_attr", "edge_type", "edge_time"):
        if isinstance(value := data.to_dict().get(key), Tensor):
            told.append(_told_of_values(key, value, data.to_dict().get("num_edge_types")))
    if told:
        yield "edges hold", "; ".join(told)


def _told_of_values(key: str, value: Tensor, types: Any) -> str:
    if key == "edge_attr":
        return f"{key}, {value.shape[1] if value.dim() > 1 else 1} columns"
    if key == "edge_type":
        return f"{key}, {types or len(torch.unique(value))} of them"
    if not value.numel():
        return key
    return f"{key} from {float(value.min()):g} to {float(value.max()):g}"


def _told_of_targets(data: Data, nodes: int) -> Iterator[tuple[str, str]]:
    y = data.y if "y" in data else None
    if not isinstance(y, Tensor):
        yield "targets", "none"
        return
    yield from told_of_values(y, data)
    classes = not y.is_floating_point() and y.shape == (nodes,) and len(torch.unique(y[y >= 0])) > 1
    if classes:
        edge = edge_homophily(data.edge_index, y.long())
        adjusted = adjusted_homophily(data.edge_index, y.long())
        yield "homophily", f"edge {edge:.3f}, adjusted {adjusted:.3f}"


def told_of_values(y: Tensor, holder: Any) -> Iterator[tuple[str, str]]:
    """Targets in words: classes with their sizes, or numbers with mean and deviation."""
    if not y.is_floating_point() and y.dim() == 1:
        known = y[y >= 0].long()
        counts = torch.bincount(known).tolist()
        names = tuple(getattr(holder, "class_names", None) or map(str, range(len(counts))))
        told = ", ".join(f"{name} {count:,}" for name, count in zip(names, counts, strict=False))
        more = f" and {len(counts) - 12} more" if len(counts) > 12 else ""
        told = told if not more else ", ".join(told.split(", ")[:12]) + more
        yield "classes", f"{len(counts):,}: {told} ({int((y < 0).sum()):,} unlabelled)"
        return
    columns = y.reshape(len(y), -1).double()
    names = tuple(getattr(holder, "target_names", None) or getattr(holder, "targets", ()) or ())
    for number, column in enumerate(columns.T[:12]):
        known = column[~column.isnan()]
        name = names[number] if number < len(names) else f"target {number}"
        told = "none known"
        if len(known):
            told = f"mean {known.mean():.4g}, deviation {known.std(correction=0):.4g}"
        yield "" if number else "targets", f"{name}: {told} ({len(column) - len(known):,} unknown)"
    if columns.shape[1] > 12:
        yield "", f"and {columns.shape[1] - 12} more"


def told_of_split(holder: Any) -> str:
    """Sizes of the parts of the first split."""
    masks = [mask for name in MASKS if isinstance(mask := getattr(holder, name, None), Tensor)]
    if len(masks) < len(MASKS) or not any(bool(mask.any()) for mask in masks):
        return "none: datasets.split(data) draws one"
    columns = [mask.reshape(len(mask), -1) for mask in masks]
    sizes = " / ".join(f"{int(mask[:, 0].sum()):,}" for mask in columns)
    name = str(getattr(holder, "split", "") or "given")
    return f"{name}: {columns[0].shape[1]} of train / val / test {sizes}"


def _flaws(data: Data, nodes: int, isolated: int, one_way: int) -> Iterator[str]:
    edges = data.edge_index
    loops = int((edges[0] == edges[1]).sum())
    pairs = _ways(edges, nodes)
    repeated = len_of(edges) - loops - pairs
    both = pairs - one_way
    stored = data.stored if "stored" in data else {}
    if not one_way and stored.get("mutual") and stored.get("one_way"):
        yield (
            f"{stored['one_way']:,} rows have no reverse, and {stored['mutual']:,} have, and the "
            "graph was read as undirected: if directions matter, read it with directed=True"
        )
    if not one_way and stored.get("repeats"):
        yield f"{stored['repeats']:,} rows repeat an edge: repeats= says what becomes of them"
    if one_way and both >= one_way:
        yield (
            f"{one_way:,} of {pairs:,} edges lack their reverse, which the others have: if the "
            "graph is undirected, read it with directed=False or add them with "
            "torch_geometric.utils.to_undirected"
        )
    elif one_way and both:
        yield f"directed: {both:,} of {pairs:,} edges have their reverse"
    if repeated > 0:
        yield f"{repeated:,} rows of edge_index repeat an edge: each counts in every sum"
    if loops:
        yield f"{loops:,} self-loops: most layers add their own"
    if isolated:
        yield f"{isolated:,} nodes have no neighbour, and are told by their features alone"
    for column in data.unread if "unread" in data else ():
        yield f"column {column!r} was not read, as it holds no numbers: categories= takes words"
    yield from flaws_of_features(data.x if "x" in data else None, data)
    y = data.y if "y" in data else None
    masks = [data[name] if name in data else None for name in MASKS]
    if isinstance(y, Tensor) and not y.is_floating_point() and y.dim() == 1 and len(y):
        yield from flaws_of_classes(y, count_classes(data), masks[0], "node")
    try:
        check(data)
    except KNOWN as error:
        yield f"gnnlab.check refuses it: {sentence(error)}"
