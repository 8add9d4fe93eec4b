"""Clustering method: a cluster for every node of one graph, found without labels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from torch import Tensor

from gnnlab.core.registry import Family

if TYPE_CHECKING:
    from torch_geometric.data import Data


class Clustering(ABC):
    """A clustering: a frozen dataclass of its settings, called with a graph."""

    short: ClassVar[str]
    """A shorter name."""

    @abstractmethod
    def __call__(self, data: Data, clusters: int, seed: int = 0) -> Tensor:
        """Return each node's cluster, (N,) int64, at most so many of them."""


clusterings: Family[type[Clustering]] = Family(
    "clustering",
    "gnnlab.tasks",
    lambda cls: issubclass(cls, Clustering) and cls is not Clustering,
    short=lambda cls: str(cls.short),
)
