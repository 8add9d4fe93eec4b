"""Objective: a loss of an encoder's states that needs no labels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor, nn

from gnnlab.core.registry import Family

if TYPE_CHECKING:
    from torch_geometric.data import Data

Encode = Callable[["Data"], Tensor]
"""A graph in, the states of its nodes (N, H) out."""


class Objective(ABC):
    """What an encoder is trained by without labels: a frozen dataclass of its settings."""

    short: ClassVar[str]
    """A shorter name."""

    @abstractmethod
    def build(self, width: int) -> nn.Module:
        """Return what is learnt beside the encoder, for states of a width."""

    @abstractmethod
    def loss(
        self, encode: Encode, parts: Any, data: Data, generator: torch.Generator | None = None
    ) -> Tensor:
        """Return the loss of a step, a scalar.

        Args:
            encode: the encoder.
            parts: what ``build`` made.
            generator: decides what is drawn; torch's own if None.
        """

    def check(self, encode: Encode, data: Data) -> None:
        """Refuse an encoder or a graph that the loss says nothing of; nothing by default."""
        return None


objectives: Family[type[Objective]] = Family(
    "objective",
    "gnnlab.tasks",
    lambda cls: issubclass(cls, Objective) and cls is not Objective,
    short=lambda cls: str(cls.short),
)
