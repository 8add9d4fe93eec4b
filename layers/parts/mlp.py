"""MLP: Linear maps with ReLU between them, which ignores the graph."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.layers.parts.building import reset_children
from gnnlab.layers.parts.dropout import Dropout
from gnnlab.layers.parts.linear import Linear
from gnnlab.ops import SparseFeatures


class MLP(nn.Module):
    r"""Dropout and a Linear, with ReLU in between.

    .. math:: h \leftarrow W \operatorname{Dropout}(\operatorname{ReLU}(h)) + b

    Args:
        widths: of the input, of what lies between, and of the output.
        dropout: probability, before every Linear.

    Shapes:
        x (N, widths[0]), dense or sparse -> (N, widths[-1])
    """

    def __init__(self, widths: Sequence[int], *, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = Dropout(dropout)
        self.linears = nn.ModuleList(
            Linear(a, b) for a, b in zip(widths[:-1], widths[1:], strict=True)
        )

    def forward(self, x: Tensor | SparseFeatures) -> Tensor:
        first, *rest = self.linears
        h: Tensor = first(self.dropout(x))
        for linear in rest:
            h = linear(self.dropout(F.relu(h)))
        return h

    def reset_parameters(self) -> None:
        reset_children(self)


def mlp_widths(inputs: int, hidden: int, num_layers: int, outputs: int | None) -> list[int]:
    """The widths of an MLP that ends in the classes, or in hidden states where there are none."""
    return [inputs, *[hidden] * (num_layers - 1), hidden if outputs is None else outputs]
