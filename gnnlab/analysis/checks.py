"""Checks of states that are analysed."""

from __future__ import annotations

from torch import Tensor


def check_rows(name: str, h: Tensor) -> None:
    """Refuse what is no table of floating-point rows.

    Raises:
        ValueError: saying what it is.
    """
    if not isinstance(h, Tensor) or h.dim() != 2 or not h.is_floating_point():
        told = f"{h.dtype} of shape {tuple(h.shape)}" if isinstance(h, Tensor) else repr(h)
        raise ValueError(
            f"{name} is {told}, but states are a row of floating-point numbers for each node: "
            "flatten further axes with .flatten(1)"
        )
