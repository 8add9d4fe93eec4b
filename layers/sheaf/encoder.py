"""Encoder that all sheaf networks share: they differ only in the sheaf they use."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.contracts.encoder import Encoder
from gnnlab.core.arguments import check_counts, shown
from gnnlab.layers.parts.building import check_sizes, reset_children
from gnnlab.layers.parts.dropout import Dropout
from gnnlab.layers.parts.linear import Linear
from gnnlab.layers.sheaf.laplacian import NORMALISATIONS, Normalisation, Sheaf, laplacian
from gnnlab.layers.sheaf.maps import trivial
from gnnlab.layers.sheaf.undirected_edges import Pairs, refuse_negative, undirected

if TYPE_CHECKING:
    from torch_geometric.data import Data


class Diffusion(nn.Module):
    r"""One step of sheaf diffusion with weights.

    .. math:: X \leftarrow (1 + \tanh \epsilon) \odot X
        - \operatorname{ELU}(L (I \otimes W_1) X W_2)

    Args:
        dim: dimensions of a stalk on which the sheaf acts.
        signs: of the extra dimensions, on which the graph's Laplacian D - A acts (-1), or the
            signless D + A (+1).
        channels: C.
        dropout: probability, before the weights; the term that is kept is not dropped.
        normalisation: of all Laplacians.

    Shapes:
        x (N, dim + extra, C) -> the same
    """

    signs: Tensor

    def __init__(
        self,
        dim: int,
        signs: tuple[int, ...],
        channels: int,
        *,
        dropout: float,
        normalisation: Normalisation,
    ) -> None:
        super().__init__()
        self.dim, self.normalisation = dim, normalisation
        stalks = dim + len(signs)
        self.register_buffer("signs", torch.tensor(signs).float()[:, None], persistent=False)
        self.left = nn.Parameter(torch.empty(stalks, stalks))
        self.right = nn.Parameter(torch.empty(channels, channels))
        self.epsilon = nn.Parameter(torch.empty(stalks, 1))
        self.dropout = Dropout(dropout)
        self.reset_parameters()

    def forward(self, x: Tensor, sheaf: Sheaf, graph: Sheaf | None) -> Tensor:
        h = F.linear(self.left @ self.dropout(x), self.right)
        moved = laplacian(h[:, : self.dim], sheaf, self.normalisation)
        if graph is not None:
            extra = laplacian(h[:, self.dim :], graph, self.normalisation, self.signs)
            moved = torch.cat([moved, extra], dim=1)
        return (1 + self.epsilon.tanh()) * x - F.elu(moved)

    def reset_parameters(self) -> None:
        nn.init.eye_(self.left)
        nn.init.orthogonal_(self.right)
        nn.init.zeros_(self.epsilon)


class SheafEncoder(Encoder, ABC):
    r"""Features into stalks, ``num_layers`` steps of diffusion, and stalks laid out side by side.

    .. math:: X = \operatorname{Dropout}(\operatorname{ELU}(\operatorname{Dropout}(x) W + b))

    A second Linear may follow. Subclasses say which sheaf the steps diffuse on.

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: C, channels of each dimension of a stalk. The attribute of this name is
            the width of what comes back, (stalk_dim + extra) C.
        num_layers: number of steps.
        stalk_dim: dimensions of a stalk on which the sheaf acts.
        plus_channel: one more dimension of every stalk, with the signless Laplacian D + A.
        minus_channel: one more, with the graph Laplacian D - A.
        out_channels: outputs of a last Linear, None to return the states.
        dropout: probability, after the input and in every step.
        input_dropout: probability, on the features.
        second_linear: map the input once more before the steps.
        normalisation: ``augmented``, ``textbook`` or ``none``.
    """

    varies: bool = True
    """Whether every step has a sheaf of its own; if not, all take the first one's."""

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int,
        *,
        stalk_dim: int,
        plus_channel: bool,
        minus_channel: bool,
        out_channels: int | None,
        dropout: float,
        input_dropout: float,
        second_linear: bool,
        normalisation: Normalisation,
    ) -> None:
        super().__init__()
        check_sizes(in_channels, hidden_channels, num_layers, out_channels)
        check_counts(stalk_dim=stalk_dim)
        if normalisation not in NORMALISATIONS:
            raise ValueError(
                f"normalisation is {shown(normalisation)}, which is none of "
                f"{', '.join(NORMALISATIONS)}"
            )
        signs = (1,) * plus_channel + (-1,) * minus_channel
        self.in_channels, self.out_channels = in_channels, out_channels
        self.stalk_dim, self.stalks_dim = stalk_dim, stalk_dim + len(signs)
        self.channels, self.normalised = hidden_channels, normalisation != "none"
        self.hidden_channels = hidden_channels * self.stalks_dim
        self.input_dropout, self.dropout = Dropout(input_dropout), Dropout(dropout)
        self.input = Linear(in_channels, self.hidden_channels)
        self.second = (
            nn.Linear(self.hidden_channels, self.hidden_channels) if second_linear else None
        )
        self.steps = nn.ModuleList(
            Diffusion(
                stalk_dim, signs, hidden_channels, dropout=dropout, normalisation=normalisation
            )
            for _ in range(num_layers)
        )
        self.output = (
            None if out_channels is None else nn.Linear(self.hidden_channels, out_channels)
        )

    def forward(self, data: Data) -> Tensor:
        h = self.stalks(data).flatten(1)
        return h if self.output is None else self.output(h)

    def stalks(self, data: Data) -> Tensor:
        """The states before they are laid out side by side, for readouts that respect stalks.

        Shapes:
            data.x (N, F), data.edge_index (2, E) -> (N, stalk_dim + extra, C)
        """
        weight = getattr(data, "edge_weight", None)
        pairs = undirected(data.edge_index, data.x.shape[0], weight)
        if weight is not None and self.normalised:
            refuse_negative(pairs, weight)
        x = self.embed(data.x)
        extra = self.stalks_dim > self.stalk_dim
        graph = trivial(pairs, self.input.weight.dtype) if extra else None
        sheaf: Sheaf | None = None
        for number, step in enumerate(self.steps):
            if sheaf is None or self.varies:
                sheaf = self.sheaf(number, x, pairs, data)
            x = step(x, sheaf, graph)
        return x

    def embed(self, x: Tensor) -> Tensor:
        """Map the features into stalks, (N, F) -> (N, stalk_dim + extra, C)."""
        h: Tensor = self.dropout(F.elu(self.input(self.input_dropout(x))))
        if self.second is not None:
            h = self.second(h)
        return h.reshape(h.shape[0], self.stalks_dim, self.channels)

    @abstractmethod
    def sheaf(self, number: int, x: Tensor, pairs: Pairs, data: Data) -> Sheaf:
        """Return the sheaf of one step, from the states x (N, stalk_dim + extra, C) before it."""

    def reset_parameters(self) -> None:
        reset_children(self)
