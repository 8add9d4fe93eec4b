"""To CSR: dense features as a compressed sparse row tensor."""

from __future__ import annotations

import warnings

import torch
from torch import Tensor


def to_csr(x: Tensor, density: float = 1.0) -> Tensor | None:
    """Return dense features as a CSR tensor, or None where they are denser than asked for.

    Args:
        density: the largest share of entries other than zero.

    Shapes:
        x (N, F) -> (N, F), ``torch.sparse_csr``, with int32 indices where they fit

    Cost:
        O(N F), one pass to count and one to write.
    """
    entries = int(torch.count_nonzero(x))
    if entries > density * x.numel():
        return None
    kind = torch.int32 if max(entries, *x.shape) < 2**31 else torch.int64
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*Sparse CSR tensor support is in beta", UserWarning)
        sparse = x.to_sparse_csr()
        return torch.sparse_csr_tensor(
            sparse.crow_indices().to(kind),
            sparse.col_indices().to(kind),
            sparse.values(),
            x.shape,
            check_invariants=False,
        )
