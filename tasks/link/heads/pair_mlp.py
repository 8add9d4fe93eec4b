"""Pair MLP: Linear maps with norm, ReLU and dropout, of which link heads are made."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.ops import dropout


class PairMLP(nn.Module):
    r"""Linear maps, each followed by a norm where asked for, ReLU and dropout; and a last Linear.

    .. math:: h \leftarrow \operatorname{Dropout}(\operatorname{ReLU}(\operatorname{Norm}(W h + b)))

    Args:
        widths: of the input and after each map.
        norms: whether a LayerNorm follows each map.
        outputs: the width of a last Linear, after which nothing comes; None leaves it out.
        dropout: probability.

    Shapes:
        h (P, widths[0]) -> (P, outputs), or (P, widths[-1])
    """

    def __init__(
        self,
        widths: Sequence[int],
        norms: Sequence[bool],
        outputs: int | None = None,
        *,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        steps = list(zip(widths[:-1], widths[1:], norms, strict=True))
        self.linears = nn.ModuleList(nn.Linear(a, b) for a, b, _ in steps)
        self.norms = nn.ModuleList(
            nn.LayerNorm(b) if normed else nn.Identity() for _, b, normed in steps
        )
        self.last = None if outputs is None else nn.Linear(widths[-1], outputs)
        self.dropout = dropout

    def forward(self, h: Tensor) -> Tensor:
        for linear, norm in zip(self.linears, self.norms, strict=True):
            h = norm(linear(h))
            h = F.relu(h) if torch.is_grad_enabled() else h.relu_()
            h = dropout(h, self.dropout, self.training)
        return h if self.last is None else self.last(h)

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        for module in (*self.linears, *self.norms, self.last):
            if isinstance(module, (nn.Linear, nn.LayerNorm)):
                module.reset_parameters()
