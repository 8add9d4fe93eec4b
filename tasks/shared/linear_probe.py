"""Linear probe: a logistic regression on fixed states of nodes, to judge the states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gnnlab.contracts.data import check, check_node_classes
from gnnlab.contracts.targets import told_classes
from gnnlab.core.arguments import check_positive
from gnnlab.core.settings import checked
from gnnlab.tasks.metrics import by_name as metrics
from gnnlab.tasks.shared.checks import MASKS, rows
from gnnlab.tasks.targets import target as targets
from gnnlab.tasks.targets.classes import Classes, counted_classes, usual_metric, warn_of_untrained

if TYPE_CHECKING:
    from torch_geometric.data import Data

UNSEEN = -1e9
"""The logit of a class that no training node has."""


@checked
def probe(
    states: Tensor, data: Data, split: int = 0, metric: str = "auto", decay: float = 1.0
) -> dict[str, float]:
    r"""Train a logistic regression on the states of a split's training nodes and judge it.

    .. math:: \min_{W, b} \sum_{i \in \text{train}} -\log p_{W,b}(y_i \mid h_i)
        + \frac{\lambda}{2} \lVert W \rVert^2

    Columns are first shifted and scaled to mean 0 and standard deviation 1 over all nodes.

    Args:
        states: of the nodes, learnt or computed without their labels.
        data: y and the masks.
        split: which column of the masks.
        metric: as of :class:`gnnlab.tasks.NodeClassification`.
        decay: :math:`\lambda`.

    Returns:
        ``valid`` and ``test`` of the metric, and ``valid_loss``, the cross entropy.

    Shapes:
        states (N, H)

    Raises:
        ValueError: no row a node, values that are not finite, what the data lack, an unknown
            metric.
    """
    return ProbeOfNodes(data, split, metric, decay).scores(states)


class ProbeOfNodes:
    """A probe's labels and parts of one split, checked once.

    Args:
        data, split, metric, decay: see :func:`probe`.
        also: names of more metrics to measure.
    """

    def __init__(
        self,
        data: Any,
        split: int,
        metric: str = "auto",
        decay: float = 1.0,
        also: Sequence[str] = (),
    ) -> None:
        check(data)
        check_positive("decay", decay)
        for name in (metric, *also):
            metrics.check_name(name, "classes")
        self.train, self.valid, self.test = (rows(data, name, split) for name in MASKS)
        check_node_classes(data)
        self.decay, self.labels = decay, data.y.long()
        classes = counted_classes(self.labels[self.labels >= 0], told_classes(data), "node")
        self.target = Classes(classes, metric, usual_metric(classes), False, tuple(also))
        warn_of_untrained(self.labels[self.train], classes, split, "node")
        for name, part in (("val_mask", self.valid), ("test_mask", self.test)):
            targets.check_part(self.target, self.labels[part], name, split, "node")

    @property
    def metric(self) -> str:
        """The metric's name."""
        return self.target.metric

    def scores(self, states: Tensor) -> dict[str, float]:
        """Return ``valid_loss``, ``valid`` and ``test`` of states (N, H), and of other metrics."""
        if states.dim() != 2 or len(states) != len(self.labels):
            raise ValueError(
                f"states are {tuple(states.shape)}, but a probe reads one row for each of "
                f"{len(self.labels)} nodes"
            )
        if not bool(states.isfinite().all()):
            raise ValueError("states hold nan or infinity, and a probe reads numbers alone")
        logits = self._logits(states.detach().cpu().double())
        parts = [(logits[part], self.labels.cpu()[part]) for part in (self.valid, self.test)]
        return targets.evaluate(self.target, *parts)

    def _logits(self, states: Tensor) -> Tensor:
        """Logits of all nodes, (N, 1) of two classes, else (N, C)."""
        from sklearn.linear_model import LogisticRegression

        spread = states.std(0, correction=0)
        x = ((states - states.mean(0)) / spread.where(spread > 0, 1.0)).numpy()
        learnt = self.train.cpu().numpy()
        model = LogisticRegression(C=1 / self.decay, max_iter=1000)
        model.fit(x[learnt], self.labels.cpu().numpy()[learnt])
        found = torch.from_numpy(model.decision_function(x))
        classes = self.target.classes
        if classes == 2:
            return found[:, None]
        seen = torch.from_numpy(model.classes_)
        columns = torch.stack([-found, found], dim=1) if found.dim() == 1 else found
        logits = torch.full((len(x), classes), UNSEEN, dtype=torch.float64)
        logits[:, seen] = columns
        return logits
