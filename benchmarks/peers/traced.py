"""torch.compile of the plain formula: ``index_select``, then ``index_add``."""

from __future__ import annotations

import torch
from inputs import Inputs, Side
from torch import Tensor


def plain(x: Tensor, source: Tensor, target: Tensor) -> Tensor:
    return torch.zeros_like(x).index_add(0, target, x.index_select(0, source))


def weighted(x: Tensor, source: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    message = weight.unsqueeze(-1) * x.index_select(0, source)
    return torch.zeros_like(x).index_add(0, target, message)


def sides(inputs: Inputs) -> dict[str, Side]:
    x, ends = inputs.x, (inputs.source, inputs.target)
    first, second = torch.compile(plain), torch.compile(weighted)
    return {
        "propagate sum": Side(lambda: first(x, *ends), [x]),
        "propagate sum, weights": Side(lambda: second(x, *ends, inputs.weight), [x, inputs.weight]),
        "gcn_propagate": Side(lambda: second(x, *ends, inputs.norm), [x]),
    }
