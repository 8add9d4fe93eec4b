"""Node embedding as a task: vectors computed without labels, judged by a linear probe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from gnnlab.core.arguments import check_positive
from gnnlab.tasks.embedding.method import Embedding, embeddings
from gnnlab.tasks.metrics import by_name as metrics
from gnnlab.tasks.metrics.own import Wanted as Metrics
from gnnlab.tasks.metrics.own import names_of
from gnnlab.tasks.shared.linear_probe import ProbeOfNodes
from gnnlab.tasks.shared.methods import make_method, resolved_method
from gnnlab.tasks.solved import SolvedTask

if TYPE_CHECKING:
    from torch_geometric.data import Data


@dataclass(frozen=True)
class EmbeddingProbe(SolvedTask):
    """Embed the nodes of one graph, and judge the vectors by a logistic regression on them.

    Labels have no part in the embedding; see :func:`gnnlab.tasks.probe` for the regression.

    Args:
        method: a name, such as ``spectral``, a table of a name and settings, or an embedding;
            ``features`` is the control that reads no edge.
        metric: as of :class:`gnnlab.tasks.NodeClassification`.
        probe_decay: of the probe's weights.
        also: more metrics to measure.

    Shapes:
        edge_index (2, E), y (N,), masks (N, S) or (N,)

    Raises:
        ValueError: an unknown method, setting or metric, a decay that is not above 0.
    """

    listed = "embedding"
    later = {"also": ()}
    method: Any = "spectral"
    metric: Metrics = "auto"
    probe_decay: float = 1.0
    also: Sequence[str] = ()

    def __post_init__(self) -> None:
        metric, also = names_of(self.metric, self.also)
        object.__setattr__(self, "metric", metric)
        object.__setattr__(self, "also", also)
        for name in (metric, *also):
            metrics.check_name(name, "classes")
        check_positive("probe_decay", self.probe_decay)
        object.__setattr__(self, "method", resolved_method(embeddings, self.method, "method"))

    def check(self, data: Data, split: int) -> str:
        return self._probe(data, split).metric

    def measured(self, data: Data, split: int, seed: int) -> dict[str, float]:
        made: Embedding = make_method(embeddings, self.method, "method")
        found = self._probe(data, split).scores(made(data, seed))
        return {name: value for name, value in found.items() if name != "valid_loss"}

    def _probe(self, data: Data, split: int) -> ProbeOfNodes:
        metric = cast(str, self.metric)
        return ProbeOfNodes(data, split, metric, self.probe_decay, self.also)
