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

from . import reference

if TYPE_CHECKING:
    from gnnlab.ops.adjacency import Adjacency, Rows
    from gnnlab.ops.features import SparseFeatures

NAMES = ("auto", "torch", "numba")
DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64)
_chosen: ContextVar[str] = ContextVar("gnnlab_ops_backend", default="auto")


class Backend(Protocol):
    """What a backend module provides; inputs are checked before they reach it."""

    def group(self, keys: Tensor, num_rows: int) -> tuple[Tensor, Tensor]: ...

    def gcn_propagate(self, x: Tensor, adj: Adjacency, scale: Tensor) -> Tensor: ...

    def propagate(
        self, x: Tensor, adj: Adjacency, weight: Tensor | None, reduce: str
    ) -> Tensor: ...

    def edge_softmax(self, score: Tensor, adj: Adjacency) -> Tensor: ...

    def edge_dot(self, query: Tensor, key: Tensor, adj: Adjacency) -> Tensor: ...

    def attend_additive(
        self, value: Tensor, adj: Adjacency, source: Tensor, target: Tensor, slope: float,
        weight: Tensor | None,
    ) -> Tensor: ...  # fmt: skip

    def attend_product(
        self, value: Tensor, adj: Adjacency, query: Tensor, key: Tensor, scale: float,
        weight: Tensor | None,
    ) -> Tensor: ...  # fmt: skip

    def attend_forward(
        self, kind: str, value: Tensor, adj: Adjacency, ends: tuple[Tensor, Tensor],
        factor: float, weight: Tensor | None,
    ) -> tuple[Tensor, Tensor, Tensor]: ...  # fmt: skip

    def attend_backward(
        self, kind: str, grad: Tensor, value: Tensor, adj: Adjacency,
        ends: tuple[Tensor, Tensor], factor: float, weight: Tensor | None,
        stats: tuple[Tensor, Tensor, Tensor],
    ) -> tuple[Tensor, Tensor, Tensor, Tensor | None]: ...  # fmt: skip

    def extreme_edge(
        self, x: Tensor, adj: Adjacency, weight: Tensor | None, reduce: str
    ) -> Tensor: ...

    def edge_outer(self, left: Tensor, right: Tensor, adj: Adjacency) -> Tensor: ...

    def block_propagate(self, x: Tensor, adj: Adjacency, maps: Tensor) -> Tensor: ...

    def gather(self, x: Tensor, index: Tensor, rows: Rows) -> Tensor: ...

    def segment_reduce(self, values: Tensor, index: Tensor, rows: Rows, reduce: str) -> Tensor: ...

    def dropout(self, x: Tensor, p: float, seed: int) -> Tensor: ...

    def sparse_product(self, table: Tensor, x: SparseFeatures, turned: bool) -> Tensor: ...


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
    if torch.compiler.is_compiling():
        from gnnlab.ops import operators  # registering them takes time that few need

        return cast(Backend, operators)
    if not _compilable(tensors) or _chosen.get() == "torch":
        return cast(Backend, reference)
    return _compiled()


def _compilable(tensors: tuple[Tensor | None, ...]) -> bool:
    if not _has_numba() or _transformed():
        return False
    return all(t is None or _plain(t) for t in tensors)


def _plain(tensor: Tensor) -> bool:
    """Only a tensor with ordinary memory can be handed to compiled code."""
    kinds = (Tensor, torch.nn.Parameter)
    return type(tensor) in kinds and tensor.device.type == "cpu" and tensor.dtype in DTYPES


def _transformed() -> bool:
    """Inside torch.func or forward-mode differentiation a tensor is not what it seems."""
    active = getattr(torch._C, "_are_functorch_transforms_active", None)
    if active is not None and active():
        return True
    return bool(torch.autograd.forward_ad._current_level >= 0)


@cache
def _has_numba() -> bool:
    return find_spec("numba") is not None


@cache
def _compiled() -> Backend:
    return cast(Backend, import_module(f"{__package__}.compiled"))  # numba loads here
