"""OpenMP threads of torch, shared by compiled loops.

After each of its parallel operations torch's OpenMP threads wait, spinning, for the next one.
Threads of our own would have to push them off their cores: the kernels of a small graph then take
twice as long. So what is shared out here runs as one more parallel region of the same runtime.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import torch

_BODY = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_forked = False


def on_torchs_threads(work: Callable[[], None], threads: int) -> bool:
    """Call ``work`` once on each of the threads, this one included; False if there are none.

    A forked child has none: OpenMP's threads are not copied, and it would wait for them forever.
    """
    region = None if _forked else _region()
    if region is None:
        return False
    errors: list[BaseException] = []

    def body(_: Any) -> None:
        try:
            work()
        except BaseException as error:  # an interrupt too: it must not get lost in foreign code
            errors.append(error)

    region(_BODY(body), None, threads, 0)
    if errors:
        raise errors[0]
    return True


@cache
def _region() -> Callable[..., None] | None:
    """GNU OpenMP's entry to a parallel region, which LLVM's runtime has too, as torch sees it."""
    library = Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"
    try:
        region = ctypes.CDLL(str(library)).GOMP_parallel
    except (OSError, AttributeError):  # another system, or a torch without OpenMP
        return None
    region.argtypes = [_BODY, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint]
    region.restype = None
    return region


def _after_fork() -> None:
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
