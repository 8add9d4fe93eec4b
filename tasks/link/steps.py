"""Steps of training: the links in each, given as a number or as a share of them."""

from __future__ import annotations

import math
from numbers import Integral
from typing import TYPE_CHECKING

from gnnlab.core.arguments import check_count, check_number

if TYPE_CHECKING:
    pass

SHARE_A_STEP = 0.1
"""Of the links that are learnt from, where the task does not say.

On Cora and CiteSeer a tenth scores as high as smaller shares do, and higher than larger ones:
a step then leaves nine tenths of the graph to read, and an evaluation reads all of it.
"""
MOST_A_STEP = 1 << 16
"""Links that a share comes to at most: each takes memory in the head."""


def check_batch_size(value: int | float) -> None:
    """Refuse what is neither a number of links nor a share of them.

    Raises:
        ValueError: with the value.
    """
    if isinstance(value, Integral) or isinstance(value, bool):
        check_count("batch_size", value)
        return
    check_number("batch_size", value)
    if not 0 < value < 1:
        raise ValueError(
            f"batch_size is {value}, but it is a whole number of at least 1, or a share of the "
            "links between 0 and 1"
        )


def links_a_step(batch_size: int | float | None, count: int) -> int:
    """Return how many of ``count`` links a step takes: the number itself, or that share of them."""
    size = SHARE_A_STEP if batch_size is None else batch_size
    if not isinstance(size, Integral):
        # 0.1 of 30 is 3.0000000000000004 in binary, which is three.
        size = min(math.ceil(round(size * count, 6)), MOST_A_STEP)
    return max(1, min(int(size), count))
