"""Parameter budget: the largest width whose model has no more parameters than that."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from gnnlab.core.arguments import check_count
from gnnlab.core.settings import checked


@checked
def width_for(budget: int, make: Callable[[int], nn.Module], multiple: int = 1) -> int:
    """Find the largest width whose model has at most ``budget`` trainable parameters.

    Models are compared at equal numbers of parameters when each is as wide as its budget allows,
    whatever its depth. They are built on torch's meta device, where nothing is allocated and no
    random number is drawn.

    Args:
        budget: the largest number of parameters; those of the head count if ``make`` builds it.
        make: builds the model of a width.
        multiple: widths are multiples of it, such as the number of attention heads.

    Raises:
        ValueError: the narrowest model is above the budget already, or a wider one does not have
            more parameters.

    Cost:
        O(log width) models.

    Example:
        >>> width_for(1000, lambda width: nn.Linear(10, width))
        90
    """
    check_count("budget", budget)
    check_count("multiple", multiple)
    low, fewest = 1, count_parameters(lambda: make(multiple))
    if fewest > budget:
        raise ValueError(
            f"budget is {budget}, but the model of width {multiple} has {fewest} parameters "
            "already: take fewer layers, or a larger budget"
        )
    high, most = low, fewest
    while most <= budget:
        low, fewest, high = high, most, 2 * high
        most = _grown(make, high * multiple, fewest, low * multiple)
    while high - low > 1:
        middle = (low + high) // 2
        count = _grown(make, middle * multiple, fewest, low * multiple)
        low, fewest, high = (middle, count, high) if count <= budget else (low, fewest, middle)
    return low * multiple


def count_parameters(make: Callable[[], nn.Module]) -> int:
    """Count the trainable parameters of the model that ``make`` builds, without their memory."""
    try:
        with torch.device("meta"):
            model = make()
    except RuntimeError as error:
        if "overflow" not in str(error):
            raise
        raise ValueError(
            "the model has more parameters than 64 bits count: take a smaller budget or narrower "
            "layers"
        ) from error
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def _grown(make: Callable[[int], nn.Module], width: int, before: int, narrower: int) -> int:
    count = count_parameters(lambda: make(width))
    if count <= before:
        raise ValueError(
            f"the model has {before} parameters at width {narrower} and {count} at width {width}, "
            "but the largest width is found only where wider models have more: let make(width) "
            "use its width"
        )
    return count
