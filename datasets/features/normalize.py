"""Normalisation of node features: each row divided by its sum."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from torch_geometric.data import Data


class NormalizeFeatures:
    r"""Divide each node's features by their sum, as most papers on bags of words do.

    .. math:: x_{if} / \textstyle\sum_g |x_{ig}|

    A node all of whose features are 0 keeps them.

    Shapes:
        x (N, F), dense or CSR -> the same

    Raises:
        ValueError: another layout.

    Example:
        >>> from torch_geometric.data import Data
        >>> NormalizeFeatures()(Data(x=torch.tensor([[1.0, 3.0], [0.0, 0.0]]))).x.tolist()
        [[0.25, 0.75], [0.0, 0.0]]
    """

    def __call__(self, data: Data) -> Data:
        data = copy(data)
        if data.x.layout is torch.strided:
            data.x = data.x / _safe(data.x.abs().sum(1, keepdim=True))
        elif data.x.layout is torch.sparse_csr:
            data.x = _scaled(data.x)
        else:
            raise ValueError(f"data.x is {data.x.layout}, but must be dense or CSR: convert it")
        return data

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def _scaled(x: Tensor) -> Tensor:
    rowptr, values = x.crow_indices(), x.values()
    row = torch.arange(len(x), device=x.device).repeat_interleave(rowptr.diff())
    total = values.new_zeros(len(x)).index_add(0, row, values.abs())
    return torch.sparse_csr_tensor(
        rowptr, x.col_indices(), values / _safe(total)[row], x.shape, check_invariants=False
    )


def _safe(total: Tensor) -> Tensor:
    return total.where(total > 0, 1)
