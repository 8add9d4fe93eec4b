"""Sparse product as a torch operator; its gradient is the product with the transpose."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.library import custom_op

from gnnlab.ops.backends.table import kernel
from gnnlab.ops.graphs.sparse_features import trusted

Gradients = tuple[Tensor | None, ...]


@custom_op("gnnlab::sparse_product", mutates_args=())
def product(
    table: Tensor, rowptr: Tensor, col: Tensor, values: Tensor, columns: int, turned: bool
) -> Tensor:
    """The order by column is remembered for ``col``."""
    x = trusted(rowptr, col, values, columns, None)
    out: Tensor = kernel("sparse_product", table, values)(table, x, turned)
    return out


@product.register_fake
def _(table, rowptr, col, values, columns, turned):  # type: ignore[no-untyped-def]
    return table.new_empty((columns if turned else rowptr.shape[0] - 1, table.shape[1]))


def _setup(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    _, rowptr, col, values, ctx.columns, ctx.turned = inputs
    ctx.save_for_backward(rowptr, col, values)


def _gradients(ctx: Any, grad: Tensor) -> Gradients:
    found = product(grad, *ctx.saved_tensors, ctx.columns, not ctx.turned)
    return found, *(None,) * 5


product.register_autograd(_gradients, setup_context=_setup)
