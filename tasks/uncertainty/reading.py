"""Reading of probabilities: from a result, a model or a table of them."""

from __future__ import annotations

from copy import copy
from typing import Any

import torch
from torch import Tensor, nn

from gnnlab.contracts.described import described, refuse_other_graphs
from gnnlab.contracts.foreign import declared
from gnnlab.tasks.explanation.method import evaluating
from gnnlab.tasks.explanation.reading import read_model, transformed

FAR = 1e-3
"""How far a row of probabilities may be from adding up to 1."""


def probabilities(result: Any, data: Any) -> Tensor:
    """Return what a classifier gives every class of every node, (N, C) float64 on the CPU.

    One logit of two classes becomes two probabilities. Double precision, since sums of many single
    ones tie and pass 1.

    Raises:
        ValueError: a model of graphs, links or numbers; a table that holds no probabilities.
    """
    refuse_other_graphs(data)
    if isinstance(result, Tensor):
        return _checked(result)
    module = read_model(result)
    _check_classifies(module)
    with evaluating(module), torch.no_grad():
        place = next((p.device for p in module.parameters()), torch.device("cpu"))
        logits = module(transformed(copy(data).to(place), module)).cpu().double()
    if logits.dim() == 2 and logits.shape[1] == 1:
        return torch.cat([(-logits).sigmoid(), logits.sigmoid()], 1)
    return logits.softmax(1)  # type: ignore[no-any-return]


def _check_classifies(module: nn.Module) -> None:
    from gnnlab.tasks.link.model import LinkModel

    graphs = getattr(module, "readout", None) is not None
    encoder = getattr(module, "encoder", module)
    what = "links" if isinstance(module, LinkModel) else None
    what = "whole graphs" if graphs or declared(encoder).level == "graph" else what
    what = "numbers" if getattr(module, "units", None) is not None else what
    if what is not None:
        raise ValueError(
            f"the model predicts {what}, but sets of classes are made for nodes: give a result of "
            "NodeClassification, or the probabilities themselves, (N, C)"
        )


def _checked(chances: Tensor) -> Tensor:
    good = chances.dim() == 2 and chances.shape[1] > 1 and chances.is_floating_point()
    if not good or not bool(torch.isfinite(chances).all()) or bool((chances < 0).any()):
        raise ValueError(
            f"result is {described(chances)}, but a table of probabilities has a row a node and a "
            "column a class, (N, C), no number below 0: give logits.softmax(1)"
        )
    sums = chances.sum(1)
    if bool(((sums - 1).abs() > FAR).any()):
        row = int(((sums - 1).abs() > FAR).nonzero()[0])
        raise ValueError(
            f"row {row} of the probabilities adds up to {float(sums[row]):.4g}, but it must be 1: "
            "give logits.softmax(1)"
        )
    return chances.detach().cpu().double()
