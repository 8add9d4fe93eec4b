"""Memo of values computed from a tensor, kept while that tensor lives unchanged."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.utils.weak import WeakIdKeyDictionary

T = TypeVar("T")
Stamp = tuple[Hashable, ...]

_entries: WeakIdKeyDictionary = WeakIdKeyDictionary()
_owners: WeakIdKeyDictionary = WeakIdKeyDictionary()
_lock = threading.RLock()


def _after_fork() -> None:
    """Another thread of the parent may have held the lock; it does not exist in the child."""
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):  # Windows does not fork
    os.register_at_fork(after_in_child=_after_fork)


def remember(tensor: Tensor, key: Hashable, build: Callable[[], T]) -> T:
    """Return ``build()``, or what it returned before for this very tensor and ``key``.

    The tensor's version counter is compared, so a change in place builds anew; the entry dies
    with the tensor (``build`` must not hold on to the tensor itself). Writes that torch does not
    count, such as through ``tensor.numpy()``, go unseen.
    """
    stamp = stamp_of(tensor)
    if stamp is None:
        return build()
    with _lock:
        entry = _entries[tensor] if tensor in _entries else None
        if entry is None or entry[0] != stamp:
            entry = (stamp, {})
            _entries[tensor] = entry
        values: dict[Hashable, Any] = entry[1]
        if key not in values:
            values[key] = built(tensor.device, build)
        value: T = values[key]
        return value


def built(device: torch.device, build: Callable[[], T]) -> T:
    """``build()``, finished on the device: what is kept may be read from any stream.

    Raises:
        RuntimeError: a CUDA graph is being captured, whose memory is not for keeping.
    """
    if device.type != "cuda":
        return build()
    if torch.cuda.is_current_stream_capturing():
        raise RuntimeError(
            "the sorted form of a graph is built when it is first needed, and not while a CUDA "
            "graph is captured: run the step once, forward and backward, before capturing it"
        )
    value = build()
    torch.cuda.current_stream(device).synchronize()
    return value


def own(tensor: Tensor, thing: object) -> None:
    """Let ``thing``, which holds the tensor, be found by it."""
    with _lock:
        _owners[tensor] = weakref.ref(thing), stamp_of(tensor)


def owner(tensor: Tensor) -> Any:
    """What holds the tensor, or None if nothing does or the tensor was changed since."""
    with _lock:
        found = _owners[tensor] if tensor in _owners else None
    return found[0]() if found is not None and found[1] == stamp_of(tensor) else None


def stamp_of(tensor: Tensor) -> Stamp | None:
    """What changes when torch changes a tensor in place; None where torch does not count."""
    parts = [tensor]
    if tensor.layout == torch.sparse_csr:
        parts = [tensor.crow_indices(), tensor.col_indices(), tensor.values()]
    elif tensor.layout == torch.sparse_coo:
        parts = [tensor._indices(), tensor._values()]
    if any(part.is_inference() for part in parts):
        return None  # inference tensors count no versions
    return tuple((part._version, part.data_ptr(), part.shape) for part in parts)
