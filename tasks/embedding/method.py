"""Embedding method: a vector for every node of one graph, computed without labels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from torch import Tensor

from gnnlab.core.registry import Family

if TYPE_CHECKING:
    from torch_geometric.data import Data


class Embedding(ABC):
    """An embedding: a frozen dataclass of its settings, called with a graph."""

    short: ClassVar[str]
    """A shorter name."""

    @abstractmethod
    def __call__(self, data: Data, seed: int = 0, width: int | None = None) -> Tensor:
        """Return the vectors of the nodes, (N, H).

        Args:
            seed: decides what is drawn, if anything.
            width: H where the settings leave it open.
        """


embeddings: Family[type[Embedding]] = Family(
    "embedding",
    "gnnlab.tasks",
    lambda cls: issubclass(cls, Embedding) and cls is not Embedding,
    short=lambda cls: str(cls.short),
)
