"""Card of a graph for link prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from gnnlab.datasets.cards.text import Printed, lines
from gnnlab.datasets.catalogue.records import Citation, Record
from gnnlab.datasets.values.edge_lists import both_directions, count_undirected

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from gnnlab.datasets.readers import RawLinks


@dataclass(frozen=True)
class LinkCard(Printed):
    """Everything to know about such a graph before training on it; ``print`` it.

    Attributes:
        nodes, features: N and F.
        edges_stored: rows of the files.
        edges_undirected: distinct pairs of different nodes.
        directed: whether ``edge_index`` keeps directions.
        density: the share of all pairs that are joined.
        isolated: nodes without a neighbour.
        degree: mean and largest number of neighbours.
        split: the published split and its positives; how to draw one if there is none.
        raw_hash: of the file read.
        checksum: what the file's checksum was compared with.
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
    density: float
    isolated: int
    degree: tuple[float, int]
    split: str
    raw_hash: str
    checksum: str
    flaws: tuple[str, ...]
    citation: tuple[Citation, ...]

    def __str__(self) -> str:
        kind = "as stored, directed" if self.directed else "both directions of each"
        mean, most = self.degree
        rows = [
            ("task", self.task),
            ("source", f"{self.source} ({self.origin})"),
            ("licence", self.licence),
            ("nodes", f"{self.nodes:,} ({self.isolated:,} isolated)"),
            ("edges", f"{self.edges_undirected:,} undirected, {self.edges_stored:,} rows stored"),
            ("edge_index", kind),
            ("neighbours", f"{mean:.1f} in the mean, {most:,} at the most"),
            ("density", f"{self.density:.2e} of all pairs are joined"),
            ("features", f"{self.features:,}"),
            ("split", self.split),
            ("raw hash", self.raw_hash),
            ("checksum", self.checksum),
        ]
        return lines(self.name, rows, self.flaws, self.citation)


def describe_links(
    record: Record, data: Data, raw: RawLinks, citation: tuple[Citation, ...]
) -> LinkCard:
    """Measure a graph that has been loaded."""
    nodes = len(raw.x)
    pairs = both_directions(data.edge_index, nodes, loops=False)
    degree = torch.bincount(pairs[0], minlength=nodes)
    joined = count_undirected(data.edge_index, nodes)
    sizes = " / ".join(f"{len(next(iter(part.values()))):,}" for part in raw.parts.values())
    drawn = "drawn, for instance by gnnlab.tasks.LinkSplit.random(data, 0.1, 0.2, seed=0)"
    note = f"{record.unchecked}: that of the first good file is kept and compared"
    return LinkCard(
        name=record.name,
        task=record.task,
        source=record.source,
        origin=record.origin,
        licence=record.licence,
        nodes=nodes,
        edges_stored=raw.edge_index.shape[1],
        edges_undirected=joined,
        directed=record.directed,
        features=raw.x.shape[1],
        density=joined / max(1, nodes * (nodes - 1) // 2),
        isolated=int((degree == 0).sum()),
        degree=(float(degree.double().mean()), int(degree.max())),
        split=f"public: train / valid / test {sizes}" if raw.parts else drawn,
        raw_hash=data.raw_hash,
        checksum=note if record.unchecked else "the catalogue's",
        flaws=record.flaws,
        citation=citation,
    )
