"""Card of a set of given graphs: many graphs, with targets other than one class a graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gnnlab.datasets.cards.graph import spread, three
from gnnlab.datasets.cards.text import Printed, lines
from gnnlab.datasets.catalogue.records import Citation, Record
from gnnlab.datasets.values.graphs import Graphs


@dataclass(frozen=True)
class GivenCard(Printed):
    """Everything to know about such a set before training on it; ``print`` it.

    Attributes:
        serves: which task the targets are for, and the metric that is reported.
        graphs, features, edge_features: how many there are.
        feature_kind: what they are; codes of categories are to be embedded.
        nodes, edges: smallest, mean and largest number in a graph; edges as stored, by direction.
        split, split_sizes: the split's name, and its train, validation and test graphs.
        memory: bytes of all tensors.
        raw_hash: of the list of all files read.
        checksum: what the files' checksums were compared with.
        flaws: what a user should know before trusting a result.
    """

    name: str
    task: str
    serves: str
    source: str
    origin: str
    licence: str
    graphs: int
    nodes: tuple[int, float, int]
    edges: tuple[int, float, int]
    features: int
    edge_features: int
    feature_kind: str
    split: str
    split_sizes: tuple[int, int, int]
    memory: int
    raw_hash: str
    checksum: str
    flaws: tuple[str, ...]
    citation: tuple[Citation, ...]

    def __str__(self) -> str:
        sizes = " / ".join(f"{size:,}" for size in self.split_sizes)
        rows = [
            ("task", f"{self.task}: {self.serves}"),
            ("source", f"{self.source} ({self.origin})"),
            ("licence", self.licence),
            ("graphs", f"{self.graphs:,}"),
            ("nodes", spread(self.nodes)),
            ("edges", f"{spread(self.edges)}, each direction counted"),
            ("features", f"{self.features} of nodes, {self.edge_features} of edges"),
            ("", self.feature_kind),
            ("split", f"{self.split}: train / val / test {sizes}"),
            ("memory", f"{self.memory / 1e9:.2f} GB"),
            ("raw hash", self.raw_hash),
            ("checksum", self.checksum),
        ]
        return lines(self.name, rows, self.flaws, self.citation)


def describe_given(record: Record, data: Graphs, citation: tuple[Citation, ...]) -> GivenCard:
    """Measure a set that has been loaded."""
    kind = data.features
    if data.x_sizes:
        kind += f", codes of categories: embed them (sizes {data.x_sizes} and {data.edge_sizes})"
    note = "the catalogue's" if record.url else "none: only a mirror has the files"
    if record.unchecked:
        note = f"{record.unchecked}: that of the first good file is kept and compared"
    return GivenCard(
        name=data.name,
        task=record.task,
        serves="; ".join([str(record.options["serves"]), *_judged_by(data.metric)]),
        source=record.source,
        origin=record.origin,
        licence=record.licence,
        graphs=len(data),
        nodes=three([len(graph.x) for graph in data]),
        edges=three([graph.num_edges for graph in data]),
        features=data.num_features,
        edge_features=int(data[0].edge_attr.shape[1]) if "edge_attr" in data[0] else 0,
        feature_kind=kind,
        split=data.split,
        split_sizes=data.masks.sizes,
        memory=sum(value.nbytes for graph in data for value in graph.to_dict().values()),
        raw_hash=data.raw_hash,
        checksum=note,
        flaws=record.flaws,
        citation=citation,
    )


def _judged_by(metric: str) -> list[str]:
    return [TITLES[metric]] if metric else []


TITLES: Mapping[str, str] = {
    "accuracy": "accuracy",
    "average_precision": "average precision",
    "balanced_accuracy": "balanced accuracy",
    "filtered_mrr": "filtered MRR",
    "macro_f1": "macro F1",
    "mae": "mean absolute error",
    "rmse": "root mean squared error",
    "roc_auc": "ROC AUC",
}
"""What the metrics that records name are called on a card."""
