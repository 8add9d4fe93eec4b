"""Dropout module, on the operation whose mask is a function of a seed."""

from __future__ import annotations

from torch import Tensor, nn

from gnnlab.contracts.parameters import measured
from gnnlab.ops import SparseFeatures, dropout, is_sparse


@measured
class Dropout(nn.Module):
    r"""Set entries to zero with probability p while training, and scale up the others.

    .. math:: y = x \odot m / (1 - p), \quad m \sim \operatorname{Bernoulli}(1 - p)

    Args:
        p: probability, 0 to 1.

    Shapes:
        x (...) -> the same; sparse features come back as SparseFeatures while training

    Raises:
        ValueError: p lies outside 0..1.

    Source:
        Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR
        2014. Its mask is :func:`gnnlab.ops.dropout`'s: other random numbers than torch's.
    """

    def __init__(self, p: float = 0.0) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout is {p}, but a probability lies between 0 and 1")
        self.p = p

    def forward(self, x: Tensor | SparseFeatures) -> Tensor | SparseFeatures:
        if is_sparse(x) and self.training:
            return dropout(SparseFeatures.of(x), self.p)
        return dropout(x, self.p, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}"
