"""Card of a data set: its contents, statistics, flaws and sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gnnlab.datasets.cards.text import Printed, lines
from gnnlab.datasets.catalogue.records import Citation
from gnnlab.datasets.measures.homophily import (
    adjusted_homophily,
    edge_homophily,
    label_informativeness,
    node_homophily,
)
from gnnlab.datasets.values.edge_lists import both_directions, count_undirected

if TYPE_CHECKING:
    from torch_geometric.data import Data


@dataclass(frozen=True)
class Card(Printed):
    """Everything to know about a set before training on it; ``print`` it.

    Attributes:
        nodes, features, classes: N, F and C.
        edges_stored: rows of the files (of ``edge_index`` for generated sets).
        edges_undirected: distinct pairs of different nodes.
        directed: whether ``edge_index`` keeps directions.
        split, splits, split_sizes: the split's name, how many there are, and train, validation and
            test nodes of the first.
        unlabelled, isolated: nodes without a label; nodes without a neighbour.
        duplicates: nodes that repeat another one: equal label and equal neighbours, at least one.
        edge_homophily, node_homophily, adjusted_homophily, label_informativeness: fractions, by the
            functions of these names.
        raw_hash: of the file read, or of the list of all files read; empty for generated sets.
        flaws: what a user should know before trusting a result.
    """

    name: str
    task: str
    source: str
    origin: str
    licence: str
    nodes: int
    edges_stored: int
    edges_undirected: int
    directed: bool
    features: int
    classes: int
    split: str
    splits: int
    split_sizes: tuple[int, int, int]
    unlabelled: int
    isolated: int
    duplicates: int
    edge_homophily: float
    node_homophily: float
    adjusted_homophily: float
    label_informativeness: float
    raw_hash: str
    flaws: tuple[str, ...]
    citation: tuple[Citation, ...]

    def __str__(self) -> str:
        kind = "as stored, directed" if self.directed else "both directions of each"
        sizes = " / ".join(f"{size:,}" for size in self.split_sizes)
        rows = [
            ("task", self.task),
            ("source", f"{self.source} ({self.origin})"),
            ("licence", self.licence),
            ("nodes", f"{self.nodes:,} ({self.isolated:,} isolated)"),
            ("edges", f"{self.edges_undirected:,} undirected, {self.edges_stored:,} rows stored"),
            ("edge_index", kind),
            ("features", f"{self.features:,}"),
            ("classes", f"{self.classes:,} ({self.unlabelled:,} nodes unlabelled)"),
            ("split", f"{self.split}: {self.splits} of train / val / test {sizes}"),
            ("homophily", f"edge {self.edge_homophily:.3f}, node {self.node_homophily:.3f}"),
            ("", f"adjusted {self.adjusted_homophily:.3f}"),
            ("label inform.", f"{self.label_informativeness:.3f}"),
            ("duplicates", f"{self.duplicates:,} nodes repeat another's neighbours and label"),
            ("raw hash", self.raw_hash or "none: generated"),
        ]
        return lines(self.name, rows, self.flaws, self.citation)


def describe_nodes(
    data: Data,
    *,
    edges_stored: int,
    directed: bool,
    source: str,
    origin: str,
    licence: str,
    task: str = "node",
    flaws: tuple[str, ...] = (),
    citation: tuple[Citation, ...] = (),
) -> Card:
    edge_index, y = data.edge_index, data.y
    masks = (data.train_mask, data.val_mask, data.test_mask)
    train, val, test = (int(mask[:, 0].sum()) for mask in masks)
    return Card(
        name=data.name,
        task=task,
        source=source,
        origin=origin,
        licence=licence,
        nodes=len(y),
        edges_stored=edges_stored,
        edges_undirected=count_undirected(edge_index, len(y)),
        directed=directed,
        features=data.x.shape[1],
        classes=data.classes,
        split=data.split if "split" in data else "random, stratified 50/25/25",
        splits=masks[0].shape[1],
        split_sizes=(train, val, test),
        unlabelled=int((y < 0).sum()),
        isolated=int(
            (torch.bincount(_neighbours(edge_index, len(y))[0], minlength=len(y)) == 0).sum()
        ),
        duplicates=count_duplicates(edge_index, y),
        edge_homophily=edge_homophily(edge_index, y),
        node_homophily=node_homophily(edge_index, y),
        adjusted_homophily=adjusted_homophily(edge_index, y),
        label_informativeness=label_informativeness(edge_index, y),
        raw_hash=data.raw_hash if "raw_hash" in data else "",
        flaws=flaws,
        citation=citation,
    )


def count_duplicates(edge_index: Tensor, y: Tensor) -> int:
    """Count nodes whose label and (non-empty) set of neighbours an earlier node already has.

    Directions, repeats and self-loops do not count. Leaves of one hub that share a label are
    duplicates by this rule. Platonov et al. also compared a regression target that the files no
    longer hold, so their count for squirrel and chameleon differs.

    Args:
        edge_index: (2, E) int64.
        y: (N,) int64.
    """
    source, target = _neighbours(edge_index, len(y))
    ends = torch.bincount(source, minlength=len(y)).cumsum(0).tolist()
    ids = target.numpy()
    seen, repeats, start = set(), 0, 0
    for label, end in zip(y.tolist(), ends, strict=True):
        if end > start:
            key = (label, ids[start:end].tobytes())
            repeats += key in seen
            seen.add(key)
        start = end
    return repeats


def _neighbours(edge_index: Tensor, num_nodes: int) -> Tensor:
    return both_directions(edge_index, num_nodes, loops=False)
