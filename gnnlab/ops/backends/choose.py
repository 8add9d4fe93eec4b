"""Which backend runs an operation: the torch reference, or compiled CPU code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol, cast

import torch
from torch import Tensor

if TYPE_CHECKING:
    from ..adjacency import Adjacency, Rows

NAMES = ("auto", "torch", "numba")
_chosen: ContextVar[str] = ContextVar("gnnlab_ops_backend", default="auto")


class Backend(Protocol):
    """What a backend module provides; inputs are checked before they reach it."""

    def group(self, keys: Tensor, num_rows: int) -> tuple[Tensor, Tensor]: ...

    def propagate(
        self, x: Tensor, adj: Adjacency, weight: Tensor | None, reduce: str
    ) -> Tensor: ...

    def edge_softmax(self, score: Tensor, adj: Adjacency) -> Tensor: ...

    def edge_dot(self, query: Tensor, key: Tensor, adj: Adjacency) -> Tensor: ...

    def gather(self, x: Tensor, index: Tensor, rows: Rows) -> Tensor: ...

    def segment_reduce(self, values: Tensor, index: Tensor, rows: Rows, reduce: str) -> Tensor: ...

    def dropout(self, x: Tensor, p: float, seed: int) -> Tensor: ...


@contextmanager
def use(backend: str) -> Iterator[None]:
    """Run the operations inside the block on one backend.

    Args:
        backend: ``"torch"`` is the reference, on any device; ``"numba"`` the compiled CPU code;
            ``"auto"`` (the default outside) takes the compiled code for CPU tensors.

    Raises:
        ValueError: unknown name, or numba is asked for and not installed.
    """
    if backend not in NAMES:
        near = get_close_matches(str(backend), NAMES, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"unknown backend {backend!r}, one of {', '.join(NAMES)}{hint}")
    if backend == "numba" and not _has_numba():
        raise ValueError("backend 'numba' needs the numba package: pip install numba")
    token = _chosen.set(backend)
    try:
        yield
    finally:
        _chosen.reset(token)


def backend_for(*tensors: Tensor | None) -> Backend:
    """Return the backend for an operation on these tensors."""
    name = _chosen.get()
    if name != "torch" and _compilable(tensors):
        return _load("compiled")
    return _load("reference")


def _compilable(tensors: tuple[Tensor | None, ...]) -> bool:
    return _has_numba() and not torch.compiler.is_compiling()


@cache
def _has_numba() -> bool:
    return False and find_spec("numba") is not None


@cache
def _load(name: str) -> Backend:
    return cast(Backend, import_module(f"{__package__}.{name}"))
