"""Sparse product's autograd function: the gradient is the product with the transpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from gnnlab.ops.backends.table import Kernels
from gnnlab.ops.base.function import Function

if TYPE_CHECKING:
    from gnnlab.ops.graphs.sparse_features import SparseFeatures


class SparseProduct(Function):
    """X t, or X^T t where turned, X without what dropout took."""

    @staticmethod
    def forward(
        ctx: Any, table: Tensor, x: SparseFeatures, turned: bool, kernels: Kernels
    ) -> Tensor:
        ctx.x, ctx.turned, ctx.kernels = x, turned, kernels
        out: Tensor = kernels.sparse_product.sparse_product(table, x, turned)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        found = SparseProduct.call(grad, ctx.x, not ctx.turned, ctx.kernels)
        return found, None, None, None


def sparse_product(kernels: Kernels, table: Tensor, x: SparseFeatures, turned: bool) -> Tensor:
    """Sparse features times a table, or their transpose."""
    kept = kernels.propagate.stored(table)
    return SparseProduct.call(kept, x, turned, kernels).to(table.dtype)
