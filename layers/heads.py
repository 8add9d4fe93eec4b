"""Attention heads as an axis of their own."""

from __future__ import annotations

from torch import Tensor


def split_heads(h: Tensor, heads: int) -> Tensor:
    """Give each head its share of the channels, side by side: (N, K * d) -> (N, K, d)."""
    return h.reshape(h.shape[0], heads, h.shape[1] // heads)
