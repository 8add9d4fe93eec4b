"""Backends by name: each is loaded when an operation first runs on it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from torch import Tensor

from gnnlab.ops.base.choice import PEERS, backend_name

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency, Rows
    from gnnlab.ops.graphs.node_pairs import Pairs
    from gnnlab.ops.graphs.sparse_features import SparseFeatures


class Backend(Protocol):
    """What a backend module provides; inputs are checked before they reach it."""

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


def backend_for(*tensors: Tensor | None) -> Backend:
    """Return the backend for an operation on these tensors."""
    return _backend(backend_name(*tensors))


def kernel_for(name: str, *tensors: Tensor | None) -> Any:
    """A kernel of the engine behind :func:`backend_for`; None where it has none of this name."""
    return getattr(getattr(backend_for(*tensors), "engine", None), name, None)


@cache
def _backend(name: str) -> Backend:
    """By its path, since what has derivatives lies above what is differentiated."""
    module = import_module(f"gnnlab.ops.backends.{PEERS.get(name, name)}")
    if name == "reference" or name in PEERS:
        return cast(Backend, module)
    derived = import_module("gnnlab.ops.autograd.derived")
    return cast(Backend, derived.Derived(module))
