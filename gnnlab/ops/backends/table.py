"""Table of operations and their kernels on each backend: the one list of them.

An operation is computed by the function of its name in the file of its family:

- ``reference/<family>.py`` says what it means, for every backend that has nothing of its own;
- ``cpu/<family>.py`` and ``triton/<family>.py`` hold the kernels of a device, and
  ``autograd/<family>.py``, from them, the operation with its derivatives; a device's family without
  such a file holds the operation itself, differentiable;
- ``torch_scatter.py`` and ``torch_sparse.py`` hold what these packages have.

A file is imported when an operation of its family first runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from torch import Tensor

from gnnlab.ops.base.choice import PEERS, backend_name


@dataclass(frozen=True)
class Operation:
    """What is computed, whatever computes it."""

    name: str
    family: str
    """The file that holds it, of the same name in every backend."""
    kernels: str | None = None
    """The family of a device's kernels that it is made of, where that is another one."""
    composed: bool = False
    """Made of other operations where a backend has no kernel of its own: it has no reference."""


OPERATIONS = {
    operation.name: operation
    for operation in (
        Operation("propagate", "propagate"),
        Operation("gcn_propagate", "propagate"),
        Operation("gcn_steps", "gcn_steps", kernels="propagate", composed=True),
        Operation("gcn_sum", "gcn_sum", kernels="propagate", composed=True),
        Operation("gather", "segment", kernels="propagate"),
        Operation("segment_reduce", "segment", kernels="propagate"),
        Operation("segment_topk", "topk"),
        Operation("extreme_edge", "extreme"),
        Operation("edge_softmax", "softmax"),
        Operation("edge_dot", "edge_products"),
        Operation("edge_outer", "edge_products"),
        Operation("attend_additive", "attend"),
        Operation("attend_product", "attend"),
        Operation("attend_forward", "attend"),
        Operation("attend_backward", "attend"),
        Operation("block_propagate", "block"),
        Operation("relu_propagate", "relu_propagate"),
        Operation("pair_aggregate", "pair_sums", kernels="propagate"),
        Operation("pair_gradients", "pair_sums", kernels="propagate"),
        Operation("pair_reduce", "pair_sums", kernels="propagate"),
        Operation("pair_spread", "pair_sums", kernels="propagate"),
        Operation("orthogonal_transport", "orthogonal_transport"),
        Operation("dropout", "dropout"),
        Operation("sparse_product", "sparse_product"),
        Operation("lstm_step", "lstm"),
    )
}


class Kernels:
    """The kernels of a device; an attribute is the file of a family, imported when first read."""

    def __init__(self, device: str) -> None:
        self.device = device

    def __getattr__(self, family: str) -> ModuleType:
        module = None if family.startswith("_") else _file(self.device, family)
        if module is None:
            raise AttributeError(f"there are no {self.device} kernels of the family {family!r}")
        setattr(self, family, module)
        return module

    def why_not(self, family: str, *args: Any) -> str | None:
        """Why the kernels of a family do not serve, in a sentence; None where they do.

        A family whose kernels do not take all arguments has a function ``why_not`` in its file.
        """
        module = _file(self.device, family)
        if module is None:
            return f"there are no {self.device} kernels of the family {family!r}"
        ask = getattr(module, "why_not", None)
        return None if ask is None else ask(*args)


def kernel(name: str, *tensors: Tensor | None) -> Callable[..., Any]:
    """What computes an operation on these tensors, with its derivatives.

    Args:
        name: one of ``OPERATIONS``.
        tensors: what is read, by which the backend is chosen.

    Returns:
        a function of the reference's arguments; None for an operation that is composed of others
        there.
    """
    return found(backend_name(*tensors), name)  # type: ignore[no-any-return]


@cache
def found(backend: str, name: str) -> Any:
    """What computes an operation on a backend: its own, or else the reference's."""
    operation = OPERATIONS[name]
    own = _own(backend, operation)
    if own is not None or operation.composed:
        return own
    return getattr(import_module(f"gnnlab.ops.backends.reference.{operation.family}"), name)


def _own(backend: str, operation: Operation) -> Any:
    """What a backend itself has for an operation, or None."""
    if backend == "reference":
        return None
    if backend in PEERS:
        return getattr(import_module(f"gnnlab.ops.backends.{PEERS[backend]}"), operation.name, None)
    family = _file(backend, operation.kernels or operation.family)
    if family is None:
        return None
    path = f"gnnlab.ops.autograd.{operation.family}"
    if find_spec(path) is None:
        return getattr(family, operation.name, None)
    return partial(getattr(import_module(path), operation.name), _kernels(backend))


@cache
def _kernels(device: str) -> Kernels:
    return Kernels(device)


@cache
def _file(device: str, family: str) -> ModuleType | None:
    """The file of a device's kernels, or None where there is none."""
    path = f"gnnlab.ops.backends.{device}.{family}"
    return None if find_spec(path) is None else import_module(path)
