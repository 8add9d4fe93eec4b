"""Optimizer of a model by the training settings: learning rate and weight decay a parameter."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

import torch
from torch import nn

from gnnlab.tasks.training.settings import Training


def make_optimizer(model: nn.Module, training: Training) -> torch.optim.Optimizer:
    """Return the optimiser that the settings name, over the model's trainable parameters.

    Raises:
        ValueError: the model has nothing to train, or a group's glob matches no parameter.
    """
    groups = parameter_groups(model, training)
    if training.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=training.lr, fused=True)
    if training.optimizer == "adam":
        return torch.optim.Adam(groups, lr=training.lr, fused=True)
    return torch.optim.SGD(groups, lr=training.lr, momentum=training.momentum, fused=True)


def parameter_groups(model: nn.Module, training: Training) -> list[dict[str, Any]]:
    """Gather the trainable parameters by learning rate and weight decay.

    Under ``adamw`` biases and the parameters of norms do not decay; under ``adam`` and ``sgd`` all
    do. ``training.groups`` overrides either.
    """
    found: dict[tuple[float, float], list[nn.Parameter]] = {}
    names: list[str] = []
    for name, parameter, spared in _named(model):
        settings = _settings(name, training)
        decay = 0.0 if spared and training.optimizer == "adamw" else training.weight_decay
        key = settings.get("lr", training.lr), settings.get("weight_decay", decay)
        found.setdefault(key, []).append(parameter)
        names.append(name)
    if not names:
        raise ValueError("the model has no parameter with requires_grad: there is nothing to train")
    for pattern in training.groups:
        if not any(fnmatchcase(name, pattern) for name in names):
            near = get_close_matches(pattern, names, cutoff=0.3) or names[:3]
            raise ValueError(
                f"groups names {pattern!r}, which matches no parameter: the nearest are "
                f"{', '.join(near)}"
            )
    return [
        {"params": parameters, "lr": lr, "weight_decay": decay}
        for (lr, decay), parameters in found.items()
    ]


def _named(model: nn.Module) -> Iterator[tuple[str, nn.Parameter, bool]]:
    """Yield each trainable parameter once, with its name and whether it is a bias or a norm's."""
    seen: set[nn.Parameter] = set()
    for prefix, module in model.named_modules():
        # By name, so that PyG's and our own norms count as well as torch's.
        norm = "Norm" in type(module).__name__
        for own, parameter in module.named_parameters(recurse=False):
            if parameter.requires_grad and parameter not in seen:
                seen.add(parameter)
                name = f"{prefix}.{own}" if prefix else own
                yield name, parameter, norm or "bias" in own.split("_")


def _settings(name: str, training: Training) -> dict[str, float]:
    for pattern, settings in training.groups.items():
        if fnmatchcase(name, pattern):
            return dict(settings)
    return {}
