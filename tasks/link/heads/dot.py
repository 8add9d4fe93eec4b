"""Dot-product head: a link's score is the dot product of the states of its ends."""

from __future__ import annotations

from torch import Tensor

from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_counts
from gnnlab.ops import Adjacency
from gnnlab.tasks.link.heads.pair_head import PairHead
from gnnlab.tasks.link.heads.pair_mlp import PairMLP


@measured
class DotProduct(PairHead):
    r"""Score a pair by the dot product of its nodes' states, as they are or mapped.

    .. math:: s_{ij} = h_i^\top h_j \quad\text{or}\quad
              \operatorname{MLP}(h_i)^\top \operatorname{MLP}(h_j)

    Args:
        in_channels: H, the width of the states.
        num_layers: how many Linear maps of width H come before the product, with ReLU between them;
            None leaves the states as they are, and nothing is learnt.

    Shapes:
        h (N, H), pairs (2, P) int64 -> (P,)

    Raises:
        ValueError: a width or a number of layers below 1.

    Source:
        Kipf and Welling, "Variational Graph Auto-Encoders", NeurIPS 2016 workshop on Bayesian deep
        learning, eq. 2 (https://arxiv.org/abs/1611.07308); with one map, the head for contacts of
        Dwivedi et al., "Long Range Graph Benchmark", NeurIPS 2022
        (https://arxiv.org/abs/2206.08164).
    """

    short = "dot"

    def __init__(self, in_channels: int, *, num_layers: int | None = None) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.mlp: PairMLP | None = None
        if num_layers is not None:
            check_counts(in_channels=in_channels, num_layers=num_layers)
            between = num_layers - 1
            self.mlp = PairMLP([in_channels] * num_layers, [False] * between, in_channels)

    def forward(self, h: Tensor, adj: Adjacency, pairs: Tensor) -> Tensor:
        source, target = pairs
        h = self.factors(h)
        return (h.index_select(0, source) * h.index_select(0, target)).sum(1)

    def factors(self, h: Tensor) -> Tensor:
        """Return what the dot products are of, (N, H): many pairs are a product of matrices."""
        return h if self.mlp is None else self.mlp(h)
