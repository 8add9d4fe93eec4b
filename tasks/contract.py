"""Task contract: the methods and settings that :func:`gnnlab.tasks.fit` needs of every task."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from gnnlab.tasks.link.model import LinkModel
from gnnlab.tasks.selfsupervised.pretrained import Pretrained
from gnnlab.tasks.shared.model import Model
from gnnlab.tasks.training.threads import Step

Trained = Model | LinkModel | Pretrained
"""An encoder with what a task puts on it."""


class Task(Protocol):
    """What to predict: it turns a graph, or a set of many, and a split into a problem."""

    def setup(self, data: Any, split: int) -> Problem:
        """Check the data and return what to minimise and to measure on one of its splits."""


class Problem(Protocol):
    """One split of the data: what to minimise in training and what to measure after it.

    A problem with a method ``suited(encoder)`` returns by it the problem for an encoder, whose
    ``transform`` it applies itself; for any other one, ``fit`` transforms the data. One with a
    method ``predictor(encoder, keep)`` returns by it the encoder that is trained: where nodes are
    predicted, one that says why it ``predicts`` by itself is told how many numbers, unless its
    weights are to be kept.
    """

    @property
    def metric(self) -> str:
        """The name of the number in ``valid`` and ``test``; larger is better unless it is one of
        ``metrics.LOWER_IS_BETTER``."""

    @property
    def step(self) -> Step:
        """How large a step is, for the number of threads."""

    def model(self, encoder: nn.Module) -> Trained:
        """Put on the encoder what the task adds to it, or refuse one that does not fit."""

    def batches(self) -> Iterable[Any]:
        """Give the batches of one epoch; the optimiser takes a step after each."""

    def loss(self, model: Any, batch: Any) -> Tensor:
        """Return the training loss of a batch, a scalar with a gradient."""

    def evaluate(self, model: Any) -> dict[str, float]:
        """Return ``valid_loss``, ``valid`` and ``test``, and whatever else is measured.

        Where nothing is scored, ``valid_loss`` alone; ``metric`` is ``"loss"`` then.
        """

    def to(self, device: torch.device) -> Problem:
        """Return the same problem on a device."""


def as_predictor(problem: Problem, encoder: nn.Module, keep: bool = False) -> nn.Module:
    """Return the encoder as it is trained on a problem; see :class:`Problem`."""
    own: Any = getattr(problem, "predictor", None)
    return own(encoder, keep) if callable(own) else encoder
