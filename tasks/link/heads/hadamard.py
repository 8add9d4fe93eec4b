"""Hadamard head: an MLP on the elementwise product of the two nodes' states."""

from __future__ import annotations

from torch import Tensor

from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_counts, check_share
from gnnlab.ops import Adjacency
from gnnlab.tasks.link.heads.pair_head import PairHead
from gnnlab.tasks.link.heads.pair_mlp import PairMLP


@measured
class HadamardMLP(PairHead):
    r"""Score a pair by an MLP on the entrywise product of its nodes' states.

    .. math:: s_{ij} = \operatorname{MLP}(h_i \odot h_j)

    Args:
        in_channels: H, the width of the states.
        hidden_channels: width between the Linear maps; H if None.
        num_layers: how many Linear maps, with ReLU and dropout between them.
        norm: LayerNorm before each ReLU.
        dropout: probability.

    Shapes:
        h (N, H), pairs (2, P) int64 -> (P,)

    Raises:
        ValueError: a width or a number of layers below 1, a probability outside 0..1.

    Source:
        Hu et al., "Open Graph Benchmark: Datasets for Machine Learning on Graphs", NeurIPS 2020
        (https://arxiv.org/abs/2005.00687), whose baselines for links call it LinkPredictor.
    """

    short = "mlp"

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int | None = None,
        *,
        num_layers: int = 3,
        norm: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        hidden = in_channels if hidden_channels is None else hidden_channels
        check_counts(in_channels=in_channels, hidden_channels=hidden, num_layers=num_layers)
        check_share("dropout", dropout)
        widths = [in_channels, *[hidden] * (num_layers - 1)]
        self.mlp = PairMLP(widths, [norm] * (num_layers - 1), 1, dropout=dropout)

    def forward(self, h: Tensor, adj: Adjacency, pairs: Tensor) -> Tensor:
        source, target = pairs
        both: Tensor = self.mlp(h.index_select(0, source) * h.index_select(0, target))
        return both.squeeze(1)
