"""Searches in sorted rows for given tensors: compiled on the CPU, in torch elsewhere."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from torch import Tensor

from gnnlab.ops.base.choice import backend_name

if TYPE_CHECKING:
    from gnnlab.ops.rows.search import Neighbours


def neighbours_for(*tensors: Tensor | None) -> Neighbours:
    """What searches sorted rows on these tensors: compiled on the CPU, torch elsewhere."""
    serves = backend_name(*tensors) == "cpu"
    return cast("Neighbours", _module(f"gnnlab.ops.rows.{'compiled' if serves else 'search'}"))


def zeros_for(rows: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Zeros of a shape, of which these rows are to be written; large ones in memory of our own."""
    if backend_name(rows) != "cpu":
        return rows.new_zeros(shape)
    found: Tensor = _module("gnnlab.kernels.memory").zeros(shape, rows.dtype, rows.shape[0])
    return found


@cache
def _module(path: str) -> Any:
    return import_module(path)  # numba loads with what is compiled
