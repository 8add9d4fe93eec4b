"""Head that a task puts on an encoder: a Linear, or several with an activation between them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.core.arguments import check_choice, check_count, check_flag, check_share
from gnnlab.ops import dropout

Activation = Literal["relu", "gelu"]


@dataclass(frozen=True)
class Head:
    """How states become outputs.

    Args:
        layers: Linear maps, as wide as the states but for the last; 1 is a Linear alone.
        dropout: probability, before each of them.
        activation: ``relu`` or ``gelu``, between them.
        drops_states: let dropout lie before the first map too, and not between them alone.
        narrows: every map but the last halves the width.

    Raises:
        ValueError: no map, no probability, another activation, or states that are too narrow to be
            halved so often.
    """

    layers: int = 1
    dropout: float = 0.0
    activation: Activation = "relu"
    drops_states: bool = True
    narrows: bool = False

    def __post_init__(self) -> None:
        check_count("head_layers", self.layers)
        check_share("head_dropout", self.dropout)
        check_choice("head_activation", self.activation, get_args(Activation))
        check_flag("head_drops_states", self.drops_states)
        check_flag("head_narrows", self.narrows)

    def make(self, width: int, outputs: int, dtype: torch.dtype | None) -> nn.Module:
        """Build it for states of a width."""
        if self.layers == 1 and not self.dropout:
            return nn.Linear(width, outputs, dtype=dtype)
        return DeepHead(self, width, outputs, dtype)


class DeepHead(nn.Module):
    r"""Dropout and a Linear, with an activation in between.

    .. math:: h \leftarrow W \operatorname{Dropout}(\sigma(h)) + b

    Shapes:
        h (n, width) -> (n, outputs)
    """

    def __init__(self, head: Head, width: int, outputs: int, dtype: torch.dtype | None) -> None:
        super().__init__()
        self.dropout = head.dropout
        self.first_dropout = head.dropout if head.drops_states else 0.0
        self.activation = F.gelu if head.activation == "gelu" else F.relu
        widths = [*_widths(head, width), outputs]
        self.linears = nn.ModuleList(
            nn.Linear(a, b, dtype=dtype) for a, b in zip(widths[:-1], widths[1:], strict=True)
        )

    def forward(self, h: Tensor) -> Tensor:
        first, *rest = self.linears
        h = first(dropout(h, self.first_dropout, self.training))
        for linear in rest:
            h = linear(dropout(self.activation(h), self.dropout, self.training))
        return h

    def reset_parameters(self) -> None:
        for linear in self.linears:
            if isinstance(linear, nn.Linear):
                linear.reset_parameters()


def _widths(head: Head, width: int) -> list[int]:
    """What each map reads."""
    if not head.narrows:
        return [width] * head.layers
    if width < 2 ** (head.layers - 1):
        raise ValueError(
            f"head_narrows halves the states' width {width} in {head.layers - 1} of head_layers="
            f"{head.layers} maps, which leaves nothing: take wider states or fewer maps"
        )
    return [width // 2**number for number in range(head.layers)]


HEAD_BEFORE = {f"head_{field.name}": field.default for field in fields(Head)}
"""What heads were before they had settings."""
