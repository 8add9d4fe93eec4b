"""Node clustering as a task: clusters found without labels, compared with the classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from gnnlab.contracts.data import check, check_node_classes
from gnnlab.contracts.targets import told_classes
from gnnlab.core.arguments import check_count
from gnnlab.core.settings import check_settings
from gnnlab.tasks.clustering.method import Clustering, clusterings
from gnnlab.tasks.metrics import clusters as cluster_metrics
from gnnlab.tasks.shared.methods import make_method, resolved_method
from gnnlab.tasks.solved import SolvedTask
from gnnlab.tasks.targets.classes import counted_classes

if TYPE_CHECKING:
    from torch_geometric.data import Data


@dataclass(frozen=True)
class NodeClustering(SolvedTask):
    """Cluster the nodes of one graph, and compare the clusters with the classes of all nodes.

    No part of the graph is held out, so there is no score on validation: ``result.valid`` is None.
    ``result.others`` holds every metric of clusters.

    Args:
        method: a name, such as ``kmeans``, a table of a name and settings, or a clustering.
        metric: ``nmi`` or ``ari``.
        clusters: how many; as many as there are classes if None, as is usual where methods are
            compared, and which a method could not know.

    Shapes:
        edge_index (2, E), y (N,), negative where a class is not known

    Raises:
        ValueError: an unknown method, setting or metric, fewer than one cluster.
    """

    listed = "clustering"
    method: Any = "kmeans"
    metric: Literal["nmi", "ari"] = "nmi"
    clusters: int | None = None

    def __post_init__(self) -> None:
        check_settings(self)
        if self.clusters is not None:
            check_count("clusters", self.clusters)
        object.__setattr__(self, "method", resolved_method(clusterings, self.method, "method"))

    def check(self, data: Data, split: int) -> str:
        check(data)
        check_node_classes(data)
        self._clusters(data)
        return self.metric

    def measured(self, data: Data, split: int, seed: int) -> dict[str, float]:
        made: Clustering = make_method(clusterings, self.method, "method")
        found, known = made(data, self._clusters(data), seed), data.y >= 0
        scores = {
            record.name: record.function(found[known], data.y[known])
            for record in cluster_metrics.METRICS
        }
        return {"test": scores[self.metric], **{f"test {name}": v for name, v in scores.items()}}

    def _clusters(self, data: Data) -> int:
        classes = counted_classes(data.y[data.y >= 0].long(), told_classes(data), "node")
        return classes if self.clusters is None else self.clusters
