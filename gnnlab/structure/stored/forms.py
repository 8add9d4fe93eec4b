"""Forms of stored tensors: checks of their shape, type and range."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gnnlab.ops import remember

if TYPE_CHECKING:
    from gnnlab.structure.stored.structures import Stored

WHOLE = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)
FLOATING = (torch.float32, torch.float64, torch.float16, torch.bfloat16)


def check_form(
    stored: Stored, key: str, value: Tensor, shape: tuple[int | str, ...], *dtypes: torch.dtype
) -> None:
    """Refuse another shape or dtype.

    Args:
        stored: what the key is of.
        key: its name.
        value: its tensor.
        shape: a number for each axis, or the name of one that may have any length.
        dtypes: those that can be read.

    Raises:
        ValueError: what it is and what it should be.
    """
    fits = value.dim() == len(shape) and all(
        isinstance(wanted, str) or wanted == length
        for wanted, length in zip(shape, value.shape, strict=True)
    )
    if fits and value.dtype in dtypes:
        return
    told = ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "")
    stored.refuse(
        f"data.{key} is {value.dtype} of shape {tuple(value.shape)}, but it is read as "
        f"{dtypes[0]} of shape ({told})"
    )


def check_span(stored: Stored, key: str, value: Tensor, low: int, high: int, what: str) -> None:
    """Refuse whole numbers outside ``low`` … ``high``; the ends are found once for a tensor.

    Raises:
        ValueError: the number, and the range of ``what``.
    """
    if not value.numel():
        return
    ends: tuple[int, int] = remember(value, "ends", lambda: _ends(value))
    for number in ends:
        if not low <= number <= high:
            stored.refuse(
                f"data.{key} holds {number}, but {what} lie between {low} and {high} there"
            )


def check_finite(stored: Stored, key: str, value: Tensor) -> None:
    """Refuse numbers that are none, looked for once for a tensor.

    Raises:
        ValueError: where the first is.
    """
    if not remember(value, "finite", lambda: bool(value.isfinite().all())):
        place = (~value.isfinite()).nonzero()[0].tolist()
        stored.refuse(f"data.{key} is {float(value[tuple(place)])} at {place}")


def _ends(value: Tensor) -> tuple[int, int]:
    low, high = value.aminmax()
    return int(low), int(high)
