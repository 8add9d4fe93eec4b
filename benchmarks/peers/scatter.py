"""torch_scatter: gather, then ``scatter``."""

from __future__ import annotations

from functools import partial

from inputs import HEADS, REDUCES, Inputs, Side
from torch import Tensor
from torch_scatter import scatter, scatter_softmax


def sides(inputs: Inputs) -> dict[str, Side]:
    x, weight = inputs.x, inputs.weight
    found = {}
    for reduce in REDUCES:
        found[f"propagate {reduce}"] = Side(partial(reduced, inputs, None, reduce), [x])
        weighted = partial(reduced, inputs, weight, reduce)
        found[f"propagate {reduce}, weights"] = Side(weighted, [x, weight])
    found[f"edge_softmax, {HEADS} heads"] = Side(
        lambda: scatter_softmax(inputs.score, inputs.target, dim=0, dim_size=inputs.nodes),
        [inputs.score],
    )
    return found


def reduced(inputs: Inputs, weight: Tensor | None, reduce: str) -> Tensor:
    """The messages, by target."""
    message = inputs.x[inputs.source]
    if weight is not None:
        message = weight.unsqueeze(-1) * message
    total: Tensor = scatter(message, inputs.target, 0, dim_size=inputs.nodes, reduce=reduce)
    return total
