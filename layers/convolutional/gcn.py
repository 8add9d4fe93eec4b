"""GCN (graph convolutional network), in the variants that papers call by this name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Literal

from torch import Tensor

from gnnlab.contracts.encoder import Encoder
from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import shown
from gnnlab.layers.convolutional.gcn_blocks import Residual, Stack, Tuned
from gnnlab.layers.decoupled.puregnn import PureGNN
from gnnlab.layers.parts.activations import Activation
from gnnlab.layers.parts.building import check_sizes
from gnnlab.layers.parts.gcn_conv import GCNConv, smooth
from gnnlab.layers.parts.plain_stack import ConvStack
from gnnlab.layers.parts.prenorm_stack import Block, FeedForward, ResidualEncoder
from gnnlab.ops import Adjacency

if TYPE_CHECKING:
    from torch_geometric.data import Data

BLOCKS = ("platonov", "plain", "tuned", "pure", "residual")


class GCNBlock(Block):
    """The normalised sum over a node and its neighbours, then a feed-forward."""

    def __init__(self, channels: int, *, dropout: float) -> None:
        super().__init__()
        self.feed_forward = FeedForward(channels, channels, dropout=dropout)

    def forward(self, h: Tensor, adj: Adjacency, edge_weight: Tensor | None = None) -> Tensor:
        out: Tensor = self.feed_forward(smooth(h, adj, edge_weight))
        return out

    def reset_parameters(self) -> None:
        self.feed_forward.reset_parameters()


@measured
class GCN(Encoder):
    r"""One of the encoders that this literature calls GCN.

    ``platonov``: pre-norm residual blocks with a feed-forward,
    :math:`h \leftarrow h + \operatorname{FF}(\hat A \operatorname{LayerNorm}(h))`.
    ``plain``: Kipf and Welling's, :math:`h \leftarrow \operatorname{ReLU}(\hat A h W)`.
    ``tuned``: a learned linear skip,
    :math:`h \leftarrow \operatorname{ReLU}(\operatorname{LayerNorm}(\hat A h W + h W_s))`.
    ``pure``: no weights between the steps, which are summed with learned weights (jumping
    knowledge), :math:`h = \sum_{k=1}^{L} s_k \hat A^k X W`.
    ``residual``: the states before each convolution and its activation are added,
    :math:`h \leftarrow h + \operatorname{Dropout}(\sigma(\hat A h W + b))`, or with batch
    normalisation within :math:`\sigma`.

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H.
        num_layers: number of blocks, or of propagation steps.
        block: ``platonov``, ``plain``, ``tuned``, ``pure`` or ``residual``.
        out_channels: C to predict by itself (``plain``: as the last convolution; else a Linear),
            None to return the states.
        dropout: probability.
        activation: of ``residual``, ``relu`` or ``gelu``.
        map_input: of ``residual``: start from a Linear of the features; False where they are H wide
            and embedded already.
        batch_norm: of ``residual``, as in Dwivedi et al., "Benchmarking Graph Neural Networks",
            JMLR 2023 (https://arxiv.org/abs/2003.00982), whose convolutions have no self-loops.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight (E,) if there -> (N, H) or (N, C)

    Raises:
        ValueError: an unknown block, a setting of another one, a width or a number of layers below
            1, edge weights that do not fit.

    Source:
        ``platonov``: Platonov et al., ICLR 2023 (https://arxiv.org/abs/2302.11640). ``plain``: Kipf
        and Welling, ICLR 2017 (https://arxiv.org/abs/1609.02907). ``tuned``: Luo, Shi and Wu,
        "Classic GNNs are Strong Baselines", NeurIPS 2024 (https://arxiv.org/abs/2406.08993), with
        LayerNorm where its settings may also say BatchNorm or none. ``pure``: Wang, Yang and
        Zhang, "Neural Common Neighbor with Completion for Link Prediction", ICLR 2024
        (https://arxiv.org/abs/2302.00890), with step weights that start at 1 / L; all that this
        paper sets is in :class:`gnnlab.layers.PureGNN`. ``residual``:
        Tönshoff, Ritzert, Rosenbluth and Grohe, "Where Did the Gap Go? Reassessing the Long-Range
        Graph Benchmark", TMLR 2024 (https://arxiv.org/abs/2309.00367), with GELU.
    """

    later = {"activation": "relu", "map_input": True, "batch_norm": False}

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 5,
        *,
        block: Literal["platonov", "plain", "tuned", "pure", "residual"] = "platonov",
        out_channels: int | None = None,
        dropout: float = 0.2,
        activation: Activation = "relu",
        map_input: bool = True,
        batch_norm: bool = False,
    ) -> None:
        super().__init__()
        _check_block(block, activation, map_input, batch_norm)
        check_sizes(in_channels, hidden_channels, num_layers, out_channels)
        self.in_channels, self.hidden_channels = in_channels, hidden_channels
        self.out_channels, self.block = out_channels, block
        self.stack: ResidualEncoder | ConvStack | PureGNN | Stack
        if block == "platonov":
            self.stack = ResidualEncoder(
                in_channels,
                hidden_channels,
                num_layers,
                lambda: [GCNBlock(hidden_channels, dropout=dropout)],
                out_channels=out_channels,
                dropout=dropout,
            )
        elif block == "plain":
            self.stack = ConvStack(
                in_channels,
                hidden_channels,
                num_layers,
                GCNConv,
                out_channels=out_channels,
                dropout=dropout,
                head=False,
            )
        elif block == "pure":
            self.stack = PureGNN(
                in_channels,
                hidden_channels,
                num_layers,
                equal_start=True,
                out_channels=out_channels,
                dropout=dropout,
            )
        else:
            residual = partial(
                Residual, activation=activation, map_input=map_input, batch_norm=batch_norm
            )
            make: Callable[..., Stack] = Tuned if block == "tuned" else residual
            self.stack = make(in_channels, hidden_channels, num_layers, out_channels, dropout)

    def forward(self, data: Data) -> Tensor:
        h: Tensor = self.stack(data)
        return h

    def reset_parameters(self) -> None:
        self.stack.reset_parameters()


def _check_block(block: str, activation: str, map_input: bool, batch_norm: bool) -> None:
    if block not in BLOCKS:
        raise ValueError(f"block is {shown(block)}, which is none of {', '.join(BLOCKS)}")
    if block != "residual" and (activation != "relu" or not map_input or batch_norm):
        raise ValueError(
            f"block is {shown(block)}, but activation, map_input and batch_norm are settings of "
            "'residual': leave them out, or take block='residual'"
        )
