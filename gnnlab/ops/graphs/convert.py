"""Conversion of sparse matrices and tensors to an ``edge_index``."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor
from torch._subclasses.functional_tensor import FunctionalTensor

from gnnlab.ops.base.bounds import check_pointers, check_there


def as_edge_index(value: Tensor) -> Tensor:
    """Check the kind and shape of an ``edge_index`` and return it as a plain tensor."""
    if not isinstance(value, Tensor):
        raise ValueError(
            f"edge_index must be a tensor (2, E), not {type(value).__name__}; use torch.tensor(...)"
        )
    if value.layout != torch.strided:
        raise ValueError(
            f"a graph as a sparse tensor must be torch.sparse_csr with row = target, not "
            f"{value.layout}; use .to_sparse_csr(), or give its indices as edge_index"
        )
    if value.dim() != 2 or value.shape[0] != 2:
        raise ValueError(
            f"edge_index must have shape (2, E), row 0 the sources and row 1 the targets, "
            f"not {tuple(value.shape)}" + ("; transpose it" if value.shape[1:] == (2,) else "")
        )
    if value.dtype != torch.int64:
        raise ValueError(f"edge_index must be int64, not {value.dtype}; use edge_index.long()")
    if type(value) is Tensor or isinstance(value, FakeTensor | FunctionalTensor):
        return value  # torch.export follows its tensors by these classes
    return value.as_subclass(Tensor)


def convert(adj: Any) -> tuple[Tensor, int | None]:
    """Read what stands for a graph as ``edge_index`` and, if it says, its node count."""
    if isinstance(adj, Tensor):
        if adj.layout == torch.sparse_csr:
            return _from_csr(adj)
        return as_edge_index(adj), _own_nodes(adj)
    coo, sizes = getattr(adj, "coo", None), getattr(adj, "sparse_sizes", None)
    if callable(coo) and callable(sizes):  # a torch_sparse.SparseTensor
        row, col, value = coo()
        _check_square(tuple(sizes()))
        _check_ones(value)
        return torch.stack([col, row]), int(sizes()[0])
    raise ValueError(
        f"a graph must be an Adjacency, an edge_index (2, E), an EdgeIndex, a torch CSR tensor or "
        f"a SparseTensor, not {type(adj).__name__}; build Adjacency(edge_index, num_nodes)"
    )


def memo_key(adj: Any) -> Tensor | None:
    """Return the tensor whose life and version stand for ``adj``."""
    if isinstance(adj, Tensor):
        return adj if adj.layout in (torch.strided, torch.sparse_csr) else None
    return None


def _from_csr(adj: Tensor) -> tuple[Tensor, int]:
    _check_square(tuple(adj.shape))
    _check_ones(adj.values())
    if adj.dim() != 2:
        raise ValueError(f"a graph's sparse matrix must be (N, N), not {tuple(adj.shape)}")
    check_there("the graph", adj.values())
    check_pointers("crow_indices", adj.crow_indices(), adj.col_indices().shape[0])
    counts = adj.crow_indices().diff()
    nodes = torch.arange(adj.shape[0], device=adj.device)
    target = nodes.repeat_interleave(counts)
    return torch.stack([adj.col_indices().long(), target]), adj.shape[0]


def _own_nodes(adj: Tensor) -> int | None:
    """PyG's EdgeIndex may know its size."""
    size = getattr(adj, "_sparse_size", None)
    known = [n for n in size if n is not None] if size is not None else []
    if not known:
        return None
    if len(known) == 2:
        _check_square(tuple(known))
    return int(known[0])


def _check_square(shape: tuple[int, ...]) -> None:
    if len(shape) != 2 or shape[0] != shape[1]:
        raise ValueError(f"a graph's sparse matrix must be square (N, N), not {shape}")


def _check_ones(value: Tensor | None) -> None:
    if value is not None and (value.dim() != 1 or not bool((value == 1).all())):
        raise ValueError(
            "the sparse matrix carries values other than 1, which an adjacency does not hold; "
            "pass them as the weight (in the matrix's order) and give ones here"
        )
