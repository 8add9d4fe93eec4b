"""Features as an embedding: the control for methods that read the graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from torch import Tensor

from gnnlab.ops import is_sparse
from gnnlab.tasks.embedding.method import Embedding

if TYPE_CHECKING:
    from torch_geometric.data import Data


@dataclass(frozen=True)
class FeatureEmbedding(Embedding):
    """The features as they are, which tells what a method adds to them.

    Shapes:
        x (N, F) -> (N, F)
    """

    short: ClassVar[str] = "features"

    def __call__(self, data: Data, seed: int = 0, width: int | None = None) -> Tensor:
        x: Tensor = data.x.to_dense() if is_sparse(data.x) else data.x
        return x
