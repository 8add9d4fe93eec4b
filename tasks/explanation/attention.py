"""Attention as an explanation: how much each edge is attended to, over all layers and heads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from gnnlab.tasks.explanation.case import Case
from gnnlab.tasks.explanation.method import Explainer, Masks


@dataclass(frozen=True, repr=False)
class Attention(Explainer):
    """The attention that the model pays to each edge, averaged over its layers.

    It looks at no class: the explanations of two classes of a node are the same. Other methods are
    usually better; see Source.

    Args:
        heads: what stands for the heads of a layer, their ``mean`` or their ``max``.

    Source:
        Veličković et al., "Graph Attention Networks", ICLR 2018 (https://arxiv.org/abs/1710.10903);
        Jain and Wallace, "Attention is not Explanation", NAACL 2019
        (https://arxiv.org/abs/1902.10186).

    Cost:
        a forward pass, and the scores of every edge once more.
    """

    heads: Literal["mean", "max"] = "mean"

    def masks(self, case: Case) -> Masks:
        layers = attentive(case.model)
        if not layers:
            name = type(getattr(case.model, "encoder", case.model)).__name__
            raise ValueError(
                f"{name} attends to nothing, so there is no attention to show: take GNNExplainer, "
                "or an encoder such as GAT"
            )
        found: list[Tensor] = []

        def look(layer: Any, given: tuple[Any, ...], out: Tensor) -> None:
            found.append(layer.attention(*given[:2]))

        hooks = [layer.register_forward_hook(look) for layer in layers]
        try:
            with torch.no_grad():
                case.output()
        finally:
            for hook in hooks:
                hook.remove()
        over = [each.mean(1) if self.heads == "mean" else each.amax(1) for each in found]
        mask = torch.stack(over).mean(0)
        # What is not on a path to the prediction matters to other nodes alone.
        return mask * (case.slopes(case.x, case.weight)[1] != 0), None


def attentive(model: nn.Module) -> list[nn.Module]:
    """The layers of a model that say how much they attend to each edge."""
    return [part for part in model.modules() if callable(getattr(part, "attention", None))]
