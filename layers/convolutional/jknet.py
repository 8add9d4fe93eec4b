"""JKNet (jumping knowledge): graph convolutions whose output reads the states of all layers."""

from __future__ import annotations

from gnnlab.contracts.parameters import measured
from gnnlab.layers.parts.gcn_conv import GCNConv
from gnnlab.layers.parts.jumping_knowledge import Jump, JumpingStack


@measured
class JKNet(JumpingStack):
    r"""GCN convolutions, and a choice among the states of all layers.

    .. math:: h_l = \operatorname{Dropout}(\operatorname{ReLU}(\hat A h_{l-1} W_l + b_l)), \qquad
        y = W \operatorname{Jump}(h_1, \dots, h_L) + b

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H.
        num_layers: L, the number of convolutions.
        out_channels: C to end with a Linear and predict by itself; None to return H columns, which
            for ``cat`` takes a Linear too.
        dropout: probability, after every convolution.
        jump: ``max`` over the layers, ``cat`` side by side, ``lstm``, a sum weighted by what a
            two-way LSTM reads, or ``last`` to have the last convolution predict.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight (E,) if there -> (N, H) or (N, C)

    Raises:
        ValueError: a width or a number of layers below 1, another jump, edge weights that do not
            fit.

    Source:
        Xu, Li, Tian, Sonobe, Kawarabayashi and Jegelka, "Representation Learning on Graphs with
        Jumping Knowledge Networks", ICML 2018 (https://arxiv.org/abs/1806.03536).
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 5,
        *,
        out_channels: int | None = None,
        dropout: float = 0.5,
        jump: Jump = "max",
    ) -> None:
        super().__init__(
            in_channels,
            hidden_channels,
            num_layers,
            GCNConv,
            jump=jump,
            out_channels=out_channels,
            dropout=dropout,
        )
