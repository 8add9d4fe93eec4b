"""torch_sparse's SparseTensor: through PyG, and its own kernels."""

from __future__ import annotations

from functools import partial

from inputs import REDUCES, Inputs, Side
from torch import Tensor
from torch_geometric.nn import SimpleConv
from torch_sparse import SparseTensor, matmul


def sides(inputs: Inputs) -> dict[str, Side]:
    """PyG's convolution on an ``adj_t``, whose transpose is kept after the first step."""
    x, adj_t = inputs.x, matrix(inputs, None)
    found = {}
    for reduce in REDUCES:
        found[f"propagate {reduce}"] = Side(partial(SimpleConv(aggr=reduce), x, adj_t), [x])
    total, normalised = SimpleConv(aggr="sum"), matrix(inputs, inputs.in_rows(inputs.norm))
    found["gcn_propagate"] = Side(lambda: total(x, normalised), [x])
    return found


def kernels(inputs: Inputs) -> dict[str, Side]:
    """``torch_sparse.matmul``."""
    x, weight, plain = inputs.x, inputs.weight, matrix(inputs, None)
    found = {}
    for reduce in REDUCES:
        found[f"propagate {reduce}"] = Side(partial(matmul, plain, x, reduce), [x])
        found[f"propagate {reduce}, weights"] = Side(
            partial(weighted, inputs, plain, reduce), [x, weight]
        )
    return found


def weighted(inputs: Inputs, plain: SparseTensor, reduce: str) -> Tensor:
    """The weights, put in the order of the rows, become the matrix's values."""
    valued = plain.set_value(inputs.in_rows(inputs.weight), "csr")
    total: Tensor = matmul(valued, inputs.x, reduce)
    return total


def matrix(inputs: Inputs, values: Tensor | None) -> SparseTensor:
    """(N, N), row = target, with what its gradient needs."""
    rowptr, col = inputs.csr
    size = (inputs.nodes, inputs.nodes)
    adj = SparseTensor(
        rowptr=rowptr, col=col, value=values, sparse_sizes=size, is_sorted=True, trust_data=True
    )
    adj.storage.row(), adj.storage.csr2csc(), adj.storage.colptr()  # built once, then kept
    return adj
