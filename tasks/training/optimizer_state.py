"""State of an optimizer: its tensors by name, and the settings of its groups as JSON."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

START = "optimizer "


def optimizer_state(optimizer: torch.optim.Optimizer) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return what an optimiser has gathered of each parameter, and the groups' settings."""
    whole = optimizer.state_dict()
    tensors, plain = {}, {}
    for number, own in whole["state"].items():
        for key, value in own.items():
            if isinstance(value, Tensor):
                tensors[f"{START}{number} {key}"] = value
            else:
                plain[f"{number} {key}"] = value
    return tensors, {"groups": whole["param_groups"], "state": plain}


def set_optimizer(
    optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor], told: dict[str, Any]
) -> None:
    """Put such a state into an optimiser over the same parameters."""
    state: dict[int, dict[str, Any]] = {}
    values = {key.removeprefix(START): one for key, one in tensors.items() if key.startswith(START)}
    for name, value in {**values, **told["state"]}.items():
        number, _, key = name.partition(" ")
        state.setdefault(int(number), {})[key] = value
    groups = [
        {key: tuple(one) if key == "betas" else one for key, one in group.items()}
        for group in told["groups"]
    ]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
