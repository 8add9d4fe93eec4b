"""Which backend runs an operation: the torch reference, compiled CPU code, or Triton on a GPU."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol, cast

import torch
from torch import Tensor

from gnnlab.core.arguments import shown
from gnnlab.ops.backends import reference
from gnnlab.ops.rows import search as neighbours

if TYPE_CHECKING:
    from gnnlab.ops.backends.engine import Engine
    from gnnlab.ops.graphs.adjacency import Adjacency, Rows
    from gnnlab.ops.graphs.node_pairs import Pairs
    from gnnlab.ops.graphs.sparse_features import SparseFeatures
    from gnnlab.ops.rows.search import Neighbours

PEERS = {
    "torch_scatter": "torch_scatter",
    "torch_sparse": "torch_sparse",
}  # package -> module, on request only
NAMES = ("auto", "torch", "numba", "triton", *PEERS)
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

    def relu_propagate(
        self, x: Tensor, adj: Adjacency, table: Tensor, edges: Tensor, weight: Tensor | None
    ) -> Tensor: ...

    def pair_aggregate(
        self, x: Tensor, pairs: Pairs, symbols: Sequence[str], shifts: Sequence[Tensor | None],
        scale: Tensor, inside: Tensor | None,
    ) -> tuple[Tensor, ...]: ...  # fmt: skip

    def pair_gradients(
        self, x: Tensor, pairs: Pairs, symbols: Sequence[str], shifts: Sequence[Tensor | None],
        scale: Tensor, inside: Tensor | None, grads: Sequence[Tensor],
    ) -> tuple[Tensor, Tensor | None, list[Tensor | None]]: ...  # fmt: skip

    def pair_reduce(self, x: Tensor, pairs: Pairs, place: str) -> Tensor: ...

    def pair_spread(self, x: Tensor, pairs: Pairs, place: str) -> Tensor: ...

    def orthogonal_transport(self, own: Tensor, other: Tensor, dim: int) -> Tensor: ...

    def gather(self, x: Tensor, index: Tensor, rows: Rows) -> Tensor: ...

    def segment_reduce(self, values: Tensor, index: Tensor, rows: Rows, reduce: str) -> Tensor: ...

    def dropout(self, x: Tensor, p: float, seed: int | Tensor) -> Tensor: ...

    def sparse_product(self, table: Tensor, x: SparseFeatures, turned: bool) -> Tensor: ...


@contextmanager
def use(backend: str) -> Iterator[None]:
    """Run the operations inside the block on one backend.

    Args:
        backend: ``"torch"`` is the reference, on any device; ``"numba"`` the compiled CPU code;
            ``"triton"`` the kernels for CUDA tensors, or for CPU tensors in Triton's interpreter
            (TRITON_INTERPRET=1, for tests); ``"auto"`` (the default outside) takes numba for CPU
            tensors and triton for CUDA tensors, where it is installed; ``"torch_scatter"`` and
            ``"torch_sparse"`` run those packages' kernels where they have one, and the reference
            for the rest.

    Raises:
        ValueError: unknown name, or a package that is asked for and cannot be loaded.
    """
    if not isinstance(backend, str) or backend not in NAMES:
        near = get_close_matches(str(backend), NAMES, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"unknown backend {shown(backend)}, one of {', '.join(NAMES)}{hint}")
    if backend in ("numba", "triton") and not _has(backend):
        raise ValueError(f"backend {backend!r} needs the {backend} package: pip install {backend}")
    if backend in PEERS:
        _peer(backend)
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
    chosen = _chosen.get()
    if _transformed() or not all(map(_plain, tensors)):
        return cast(Backend, reference)
    if chosen in PEERS:
        return _peer(chosen)
    if chosen == "torch":
        return cast(Backend, reference)
    device = next(t.device for t in tensors if t is not None)
    if chosen == "triton":
        _check_triton(device)
        return _gpu()
    if device.type == "cpu":
        return _cpu() if _has("numba") else cast(Backend, reference)
    return _gpu() if chosen == "auto" and _runs_triton(device) else cast(Backend, reference)


def kernel_for(name: str, *tensors: Tensor | None) -> Any:
    """A kernel of the engine behind :func:`backend_for`; None where it has none of this name."""
    return getattr(getattr(backend_for(*tensors), "engine", None), name, None)


def neighbours_for(*tensors: Tensor | None) -> Neighbours:
    """Return what searches sorted rows on these tensors: compiled on the CPU, torch elsewhere."""
    return cast("Neighbours", kernel_for("neighbours", *tensors) or neighbours)


def zeros_for(rows: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Zeros of a shape, of which these rows are to be written; large ones in memory of our own."""
    zeros = kernel_for("zeros", rows)
    if zeros is None:
        return rows.new_zeros(shape)
    found: Tensor = zeros(shape, rows.dtype, rows.shape[0])
    return found


def _plain(tensor: Tensor | None) -> bool:
    """Only a tensor with ordinary memory can be handed to compiled code."""
    if tensor is None:
        return True
    ordinary = type(tensor) in (Tensor, torch.nn.Parameter) and tensor.dtype in DTYPES
    return ordinary and tensor.device.type in ("cpu", "cuda")


def _transformed() -> bool:
    """Inside torch.func or forward-mode differentiation a tensor is not what it seems."""
    active = getattr(torch._C, "_are_functorch_transforms_active", None)
    if active is not None and active():
        return True
    return bool(torch.autograd.forward_ad._current_level >= 0)


def _check_triton(device: torch.device) -> None:
    if device.type == "cpu" and os.environ.get("TRITON_INTERPRET") != "1":
        raise ValueError(
            "backend 'triton' runs on CUDA tensors, and these are on the CPU: move them with "
            ".to('cuda'), or set TRITON_INTERPRET=1 before Python starts to interpret the kernels"
        )


@cache
def _runs_triton(device: torch.device) -> bool:
    """The kernels are written for Ampere and later."""
    return _has("triton") and torch.cuda.get_device_capability(device) >= (8, 0)


@cache
def _has(package: str) -> bool:
    return find_spec(package) is not None


@cache
def _cpu() -> Backend:
    return _derived("cpu")  # numba loads here


@cache
def _gpu() -> Backend:
    return _derived("triton")  # triton loads here


def _derived(engine: str) -> Backend:
    from gnnlab.ops.autograd.derived import Derived

    return Derived(cast("Engine", import_module(f"gnnlab.ops.backends.{engine}")))


@cache
def _peer(name: str) -> Backend:
    package = name.replace("_", "-")
    try:
        import_module(name)
    except ModuleNotFoundError as error:
        raise ValueError(
            f"backend {name!r} needs the {package} package: `make kernels` in a checkout, or "
            "pip install --no-build-isolation 'gnnlab[kernels]' (it compiles for minutes)"
        ) from error
    except (ImportError, OSError) as error:
        raise ValueError(
            f"backend {name!r} needs a {package} built for torch {torch.__version__}: "
            f"pip uninstall {package} and `make kernels` build it anew ({error})"
        ) from error
    return cast(Backend, import_module(f"gnnlab.ops.backends.{PEERS[name]}"))
