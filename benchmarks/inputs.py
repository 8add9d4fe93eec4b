"""The tensors that all sides of a case share."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from gnnlab.ops import Adjacency, gcn_norm

HEADS = 8
STALK = 3
REDUCES = ("sum", "mean", "max")


class Side(NamedTuple):
    """One implementation of a case: what computes it, and by what it is differentiated."""

    forward: Callable[[], Tensor]
    leaves: list[Tensor]


class Inputs:
    """A graph and random features, made when a case first asks for them."""

    def __init__(
        self, edge_index: Tensor, nodes: int, features: int, only_propagate: bool = False
    ) -> None:
        self.only_propagate = only_propagate  # a large graph's other tensors take gigabytes
        self.edge_index, self.nodes, self.features = edge_index, nodes, features
        self.source, self.target = edge_index
        self.edges = edge_index.shape[1]

    @cached_property
    def adj(self) -> Adjacency:
        return Adjacency(self.edge_index, self.nodes)

    @cached_property
    def x(self) -> Tensor:
        return self._normal(self.nodes, self.features)

    @cached_property
    def key(self) -> Tensor:
        return self._normal(self.nodes, self.features, seed=2)

    @cached_property
    def weight(self) -> Tensor:
        return self._normal(self.edges, seed=3).detach().abs().requires_grad_()

    @cached_property
    def score(self) -> Tensor:
        return self._normal(self.edges, HEADS, seed=4)

    @cached_property
    def value(self) -> Tensor:
        return self._normal(self.nodes, HEADS, self.features, seed=5)

    @cached_property
    def ends(self) -> tuple[Tensor, Tensor]:
        return self._normal(self.nodes, HEADS, seed=6), self._normal(self.nodes, HEADS, seed=7)

    @cached_property
    def stalks(self) -> Tensor:
        return self._normal(self.nodes, STALK, max(1, self.features // 4), seed=8)

    @cached_property
    def maps(self) -> Tensor:
        return self._normal(self.edges, STALK, STALK, seed=9)

    @cached_property
    def norm(self) -> Tensor:
        return gcn_norm(self.adj)

    @cached_property
    def csr(self) -> tuple[Tensor, Tensor]:
        """Row pointers and columns, int64, row = target."""
        return self.adj.rowptr.long(), self.adj.col.long()

    def in_rows(self, weight: Tensor) -> Tensor:
        """A number per edge in the order of the rows."""
        return weight.index_select(0, self.adj.order.long())

    @cached_property
    def attention(self) -> dict[str, Tensor]:
        """The weights of a GATConv, the same on all sides."""
        wide = HEADS * self.features
        return {
            "linear": self._normal(wide, self.features, seed=10).detach() / self.features**0.5,
            "source": self._normal(HEADS, self.features, seed=11).detach() / self.features**0.5,
            "target": self._normal(HEADS, self.features, seed=12).detach() / self.features**0.5,
        }

    def _normal(self, *shape: int, seed: int = 1) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(*shape, generator=generator).requires_grad_()


def names(features: int) -> list[str]:
    """Every case, in the order of the page."""
    sums = [f"propagate {reduce}" for reduce in REDUCES]
    heads = f"{HEADS} heads x {features}"
    return [
        *sums,
        *(f"{case}, weights" for case in sums),
        "gcn_propagate",
        f"edge_softmax, {HEADS} heads",
        f"attend, {heads}",
        f"GATConv, {heads}",
        "edge_dot",
        f"block_propagate, {STALK} x {STALK}",
        "dropout of x",
        "gcn_norm of weights",
    ]
