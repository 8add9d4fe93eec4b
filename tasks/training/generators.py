"""States of random generators: those of torch, numpy and Python, taken and put back."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from torch import Tensor


def generator_states(device: torch.device) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the states of the generators that a fit draws from, as tensors and as JSON."""
    tensors = {"torch": torch.default_generator.get_state()}
    if device.type == "cuda":
        tensors["cuda"] = torch.cuda.get_rng_state(device)
    kind, keys, *rest = np.random.get_state()
    version, numbers, gauss = random.getstate()
    return tensors, {
        "numpy": [kind, np.asarray(keys).tolist(), *rest],
        "python": [version, list(numbers), gauss],
    }


def set_generators(tensors: dict[str, Tensor], told: dict[str, Any], device: torch.device) -> None:
    """Put the generators into states that were taken."""
    torch.default_generator.set_state(tensors["torch"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(tensors["cuda"], device)
    kind, keys, *rest = told["numpy"]
    np.random.set_state((kind, np.array(keys, dtype=np.uint32), *rest))
    version, numbers, gauss = told["python"]
    random.setstate((version, tuple(numbers), gauss))
