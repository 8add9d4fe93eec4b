"""Jumping knowledge: the states of all layers, combined for every node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.contracts.encoder import Predicting
from gnnlab.core.arguments import shown
from gnnlab.layers.parts.building import check_sizes, reset_children
from gnnlab.layers.parts.dropout import Dropout
from gnnlab.ops import Adjacency

if TYPE_CHECKING:
    from torch_geometric.data import Data

Jump = Literal["cat", "last", "lstm", "max"]


class JumpingKnowledge(nn.Module):
    r"""Put the states :math:`h_1, \dots, h_L` of a node together.

    .. math:: \text{max: } \max_l h_l \qquad \text{cat: } [h_1, \dots, h_L] \qquad
        \text{lstm: } \sum_l \operatorname{softmax}_l(s^\top [f_l, b_l] + c)\, h_l

    f and b are the states of an LSTM that reads the layers forward, and one that reads backward.

    Args:
        mode: ``max``, ``cat`` or ``lstm``; ``last`` takes :math:`h_L`, without a jump.
        channels: H.
        num_layers: L.

    Shapes:
        L times (N, H) -> (N, L * H) for ``cat``, (N, H) for the others

    Source:
        Xu et al., "Representation Learning on Graphs with Jumping Knowledge Networks", ICML 2018
        (https://arxiv.org/abs/1806.03536). The LSTMs are L * H / 2 wide, as PyG has them; the
        paper leaves their width open.
    """

    def __init__(self, mode: Jump, channels: int, num_layers: int) -> None:
        super().__init__()
        self.mode = mode
        self.width = channels * num_layers if mode == "cat" else channels
        if mode == "lstm":
            hidden = max(1, channels * num_layers // 2)
            # Cells and not nn.LSTM, through which torch.compile does not trace.
            self.forward_cell = nn.LSTMCell(channels, hidden)
            self.backward_cell = nn.LSTMCell(channels, hidden)
            self.score = nn.Linear(2 * hidden, 1)

    def forward(self, states: Sequence[Tensor]) -> Tensor:
        if self.mode == "last":
            return states[-1]
        if self.mode == "cat":
            return torch.cat(list(states), dim=1)
        together = torch.stack(list(states))
        if self.mode == "max":
            return together.amax(0)
        ahead = _scan(self.forward_cell, states)
        back = _scan(self.backward_cell, states[::-1])[::-1]
        read = torch.stack([torch.cat(pair, dim=1) for pair in zip(ahead, back, strict=True)])
        share = torch.softmax(self.score(read), dim=0)
        return (share * together).sum(0)

    def reset_parameters(self) -> None:
        reset_children(self)

    def extra_repr(self) -> str:
        return self.mode


def _scan(cell: nn.LSTMCell, states: Sequence[Tensor]) -> list[Tensor]:
    """What an LSTM puts out after each of the states."""
    held: tuple[Tensor, Tensor] | None = None
    found = []
    for state in states:
        held = cell(state, held)
        found.append(held[0])
    return found


class JumpingStack(Predicting):
    r"""Convolutions with ReLU and dropout after each, whose states are put together at the end.

    .. math:: h_l = \operatorname{Dropout}(\operatorname{ReLU}(\operatorname{Conv}_l(h_{l-1}))),
        \qquad y = W \operatorname{Jump}(h_1, \dots, h_L) + b

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H.
        num_layers: L.
        conv: makes a convolution from its input and its output width.
        jump: ``max``, ``cat``, ``lstm``, or ``last``: then the last convolution gives the output,
            which passes through ReLU alone, and only where it is a hidden state.
        out_channels: C to predict by itself, None to return the states.
        dropout: probability.
        normalize: scale every state of a node to length 1.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight (E,) if there -> (N, H) or (N, C)

    Raises:
        ValueError: a width or a number of layers below 1, another jump.
    """

    predicts = "maps the states of all its layers to the classes"

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int,
        conv: Callable[[int, int], nn.Module],
        *,
        jump: Jump,
        out_channels: int | None = None,
        dropout: float = 0.0,
        normalize: bool = False,
    ) -> None:
        super().__init__()
        check_sizes(in_channels, hidden_channels, num_layers, out_channels)
        self.in_channels, self.hidden_channels = in_channels, hidden_channels
        self.out_channels, self.normalize = out_channels, normalize
        if jump not in get_args(Jump):
            raise ValueError(f"jump is {shown(jump)}, which is none of {', '.join(get_args(Jump))}")
        outputs = hidden_channels if out_channels is None else out_channels
        self.dropout = Dropout(dropout)
        self.jump = JumpingKnowledge(jump, hidden_channels, num_layers)
        last = outputs if jump == "last" else hidden_channels
        widths = [in_channels, *[hidden_channels] * (num_layers - 1), last]
        self.convs = nn.ModuleList(conv(a, b) for a, b in zip(widths[:-1], widths[1:], strict=True))
        # States that are as wide as wanted need no map to become hidden states.
        mapped = jump != "last" and (out_channels is not None or jump == "cat")
        self.output = nn.Linear(self.jump.width, outputs) if mapped else None

    def forward(self, data: Data) -> Tensor:
        h: Tensor = self.jump(self.states(data))
        return h if self.output is None else self.output(h)

    def states(self, data: Data) -> list[Tensor]:
        """What comes out of every layer, L times (N, H)."""
        h: Tensor = data.x
        adj = Adjacency.of(data.edge_index, h.shape[0])
        found: list[Tensor] = []
        for conv in self.convs:
            h = conv(h, adj, getattr(data, "edge_weight", None))
            if len(found) + 1 < len(self.convs) or self.jump.mode != "last":
                h = self.dropout(F.relu(h))
                h = F.normalize(h, dim=1) if self.normalize else h
            elif self.out_channels is None:
                h = F.relu(h)
            found.append(h)
        return found

    def reset_parameters(self) -> None:
        reset_children(self)
