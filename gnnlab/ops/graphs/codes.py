"""Codes of categories: checked once for a tensor, and numbered by their combinations."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from gnnlab.ops.base.memo import remember


def as_codes(values: Tensor, sizes: Sequence[int]) -> Tensor:
    """Read columns of whole numbers, of any type, as codes of categories.

    They are looked at once for as long as the tensor lives unchanged, and not at all under
    ``torch.compile``.

    Args:
        values: one code of each category for every row.
        sizes: how many values each category has.

    Shapes:
        values (n, K) -> (n, K) int64

    Raises:
        ValueError: another shape, or a value that is no whole number from 0 to its size - 1.
    """
    if values.dim() != 2 or values.shape[1] != len(sizes):
        raise ValueError(
            f"categories are of shape {tuple(values.shape)}, but each row needs one value in each "
            f"of {len(sizes)} columns: give (n, {len(sizes)})"
        )
    if torch.compiler.is_compiling():
        return values.long()
    key = ("codes", tuple(sizes))
    if values.dtype == torch.int64:  # what is kept with a tensor must not hold the tensor
        remember(values, key, lambda: _check(values, values, sizes))
        return values
    return remember(values, key, lambda: _converted(values, sizes))


def combinations(values: Tensor, sizes: Sequence[int]) -> Tensor:
    r"""Number each row's combination of codes, those of the last column following each other.

    .. math:: c_0 \cdot s_1 s_2 \cdots + c_1 \cdot s_2 \cdots + \dots + c_{K-1}

    Found once for as long as the tensor lives unchanged.

    Shapes:
        values (n, K) -> (n,) int64

    Raises:
        ValueError: as :func:`as_codes`.
    """
    if torch.compiler.is_compiling():
        return _combined(as_codes(values, sizes), sizes)
    codes = as_codes(values, sizes)
    key = ("combinations", tuple(sizes))
    return remember(values, key, lambda: _combined(codes, sizes).clone())


def _combined(codes: Tensor, sizes: Sequence[int]) -> Tensor:
    total = codes[:, 0]
    for column, size in enumerate(sizes[1:], start=1):
        total = total * size + codes[:, column]
    return total


def _converted(values: Tensor, sizes: Sequence[int]) -> Tensor:
    codes = values.detach().long()
    _check(codes, values, sizes)
    return codes


def _check(codes: Tensor, values: Tensor, sizes: Sequence[int]) -> bool:
    """Refuse what is no code; the answer itself says nothing."""
    bound = torch.tensor(tuple(sizes), device=codes.device)
    wrong = (codes < 0) | (codes >= bound) | (codes != values)
    if bool(wrong.any()):
        row, column = wrong.nonzero()[0].tolist()
        raise ValueError(
            f"column {column} of the categories holds {values[row, column].item()} in row {row}, "
            f"but its values are 0 to {sizes[column] - 1}: build the layer with the sizes of the "
            "whole dataset"
        )
    return True
