"""PyG layers: a model of ours that PyG's explainers mask as they mask a message-passing layer."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch_geometric.data import Data
from torch_geometric.nn import MessagePassing


class MaskedModel(MessagePassing):  # type: ignore[misc]
    """A model that is called with tensors, and multiplies edge weights by PyG's mask.

    PyG's explainers look for message-passing layers and put a mask into each. Our encoders have
    none, so that the model as a whole is one. Further layers, which nothing calls, tell PyG how
    many hops it reads.

    Shapes:
        x (N, F), edge_index (2, E) -> what the model returns
    """

    def __init__(self, model: nn.Module, hops: int) -> None:
        super().__init__()
        self.model = model
        self.counted = nn.ModuleList(_Unread() for _ in range(hops - 1))

    def forward(self, x: Tensor, edge_index: Tensor, **keys: Any) -> Tensor:
        weight = keys.pop("edge_weight", None)
        mask = self._edge_mask
        if mask is not None:
            share = mask.sigmoid() if self._apply_sigmoid else mask
            weight = share if weight is None else weight * share
        data = Data(x=x, edge_index=edge_index, edge_weight=weight, **keys)
        out: Tensor = self.model(data)
        return out


class _Unread(MessagePassing):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.explain = False

    def forward(self) -> Tensor:
        return torch.empty(0)
