"""What :func:`gnnlab.tasks.fit` asks of a task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from .model import Model


class Task(Protocol):
    """What to predict: it turns a graph and a split into a problem."""

    def setup(self, data: Data, split: int) -> Problem:
        """Check the graph and return what to minimise and to measure on one of its splits."""


class Problem(Protocol):
    """One split of one graph: what to minimise in training and what to measure after it."""

    @property
    def metric(self) -> str:
        """The name of the number in ``valid`` and ``test``, a fraction; larger is better."""

    def outputs(self, encoder: nn.Module) -> int:
        """Return how many logits a row has, or refuse an encoder that does not fit."""

    def loss(self, model: Model) -> Tensor:
        """Return the training loss, a scalar with a gradient."""

    def evaluate(self, model: Model) -> dict[str, float]:
        """Return ``valid_loss``, ``valid`` and ``test``."""

    def to(self, device: torch.device) -> Problem:
        """Return the same problem on a device."""
