"""Sparse features: a CSR tensor where few entries differ from zero."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

import torch

from gnnlab.core.arguments import check_share
from gnnlab.ops.functions.to_csr import to_csr

if TYPE_CHECKING:
    from torch_geometric.data import Data


class ToSparseFeatures:
    """Turn ``data.x`` into a CSR tensor where few of its entries differ from zero.

    Every layer reads it; its first product and the dropout before it then look at the entries
    alone. Sums over a row come in another order than those of a dense product, so results may
    differ in their last digits.

    Args:
        density: the largest share of entries at which x is turned; denser features stay as they
            are. Where the first Linear alone counts, sparse features pay below about a tenth.

    Raises:
        ValueError: a density outside 0..1.

    Shapes:
        x (N, F) -> (N, F), ``torch.sparse_csr`` with int32 indices

    Example:
        >>> from torch_geometric.data import Data
        >>> ToSparseFeatures()(Data(x=torch.eye(20))).x.values().shape
        torch.Size([20])
    """

    def __init__(self, density: float = 0.1) -> None:
        check_share("density", density)
        self.density = density

    def __call__(self, data: Data) -> Data:
        if data.x.layout is not torch.strided:
            return data
        found = to_csr(data.x, self.density)
        if found is None:
            return data
        data = copy(data)
        data.x = found
        return data

    def __repr__(self) -> str:
        return f"{type(self).__name__}(density={self.density})"
