"""Attention heads: a table's channels split into an axis of heads."""

from __future__ import annotations

from torch import Tensor

from gnnlab.core.arguments import check_count


def split_heads(h: Tensor, heads: int) -> Tensor:
    """Give each head its share of the channels, side by side: (N, K * d) -> (N, K, d)."""
    return h.reshape(h.shape[0], heads, h.shape[1] // heads)


def check_heads(name: str, channels: int, heads: int) -> None:
    """Refuse a number of heads that does not divide the width of that name.

    Raises:
        ValueError: with the width and the number of heads.
    """
    check_count("heads", heads)
    if channels % heads:
        raise ValueError(
            f"{name} is {channels}, which {heads} heads do not divide: choose a multiple of heads"
        )
