"""Card of a set of many graphs: its size, statistics, flaws and sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from gnnlab.datasets.cards.text import Printed, lines
from gnnlab.datasets.catalogue.records import Citation
from gnnlab.datasets.measures.duplicates import first_alike
from gnnlab.datasets.values.graphs import Graphs


@dataclass(frozen=True)
class GraphsCard(Printed):
    """Everything to know about a set of graphs before training on it; ``print`` it.

    Attributes:
        graphs, features, classes: G, F and C.
        class_sizes: graphs of each class.
        targets: names of the numbers to predict, where there are no classes.
        nodes, edges: smallest, mean and largest number in a graph; edges are undirected.
        split, splits, split_sizes: the split's name, how many there are, and train, validation and
            test graphs of the first.
        repeats: graphs that colour refinement cannot tell from an earlier one, features included.
        torn: those of them whose label differs from the earlier one's: no model that passes
            messages gets both right.
        raw_hash: of the list of all files read; empty for generated sets.
        flaws: what a user should know before trusting a result.
    """

    name: str
    task: str
    source: str
    origin: str
    licence: str
    graphs: int
    nodes: tuple[int, float, int]
    edges: tuple[int, float, int]
    features: int
    feature_kind: str
    classes: int
    class_sizes: tuple[int, ...]
    split: str
    splits: int
    split_sizes: tuple[int, int, int]
    repeats: int
    torn: int
    raw_hash: str
    flaws: tuple[str, ...]
    citation: tuple[Citation, ...]
    targets: tuple[str, ...] = ()

    def __str__(self) -> str:
        sizes = " / ".join(f"{size:,}" for size in self.split_sizes)
        classes = " / ".join(f"{size:,}" for size in self.class_sizes)
        what = ("classes", f"{self.classes:,} of {classes} graphs")
        if self.targets:
            what = ("targets", f"{self.classes:,}: {', '.join(self.targets)}")
        rows = [
            ("task", self.task),
            ("source", f"{self.source} ({self.origin})"),
            ("licence", self.licence),
            ("graphs", f"{self.graphs:,}"),
            ("nodes", spread(self.nodes)),
            ("edges", f"{spread(self.edges)}, undirected"),
            ("features", f"{self.features:,} ({self.feature_kind})"),
            what,
            ("split", f"{self.split}: {self.splits} of train / val / test {sizes}"),
            ("repeats", f"{self.repeats:,} graphs look like an earlier one, {self.torn:,} of them"),
            ("", "with another target" if self.targets else "with another label"),
            ("raw hash", self.raw_hash or "none: generated"),
        ]
        return lines(self.name, rows, self.flaws, self.citation)


def describe_graphs(
    data: Graphs,
    *,
    source: str,
    origin: str,
    licence: str,
    split: str = "",
    flaws: tuple[str, ...] = (),
    citation: tuple[Citation, ...] = (),
) -> GraphsCard:
    """Measure a set that has been loaded; ``split`` names its split where the set does not."""
    first = first_alike(data)
    again = first != torch.arange(len(data))
    return GraphsCard(
        name=data.name,
        task="graph",
        source=source,
        origin=origin,
        licence=licence,
        graphs=len(data),
        nodes=three([graph.num_nodes or 0 for graph in data]),
        edges=three([graph.num_edges // 2 for graph in data]),
        features=data.num_features,
        feature_kind=data.features,
        classes=data.classes,
        class_sizes=() if data.targets else _sizes(data),
        split=data.split or split,
        splits=data.train_mask.shape[1],
        split_sizes=data.masks.sizes,
        repeats=int(again.sum()),
        torn=int((again & (data.y != data.y[first]).reshape(len(data), -1).any(1)).sum()),
        raw_hash=data.raw_hash,
        flaws=flaws,
        citation=citation,
        targets=data.targets,
    )


def _sizes(data: Graphs) -> tuple[int, ...]:
    return tuple(torch.bincount(data.y, minlength=data.classes).tolist())


def three(counts: Sequence[int]) -> tuple[int, float, int]:
    """Smallest, mean and largest."""
    return min(counts), sum(counts) / len(counts), max(counts)


def spread(three: tuple[int, float, int]) -> str:
    """Such three numbers in words."""
    low, mean, high = three
    return f"{low:,} to {high:,}, {mean:.1f} on average"
