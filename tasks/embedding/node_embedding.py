"""Node embedding as a task: vectors computed without labels, judged by a linear probe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gnnlab.core.arguments import check_positive
from gnnlab.tasks.embedding.method import Embedding, embeddings
from gnnlab.tasks.metrics import by_name as metrics
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

    Shapes:
        edge_index (2, E), y (N,), masks (N, S) or (N,)

    Raises:
        ValueError: an unknown method, setting or metric, a decay that is not above 0.
    """

    listed = "embedding"
    method: Any = "spectral"
    metric: str = "auto"
    probe_decay: float = 1.0

    def __post_init__(self) -> None:
        metrics.check_name(self.metric, "classes")
        check_positive("probe_decay", self.probe_decay)
        object.__setattr__(self, "method", resolved_method(embeddings, self.method, "method"))

    def check(self, data: Data, split: int) -> str:
        return ProbeOfNodes(data, split, self.metric, self.probe_decay).metric

    def measured(self, data: Data, split: int, seed: int) -> dict[str, float]:
        made: Embedding = make_method(embeddings, self.method, "method")
        found = ProbeOfNodes(data, split, self.metric, self.probe_decay).scores(made(data, seed))
        return {"valid": found["valid"], "test": found["test"]}
