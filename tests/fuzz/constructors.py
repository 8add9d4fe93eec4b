"""Numbered wrong calls of everything that is built from settings."""

from __future__ import annotations

import inspect
import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from gnnlab import datasets, layers, ops, rewiring, tasks
from gnnlab.datasets import generators
from gnnlab.structure import transforms

NAMED: dict[str, Any] = {
    "in_channels": 4, "hidden_channels": 8, "out_channels": 8, "channels": 4, "num_layers": 2,
    "num_nodes": 20, "num_relations": 2, "edge_dim": 3, "sizes": (3, 4), "average_degree": 1.5,
    "average": 1.5, "heads": 2, "rate": 0.5, "probability": 0.5, "dropout": 0.5, "metric": "auto",
    "transform": transforms.RandomWalkPE(3), "max_degree": 5, "width": 8, "num_steps": 2,
    "encoder": layers.GCN(4, 8, 2), "inputs": [layers.NodeCategories((3, 4, 2, 5), 4)],
    "num_edges": 5, "in_features": 4, "out_features": 4, "make": lambda width: layers.GCN(width, 4),
}  # fmt: skip
"""What required settings are, by name."""
WRONG: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 2, 3, -3, 2**31, 2**40, 2**62, 2**63, 2**64, 10**30, -(2**63),
    0.5, 1.5, -0.5, 1e30, math.nan, math.inf, -math.inf, 1e-320, "", "relu", "False", "1", "no",
    "sum", "x" * 10_000, b"4", [], [1], [2, 3], (), (4,), (1.5,), [None], ["uL"], {}, {"a": 1},
    {3}, np.int64(3), np.int8(-1), np.float32(0.5), np.float64(np.nan), np.bool_(True),
    np.arange(3), np.array(4), torch.tensor(3), torch.tensor(0.5), torch.tensor([1, 2]),
    torch.zeros(0), object(), len, int, 1 + 2j, range(3), slice(2),
)  # fmt: skip


def targets() -> dict[str, Callable[..., Any]]:
    """Everything exported that settings are handed to, by room and name."""
    found: dict[str, Callable[..., Any]] = {}
    for room in (layers, tasks, rewiring, transforms):
        for name in getattr(room, "__all__", ()):
            made = getattr(room, name)
            if inspect.isclass(made) and not inspect.isabstract(made) and _settings(made):
                found[f"{room.__name__}.{name}"] = made
    for name, made in generators.GENERATORS.items():
        found[f"generators.{name}"] = made
    found["datasets.Stress"] = datasets.Stress
    return found


def _settings(made: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    return {
        name: parameter
        for name, parameter in inspect.signature(made).parameters.items()
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    }


def usual(made: Callable[..., Any]) -> dict[str, Any] | None:
    """Required settings with values that serve; None where one is not known."""
    required = [
        name for name, given in _settings(made).items() if given.default is inspect.Parameter.empty
    ]
    if any(name not in NAMED for name in required):
        return None
    return {name: NAMED[name] for name in required}


def call(case: int) -> tuple[str, dict[str, Any]]:
    """The target and settings of a case: one or two of them are other than they should be."""
    draw = random.Random(case)
    known = {name: made for name, made in targets().items() if usual(made) is not None}
    name = sorted(known)[case % len(known)]
    settings = usual(known[name])
    assert settings is not None
    keys = sorted(_settings(known[name]))
    for key in draw.sample(keys, min(len(keys), 1 + (draw.random() < 0.3))):
        settings[key] = draw.choice(WRONG)
        if draw.random() < 0.1:
            settings[key] = draw.choice([draw.randrange(-(2**66), 2**66), draw.gauss(0, 10)])
    return name, settings


def construct(case: int) -> str:
    """Make it; what comes out must be of use: it has a repr."""
    torch.set_num_threads(1)
    name, settings = call(case)
    made = targets()[name](**settings)
    return f"{name} {len(repr(made))}"


assert ops  # what layers are built of is loaded before memory is bounded
