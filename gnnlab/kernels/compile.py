"""Compilation of kernels, with their machine code cached on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

from gnnlab.kernels.sources import digest

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def compiled(kernel: Kernel, **options: Any) -> Kernel:
    """Compile a kernel on its first call and keep the machine code on disk where possible."""
    # numba asks only whether the kernel's own file changed, but kernels are built of others too.
    kernel.__qualname__ += "_" + digest(Path(kernel.__code__.co_filename))
    options = {"nogil": True, "error_model": "numpy", **options}
    try:
        return cast(Kernel, numba.njit(cache=True, **options)(kernel))
    except RuntimeError:  # no folder to write to
        return cast(Kernel, numba.njit(**options)(kernel))


def inner(kernel: Kernel) -> Kernel:
    """Compile what kernels call for every row or edge, which must allocate nothing.

    References to its arrays are not counted: the caller holds them, and counting takes longer than
    a short row.
    """
    return compiled(kernel, _nrt=False)
