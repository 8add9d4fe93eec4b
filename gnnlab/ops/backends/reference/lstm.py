"""LSTM step in plain torch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def lstm_step(terms: Sequence[Tensor], c: Tensor | None) -> tuple[Tensor, Tensor]:
    """The formula."""
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    i, f, g, o = total.chunk(4, dim=1)
    new = torch.sigmoid(i) * torch.tanh(g)
    c = new if c is None else torch.sigmoid(f) * c + new
    return torch.sigmoid(o) * torch.tanh(c), c
