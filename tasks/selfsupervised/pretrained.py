"""Pretrained encoder, together with the modules that its objective learns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from gnnlab.contracts.built import Remembering
from gnnlab.tasks.shared.model import computing
from gnnlab.tasks.training.settings import Autocast

if TYPE_CHECKING:
    from torch_geometric.data import Data


class Pretrained(Remembering):
    """An encoder and what its objective learns beside it; a call gives the states.

    Shapes:
        data of N nodes -> (N, H)
    """

    def __init__(self, encoder: nn.Module, parts: nn.Module) -> None:
        super().__init__()
        self.encoder, self.parts = encoder, parts
        self.autocast: Autocast | None = None
        self.untrained: dict[str, float] | None = None

    def forward(self, data: Data) -> Tensor:
        with computing(self.autocast, data.x.device):
            states: Tensor = self.encoder(data)
        return states
