"""States of a trained model: what the head reads, or what the last map of an encoder reads."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from gnnlab.contracts.foreign import declared
from gnnlab.tasks.link.model import LinkModel
from gnnlab.tasks.selfsupervised.pretrained import Pretrained
from gnnlab.tasks.shared.model import Model, computing


def states_of(model: Model | LinkModel | Pretrained, data: Any) -> Tensor:
    """Return the states of the nodes, or of the graphs where graphs are predicted.

    Of an encoder that predicts by itself these are what its last linear map reads, where that has
    a row for each row of the predictions; else the predictions themselves.

    Shapes:
        data of N nodes (and B graphs) -> (N, H) or (B, H)
    """
    if isinstance(model, LinkModel):
        return model.states(data)
    if isinstance(model, Pretrained):
        found: Tensor = model(data)
        return found
    with computing(model.autocast, data.x.device):
        if declared(model.encoder).out_channels is None:
            h: Tensor = model.encoder(data)
        else:
            h = _before_last(model.encoder, data)
        return h if model.readout is None else model.readout(h, data)


def _before_last(encoder: nn.Module, data: Any) -> Tensor:
    """What the last linear map of an encoder reads."""
    read: list[tuple[Tensor, Tensor]] = []

    def keep(module: nn.Module, given: tuple[Any, ...], out: Any) -> None:
        if given and isinstance(given[0], Tensor) and isinstance(out, Tensor):
            read.append((given[0], out))

    maps = [one for one in encoder.modules() if isinstance(one, nn.Linear)]
    hooks = [one.register_forward_hook(keep) for one in maps]
    try:
        found: Tensor = encoder(data)
    finally:
        for hook in hooks:
            hook.remove()
    if read and read[-1][1].shape == found.shape and read[-1][0].layout is torch.strided:
        return read[-1][0]
    return found
