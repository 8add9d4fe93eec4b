"""Pretraining: an encoder of one graph trained by an objective, and judged by a linear probe."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, cast

import torch
from torch import Tensor, nn

from gnnlab.contracts.data import check
from gnnlab.contracts.foreign import declared
from gnnlab.core.arguments import check_positive
from gnnlab.core.settings import check_settings
from gnnlab.tasks.metrics import by_name as metrics
from gnnlab.tasks.metrics.own import Wanted as Metrics
from gnnlab.tasks.metrics.own import names_of
from gnnlab.tasks.metrics.record import LOSS
from gnnlab.tasks.selfsupervised.objective import Objective, objectives
from gnnlab.tasks.selfsupervised.pretrained import Pretrained
from gnnlab.tasks.shared.checks import check_features
from gnnlab.tasks.shared.linear_probe import ProbeOfNodes
from gnnlab.tasks.shared.listed import ListedTask
from gnnlab.tasks.shared.methods import make_method, resolved_method
from gnnlab.tasks.shared.model import hidden_width
from gnnlab.tasks.training.threads import Step, step_of

if TYPE_CHECKING:
    from torch_geometric.data import Data


@dataclass(frozen=True)
class Pretraining(ListedTask):
    """Train an encoder of one graph without labels, by an objective.

    Labels have no part in the training. With a probe, they judge the states after each evaluation:
    a logistic regression, see :func:`gnnlab.tasks.probe`; ``Training(select="loss")`` keeps the
    labels out of the choice of the epoch too. ``result.others`` holds the probe of the untrained
    encoder, which is what the training is to be compared with. Without a probe there is no score:
    ``result.valid`` and ``result.test`` are None, and the epoch of the smallest loss is kept.

    The encoder is ``result.model.encoder``; ``fit(NodeClassification(), result.model.encoder,
    data, reinitialise=False)`` goes on from its weights.

    Args:
        objective: a name, such as ``infomax``, a table of a name and settings, or an objective.
        probe: ``linear`` or ``none``.
        metric: of the probe, as of :class:`gnnlab.tasks.NodeClassification`.
        probe_decay: of the probe's weights.
        also: more metrics to measure.

    Shapes:
        x (N, F), edge_index (2, E); y (N,) and masks (N, S) for a probe -> states (N, H)

    Raises:
        ValueError: an unknown objective or metric, a decay that is not above 0.
    """

    listed = "pretraining"
    later = {"also": ()}
    objective: Any = "infomax"
    probe: Literal["linear", "none"] = "linear"
    metric: Metrics = "auto"
    probe_decay: float = 1.0
    also: Sequence[str] = ()

    @classmethod
    def fits(cls, data: Any) -> bool:
        return not isinstance(data, Sequence)

    def __post_init__(self) -> None:
        metric, also = names_of(self.metric, self.also)
        object.__setattr__(self, "metric", metric)
        object.__setattr__(self, "also", also)
        for name in (metric, *also):
            metrics.check_name(name, "classes")
        check_settings(self)
        check_positive("probe_decay", self.probe_decay)
        object.__setattr__(
            self, "objective", resolved_method(objectives, self.objective, "objective")
        )

    def setup(self, data: Data, split: int) -> PretrainingProblem:
        """Check the data and return what to minimise and to measure.

        Raises:
            ValueError: what :func:`gnnlab.check` finds; many graphs; for a probe, what it lacks.
        """
        if isinstance(data, Sequence):
            raise ValueError(
                f"a {type(data).__name__} was given, but pretraining reads one graph: take one of "
                "its graphs"
            )
        check(data)
        probe = None
        if self.probe == "linear":
            metric = cast(str, self.metric)
            probe = ProbeOfNodes(data, split, metric, self.probe_decay, self.also)
        return PretrainingProblem(data, make_method(objectives, self.objective, "objective"), probe)


@dataclass(frozen=True)
class PretrainingProblem:
    """An objective on one graph: the loss, and the probe's numbers."""

    data: Data
    objective: Objective
    probe: ProbeOfNodes | None

    @property
    def metric(self) -> str:
        """The name of the probe's metric; ``loss`` where nothing is scored."""
        return LOSS if self.probe is None else self.probe.metric

    @property
    def step(self) -> Step:
        """How large a step is: the graph."""
        return step_of([self.data])

    def model(self, encoder: nn.Module) -> Pretrained:
        """Put what the objective learns beside the encoder, or refuse one that does not fit."""
        own = declared(encoder)
        if own.level != "node":
            raise ValueError(
                f"{type(encoder).__name__}.level is {own.level!r}, but pretraining needs one row a "
                "node: take an encoder of level 'node'"
            )
        check_features(encoder, self.data.x)
        width = hidden_width(encoder) if own.out_channels is None else own.out_channels
        return Pretrained(encoder, self.objective.build(width))

    def batches(self) -> tuple[Data]:
        """Give the whole graph as the one batch."""
        return (self.data,)

    def loss(self, model: Pretrained, batch: Data) -> Tensor:
        """Return the objective's loss, and what the encoder adds to it for the graph itself."""
        if model.untrained is None:
            model.untrained = self._first_look(model)
        added: list[Tensor | None] = []

        def encode(data: Data) -> Tensor:
            states, own = declared(model.encoder).with_loss(data)
            added.append(own)
            return states

        loss = self.objective.loss(encode, model.parts, batch)
        return loss if added[0] is None else loss + added[0]

    def evaluate(self, model: Pretrained) -> dict[str, float]:
        """Return ``valid_loss``, the objective's with draws that never change, and the probe's."""
        generator = torch.Generator().manual_seed(0)
        loss = self.objective.loss(model.encoder, model.parts, self.data, generator)
        row = {"valid_loss": float(loss)}
        if self.probe is None:
            return row
        found = self.probe.scores(model(self.data))
        row |= {name: value for name, value in found.items() if name != "valid_loss"}
        return row | {f"{part} untrained": v for part, v in (model.untrained or {}).items()}

    def to(self, device: torch.device) -> PretrainingProblem:
        """Return the same problem on another device; this one stays where it is."""
        return replace(self, data=copy(self.data).to(device))

    def _first_look(self, model: Pretrained) -> dict[str, float]:
        """What a probe makes of the untrained encoder; refuses one that cannot learn."""
        model.eval()
        with torch.no_grad():
            self.objective.check(model.encoder, self.data)
            found = {} if self.probe is None else self.probe.scores(model(self.data))
        model.train()
        return {part: found[part] for part in ("valid", "test") if part in found}
