"""Products with sparse features: the gradient is the product turned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from gnnlab.ops.backends.engine import Engine
from gnnlab.ops.base.function import Function

if TYPE_CHECKING:
    from gnnlab.ops.graphs.sparse_features import SparseFeatures


class SparseProduct(Function):
    """X t, or X^T t where turned, X without what dropout took."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, x: SparseFeatures, turned: bool, engine: Engine) -> Tensor:
        ctx.x, ctx.turned, ctx.engine = x, turned, engine
        return engine.sparse_product(table, x, turned)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        found = SparseProduct.call(grad, ctx.x, not ctx.turned, ctx.engine)
        return found, None, None, None
