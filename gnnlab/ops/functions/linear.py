"""Linear map of features, dense or sparse."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from gnnlab.ops.functions.chosen import kernel
from gnnlab.ops.graphs.sparse_features import SparseFeatures, is_sparse
from gnnlab.ops.graphs.tensors import check_float


def linear(x: Tensor | SparseFeatures, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    r"""Multiply features by weights; of sparse features only the entries are read.

    .. math:: Y = X W^\top + b

    Dense x goes to torch as it is. For sparse x the product is a sum of rows of :math:`W^\top`, and
    the gradient for W a sum of rows of the output's gradient over the transposed matrix, which is
    sorted once: nothing is scattered. Half precision is added up in float32; under autocast the
    result has the type that torch's linear would have. Sparse x itself takes no gradient.

    Args:
        x: a dense tensor, a CSR or COO tensor, or SparseFeatures, which dropout may have marked.
        weight: W, differentiable.
        bias: b, differentiable.

    Shapes:
        x (N, F), weight (H, F), bias (H,) -> (N, H)

    Raises:
        ValueError: shapes, dtypes or devices do not fit, or sparse x requires a gradient.

    Cost:
        O(M H) for M entries.

    Example:
        >>> x = torch.tensor([[0.0, 2.0], [0.0, 0.0]]).to_sparse_csr()
        >>> linear(x, torch.tensor([[1.0, 3.0]]), torch.tensor([1.0])).tolist()
        [[7.0], [1.0]]
    """
    for name, value in (("weight", weight), ("bias", bias)):
        if not isinstance(value, Tensor) and (name == "weight" or value is not None):
            raise ValueError(f"{name} must be a tensor, not {type(value).__name__}")
    if isinstance(x, Tensor) and not is_sparse(x):
        if weight.dim() == 2 and x.shape[-1:] != weight.shape[1:]:
            raise ValueError(
                f"weight {tuple(weight.shape)} does not fit x {tuple(x.shape)}; it must be "
                f"(H, {x.shape[-1] if x.dim() else 1})"
            )
        return _dense(x, weight, bias)
    x = SparseFeatures.of(x)
    if not torch.compiler.is_compiling():
        _check_parts(x, weight, bias)
    kind = _result_type(x, weight)
    table = weight.to(kind).t()
    out: Tensor = kernel("sparse_product", table, x._values)(table, x, False)
    return out if bias is None else out + bias.to(kind)


def _dense(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """What torch makes of it; why it cannot is looked for where it could not."""
    try:
        return F.linear(x, weight, bias)
    except RuntimeError as error:
        parts = {"x": x, "weight": weight, "bias": bias}
        given = {name: part for name, part in parts.items() if part is not None}
        alike = len({(part.dtype, part.device, part.layout) for part in given.values()}) == 1
        shaped = x.dim() > 0 and weight.dim() == 2 and (bias is None or bias.dim() == 1)
        if alike and shaped:
            raise
        told = ", ".join(
            f"{name} {part.dtype} {part.layout} {tuple(part.shape)} on {part.device}"
            for name, part in given.items()
        )
        raise ValueError(
            f"these do not go together: {told}; convert, reshape or move them"
        ) from error


def _check_parts(x: SparseFeatures, weight: Tensor, bias: Tensor | None) -> None:
    check_float("weight", weight, (2,), f"(H, {x.shape[1]})")
    if bias is None:
        return
    check_float("bias", bias, (1,), "(H,)")
    if bias.shape != weight.shape[:1] or bias.device != weight.device:
        raise ValueError(
            f"bias is {tuple(bias.shape)} on {bias.device}, but weight {tuple(weight.shape)} on "
            f"{weight.device}: give one number a row of it, there"
        )


def _result_type(x: SparseFeatures, weight: Tensor) -> torch.dtype:
    """What torch's linear would compute in."""
    if weight.dim() != 2 or weight.shape[1] != x.shape[1]:
        raise ValueError(
            f"weight {tuple(weight.shape)} does not fit features of {x.shape[1]} columns; it must "
            f"be (H, {x.shape[1]})"
        )
    if weight.device != x.device:
        raise ValueError(f"the features are on {x.device} but weight on {weight.device}; move one")
    place = weight.device.type
    if torch.is_autocast_enabled(place) and weight.dtype is not torch.float64:
        return torch.get_autocast_dtype(place)
    if weight.dtype != x.dtype:
        raise ValueError(
            f"the features are {x.dtype} but weight is {weight.dtype}; convert one of them"
        )
    return weight.dtype
