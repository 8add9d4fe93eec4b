"""Widths and counts that an encoder is built of."""

from __future__ import annotations

from numbers import Integral


def check_sizes(**sizes: int) -> None:
    """Refuse a width or a count that is not a whole number of at least 1.

    Raises:
        ValueError: with the argument's name and value.
    """
    for name, size in sizes.items():
        if not isinstance(size, Integral) or isinstance(size, bool) or size < 1:
            raise ValueError(f"{name} is {size!r}, but it must be a whole number of at least 1")
