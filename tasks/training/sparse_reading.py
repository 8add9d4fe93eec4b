"""Sparse reading of bags of words: a CSR tensor in place of dense x, where that is faster."""

from __future__ import annotations

from copy import copy
from typing import Any

import torch
from torch import Tensor, nn

from gnnlab.contracts.encoder import DenseReader
from gnnlab.ops.functions.to_csr import to_csr

DENSITY = 0.1
"""The largest share of entries other than zero at which reading them alone is faster."""
NUMBERS = 1 << 19
"""Features of fewer numbers in all take as long either way."""


def with_sparse_features(data: Any, encoder: nn.Module, device: torch.device) -> Any:
    """Return a graph whose x is a CSR tensor where an encoder reads that faster, else the same.

    A dense product with x looks at every zero. Our encoders read the entries alone: a step of a GCN
    takes a third of the time on Cora's words. Sums come in another order, so that results differ
    from those of dense x as they do between two machines, by about 1e-6 of a logit.

    Args:
        data: a graph; a set of graphs and sparse x stay as they are.
        encoder: what reads it; another library's modules, and a ``DenseReader`` of ours, get x as
            it is.
        device: where; on a GPU x stays as it is.

    Cost:
        O(N F) once.
    """
    x: Any = getattr(data, "x", None)
    if device.type != "cpu" or not _may_be_sparse(x) or not _reads_sparse(encoder):
        return data
    found = to_csr(x.detach(), DENSITY)
    if found is None:
        return data
    data = copy(data)
    data.x = found
    return data


def density(data: Any) -> float:
    """Return the share of x that is read: of sparse x the entries."""
    x = getattr(data, "x", None)
    if not isinstance(x, Tensor) or x.layout is torch.strided or not x.numel():
        return 1.0
    return x._nnz() / x.numel()


def _may_be_sparse(x: Any) -> bool:
    return (
        isinstance(x, Tensor)
        and x.layout is torch.strided
        and x.dim() == 2
        and x.is_floating_point()
        and x.numel() >= NUMBERS
    )


def _reads_sparse(encoder: nn.Module) -> bool:
    """Whether an encoder is made of our layers and of torch's, none of which wants dense x."""
    return all(
        type(module).__module__.startswith(("gnnlab.", "torch.nn."))
        and not isinstance(module, DenseReader)
        for module in encoder.modules()
    )
