"""Activations by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import torch.nn.functional as F
from torch import Tensor

from gnnlab.core.arguments import check_choice

Activation = Literal["relu", "gelu"]


def find_activation(name: Activation) -> Callable[[Tensor], Tensor]:
    """The function of that name.

    Raises:
        ValueError: there is none.
    """
    check_choice("activation", name, get_args(Activation))
    return F.gelu if name == "gelu" else F.relu
