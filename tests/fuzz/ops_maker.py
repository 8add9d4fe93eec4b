"""Tensors of one small graph, drawn for a case."""

from __future__ import annotations

from random import Random
from typing import Any

import torch
from torch import Tensor

from gnnlab import ops
from gnnlab.ops import Adjacency, NeighborLists, SparseFeatures


class Maker:
    """Tensors of one small graph, drawn from a case's generator."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.random = torch.Generator().manual_seed(rng.randrange(2**31))
        self.nodes, self.edges = rng.randint(1, 9), rng.randint(0, 20)
        self.width, self.heads = rng.choice([1, 2, 3, 8, 17]), rng.choice([1, 2, 4])
        self.edge_index = self.ids(self.nodes, 2, self.edges)
        self.dtype = rng.choice([torch.float32] * 3 + [torch.float64, torch.bfloat16])

    def floats(self, *shape: int) -> Tensor:
        values = torch.randn(*shape, generator=self.random).to(self.dtype)
        return values.requires_grad_(self.rng.random() < 0.6)

    def ids(self, bound: int, *shape: int) -> Tensor:
        return torch.randint(max(bound, 1), shape, generator=self.random)

    def adj(self) -> Any:
        """The graph in one of the forms that are read."""
        kind = self.rng.randrange(6)
        if kind == 0:
            return self.edge_index
        if kind == 1 and self.edges:
            ones = torch.ones(self.edges)
            size = (self.nodes, self.nodes)
            return torch.sparse_coo_tensor(self.edge_index, ones, size).t().to_sparse_csr()
        adj = Adjacency(self.edge_index, self.nodes)
        if kind == 2:
            return adj.transpose.transpose
        return adj.without(self.edge_index[:, :0]) if kind == 3 else adj

    def sparse(self) -> SparseFeatures:
        dense = torch.randn(self.nodes, self.width, generator=self.random).relu()
        return SparseFeatures.of(dense.to_sparse_csr())

    def lists(self) -> NeighborLists:
        return ops.common_neighbors(self.edge_index, self.pairs(), limit=None)

    def pairs(self) -> Tensor:
        top = int(self.edge_index.max()) + 1 if self.edges else 0
        return self.ids(top, 2, self.rng.randint(0, 5) if top else 0)
