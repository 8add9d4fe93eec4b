"""Choice of a backend by name: the torch reference, compiled CPU code, or Triton on a GPU."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.util import find_spec

import torch
from torch import Tensor

from gnnlab.core.arguments import shown

PEERS = {
    "torch_scatter": "torch_scatter",
    "torch_sparse": "torch_sparse",
}  # package -> module, on request only
NAMES = ("auto", "torch", "numba", "triton", *PEERS)
DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64)
_chosen: ContextVar[str] = ContextVar("gnnlab_ops_backend", default="auto")


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


def backend_name(*tensors: Tensor | None) -> str:
    """The backend that an operation on these tensors runs on.

    Returns:
        ``"operators"`` while torch.compile traces, ``"reference"``, ``"cpu"``, ``"triton"``, or one
        of ``PEERS``.
    """
    if torch.compiler.is_compiling():
        return "operators"
    chosen = _chosen.get()
    if _transformed() or not all(map(_plain, tensors)):
        return "reference"
    if chosen in PEERS:
        return chosen
    if chosen == "torch":
        return "reference"
    device = next(t.device for t in tensors if t is not None)
    if chosen == "triton":
        _check_triton(device)
        return "triton"
    if device.type == "cpu":
        return "cpu" if _has("numba") else "reference"
    return "triton" if chosen == "auto" and _runs_triton(device) else "reference"


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
def _peer(name: str) -> None:
    """Refuse a package that cannot be loaded."""
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
